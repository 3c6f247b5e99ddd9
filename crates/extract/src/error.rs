//! Why an object cannot be transcoded, and where in it.

use std::{fmt, io};

/// The end of a transcode that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object is at fault; another attempt ends the same way, at the same place.
    #[error(transparent)]
    Input(#[from] Fault),
    /// A writer refused the output; the object may be fine.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The caller wanted no more of it; the object may be fine.
    #[error("stopped")]
    Stopped,
}

/// What is wrong with an object, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {at}")]
pub struct Fault {
    /// What is wrong.
    pub reason: Reason,
    /// Where it was found. It does not depend on how the bytes were cut into chunks.
    pub at: Position,
}

/// A place in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The stage whose bytes are counted.
    pub stage: Stage,
    /// The offset, in bytes from the stage's beginning.
    pub offset: u64,
}

/// The bytes that a [`Position`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The input of a gzip layer: 0 is the object itself, 1 the object gunzipped once.
    Gzip(u8),
    /// The text inside all gzip layers.
    Text,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, offset } = self;
        match stage {
            Stage::Gzip(0) => write!(f, "byte {offset} of the object"),
            Stage::Gzip(1) => write!(f, "byte {offset} of the object gunzipped once"),
            Stage::Gzip(n) => write!(f, "byte {offset} of the object gunzipped {n} times"),
            Stage::Text => write!(f, "byte {offset} of the decoded text"),
        }
    }
}

/// The kinds of [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The object ends inside a gzip member.
    #[error("the object ends inside a gzip member")]
    TruncatedGzip,
    /// A member's header or deflate data is not valid. The place is where the member begins.
    #[error("corrupt gzip data ({0}) in the member that begins")]
    CorruptGzip(&'static str),
    /// A member's bytes do not have the CRC that its trailer names. The place is where it begins.
    #[error("wrong CRC of the gzip member that begins")]
    WrongCrc,
    /// A member's length is not the one that its trailer names. The place is where it begins.
    #[error("wrong length of the gzip member that begins")]
    WrongLength,
    /// After a member stands something that is no member, white space or zero padding.
    #[error("bytes that belong to no gzip member")]
    TrailingBytes,
    /// More gzip layers than the named bound.
    #[error("more than {0} layers of gzip")]
    TooManyLayers(u8),
    /// The text is not UTF-8.
    #[error("text that is not UTF-8")]
    InvalidUtf8,
    /// The text is not JSON.
    #[error("malformed JSON: {0}")]
    MalformedJson(&'static str),
    /// The text ends inside a JSON document.
    #[error("the text ends inside a JSON document")]
    CutJson,
    /// The JSON is not a CloudWatch Logs envelope.
    #[error("not a CloudWatch Logs envelope: {0}")]
    NotAnEnvelope(String),
    /// JSON nested deeper than the named bound.
    #[error("JSON nested deeper than {0} levels")]
    TooDeep(usize),
    /// A message longer than the named bound, in bytes.
    #[error("a message longer than {0} bytes")]
    MessageTooLong(usize),
    /// A number longer than the named bound, in bytes.
    #[error("a timestamp longer than {0} bytes")]
    TimestampTooLong(usize),
    /// A document whose `messageType` comes so late that its rows cannot be held until then.
    #[error("more than {0} bytes of rows before the document's messageType")]
    TooMuchHeld(usize),
    /// A match of the event regex that is longer than the named bound, in bytes, or that so many
    /// bytes more do not decide. The place is where it ends, as far as that is known.
    #[error("a match of the event regex longer than {0} bytes that ends")]
    MatchTooLong(usize),
    /// The regex engine could not go on within its memory.
    #[error("the event regex needs more memory than its bound")]
    RegexTooLarge,
}

impl Reason {
    /// A short stable name, for receipts and reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TruncatedGzip => "truncated-gzip",
            Self::CorruptGzip(_) => "corrupt-gzip",
            Self::WrongCrc => "wrong-crc",
            Self::WrongLength => "wrong-length",
            Self::TrailingBytes => "trailing-bytes",
            Self::TooManyLayers(_) => "too-many-layers",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::MalformedJson(_) => "malformed-json",
            Self::CutJson => "cut-json",
            Self::NotAnEnvelope(_) => "not-an-envelope",
            Self::TooDeep(_) => "too-deep",
            Self::MessageTooLong(_) => "message-too-long",
            Self::TimestampTooLong(_) => "timestamp-too-long",
            Self::TooMuchHeld(_) => "too-much-held",
            Self::MatchTooLong(_) => "match-too-long",
            Self::RegexTooLarge => "regex-too-large",
        }
    }

    /// The fault of this kind at an offset of the text.
    pub(crate) fn in_text(self, offset: u64) -> Error {
        self.at(Stage::Text, offset)
    }

    /// The fault of this kind at an offset of a stage.
    pub(crate) fn at(self, stage: Stage, offset: u64) -> Error {
        Error::Input(Fault {
            reason: self,
            at: Position { stage, offset },
        })
    }
}
