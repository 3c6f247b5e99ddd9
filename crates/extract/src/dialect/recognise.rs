//! Recognises the dialect of a text by its first bytes.

use crate::bounds::MAX_LEADING_SPACE;

/// The mark that some editors and .NET write before a text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the first bytes of a text show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    Documents,
    Lines,
    Export,
}

/// The first bytes of a text, until they show its kind.
#[derive(Debug, Default)]
pub(crate) struct Recogniser {
    held: Vec<u8>,
    /// Whether lines begin with a time. Those of an export then begin with two.
    lines_begin_with_time: bool,
}

impl Recogniser {
    pub(super) fn new(lines_begin_with_time: bool) -> Self {
        Self {
            held: Vec::new(),
            lines_begin_with_time,
        }
    }

    /// Returns the bytes so far.
    pub(super) fn held(&self) -> &[u8] {
        &self.held
    }

    /// Takes the next bytes. Returns the kind once they show it.
    pub(super) fn push(&mut self, text: &[u8]) -> Option<TextKind> {
        for byte in text {
            self.held.push(*byte);
            if let Some(kind) = self.kind() {
                return Some(kind);
            }
        }
        None
    }

    /// Returns the kind of a text that ends here, or `None` if it is empty.
    pub(super) fn finish(&self) -> Option<TextKind> {
        match significant(&self.held) {
            [] => None,
            [b'{' | b'[', ..] => Some(TextKind::Documents),
            _ => Some(TextKind::Lines),
        }
    }

    fn kind(&self) -> Option<TextKind> {
        let text = significant(&self.held);
        match text {
            // So much white space is in no log. Documents can follow it without being held.
            [] | [0xef] | [0xef, 0xbb] => {
                (self.held.len() >= MAX_LEADING_SPACE).then_some(TextKind::Documents)
            }
            [b'{', rest @ ..] => after_bracket(rest, |byte| matches!(byte, b'"' | b'}')),
            [b'[', rest @ ..] => after_bracket(rest, |byte| matches!(byte, b'{' | b']')),
            _ => iso_or_lines(text, self.lines_begin_with_time),
        }
    }
}

/// Returns the text without the mark and white space before it.
fn significant(text: &[u8]) -> &[u8] {
    (text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)).trim_ascii_start()
}

/// Log lines may begin with a bracket too, so the byte after it decides.
fn after_bracket(rest: &[u8], is_json: impl Fn(u8) -> bool) -> Option<TextKind> {
    match rest.trim_ascii_start() {
        [] if rest.len() >= MAX_LEADING_SPACE => Some(TextKind::Documents),
        [] => None,
        [byte, ..] if is_json(*byte) => Some(TextKind::Documents),
        _ => Some(TextKind::Lines),
    }
}

/// Tells an export by the time in its first line, such as `2020-02-01T00:00:00.000Z `.
fn iso_or_lines(text: &[u8], lines_begin_with_time: bool) -> Option<TextKind> {
    if !begins_like_time(text) {
        return Some(TextKind::Lines);
    }
    let mut words = text.splitn(2, |byte| *byte == b' ');
    let fraction = words.next()?.get(TIME.len()..)?;
    let (digits, is_utc) = match fraction.strip_suffix(b"Z") {
        Some(digits) => (digits, true),
        None => (fraction, false),
    };
    let is_fraction = digits.iter().all(|b| *b == b'.' || b.is_ascii_digit());
    match words.next() {
        _ if !is_fraction || digits.len() >= TIME.len() => Some(TextKind::Lines),
        None => None,
        Some(_) if !is_utc => Some(TextKind::Lines),
        Some(_) if !lines_begin_with_time => Some(TextKind::Export),
        Some(rest) if !begins_like_time(rest) => Some(TextKind::Lines),
        Some(rest) => (rest.len() >= TIME.len()).then_some(TextKind::Export),
    }
}

/// A time to the second.
const TIME: &[u8] = b"0000-00-00T00:00:00";

/// Whether a text begins with a time, as far as it goes.
fn begins_like_time(text: &[u8]) -> bool {
    let is_like = |(byte, model): (&u8, &u8)| match model {
        b'0' => byte.is_ascii_digit(),
        _ => byte == model,
    };
    text.iter().zip(TIME).all(is_like)
}
