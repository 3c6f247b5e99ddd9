//! Errors, and the faults of objects with their positions.

use std::{fmt, io};

/// The reason why a transcode fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object is faulty. Another attempt fails in the same way at the same position.
    #[error(transparent)]
    Input(#[from] Fault),
    /// A writer failed. The object may be sound.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The caller stopped the transcode. The object may be sound.
    #[error("stopped")]
    Stopped,
}

/// A fault of an object, and its position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {at}")]
pub struct Fault {
    /// The kind of fault.
    pub reason: Reason,
    /// The position of the fault. It does not depend on the chunks in which the object was pushed.
    pub at: Position,
}

/// A position in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The bytes that are counted.
    pub stream: Stream,
    /// The offset in bytes from the beginning of the stream.
    pub offset: u64,
}

/// The bytes that a [`Position`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The input of a layer. 0 is the object, 1 is the object decoded once.
    Layer(u8),
    /// The text inside all layers.
    Text,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, offset } = self;
        match stream {
            Stream::Layer(0) => write!(f, "byte {offset} of the object"),
            Stream::Layer(1) => write!(f, "byte {offset} of the object decoded once"),
            Stream::Layer(n) => write!(f, "byte {offset} of the object decoded {n} times"),
            Stream::Text => write!(f, "byte {offset} of the decoded text"),
        }
    }
}

/// The kinds of [`Fault`].
///
/// The text of a [`Fault`] puts ` at ` and the position after that of its reason. Some reasons
/// therefore end in mid-sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The object ends inside a gzip member.
    #[error("the object ends inside a gzip member")]
    TruncatedGzip,
    /// A member has an invalid header or invalid deflate data. The position is its beginning.
    #[error("corrupt gzip data ({0}) in the member that begins")]
    CorruptGzip(&'static str),
    /// A member does not have the CRC in its trailer. The position is its beginning.
    #[error("wrong CRC of the gzip member that begins")]
    WrongCrc,
    /// A member does not have the length in its trailer. The position is its beginning.
    #[error("wrong length of the gzip member that begins")]
    WrongLength,
    /// The bytes after a member are not a member, white space or zero padding.
    #[error("bytes that belong to no gzip member")]
    TrailingBytes,
    /// The object ends inside a ZIP archive.
    #[error("the object ends inside a ZIP archive")]
    TruncatedZip,
    /// A record of a ZIP archive is invalid, or contradicts another. The position is its beginning.
    #[error("corrupt ZIP archive ({0}) in the record that begins")]
    CorruptZip(&'static str),
    /// A ZIP archive has more than one entry. The position is the beginning of the second one's record.
    #[error(
        "a ZIP archive with several entries: put each entry into an object of its own. Another entry begins"
    )]
    ZipSeveralEntries,
    /// The entry of a ZIP archive is encrypted. The position is its beginning.
    #[error("an encrypted ZIP archive: decrypt it first. It begins")]
    ZipEncrypted,
    /// The entry of a ZIP archive has another compression method than deflate or none. The position is
    /// its beginning.
    #[error(
        "a ZIP entry with the compression method {0}, which is not read: compress it with deflate. It begins"
    )]
    ZipMethod(u16),
    /// The entry of a ZIP archive is not compressed, and its size is not before it. The position is its
    /// beginning.
    #[error("a ZIP entry that is neither compressed nor has its size: compress it. It begins")]
    ZipUnsized,
    /// The object ends inside Snappy data.
    #[error("the object ends inside Snappy data")]
    TruncatedSnappy,
    /// A chunk of Snappy data is invalid. The position is its beginning.
    #[error("corrupt Snappy data ({0}) in the chunk that begins")]
    CorruptSnappy(&'static str),
    /// A chunk of Snappy data has more text than the limit, in bytes. The position is its beginning.
    #[error("more than {0} bytes of text in the Snappy chunk that begins")]
    SnappyTooLarge(usize),
    /// The object ends inside a zstd frame.
    #[error("the object ends inside a zstd frame")]
    TruncatedZstd,
    /// A zstd frame is invalid. The position is its beginning.
    #[error("corrupt zstd data ({0}) in the frame that begins")]
    CorruptZstd(&'static str),
    /// The window of a zstd frame is larger than the limit, in bytes. The position is the frame's
    /// beginning.
    #[error(
        "a zstd frame whose window has more than {0} bytes: compress it without --ultra and --long. It begins"
    )]
    ZstdWindow(u64),
    /// A zstd frame needs a dictionary. The position is its beginning.
    #[error("a zstd frame that needs a dictionary: compress it without one. It begins")]
    ZstdDictionary,
    /// There are more layers than the limit.
    #[error("more than {0} layers of compression")]
    TooManyLayers(u8),
    /// The object is a Parquet file.
    #[error("a Parquet file, which is a table already: query it in place. It begins")]
    Parquet,
    /// The object is an Avro file.
    #[error("an Avro file, which is a table already: query it in place. It begins")]
    Avro,
    /// The object is an ORC file.
    #[error("an ORC file, which is a table already: query it in place. It begins")]
    Orc,
    /// The object is compressed with bzip2.
    #[error("bzip2 data, which is not read: decompress it first. It begins")]
    Bzip2,
    /// The object is compressed with xz.
    #[error("xz data, which is not read: decompress it first. It begins")]
    Xz,
    /// The object is base64 of compressed data or JSON.
    #[error("base64 text, which is not read: decode it first. It begins")]
    Base64,
    /// The bytes of gzip were converted to UTF-8, as if they were text.
    #[error(
        "gzip bytes that were converted to UTF-8 on the way: send them unconverted, because what was lost \
         cannot be restored. They begin"
    )]
    DamagedGzip,
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
    /// No document or line of the object is an event. The position is the first one.
    #[error(
        "nothing that this dialect and format can read (`rehose inspect` says what it is), beginning"
    )]
    NothingReadable,
    /// The object is a log of this kind, and not of the one that is read. The position is its beginning.
    #[error("a log of another kind, {0}, that begins")]
    OtherKind(&'static str),
    /// A line names columns that the output does not have.
    #[error(
        "a header with the columns {} that the output does not have (name them with the option fields)",
        .0.join(", ")
    )]
    UnknownColumns(Vec<String>),
    /// A line names fields that the format does not have.
    #[error(
        "a header with the names {}, which are no fields of this format (to read the lines whatever their fields \
         are, use the format regex or message)",
        .0.join(", ")
    )]
    UnknownFields(Vec<String>),
    /// JSON is nested deeper than the limit.
    #[error("JSON nested deeper than {0} levels")]
    TooDeep(usize),
    /// A message is longer than the limit, in bytes.
    #[error("a message longer than {0} bytes")]
    MessageTooLong(usize),
    /// A document's `messageType` comes after more bytes of rows than the limit. The position is the
    /// beginning of the document.
    #[error("more than {0} bytes of rows before the document's messageType")]
    TooMuchHeld(usize),
    /// A match of the event regex is longer than the limit, in bytes, or could still be extended after
    /// so many more bytes. The position is the end of the match so far.
    #[error("a match of the event regex longer than {0} bytes that ends")]
    MatchTooLong(usize),
    /// The regex engine has reached its memory limit.
    #[error("the event regex needs more memory than its bound")]
    RegexTooLarge,
}

impl Reason {
    /// Returns the short, stable name that receipts and reports use.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TruncatedGzip => "truncated-gzip",
            Self::CorruptGzip(_) => "corrupt-gzip",
            Self::WrongCrc => "wrong-crc",
            Self::WrongLength => "wrong-length",
            Self::TrailingBytes => "trailing-bytes",
            Self::TruncatedZip => "truncated-zip",
            Self::CorruptZip(_) => "corrupt-zip",
            Self::ZipSeveralEntries => "zip-several-entries",
            Self::ZipEncrypted => "zip-encrypted",
            Self::ZipMethod(_) => "zip-method",
            Self::ZipUnsized => "zip-unsized",
            Self::TruncatedSnappy => "truncated-snappy",
            Self::CorruptSnappy(_) => "corrupt-snappy",
            Self::SnappyTooLarge(_) => "snappy-too-large",
            Self::TruncatedZstd => "truncated-zstd",
            Self::CorruptZstd(_) => "corrupt-zstd",
            Self::ZstdWindow(_) => "zstd-window",
            Self::ZstdDictionary => "zstd-dictionary",
            Self::TooManyLayers(_) => "too-many-layers",
            Self::Parquet => "parquet",
            Self::Avro => "avro",
            Self::Orc => "orc",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Base64 => "base64",
            Self::DamagedGzip => "damaged-gzip",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::MalformedJson(_) => "malformed-json",
            Self::CutJson => "cut-json",
            Self::NotAnEnvelope(_) => "not-an-envelope",
            Self::NothingReadable => "nothing-readable",
            Self::OtherKind(_) => "other-kind",
            Self::UnknownColumns(_) => "unknown-columns",
            Self::UnknownFields(_) => "unknown-fields",
            Self::TooDeep(_) => "too-deep",
            Self::MessageTooLong(_) => "message-too-long",
            Self::TooMuchHeld(_) => "too-much-held",
            Self::MatchTooLong(_) => "match-too-long",
            Self::RegexTooLarge => "regex-too-large",
        }
    }

    /// Returns the error for this fault at an offset of the text.
    pub(crate) fn in_text(self, offset: u64) -> Error {
        self.at(Stream::Text, offset)
    }

    /// Returns the error for this fault at an offset of a stream.
    pub(crate) fn at(self, stream: Stream, offset: u64) -> Error {
        Error::Input(Fault {
            reason: self,
            at: Position { stream, offset },
        })
    }
}
