//! The dialect `cloudwatch`: JSON documents one after another, each with a `messageType` and an
//! array of `logEvents`.
//!
//! ```text
//! {"messageType":"DATA_MESSAGE", …, "logEvents":[{"id":"…","timestamp":0,"message":"…"}, …]}
//! └ DOCUMENT                                     │└ EVENT
//!                                                └ EVENTS
//! ```
//!
//! The parser is a state machine over bytes, like csv-core's. It can stop and resume between any two
//! bytes, and it keeps nothing but the current event. [`usual_event()`] is a shortcut for events in
//! the shape that CloudWatch Logs writes. The state machine reads all others, and reports every
//! fault.

mod containers;
mod document;
mod strings;
mod usual_event;

use self::containers::{Container, Containers};
use self::document::{Document, PartialEvent, Target};
use self::usual_event::usual_event;
use super::json::{Number, Unescape};
use super::{DocumentKind, Event, EventSink};
use crate::bounds::{MAX_DEPTH, MAX_TIMESTAMP, MAX_WORD};
use crate::error::{Error, Reason};
use crate::space::is_space;

/// The number of open containers inside a document, its array of events, and an event.
const DOCUMENT: usize = 1;
const EVENTS: usize = 2;
const EVENT: usize = 3;

/// Finds the events in envelopes.
#[derive(Debug)]
pub(crate) struct CloudWatchParser {
    state: State,
    /// Offset of the next byte in the text.
    offset: u64,
    containers: Containers,
    /// Whether `logEvents` is one of the open containers.
    in_events: bool,
    target: Target,
    /// The key that is being read.
    key: Vec<u8>,
    document: Document,
    event: PartialEvent,
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
    Number(Number),
    /// The rest of `true`, `false` or `null`.
    Literal(&'static [u8]),
}

impl CloudWatchParser {
    pub(crate) fn new() -> Self {
        Self {
            state: State::BetweenDocuments,
            offset: 0,
            containers: Containers::default(),
            in_events: false,
            target: Target::Other,
            key: Vec::with_capacity(MAX_WORD + 1),
            document: Document::default(),
            event: PartialEvent::default(),
            documents: 0,
        }
    }

    pub(crate) fn push(
        &mut self,
        mut text: &[u8],
        events: &mut dyn EventSink,
    ) -> Result<(), Error> {
        while !text.is_empty() {
            let read = match self.state {
                State::String(state) => self.string(state, text, events)?,
                State::Number(number) => self.number(number, text)?,
                State::Value | State::ValueOrEnd if self.expects_event() => {
                    match usual_event(text) {
                        Some((event, length)) => {
                            self.emit(event, events)?;
                            self.state = State::AfterValue;
                            length
                        }
                        None => self.token(text[0], events)?,
                    }
                }
                _ => self.token(text[0], events)?,
            };
            self.offset += read as u64;
            text = &text[read..];
        }
        Ok(())
    }

    /// Ends the text and returns the number of documents in it.
    pub(crate) fn finish(&self) -> Result<u64, Error> {
        match self.state {
            State::BetweenDocuments => Ok(self.documents),
            _ => Err(Reason::CutJson.in_text(self.offset)),
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
                self.document = Document {
                    begin: self.offset,
                    ..Document::default()
                };
                self.open(Container::Object)?
            }
            (State::BetweenDocuments, _) => {
                return Err(self.malformed("something other than an object between documents"));
            }
            (State::KeyOrEnd, b'}') => self.close(Container::Object, events)?,
            (State::KeyOrEnd | State::NextKey, b'"') => {
                self.key.clear();
                self.target = Target::Key;
                State::String(Unescape::default())
            }
            (State::KeyOrEnd | State::NextKey, _) => return Err(self.malformed("no key")),
            (State::Colon, b':') => State::Value,
            (State::Colon, _) => return Err(self.malformed("no colon after a key")),
            (State::ValueOrEnd, b']') => self.close(Container::Array, events)?,
            (State::Value | State::ValueOrEnd, _) => self.value(byte)?,
            (_, b',') => match self.containers.innermost() {
                Container::Object => State::NextKey,
                Container::Array => State::Value,
            },
            (_, b'}') => self.close(Container::Object, events)?,
            (_, b']') => self.close(Container::Array, events)?,
            _ => return Err(self.malformed("no comma after a value")),
        };
        Ok(1)
    }

    /// Begins a value with its first byte. Returns the next state.
    fn value(&mut self, byte: u8) -> Result<State, Error> {
        let target = std::mem::replace(&mut self.target, Target::Other);
        let fault = match target {
            Target::MessageType if byte != b'"' => Some("messageType is not a string"),
            Target::LogEvents if byte != b'[' => Some("logEvents is not an array"),
            Target::Message if byte != b'"' => Some("message is not a string"),
            Target::Timestamp if Number::begin(byte).is_none() => Some("timestamp is not a number"),
            _ if self.expects_event() && byte != b'{' => Some("an event is not an object"),
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(self.not_an_envelope(fault));
        }
        match byte {
            b'{' => {
                if self.expects_event() {
                    self.event.begin();
                }
                self.open(Container::Object)
            }
            b'[' => {
                self.in_events |= target == Target::LogEvents;
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
                    self.keep_digit(byte, 0)?;
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
                    self.target = Target::Other;
                    self.state = State::AfterValue;
                    return Ok(read);
                }
                None => return Err(self.malformed_at(read, "no number")),
            }
            self.keep_digit(*byte, read)?;
        }
        self.state = State::Number(number);
        Ok(text.len())
    }

    fn keep_digit(&mut self, byte: u8, read: usize) -> Result<(), Error> {
        if self.target != Target::Timestamp {
            return Ok(());
        }
        self.event.timestamp.push(byte);
        if self.event.timestamp.len() > MAX_TIMESTAMP {
            let reason = Reason::TimestampTooLong(MAX_TIMESTAMP);
            return Err(reason.in_text(self.offset + read as u64));
        }
        Ok(())
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
    fn close(&mut self, container: Container, events: &mut dyn EventSink) -> Result<State, Error> {
        if self.containers.innermost() != container {
            return Err(self.malformed("a bracket that closes another kind"));
        }
        match self.containers.depth() {
            EVENT if self.in_events => self.end_event(events)?,
            EVENTS => self.in_events = false,
            DOCUMENT => self.end_document(events)?,
            _ => {}
        }
        self.containers.pop();
        Ok(match self.containers.depth() {
            0 => State::BetweenDocuments,
            _ => State::AfterValue,
        })
    }

    fn end_event(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        if !self.event.has_timestamp {
            return Err(self.not_an_envelope("an event without timestamp"));
        }
        if !self.event.has_message {
            return Err(self.not_an_envelope("an event without message"));
        }
        let event = std::mem::take(&mut self.event);
        let whole = Event {
            timestamp: &event.timestamp,
            message: &event.message,
        };
        self.emit(whole, events)?;
        self.event = event;
        Ok(())
    }

    fn end_document(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        if self.document.message_type.is_none() {
            return Err(self.not_an_envelope("a document without messageType"));
        }
        if !self.document.has_events {
            return Err(self.not_an_envelope("a document without logEvents"));
        }
        self.resolve(events)?;
        self.documents += 1;
        Ok(())
    }

    fn emit(&mut self, event: Event<'_>, events: &mut dyn EventSink) -> Result<(), Error> {
        let kind = self.document.kind();
        self.document.is_unresolved |= kind == DocumentKind::Unknown;
        let result = events.event(event, kind);
        result.map_err(|error| error.in_text(self.document.begin))
    }

    /// Gives the sink the kind of the document if events came before its `messageType`.
    fn resolve(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        if !std::mem::take(&mut self.document.is_unresolved) {
            return Ok(());
        }
        let result = events.resolve(self.document.kind());
        result.map_err(|error| error.in_text(self.document.begin))
    }

    fn malformed(&self, what: &'static str) -> Error {
        self.malformed_at(0, what)
    }

    /// Returns the error for a byte that is `read` bytes after the offset.
    fn malformed_at(&self, read: usize, what: &'static str) -> Error {
        Reason::MalformedJson(what).in_text(self.offset + read as u64)
    }

    fn not_an_envelope(&self, what: &str) -> Error {
        self.not_an_envelope_at(0, what)
    }

    /// Returns the error for a byte that is `read` bytes after the offset.
    fn not_an_envelope_at(&self, read: usize, what: &str) -> Error {
        Reason::NotAnEnvelope(what.to_owned()).in_text(self.offset + read as u64)
    }
}
