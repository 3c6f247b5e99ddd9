//! What the parser knows of the document and the event that it is reading.

use crate::bounds::{MAX_MESSAGE, MAX_NAME, MAX_STRAY, MAX_TIMESTAMP};
use crate::event::{DocumentKind, Event, Time};
use crate::origin::Origin;
use crate::rejection::Rejection;

/// The use of the string or value that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A key of an object.
    Key,
    /// A value of a document.
    Document(DocumentKey),
    /// A value of an event in an envelope.
    Event(EventKey),
    /// Any other value. It is checked and not kept.
    Other,
}

/// A key of a document that has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKey {
    MessageType,
    Owner,
    LogGroup,
    LogStream,
    LogEvents,
    Message,
    Timestamp,
    RawData,
    Records,
}

impl DocumentKey {
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"messageType" => Self::MessageType,
            b"owner" => Self::Owner,
            b"logGroup" => Self::LogGroup,
            b"logStream" => Self::LogStream,
            b"logEvents" => Self::LogEvents,
            b"message" => Self::Message,
            b"timestamp" => Self::Timestamp,
            b"rawData" => Self::RawData,
            b"Records" => Self::Records,
            _ => return None,
        })
    }

    fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// A key of an event that has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKey {
    Id,
    Timestamp,
    Message,
    ExtractedFields,
}

impl EventKey {
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"id" => Self::Id,
            b"timestamp" => Self::Timestamp,
            b"message" => Self::Message,
            b"extractedFields" => Self::ExtractedFields,
            _ => return None,
        })
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

#[derive(Debug, Default)]
pub(super) struct Document {
    /// Offset of the document's first byte.
    pub(super) begin: u64,
    /// The keys so far, a bit for each.
    seen: u16,
    /// The first [`MAX_WORD`](crate::bounds::MAX_WORD) bytes and one more. `None` unless it is a string.
    pub(super) message_type: Option<Vec<u8>>,
    pub(super) origin: Origin,
    /// Whether `logEvents` is an array.
    pub(super) has_events: bool,
    /// Whether `Records` is an array, whose elements are events.
    pub(super) has_records: bool,
    /// Whether the event sink knows the document.
    pub(super) has_begun: bool,
    pub(super) message: Option<Vec<u8>>,
    pub(super) timestamp: Vec<u8>,
    pub(super) raw_data: Option<Vec<u8>>,
    /// The first fault outside the events, in words, and its offset.
    pub(super) fault: Option<(u64, String)>,
}

impl Document {
    /// Prepares for the next document. The buffers are kept.
    pub(super) fn begin(&mut self, offset: u64) {
        let mut origin = std::mem::take(&mut self.origin);
        origin.owner.clear();
        origin.log_group.clear();
        origin.log_stream.clear();
        *self = Self {
            begin: offset,
            origin,
            ..Self::default()
        };
    }

    /// Notes a key. Returns whether it is new.
    pub(super) fn see(&mut self, key: DocumentKey) -> bool {
        let is_new = self.seen & key.bit() == 0;
        self.seen |= key.bit();
        is_new
    }

    pub(super) fn has(&self, key: DocumentKey) -> bool {
        self.seen & key.bit() != 0
    }

    /// Whether the document is an envelope of CloudWatch Logs.
    pub(super) fn is_envelope(&self) -> bool {
        self.message_type.is_some() && self.has_events
    }

    pub(super) fn has_origin(&self) -> bool {
        use DocumentKey::{LogGroup, LogStream, Owner};
        [Owner, LogGroup, LogStream]
            .iter()
            .all(|key| self.has(*key))
    }

    pub(super) fn kind(&self) -> DocumentKind {
        match self.message_type.as_deref() {
            Some(b"DATA_MESSAGE") | None => DocumentKind::Data,
            Some(_) => DocumentKind::Control,
        }
    }

    pub(super) fn fail(&mut self, offset: u64, what: &str) {
        self.fault.get_or_insert_with(|| (offset, what.to_owned()));
    }

    /// Returns the time of a document that is an event itself.
    pub(super) fn time(&self) -> Time<'_> {
        match self.has(DocumentKey::Timestamp) {
            true => Time::Guessed(&self.timestamp),
            false => Time::InMessage,
        }
    }
}

/// The event that is being read. Its buffers are reused for the next event.
#[derive(Debug, Default)]
pub(super) struct PartialEvent {
    /// Whether the parser is inside an element of `logEvents`.
    pub(super) is_open: bool,
    /// Offset of its first byte.
    pub(super) begin: u64,
    seen: u8,
    timestamp: Vec<u8>,
    pub(super) message: Vec<u8>,
    id: Vec<u8>,
    /// Offsets at which `extractedFields` begins and ends.
    pub(super) extracted_begin: Option<u64>,
    pub(super) extracted_end: Option<u64>,
    fault: Option<Rejection>,
}

impl PartialEvent {
    pub(super) fn begin(&mut self, offset: u64) {
        self.is_open = true;
        self.begin = offset;
        self.seen = 0;
        self.timestamp.clear();
        self.message.clear();
        self.id.clear();
        self.extracted_begin = None;
        self.extracted_end = None;
        self.fault = None;
    }

    /// Notes a key. JSON does not say which of two equal keys counts.
    pub(super) fn see(&mut self, key: EventKey) {
        if self.seen & key.bit() != 0 {
            self.fail(Rejection::Event);
        }
        self.seen |= key.bit();
    }

    pub(super) fn fail(&mut self, reason: Rejection) {
        self.fault.get_or_insert(reason);
    }

    pub(super) fn keep_time(&mut self, text: &[u8]) {
        keep_up_to(MAX_TIMESTAMP, &mut self.timestamp, text);
    }

    pub(super) fn keep_id(&mut self, text: &[u8]) {
        keep_up_to(MAX_NAME, &mut self.id, text);
    }

    /// Returns an element of `Records`, and the reason to reject it if there is one. `raw` is its text.
    pub(super) fn end_record<'a>(&mut self, raw: &'a [u8]) -> (Event<'a>, Option<Rejection>) {
        self.is_open = false;
        if raw.len() > MAX_MESSAGE {
            self.fail(Rejection::Event);
        }
        let event = Event {
            time: Time::InMessage,
            message: match self.fault {
                None => raw,
                Some(_) => whole_characters(raw, MAX_STRAY),
            },
            id: b"",
            extracted_fields: b"",
            offset: self.begin,
        };
        (event, self.fault)
    }

    /// Returns the event, and the reason to reject it if there is one. `raw` is its text.
    pub(super) fn end<'a>(&'a mut self, raw: &'a [u8]) -> (Event<'a>, Option<Rejection>) {
        self.is_open = false;
        if self.seen & EventKey::Message.bit() == 0 || self.seen & EventKey::Timestamp.bit() == 0 {
            self.fail(Rejection::Event);
        }
        if self.id.len() > MAX_NAME {
            self.fail(Rejection::Event);
        }
        if self.timestamp.len() > MAX_TIMESTAMP {
            self.fail(Rejection::Timestamp);
        }
        let place = |offset: u64| (offset - self.begin) as usize;
        let extracted = match (self.extracted_begin, self.extracted_end) {
            (Some(begin), Some(end)) => raw.get(place(begin)..place(end)),
            _ => None,
        };
        let event = Event {
            time: Time::Milliseconds(whole_characters(&self.timestamp, MAX_TIMESTAMP)),
            message: match self.fault {
                None => &self.message,
                Some(_) => raw,
            },
            id: &self.id,
            extracted_fields: extracted.unwrap_or_default(),
            offset: self.begin,
        };
        (event, self.fault)
    }
}

/// Appends text up to a length, and one byte more if it is longer.
pub(super) fn keep_up_to(most: usize, kept: &mut Vec<u8>, text: &[u8]) {
    let room = (most + 1).saturating_sub(kept.len());
    kept.extend_from_slice(&text[..text.len().min(room)]);
}

/// Returns the beginning of a text, in whole characters.
pub(super) fn whole_characters(text: &[u8], most: usize) -> &[u8] {
    let cut = &text[..text.len().min(most)];
    match std::str::from_utf8(cut) {
        Ok(_) => cut,
        Err(error) => &cut[..error.valid_up_to()],
    }
}
