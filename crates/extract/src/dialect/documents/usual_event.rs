//! A shortcut for events as CloudWatch Logs writes them.

use super::EVENTS;
use crate::bounds::{MAX_MESSAGE, MAX_NAME, MAX_TIMESTAMP};
use crate::dialect::json::plain_run;
use crate::dialect::json_text::value_end;

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

/// Returns the element of `Records` at the beginning of `text`, if it is an object that ends within `text`.
///
/// Returns `None` for one with half of a surrogate pair, perhaps, or with a fault. The state machine then reads
/// it byte by byte. The two must agree on every element that this function accepts.
pub(super) fn whole_record(text: &[u8]) -> Option<&[u8]> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let record = &text[..value_end(text, 0, EVENTS)?];
    let may_have_halves = memchr::memmem::find_iter(record, br"\u")
        .any(|at| matches!(record.get(at + 2), Some(b'd' | b'D')));
    (record.len() <= MAX_MESSAGE && !may_have_halves).then_some(record)
}
