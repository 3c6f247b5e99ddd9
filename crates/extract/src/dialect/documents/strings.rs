//! Strings, and the meaning of the keys among them.

use super::document::{DocumentKey, EventKey, Target, keep_up_to};
use super::{DOCUMENT, DocumentParser, EVENT, State};
use crate::bounds::{MAX_MESSAGE, MAX_NAME, MAX_TIMESTAMP, MAX_WORD};
use crate::dialect::json::{Unescape, plain_run};
use crate::error::{Error, Reason};
use crate::event::EventSink;
use crate::rejection::Rejection;

impl DocumentParser {
    /// Reads the content of a string to the end of the string or of `text`. Returns the number of
    /// bytes read.
    pub(super) fn string(
        &mut self,
        mut state: Unescape,
        text: &[u8],
        events: &mut dyn EventSink,
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
                        self.end_string(read, events)?;
                        return Ok(read + 1);
                    }
                    Some(byte) => match self.escape(state, *byte, read)? {
                        Some(next) => state = next,
                        None => return Ok(self.begin_invalid_string(state, *byte, read)),
                    },
                }
            } else {
                match self.escape(state, *byte, read)? {
                    Some(next) => state = next,
                    None => return Ok(self.begin_invalid_string(state, *byte, read)),
                }
            }
            read += 1;
        }
        self.state = State::String(state);
        Ok(read)
    }

    /// Reads a byte of an escape, `read` bytes after the offset. Returns `None` if the escape is
    /// invalid, after noting the fault.
    fn escape(
        &mut self,
        mut state: Unescape,
        byte: u8,
        read: usize,
    ) -> Result<Option<Unescape>, Error> {
        let mut decoded = ([0; 4], 0);
        let result = state.push(byte, &mut |bytes: &[u8]| {
            decoded.0[..bytes.len()].copy_from_slice(bytes);
            decoded.1 = bytes.len();
        });
        if let Err(what) = result {
            match self.event.is_open {
                true => self.event.fail(Rejection::Escape),
                false => self.document.fail(self.offset + read as u64, what),
            }
            return Ok(None);
        }
        self.keep(&decoded.0[..decoded.1], read)?;
        Ok(Some(state))
    }

    /// Goes on to the end of a string that has a fault. Only its event or document is lost. Returns the
    /// number of bytes read.
    fn begin_invalid_string(&mut self, state: Unescape, byte: u8, read: usize) -> usize {
        let is_escaped = matches!(
            state,
            Unescape::Pair {
                backslash: true,
                ..
            }
        );
        self.state = State::InvalidString { is_escaped: false };
        if self.target == Target::Key {
            // What was read before the fault may be a known key.
            self.key.clear();
        }
        match byte {
            // Not a part of the escape: it ends the string, or begins another escape.
            b'"' | b'\\' if !is_escaped => read,
            _ => read + 1,
        }
    }

    /// Reads a string that has a fault. Returns the number of bytes read.
    pub(super) fn invalid_string(
        &mut self,
        mut is_escaped: bool,
        text: &[u8],
        events: &mut dyn EventSink,
    ) -> Result<usize, Error> {
        for (read, byte) in text.iter().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    self.end_string(read, events)?;
                    return Ok(read + 1);
                }
                _ => {}
            }
        }
        self.state = State::InvalidString { is_escaped };
        Ok(text.len())
    }

    /// Keeps a piece of the string if its target needs it. The piece begins `read` bytes after the
    /// offset.
    fn keep(&mut self, content: &[u8], read: usize) -> Result<(), Error> {
        use DocumentKey::{LogGroup, LogStream, Message, MessageType, Owner, RawData, Timestamp};
        let document = &mut self.document;
        let (kept, most) = match self.target {
            Target::Key => {
                keep_up_to(MAX_WORD, &mut self.key, content);
                return Ok(());
            }
            Target::Event(EventKey::Timestamp) => {
                self.event.keep_time(content);
                return Ok(());
            }
            Target::Event(EventKey::Id) => {
                self.event.keep_id(content);
                return Ok(());
            }
            Target::Document(Timestamp) => {
                keep_up_to(MAX_TIMESTAMP, &mut document.timestamp, content);
                return Ok(());
            }
            Target::Document(MessageType) => {
                keep_up_to(
                    MAX_WORD,
                    document.message_type.get_or_insert_default(),
                    content,
                );
                return Ok(());
            }
            Target::Event(EventKey::ExtractedFields)
            | Target::Other
            | Target::Document(DocumentKey::LogEvents | DocumentKey::Records) => return Ok(()),
            Target::Event(EventKey::Message) => (&mut self.event.message, MAX_MESSAGE),
            Target::Document(Message) => (document.message.get_or_insert_default(), MAX_MESSAGE),
            Target::Document(RawData) => (document.raw_data.get_or_insert_default(), MAX_MESSAGE),
            Target::Document(Owner) => (&mut document.origin.owner, MAX_NAME),
            Target::Document(LogGroup) => (&mut document.origin.log_group, MAX_NAME),
            Target::Document(LogStream) => (&mut document.origin.log_stream, MAX_NAME),
        };
        kept.extend_from_slice(content);
        if kept.len() <= most {
            return Ok(());
        }
        let end = self.offset + (read + content.len()) as u64;
        let offset = end - (kept.len() - most) as u64;
        if most == MAX_MESSAGE {
            return Err(Reason::MessageTooLong(MAX_MESSAGE).in_text(offset));
        }
        kept.truncate(most);
        self.document
            .fail(offset, "a name or time that is too long");
        Ok(())
    }

    /// Ends a string. Its closing quote is `read` bytes after the offset.
    fn end_string(&mut self, read: usize, events: &mut dyn EventSink) -> Result<(), Error> {
        use DocumentKey::{LogGroup, LogStream, Message, MessageType, Owner, RawData};
        self.state = State::AfterValue;
        let target = std::mem::replace(&mut self.target, Target::Other);
        match target {
            Target::Key => {
                self.target = self.target_of_key(read)?;
                self.state = State::Colon;
                return Ok(());
            }
            Target::Document(MessageType) => {
                self.document.message_type.get_or_insert_default();
            }
            Target::Document(Message) => {
                self.document.message.get_or_insert_default();
            }
            Target::Document(RawData) => {
                self.document.raw_data.get_or_insert_default();
            }
            Target::Document(Owner | LogGroup | LogStream) => {}
            _ => return Ok(()),
        }
        self.begin_if_known(events)
    }

    /// Returns the target of the key that has just been read.
    ///
    /// A known key that comes twice is a fault: JSON does not say which of the two counts.
    fn target_of_key(&mut self, read: usize) -> Result<Target, Error> {
        if self.in_events && self.document.has_records {
            return Ok(Target::Other);
        }
        if self.in_events {
            return Ok(match (self.containers.depth(), EventKey::of(&self.key)) {
                (EVENT, Some(key)) => {
                    self.event.see(key);
                    Target::Event(key)
                }
                _ => Target::Other,
            });
        }
        let (DOCUMENT, Some(key)) = (self.containers.depth(), DocumentKey::of(&self.key)) else {
            return Ok(Target::Other);
        };
        if key == DocumentKey::Records && !self.kinds.arrays {
            return Ok(Target::Other);
        }
        if !self.document.see(key) {
            let what = format!(
                "two keys {} in one object",
                String::from_utf8_lossy(&self.key)
            );
            use DocumentKey::{LogEvents, MessageType, Records};
            if matches!(key, MessageType | LogEvents | Records) {
                return Err(self.not_an_envelope_at(read, &what));
            }
            self.document.fail(self.offset + read as u64, &what);
        }
        Ok(Target::Document(key))
    }
}
