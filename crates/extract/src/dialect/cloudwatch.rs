//! CloudWatch Logs envelopes: JSON documents one after another, each with a `messageType` and an
//! array of `logEvents`.
//!
//! A state machine over bytes, in the manner of csv-core: it stops and resumes between any two
//! bytes and allocates nothing but the event at hand. Where an event has the usual shape and is
//! whole in the chunk, a shortcut takes it in one go; the state machine takes everything else.

use super::json::{Number, Unescape, is_space, plain_run};
use super::{Event, Events, Standing};
use crate::bounds::{MAX_DEPTH, MAX_MESSAGE, MAX_TIMESTAMP, MAX_WORD};
use crate::error::{Error, Reason};

/// The depth inside a document, its array of events, and one event.
const DOCUMENT: usize = 1;
const EVENTS: usize = 2;
const EVENT: usize = 3;

/// Finds the events in the text of envelopes.
#[derive(Debug)]
pub(crate) struct Envelopes {
    state: State,
    /// Offset of the next byte.
    offset: u64,
    open: Containers,
    /// Whether `logEvents` is among the open containers.
    in_events: bool,
    /// The key whose value comes next.
    key: Key,
    /// The key being read.
    name: Vec<u8>,
    document: Document,
    event: Partial,
    documents: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
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
    Literal(&'static [u8]),
}

/// What is being read: the keys with a meaning, a key itself, or nothing of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    MessageType,
    LogEvents,
    Timestamp,
    Message,
    Other,
}

/// What is known of the current document.
#[derive(Debug, Default)]
struct Document {
    /// Offset of its first byte.
    begins: u64,
    message_type: Option<Vec<u8>>,
    has_events: bool,
    undecided: bool,
}

impl Document {
    fn standing(&self) -> Standing {
        match self.message_type.as_deref() {
            Some(b"DATA_MESSAGE") => Standing::Data,
            Some(_) => Standing::Control,
            None => Standing::Undecided,
        }
    }
}

/// What is known of the current event. The buffers are kept from event to event.
#[derive(Debug, Default)]
struct Partial {
    timestamp: Vec<u8>,
    message: Vec<u8>,
    has_timestamp: bool,
    has_message: bool,
}

impl Envelopes {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Between,
            offset: 0,
            open: Containers::default(),
            in_events: false,
            key: Key::Other,
            name: Vec::with_capacity(MAX_WORD + 1),
            document: Document::default(),
            event: Partial::default(),
            documents: 0,
        }
    }

    /// Whole documents so far.
    pub(crate) fn documents(&self) -> u64 {
        self.documents
    }

    pub(crate) fn push(&mut self, mut text: &[u8], out: &mut dyn Events) -> Result<(), Error> {
        while !text.is_empty() {
            let read = match self.state {
                State::String(state) => self.string(state, text, out)?,
                State::Number(number) => self.number(number, text)?,
                State::Value | State::ValueOrEnd if self.expects_event() => {
                    match usual_event(text) {
                        Some((event, length)) => {
                            self.found(event, out)?;
                            self.state = State::AfterValue;
                            length
                        }
                        None => self.token(text[0], out)?,
                    }
                }
                _ => self.token(text[0], out)?,
            };
            self.offset += read as u64;
            text = &text[read..];
        }
        Ok(())
    }

    /// Says whether the text may end here.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self.state {
            State::Between => Ok(()),
            _ => Err(Reason::CutJson.in_text(self.offset)),
        }
    }

    fn expects_event(&self) -> bool {
        self.in_events && self.open.depth() == EVENTS
    }

    /// Takes one byte outside strings and numbers, and returns how many it has consumed.
    fn token(&mut self, byte: u8, out: &mut dyn Events) -> Result<usize, Error> {
        if let State::Literal(rest) = self.state {
            return self.literal(rest, byte);
        }
        if is_space(byte) {
            return Ok(1);
        }
        self.state = match (self.state, byte) {
            (State::Between, b'{') => {
                self.document = Document {
                    begins: self.offset,
                    ..Document::default()
                };
                self.open(Container::Object)?
            }
            (State::Between, _) => {
                return Err(self.malformed("something other than an object between documents"));
            }
            (State::KeyOrEnd, b'}') => self.close(Container::Object, out)?,
            (State::KeyOrEnd | State::NextKey, b'"') => {
                self.name.clear();
                self.key = Key::Name;
                State::String(Unescape::default())
            }
            (State::KeyOrEnd | State::NextKey, _) => return Err(self.malformed("no key")),
            (State::Colon, b':') => State::Value,
            (State::Colon, _) => return Err(self.malformed("no colon after a key")),
            (State::ValueOrEnd, b']') => self.close(Container::Array, out)?,
            (State::Value | State::ValueOrEnd, _) => self.value(byte)?,
            (_, b',') => match self.open.innermost() {
                Container::Object => State::NextKey,
                Container::Array => State::Value,
            },
            (_, b'}') => self.close(Container::Object, out)?,
            (_, b']') => self.close(Container::Array, out)?,
            _ => return Err(self.malformed("no comma after a value")),
        };
        Ok(1)
    }

    /// Begins a value with its first byte.
    fn value(&mut self, byte: u8) -> Result<State, Error> {
        let key = std::mem::replace(&mut self.key, Key::Other);
        let expected = match key {
            Key::MessageType if byte != b'"' => Some("messageType is not a string"),
            Key::LogEvents if byte != b'[' => Some("logEvents is not an array"),
            Key::Message if byte != b'"' => Some("message is not a string"),
            Key::Timestamp if Number::begin(byte).is_none() => Some("timestamp is not a number"),
            _ if self.expects_event() && byte != b'{' => Some("an event is not an object"),
            _ => None,
        };
        if let Some(expected) = expected {
            return Err(self.not_an_envelope(expected));
        }
        match byte {
            b'{' => {
                if self.expects_event() {
                    self.event.begin();
                }
                self.open(Container::Object)
            }
            b'[' => {
                self.in_events |= key == Key::LogEvents;
                self.open(Container::Array)
            }
            b'"' => {
                self.key = key;
                Ok(State::String(Unescape::default()))
            }
            b't' => Ok(State::Literal(b"rue")),
            b'f' => Ok(State::Literal(b"alse")),
            b'n' => Ok(State::Literal(b"ull")),
            _ => match Number::begin(byte) {
                Some(number) => {
                    self.key = key;
                    self.keep_digit(byte, 0)?;
                    Ok(State::Number(number))
                }
                None => Err(self.malformed("no value")),
            },
        }
    }

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

    fn number(&mut self, mut number: Number, text: &[u8]) -> Result<usize, Error> {
        for (read, byte) in text.iter().enumerate() {
            match number.push(*byte) {
                Some(next) => number = next,
                None if number.is_whole() => {
                    self.key = Key::Other;
                    self.state = State::AfterValue;
                    return Ok(read);
                }
                None => {
                    self.offset += read as u64;
                    return Err(self.malformed("no number"));
                }
            }
            self.keep_digit(*byte, read)?;
        }
        self.state = State::Number(number);
        Ok(text.len())
    }

    fn keep_digit(&mut self, byte: u8, read: usize) -> Result<(), Error> {
        if self.key != Key::Timestamp {
            return Ok(());
        }
        self.event.timestamp.push(byte);
        if self.event.timestamp.len() > MAX_TIMESTAMP {
            let reason = Reason::TimestampTooLong(MAX_TIMESTAMP);
            return Err(reason.in_text(self.offset + read as u64));
        }
        Ok(())
    }

    /// Takes the content of a string up to the end of the text or of the string.
    fn string(
        &mut self,
        mut state: Unescape,
        text: &[u8],
        out: &mut dyn Events,
    ) -> Result<usize, Error> {
        let mut read = 0;
        while let Some(byte) = text.get(read) {
            if state == Unescape::Plain {
                let plain = plain_run(&text[read..]);
                self.keep(&text[read..read + plain], read)?;
                read += plain;
                match text.get(read) {
                    None => break,
                    Some(b'"') => {
                        self.end_string(read, out)?;
                        return Ok(read + 1);
                    }
                    Some(byte) => state = self.escape(state, *byte, read)?,
                }
            } else {
                state = self.escape(state, *byte, read)?;
            }
            read += 1;
        }
        self.state = State::String(state);
        Ok(read)
    }

    /// Takes a byte of an escape; `read` is where it stands after the offset.
    fn escape(&mut self, mut state: Unescape, byte: u8, read: usize) -> Result<Unescape, Error> {
        let mut decoded = ([0; 4], 0);
        let taken = state.push(byte, &mut |bytes: &[u8]| {
            decoded.0[..bytes.len()].copy_from_slice(bytes);
            decoded.1 = bytes.len();
        });
        if let Err(what) = taken {
            self.offset += read as u64;
            return Err(self.malformed(what));
        }
        self.keep(&decoded.0[..decoded.1], read)?;
        Ok(state)
    }

    /// Keeps content of the string at hand if it has a meaning.
    fn keep(&mut self, content: &[u8], read: usize) -> Result<(), Error> {
        match self.key {
            Key::Name => {
                let room = (MAX_WORD + 1).saturating_sub(self.name.len());
                self.name
                    .extend_from_slice(&content[..content.len().min(room)]);
            }
            Key::MessageType => {
                let kept = self.document.message_type.get_or_insert_default();
                let room = (MAX_WORD + 1).saturating_sub(kept.len());
                kept.extend_from_slice(&content[..content.len().min(room)]);
            }
            Key::Message => {
                self.event.message.extend_from_slice(content);
                if self.event.message.len() > MAX_MESSAGE {
                    let reason = Reason::MessageTooLong(MAX_MESSAGE);
                    let past = self.event.message.len() - MAX_MESSAGE;
                    let end = self.offset + (read + content.len()) as u64;
                    return Err(reason.in_text(end - past as u64));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends a string with the quote that stands `read` bytes after the offset.
    fn end_string(&mut self, read: usize, out: &mut dyn Events) -> Result<(), Error> {
        self.state = State::AfterValue;
        match std::mem::replace(&mut self.key, Key::Other) {
            Key::Name => {
                self.key = self.known_key(read)?;
                self.state = State::Colon;
            }
            Key::MessageType => {
                self.document.message_type.get_or_insert_default();
                self.decide(out)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What the key just read means where it stands. A second one of its kind would leave open
    /// which of the two counts.
    fn known_key(&mut self, read: usize) -> Result<Key, Error> {
        let (key, again) = match (self.open.depth(), self.in_events, self.name.as_slice()) {
            (DOCUMENT, _, b"messageType") => {
                (Key::MessageType, self.document.message_type.is_some())
            }
            (DOCUMENT, _, b"logEvents") => (
                Key::LogEvents,
                std::mem::replace(&mut self.document.has_events, true),
            ),
            (EVENT, true, b"timestamp") => (
                Key::Timestamp,
                std::mem::replace(&mut self.event.has_timestamp, true),
            ),
            (EVENT, true, b"message") => (
                Key::Message,
                std::mem::replace(&mut self.event.has_message, true),
            ),
            _ => (Key::Other, false),
        };
        if again {
            let what = format!(
                "two keys {} in one object",
                String::from_utf8_lossy(&self.name)
            );
            self.offset += read as u64;
            return Err(self.not_an_envelope(&what));
        }
        Ok(key)
    }

    fn open(&mut self, container: Container) -> Result<State, Error> {
        if !self.open.push(container) {
            return Err(Reason::TooDeep(MAX_DEPTH).in_text(self.offset));
        }
        Ok(match container {
            Container::Object => State::KeyOrEnd,
            Container::Array => State::ValueOrEnd,
        })
    }

    fn close(&mut self, container: Container, out: &mut dyn Events) -> Result<State, Error> {
        if self.open.innermost() != container {
            return Err(self.malformed("a bracket that closes another kind"));
        }
        match self.open.depth() {
            EVENT if self.in_events => self.end_event(out)?,
            EVENTS => self.in_events = false,
            DOCUMENT => self.end_document(out)?,
            _ => {}
        }
        self.open.pop();
        Ok(match self.open.depth() {
            0 => State::Between,
            _ => State::AfterValue,
        })
    }

    fn end_event(&mut self, out: &mut dyn Events) -> Result<(), Error> {
        if !self.event.has_timestamp {
            return Err(self.not_an_envelope("an event without timestamp"));
        }
        if !self.event.has_message {
            return Err(self.not_an_envelope("an event without message"));
        }
        let event = std::mem::take(&mut self.event);
        let found = Event {
            timestamp: &event.timestamp,
            message: &event.message,
        };
        self.found(found, out)?;
        self.event = event;
        Ok(())
    }

    fn end_document(&mut self, out: &mut dyn Events) -> Result<(), Error> {
        if self.document.message_type.is_none() {
            return Err(self.not_an_envelope("a document without messageType"));
        }
        if !self.document.has_events {
            return Err(self.not_an_envelope("a document without logEvents"));
        }
        self.decide(out)?;
        self.documents += 1;
        Ok(())
    }

    fn found(&mut self, event: Event<'_>, out: &mut dyn Events) -> Result<(), Error> {
        let standing = self.document.standing();
        self.document.undecided |= standing == Standing::Undecided;
        out.event(event, standing)
            .map_err(|error| self.located(error))
    }

    /// Settles the events that came before their document's `messageType`.
    fn decide(&mut self, out: &mut dyn Events) -> Result<(), Error> {
        if std::mem::take(&mut self.document.undecided) {
            out.decide(self.document.standing() == Standing::Data)?;
        }
        Ok(())
    }

    /// A fault that arose behind the scanner, in the document that caused it.
    fn located(&self, error: Error) -> Error {
        match error {
            Error::Input(fault) => fault.reason.in_text(self.document.begins),
            other => other,
        }
    }

    fn malformed(&self, what: &'static str) -> Error {
        Reason::MalformedJson(what).in_text(self.offset)
    }

    fn not_an_envelope(&self, what: &str) -> Error {
        Reason::NotAnEnvelope(what.to_owned()).in_text(self.offset)
    }
}

impl Partial {
    fn begin(&mut self) {
        self.timestamp.clear();
        self.message.clear();
        self.has_timestamp = false;
        self.has_message = false;
    }
}

/// An event as CloudWatch Logs writes it, whole in `text`, without white space or escapes, and its
/// length.
fn usual_event(text: &[u8]) -> Option<(Event<'_>, usize)> {
    let rest = text.strip_prefix(br#"{"id":""#)?;
    let rest = rest[plain_run(rest)..].strip_prefix(br#"","timestamp":"#)?;
    let digits = rest
        .iter()
        .take(MAX_TIMESTAMP)
        .position(|b| !b.is_ascii_digit())?;
    let (timestamp, rest) = rest.split_at(digits);
    // Digits are a number of JSON unless they begin with a zero that others follow.
    if !matches!(timestamp, [b'0'] | [b'1'..=b'9', ..]) {
        return None;
    }
    let rest = rest.strip_prefix(br#","message":""#)?;
    let (message, rest) = rest.split_at(plain_run(rest));
    if message.len() > MAX_MESSAGE {
        return None;
    }
    let rest = rest.strip_prefix(br#""}"#)?;
    Some((Event { timestamp, message }, text.len() - rest.len()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

/// The open containers, outermost first, a bit each.
#[derive(Debug, Default)]
struct Containers {
    objects: u128,
    depth: usize,
}

impl Containers {
    fn depth(&self) -> usize {
        self.depth
    }

    /// Opens one more, unless it is one too many.
    fn push(&mut self, container: Container) -> bool {
        if self.depth == MAX_DEPTH {
            return false;
        }
        self.objects = self.objects << 1 | u128::from(container == Container::Object);
        self.depth += 1;
        true
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn innermost(&self) -> Container {
        match self.objects & 1 {
            0 => Container::Array,
            _ => Container::Object,
        }
    }
}
