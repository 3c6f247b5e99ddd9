//! Strings, and the meaning of the keys among them.

use super::document::Target;
use super::{CloudWatchParser, DOCUMENT, EVENT, State};
use crate::bounds::{MAX_MESSAGE, MAX_WORD};
use crate::dialect::EventSink;
use crate::dialect::json::{Unescape, plain_run};
use crate::error::{Error, Reason};

impl CloudWatchParser {
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

    /// Reads a byte of an escape, `read` bytes after the offset.
    fn escape(&mut self, mut state: Unescape, byte: u8, read: usize) -> Result<Unescape, Error> {
        let mut decoded = ([0; 4], 0);
        let result = state.push(byte, &mut |bytes: &[u8]| {
            decoded.0[..bytes.len()].copy_from_slice(bytes);
            decoded.1 = bytes.len();
        });
        result.map_err(|what| self.malformed_at(read, what))?;
        self.keep(&decoded.0[..decoded.1], read)?;
        Ok(state)
    }

    /// Keeps a piece of the string if its target needs it. The piece begins `read` bytes after the
    /// offset.
    fn keep(&mut self, content: &[u8], read: usize) -> Result<(), Error> {
        match self.target {
            Target::Key => keep_word(&mut self.key, content),
            Target::MessageType => {
                keep_word(self.document.message_type.get_or_insert_default(), content);
            }
            Target::Message => {
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

    /// Ends a string. Its closing quote is `read` bytes after the offset.
    fn end_string(&mut self, read: usize, events: &mut dyn EventSink) -> Result<(), Error> {
        self.state = State::AfterValue;
        match std::mem::replace(&mut self.target, Target::Other) {
            Target::Key => {
                self.target = self.target_of_key(read)?;
                self.state = State::Colon;
            }
            Target::MessageType => {
                self.document.message_type.get_or_insert_default();
                self.resolve(events)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the target of the key that has just been read.
    ///
    /// A known key that comes twice is a fault: JSON does not say which of the two counts.
    fn target_of_key(&mut self, read: usize) -> Result<Target, Error> {
        let (target, again) = match (self.containers.depth(), self.in_events, self.key.as_slice()) {
            (DOCUMENT, _, b"messageType") => {
                (Target::MessageType, self.document.message_type.is_some())
            }
            (DOCUMENT, _, b"logEvents") => (
                Target::LogEvents,
                std::mem::replace(&mut self.document.has_events, true),
            ),
            (EVENT, true, b"timestamp") => (
                Target::Timestamp,
                std::mem::replace(&mut self.event.has_timestamp, true),
            ),
            (EVENT, true, b"message") => (
                Target::Message,
                std::mem::replace(&mut self.event.has_message, true),
            ),
            _ => (Target::Other, false),
        };
        if again {
            let key = String::from_utf8_lossy(&self.key);
            let what = format!("two keys {key} in one object");
            return Err(self.not_an_envelope_at(read, &what));
        }
        Ok(target)
    }
}

/// Appends to a word that is compared with short constants. One byte more than [`MAX_WORD`] is kept,
/// so that a longer word equals none of them.
fn keep_word(word: &mut Vec<u8>, content: &[u8]) {
    let room = (MAX_WORD + 1).saturating_sub(word.len());
    word.extend_from_slice(&content[..content.len().min(room)]);
}
