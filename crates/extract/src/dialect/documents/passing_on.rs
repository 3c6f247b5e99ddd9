//! Passes on what the state machine has found: an event, or a document at its end.

use super::DocumentParser;
use super::State;
use super::document::{Document, DocumentKey, whole_characters};
use super::held::HeldEvents;
use super::usual_event::{UsualDocument, UsualEvent};
use crate::bounds::{MAX_HELD, MAX_MESSAGE, MAX_STRAY, MAX_TIMESTAMP};
use crate::dialect::firehose_errors;
use crate::error::{Error, Reason};
use crate::event::{DocumentKind, Event, EventSink, Time};
use crate::origin::Origin;
use crate::rejection::Rejection;

impl DocumentParser {
    pub(super) fn take_usual(
        &mut self,
        usual: &UsualEvent<'_>,
        events: &mut dyn EventSink,
    ) -> Result<(), Error> {
        let event = Event {
            time: Time::Milliseconds(usual.timestamp),
            message: usual.message,
            id: usual.id,
            extracted_fields: b"",
            offset: self.offset,
        };
        pass_on(&mut self.held, &self.document, &event, None, events)
    }

    pub(super) fn end_event(
        &mut self,
        piece: &[u8],
        piece_offset: u64,
        events: &mut dyn EventSink,
    ) -> Result<(), Error> {
        let text = self.event_text.text(piece, piece_offset);
        let (event, reason) = match self.document.has_records {
            true => self.event.end_record(text),
            false => self.event.end(text),
        };
        pass_on(&mut self.held, &self.document, &event, reason, events)?;
        self.event_text.end();
        Ok(())
    }

    /// Passes on a document that is a record. Returns its length.
    pub(super) fn take_document(
        &mut self,
        document: &UsualDocument<'_>,
        events: &mut dyn EventSink,
    ) -> Result<usize, Error> {
        self.documents += 1;
        events.document(DocumentKind::Data, &Origin::default());
        let event = Event {
            time: document.timestamp.map_or(Time::InMessage, Time::Guessed),
            message: document.text,
            id: b"",
            extracted_fields: b"",
            offset: self.offset,
        };
        events.take(&event, None)?;
        Ok(document.text.len())
    }

    /// Passes on an element of `Records` that is whole.
    pub(super) fn take_record(
        &self,
        record: &[u8],
        events: &mut dyn EventSink,
    ) -> Result<(), Error> {
        let event = Event {
            time: Time::InMessage,
            message: record,
            id: b"",
            extracted_fields: b"",
            offset: self.offset,
        };
        events.take(&event, None)
    }

    /// Begins the array `Records`. What is around it is not kept, because it may be of any size.
    pub(super) fn begin_records(&mut self, events: &mut dyn EventSink) {
        self.in_events = true;
        self.document.has_records = true;
        self.document.has_begun = true;
        self.document_text.end();
        events.document(DocumentKind::Data, &Origin::default());
    }

    /// Gives the event sink the document once enough of it is known, and then the held events.
    pub(super) fn begin_if_known(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        let document = &mut self.document;
        let is_known = document.is_envelope()
            && self.kinds.envelopes
            && (!self.kinds.needs_origin || document.has_origin());
        if !is_known || document.has_begun {
            return Ok(());
        }
        self.begin_document(events)
    }

    fn begin_document(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        self.document.has_begun = true;
        self.document_text.end();
        events.document(self.document.kind(), &self.document.origin);
        self.held.replay(events)
    }

    pub(super) fn end_document(
        &mut self,
        piece: &[u8],
        piece_offset: u64,
        events: &mut dyn EventSink,
    ) -> Result<(), Error> {
        self.state = State::BetweenDocuments;
        self.documents += 1;
        if self.document.has_records {
            return Ok(());
        }
        if self.kinds.envelopes && self.document.is_envelope() {
            if let Some((offset, what)) = self.document.fault.take() {
                return Err(Reason::NotAnEnvelope(what).in_text(offset));
            }
            if !self.document.has_begun {
                self.begin_document(events)?;
            }
            return Ok(());
        }
        self.held.clear();
        events.document(DocumentKind::Data, &Origin::default());
        let text = self.document_text.text(piece, piece_offset);
        let document = &self.document;
        let event = |message, time| Event {
            time,
            message,
            id: b"",
            extracted_fields: b"",
            offset: document.begin,
        };
        let stray = event(whole_characters(text, MAX_STRAY), Time::InMessage);
        let result = match document {
            _ if document.fault.is_some() || document.timestamp.len() > MAX_TIMESTAMP => {
                events.take(&stray, Some(Rejection::Document))
            }
            Document {
                raw_data: Some(raw),
                ..
            } if self.kinds.errors => match firehose_errors::read(raw, self.kinds, events)? {
                Some(documents) => {
                    self.documents += documents;
                    Ok(())
                }
                None => events.take(&stray, Some(Rejection::RawData)),
            },
            _ if document.has(DocumentKey::RawData) && self.kinds.errors => {
                events.take(&stray, Some(Rejection::RawData))
            }
            Document {
                message: Some(message),
                ..
            } if self.kinds.messages => events.take(&event(message, document.time()), None),
            _ if self.kinds.records && text.len() <= MAX_MESSAGE => {
                events.take(&event(text, document.time()), None)
            }
            _ => events.take(&stray, Some(Rejection::Document)),
        };
        self.document_text.end();
        result
    }
}

/// Passes an event on, or holds it while the event sink does not know its document.
fn pass_on(
    held: &mut HeldEvents,
    document: &Document,
    event: &Event<'_>,
    reason: Option<Rejection>,
    events: &mut dyn EventSink,
) -> Result<(), Error> {
    if document.has_begun {
        return events.take(event, reason);
    }
    match held.push(event, reason) {
        true => Ok(()),
        false => Err(Reason::TooMuchHeld(MAX_HELD).in_text(document.begin)),
    }
}
