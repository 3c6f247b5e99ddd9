//! What the first bytes of a stream show: a layer, a form that is not read, or text.

use super::{Kind, gzip, hadoop_snappy, snappy, unread, zip, zstd};
use crate::bounds::MAX_LEADING_SPACE;
use crate::error::Reason;

/// Whether bytes begin a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    No,
    /// They could, but more of them are needed.
    Maybe,
    Yes,
}

impl Begins {
    /// Whether bytes begin with a magic number.
    pub(super) fn with(magic: &[u8], bytes: &[u8]) -> Self {
        if bytes.starts_with(magic) {
            Self::Yes
        } else if magic.starts_with(bytes) {
            Self::Maybe
        } else {
            Self::No
        }
    }

    /// The answer for either of two magic numbers.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            _ => Self::No,
        }
    }
}

/// A layer that is read.
struct Form {
    kind: Kind,
    begins: fn(&[u8]) -> Begins,
    /// A stream that ends after this many bytes of a beginning was cut. A shorter one is text, whose
    /// first letters can be those of a magic number.
    cut_from: usize,
    cut: Reason,
}

static FORMS: [Form; 6] = [
    Form {
        kind: Kind::Gzip,
        begins: gzip::begins,
        cut_from: 1,
        cut: Reason::TruncatedGzip,
    },
    Form {
        kind: Kind::Zip,
        begins: zip::begins,
        cut_from: 3,
        cut: Reason::TruncatedZip,
    },
    Form {
        kind: Kind::Snappy,
        begins: snappy::begins,
        cut_from: 1,
        cut: Reason::TruncatedSnappy,
    },
    Form {
        kind: Kind::HadoopSnappy,
        begins: hadoop_snappy::begins,
        cut_from: 1,
        cut: Reason::TruncatedSnappy,
    },
    Form {
        kind: Kind::Zstd,
        begins: zstd::begins,
        cut_from: 2,
        cut: Reason::TruncatedZstd,
    },
    Form {
        kind: Kind::Zstd,
        begins: zstd::begins_skippable,
        cut_from: usize::MAX,
        cut: Reason::TruncatedZstd,
    },
];

pub(super) enum Recognised {
    NotYet,
    Layer(Kind),
    Unread(Reason),
    Text,
}

/// What a short stream is.
pub(super) enum Ended<'a> {
    Text(&'a [u8]),
    /// A layer without text.
    EmptyLayer(Kind),
    /// A fault, and its offset.
    Fault(Reason, usize),
}

/// The first bytes of a stream, until they show what it is.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    held: Vec<u8>,
    /// Bytes of white space at the beginning of `held`.
    space: usize,
}

impl Beginning {
    pub(super) fn held(&self) -> &[u8] {
        &self.held
    }

    pub(super) fn space(&self) -> usize {
        self.space
    }

    /// Copies bytes until they show what has begun.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Recognised {
        for byte in bytes {
            self.held.push(*byte);
            // This includes the form feed. If gzip follows one, `Gunzip` reports the form feed.
            if byte.is_ascii_whitespace() && self.held.len() == self.space + 1 {
                self.space += 1;
                if self.space == MAX_LEADING_SPACE {
                    return Recognised::Text;
                }
                continue;
            }
            match recognise(&self.held[self.space..]) {
                Recognised::NotYet => {}
                recognised => return recognised,
            }
        }
        Recognised::NotYet
    }

    /// Returns what a stream is that ends before it shows more.
    pub(super) fn finish(&self) -> Ended<'_> {
        let bytes = &self.held[self.space..];
        if bytes.is_empty() {
            return Ended::Text(&self.held);
        }
        if hadoop_snappy::is_empty_stream(bytes) {
            return Ended::EmptyLayer(Kind::HadoopSnappy);
        }
        if unread::is_base64(bytes) {
            return Ended::Fault(Reason::Base64, self.space);
        }
        let cut = FORMS
            .iter()
            .find(|form| bytes.len() >= form.cut_from && (form.begins)(bytes) == Begins::Maybe);
        match cut {
            Some(form) => Ended::Fault(form.cut.clone(), self.held.len()),
            None => Ended::Text(&self.held),
        }
    }
}

/// Returns what begins with these bytes, of which the first is no white space.
fn recognise(bytes: &[u8]) -> Recognised {
    let mut undecided = false;
    for form in &FORMS {
        match (form.begins)(bytes) {
            Begins::Yes => return Recognised::Layer(form.kind),
            Begins::Maybe => undecided = true,
            Begins::No => {}
        }
    }
    for form in &unread::FORMS {
        match (form.begins)(bytes) {
            Begins::Yes => return Recognised::Unread(form.reason.clone()),
            Begins::Maybe => undecided = true,
            Begins::No => {}
        }
    }
    match undecided {
        true => Recognised::NotYet,
        false => Recognised::Text,
    }
}
