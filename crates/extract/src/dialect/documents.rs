//! JSON documents one after another, possibly in an array: the dialects `cloudwatch`, `json`, `records`
//! and `firehose-errors`.
//!
//! ```text
//! {"messageType":"DATA_MESSAGE", …, "logEvents":[{"id":"…","timestamp":0,"message":"…"}, …]}
//! └ DOCUMENT                                     │└ EVENT
//!                                                └ EVENTS
//! {"timestamp":0, "message":"…"}      a document that is an event itself
//! {"rawData":"…", "errorCode":"…"}    a record that Firehose could not deliver
//! {"Records":[{…}, {…}]}              a document whose elements are events
//! ```
//!
//! The parser is a state machine over bytes, like csv-core's. It can stop and resume between any two
//! bytes, and it keeps nothing but the current event. [`usual_event()`] is a shortcut for events in
//! the shape that CloudWatch Logs writes. The state machine reads all others.
//!
//! A fault of one event or document rejects that one. A fault of the structure around them fails the
//! object, because nothing tells where the next event begins.

mod containers;
mod document;
mod held;
mod kinds;
mod passing_on;
mod raw;
mod strings;
mod usual_event;

use self::containers::{Container, Containers};
use self::document::{Document, DocumentKey, EventKey, PartialEvent, Target, keep_up_to};
use self::held::HeldEvents;
pub(super) use self::kinds::Kinds;
use self::raw::Raw;
use self::usual_event::{usual_document, usual_event, whole_record};
use super::json::{Number, Unescape};
use super::recognise::BYTE_ORDER_MARK;
use crate::bounds::{MAX_DEPTH, MAX_TIMESTAMP, MAX_WORD};
use crate::error::{Error, Reason};
use crate::event::EventSink;
use crate::rejection::Rejection;
use crate::space::is_space;

/// The number of open containers inside a document, its array of events, and an event.
const DOCUMENT: usize = 1;
const EVENTS: usize = 2;
const EVENT: usize = 3;

/// Finds the events in documents.
#[derive(Debug)]
pub(crate) struct DocumentParser {
    kinds: Kinds,
    state: State,
    /// Offset of the next byte in the text.
    offset: u64,
    /// Whether the documents are in an array that has not ended.
    in_array: bool,
    containers: Containers,
    /// Whether `logEvents` is one of the open containers.
    in_events: bool,
    target: Target,
    /// The key that is being read.
    key: Vec<u8>,
    document: Document,
    /// The document's text, until it is known to be an envelope.
    document_text: Raw,
    event: PartialEvent,
    event_text: Raw,
    held: HeldEvents,
    documents: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenDocuments,
    /// After `{`.
    KeyOrEnd,
    /// After `,` in an object.
    NextKey,
    Colon,
    Value,
    /// After `[`.
    ValueOrEnd,
    AfterValue,
    String(Unescape),
    /// In a string with a fault.
    InvalidString {
        is_escaped: bool,
    },
    Number(Number),
    /// The rest of `true`, `false` or `null`.
    Literal(&'static [u8]),
}

impl DocumentParser {
    pub(crate) fn new(kinds: Kinds) -> Self {
        Self {
            kinds,
            state: State::BetweenDocuments,
            offset: 0,
            in_array: false,
            containers: Containers::default(),
            in_events: false,
            target: Target::Other,
            key: Vec::with_capacity(MAX_WORD + 1),
            document: Document::default(),
            document_text: Raw::default(),
            event: PartialEvent::default(),
            event_text: Raw::default(),
            held: HeldEvents::default(),
            documents: 0,
        }
    }

    pub(crate) fn push(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<(), Error> {
        let piece_offset = self.offset;
        let mut rest = text;
        while !rest.is_empty() {
            let read = self.step(rest, events)?;
            self.offset += read as u64;
            rest = &rest[read..];
            let piece = &text[..text.len() - rest.len()];
            if self.state != State::AfterValue {
                continue;
            }
            match self.containers.depth() {
                0 => self.end_document(piece, piece_offset, events)?,
                EVENTS if self.event.is_open => self.end_event(piece, piece_offset, events)?,
                _ => {}
            }
        }
        self.document_text.keep(text, piece_offset);
        self.event_text.keep(text, piece_offset);
        Ok(())
    }

    /// Ends the text and returns the number of documents in it.
    pub(crate) fn finish(&self) -> Result<u64, Error> {
        match self.state {
            State::BetweenDocuments if !self.in_array => Ok(self.documents),
            _ => Err(Reason::CutJson.in_text(self.offset)),
        }
    }

    /// Reads at least one byte. Returns the number of bytes read.
    fn step(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<usize, Error> {
        match self.state {
            State::String(state) => self.string(state, text, events),
            State::InvalidString { is_escaped } => self.invalid_string(is_escaped, text, events),
            State::Number(number) => self.number(number, text),
            State::Value | State::ValueOrEnd if self.expects_event() => {
                let length = match self.document.has_records {
                    true => match whole_record(text) {
                        Some(record) => {
                            self.take_record(record, events)?;
                            record.len()
                        }
                        None => return self.token(text[0], events),
                    },
                    false => match usual_event(text) {
                        Some((event, length)) => {
                            self.take_usual(&event, events)?;
                            length
                        }
                        None => return self.token(text[0], events),
                    },
                };
                // Most events are followed by another, in the same array.
                if text.get(length) == Some(&b',') {
                    self.state = State::Value;
                    return Ok(length + 1);
                }
                self.state = State::AfterValue;
                Ok(length)
            }
            State::BetweenDocuments if self.kinds.records && text[0] == b'{' => {
                match usual_document(text) {
                    Some(document) => self.take_document(&document, events),
                    None => self.token(text[0], events),
                }
            }
            _ => self.token(text[0], events),
        }
    }

    fn expects_event(&self) -> bool {
        self.in_events && self.containers.depth() == EVENTS
    }

    /// Reads a byte outside strings and numbers. Returns the number of bytes read.
    fn token(&mut self, byte: u8, events: &mut dyn EventSink) -> Result<usize, Error> {
        if let State::Literal(rest) = self.state {
            return self.literal(rest, byte);
        }
        if is_space(byte) {
            return Ok(1);
        }
        self.state = match (self.state, byte) {
            (State::BetweenDocuments, b'{') => {
                self.document.begin(self.offset);
                self.document_text.begin(self.offset);
                self.open(Container::Object)?
            }
            (State::BetweenDocuments, b'[') if !self.in_array => {
                self.in_array = true;
                State::BetweenDocuments
            }
            (State::BetweenDocuments, b']') if self.in_array => {
                self.in_array = false;
                State::BetweenDocuments
            }
            // Some writers join documents with commas.
            (State::BetweenDocuments, b',') if self.documents > 0 => State::BetweenDocuments,
            (State::BetweenDocuments, byte) if is_mark(byte, self.offset) => {
                State::BetweenDocuments
            }
            (State::BetweenDocuments, _) => {
                return Err(self.malformed("something other than an object between documents"));
            }
            (State::KeyOrEnd, b'}') => self.close(Container::Object)?,
            (State::KeyOrEnd | State::NextKey, b'"') => {
                self.key.clear();
                self.target = Target::Key;
                State::String(Unescape::default())
            }
            (State::KeyOrEnd | State::NextKey, _) => return Err(self.malformed("no key")),
            (State::Colon, b':') => State::Value,
            (State::Colon, _) => return Err(self.malformed("no colon after a key")),
            (State::ValueOrEnd, b']') => self.close(Container::Array)?,
            (State::Value | State::ValueOrEnd, _) => self.value(byte, events)?,
            (_, b',') => match self.containers.innermost() {
                Container::Object => State::NextKey,
                Container::Array => State::Value,
            },
            (_, b'}') => self.close(Container::Object)?,
            (_, b']') => self.close(Container::Array)?,
            _ => return Err(self.malformed("no comma after a value")),
        };
        Ok(1)
    }

    /// Begins a value with its first byte. Returns the next state.
    fn value(&mut self, byte: u8, events: &mut dyn EventSink) -> Result<State, Error> {
        let mut target = std::mem::replace(&mut self.target, Target::Other);
        if self.expects_event() {
            self.event.begin(self.offset);
            self.event_text.begin(self.offset);
            if byte != b'{' {
                self.event.fail(Rejection::Event);
            }
        }
        let is_text = byte == b'"';
        match target {
            Target::Event(EventKey::Message) if !is_text => {
                self.event.fail(Rejection::Message);
                target = Target::Other;
            }
            Target::Event(EventKey::ExtractedFields) if byte == b'{' => {
                self.event.extracted_begin = Some(self.offset);
            }
            Target::Event(EventKey::Id) if !is_text => target = Target::Other,
            Target::Document(DocumentKey::Timestamp) | Target::Event(EventKey::Timestamp)
                if !is_text && Number::begin(byte).is_none() =>
            {
                target = Target::Other;
            }
            Target::Document(
                DocumentKey::Timestamp | DocumentKey::LogEvents | DocumentKey::Records,
            ) => {}
            Target::Document(_) if !is_text => target = Target::Other,
            _ => {}
        }
        match byte {
            b'{' => self.open(Container::Object),
            b'[' => {
                if target == Target::Document(DocumentKey::LogEvents) && self.kinds.envelopes {
                    self.in_events = true;
                    self.document.has_events = true;
                    self.begin_if_known(events)?;
                }
                if target == Target::Document(DocumentKey::Records) {
                    self.begin_records(events);
                }
                self.open(Container::Array)
            }
            b'"' => {
                self.target = target;
                Ok(State::String(Unescape::default()))
            }
            b't' => Ok(State::Literal(b"rue")),
            b'f' => Ok(State::Literal(b"alse")),
            b'n' => Ok(State::Literal(b"ull")),
            _ => match Number::begin(byte) {
                Some(number) => {
                    self.target = target;
                    self.keep_digits(&[byte]);
                    Ok(State::Number(number))
                }
                None => Err(self.malformed("no value")),
            },
        }
    }

    /// Reads the next byte of `true`, `false` or `null`. Returns the number of bytes read.
    fn literal(&mut self, rest: &'static [u8], byte: u8) -> Result<usize, Error> {
        match rest {
            [expected, rest @ ..] if *expected == byte => {
                self.state = match rest {
                    [] => State::AfterValue,
                    _ => State::Literal(rest),
                };
                Ok(1)
            }
            _ => Err(self.malformed("no value")),
        }
    }

    /// Reads a number to its end or to that of `text`. Returns the number of bytes read.
    fn number(&mut self, mut number: Number, text: &[u8]) -> Result<usize, Error> {
        for (read, byte) in text.iter().enumerate() {
            match number.push(*byte) {
                Some(next) => number = next,
                None if number.is_whole() => {
                    self.keep_digits(&text[..read]);
                    self.target = Target::Other;
                    self.state = State::AfterValue;
                    return Ok(read);
                }
                None => return Err(self.malformed_at(read, "no number")),
            }
        }
        self.keep_digits(text);
        self.state = State::Number(number);
        Ok(text.len())
    }

    fn keep_digits(&mut self, digits: &[u8]) {
        match self.target {
            Target::Event(EventKey::Timestamp) => self.event.keep_time(digits),
            Target::Document(DocumentKey::Timestamp) => {
                keep_up_to(MAX_TIMESTAMP, &mut self.document.timestamp, digits);
            }
            _ => {}
        }
    }

    /// Returns the state after the bracket that opens a container.
    fn open(&mut self, container: Container) -> Result<State, Error> {
        if !self.containers.push(container) {
            return Err(Reason::TooDeep(MAX_DEPTH).in_text(self.offset));
        }
        Ok(match container {
            Container::Object => State::KeyOrEnd,
            Container::Array => State::ValueOrEnd,
        })
    }

    /// Returns the state after the bracket that closes a container.
    fn close(&mut self, container: Container) -> Result<State, Error> {
        if self.containers.innermost() != container {
            return Err(self.malformed("a bracket that closes another kind"));
        }
        self.containers.pop();
        match self.containers.depth() {
            DOCUMENT => self.in_events = false,
            EVENT if self.event.extracted_begin.is_some() => {
                // The first container inside an event after `extracted_begin` is its value.
                let end = self.offset + 1;
                self.event.extracted_end.get_or_insert(end);
            }
            _ => {}
        }
        Ok(State::AfterValue)
    }

    fn malformed(&self, what: &'static str) -> Error {
        self.malformed_at(0, what)
    }

    /// Returns the error for a byte that is `read` bytes after the offset.
    fn malformed_at(&self, read: usize, what: &'static str) -> Error {
        Reason::MalformedJson(what).in_text(self.offset + read as u64)
    }

    /// Returns the error for a byte that is `read` bytes after the offset.
    fn not_an_envelope_at(&self, read: usize, what: &str) -> Error {
        Reason::NotAnEnvelope(what.to_owned()).in_text(self.offset + read as u64)
    }
}

/// Whether a byte is part of the byte order mark at the beginning of a text.
fn is_mark(byte: u8, offset: u64) -> bool {
    BYTE_ORDER_MARK.get(offset as usize) == Some(&byte)
}
