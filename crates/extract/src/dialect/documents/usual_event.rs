//! A shortcut for events as CloudWatch Logs writes them.

use super::document::DocumentKey;
use super::{DOCUMENT, EVENTS};
use crate::bounds::{MAX_MESSAGE, MAX_NAME, MAX_TIMESTAMP};
use crate::dialect::json::plain_run;
use crate::dialect::json_text::{key_end, skip_space, value_end};

/// The parts of an event, as written.
pub(super) struct UsualEvent<'a> {
    pub(super) id: &'a [u8],
    pub(super) timestamp: &'a [u8],
    pub(super) message: &'a [u8],
}

/// Reads `{"id":"…","timestamp":…,"message":"…"}` at the beginning of `text`. Returns the event and
/// its length in bytes.
///
/// Returns `None` unless the event has exactly this shape, without white space and escapes, and
/// ends within `text`. The state machine then reads it byte by byte, and reports its faults. The
/// two must agree on every event that this function accepts.
pub(super) fn usual_event(text: &[u8]) -> Option<(UsualEvent<'_>, usize)> {
    let rest = text.strip_prefix(br#"{"id":""#)?;
    let (id, rest) = rest.split_at(plain_run(rest));
    let rest = rest.strip_prefix(br#"","timestamp":"#)?;
    let digits = rest
        .iter()
        .take(MAX_TIMESTAMP)
        .position(|b| !b.is_ascii_digit())?;
    let (timestamp, rest) = rest.split_at(digits);
    // JSON does not allow leading zeros.
    if !matches!(timestamp, [b'0'] | [b'1'..=b'9', ..]) {
        return None;
    }
    let rest = rest.strip_prefix(br#","message":""#)?;
    let (message, rest) = rest.split_at(plain_run(rest));
    if message.len() > MAX_MESSAGE || id.len() > MAX_NAME {
        return None;
    }
    let rest = rest.strip_prefix(br#""}"#)?;
    let event = UsualEvent {
        id,
        timestamp,
        message,
    };
    Some((event, text.len() - rest.len()))
}

/// A document that is a record itself.
pub(super) struct UsualDocument<'a> {
    pub(super) text: &'a [u8],
    /// Its `timestamp` as written, if it has one.
    pub(super) timestamp: Option<&'a [u8]>,
}

/// Reads a document at the beginning of `text` whose keys have no meaning but for a `timestamp` that is a number.
///
/// Returns `None` for any other, and for one that does not end within `text`. The state machine then reads it
/// byte by byte. The two must agree on every document that this function accepts.
pub(super) fn usual_document(text: &[u8]) -> Option<UsualDocument<'_>> {
    let mut timestamp = None;
    let mut at = skip_space(text, 1);
    loop {
        let key = at..key_end(text, at)?;
        let colon = skip_space(text, key.end);
        if text.get(colon) != Some(&b':') {
            return None;
        }
        let begin = skip_space(text, colon + 1);
        let end = value_end(text, begin, DOCUMENT)?;
        let name = &text[key.start + 1..key.end - 1];
        match DocumentKey::of(name) {
            // An escape may stand for a key with a meaning.
            None if plain_run(&text[key.start + 1..]) == name.len() => {}
            Some(DocumentKey::Timestamp) if timestamp.is_none() => {
                let value = &text[begin..end];
                let is_number = matches!(value, [b'-' | b'0'..=b'9', ..]);
                timestamp = Some(value).filter(|_| is_number && value.len() <= MAX_TIMESTAMP);
                timestamp?;
            }
            _ => return None,
        }
        at = skip_space(text, end);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            b'}' => break,
            _ => return None,
        }
    }
    let text = &text[..=at];
    (text.len() <= MAX_MESSAGE && !may_have_halves(text))
        .then_some(UsualDocument { text, timestamp })
}

/// Whether a JSON text may have half of a surrogate pair.
fn may_have_halves(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', text).any(|at| matches!(text[at + 1..], [b'u', b'd' | b'D', ..]))
}

/// Returns the element of `Records` at the beginning of `text`, if it is an object that ends within `text`.
///
/// Returns `None` for one with half of a surrogate pair, perhaps, or with a fault. The state machine then reads
/// it byte by byte. The two must agree on every element that this function accepts.
pub(super) fn whole_record(text: &[u8]) -> Option<&[u8]> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let record = &text[..value_end(text, 0, EVENTS)?];
    (record.len() <= MAX_MESSAGE && !may_have_halves(record)).then_some(record)
}
