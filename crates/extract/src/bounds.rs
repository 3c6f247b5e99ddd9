//! Every limit on an object or an option, with its reason.
//!
//! An object or option that exceeds one of them fails with an error that names the limit.

use std::ops::RangeInclusive;

/// Layers of compression around the text.
///
/// CloudWatch Logs gzips each document
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>), Firehose
/// can compress the object, and an archive may compress it once more. There is no known source of a
/// fourth layer.
pub(crate) const MAX_LAYERS: u8 = 3;

/// Bytes of white space before the magic number of a layer. After more, the bytes are text.
///
/// This white space has to be kept until the layer is identified, so it needs a limit.
pub(crate) const MAX_LEADING_SPACE: usize = 4 * 1024;

/// Bytes of text in a gzip member that is inflated in one call. A larger member is streamed.
///
/// CloudWatch Logs accepts batches of up to 1 MiB
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>).
pub(crate) const MAX_WHOLE_MEMBER: usize = 1024 * 1024;

/// Bytes of text in a chunk of framed Snappy, as its format limits it
/// (<https://github.com/google/snappy/blob/main/framing_format.txt>, section 4.2).
pub(crate) const MAX_SNAPPY_CHUNK: usize = 64 * 1024;

/// Bytes of text in a chunk of Hadoop's Snappy. A chunk is decoded as a whole.
///
/// Four times Hadoop's default, `io.compression.codec.snappy.buffersize`
/// (<https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-common/core-default.xml>).
pub(crate) const MAX_HADOOP_CHUNK: usize = 1024 * 1024;

/// Bytes of the window of a zstd frame, which its decoder keeps.
///
/// RFC 8878 recommends that decoders support as much and encoders ask for no more
/// (<https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.2>). Of the levels of `zstd`, only those
/// behind `--ultra` and `--long` exceed it. It is a power of two, as the decoder's own limit is.
pub(crate) const MAX_ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// Bytes of a zstd block, compressed or not, as its format limits it
/// (<https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.2.3>).
pub(crate) const MAX_ZSTD_BLOCK: usize = 128 * 1024;

/// Bytes of a message.
///
/// Twice the largest event that CloudWatch Logs accepts, 1 MiB
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
pub(crate) const MAX_MESSAGE: usize = 2 * 1024 * 1024;

/// Bytes of a timestamp as written. Milliseconds since 1970 have 13 digits.
pub(crate) const MAX_TIMESTAMP: usize = 64;

/// Bytes of a JSON key, or of a `messageType`, that are kept. The longest one with a meaning,
/// `DATA_MESSAGE`, has 12.
pub(crate) const MAX_WORD: usize = 16;

/// Bytes of an id, or of the name of a log group or stream. CloudWatch Logs allows 512
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>).
pub(crate) const MAX_NAME: usize = 4 * 1024;

/// Bytes of a stray document that are kept with its rejection.
pub(crate) const MAX_STRAY: usize = 16 * 1024;

/// Levels of JSON nesting. serde_json and most other parsers have the same limit. An envelope has
/// four levels.
pub(crate) const MAX_DEPTH: usize = 128;

/// Bytes of events that wait for their document's `messageType`, or for its log group if that is asked
/// for. Also the bytes of text in the `rawData` of an error record.
///
/// Sixteen times the largest Firehose record, 1,000 KiB
/// (<https://docs.aws.amazon.com/firehose/latest/dev/limits.html>), which holds one gzipped
/// document. AWS writes `messageType` first. It comes late only if other software has rewritten
/// the document.
pub(crate) const MAX_HELD: usize = 16 * 1024 * 1024;

/// Bytes of a match of the event regex: a message of [`MAX_MESSAGE`] in which every character is
/// escaped with a backslash.
pub(crate) const MAX_MATCH: usize = 2 * MAX_MESSAGE;

/// Bytes of a regex as written.
///
/// `rehose.json` carries it, and `job.json` and the report of each job, so it must stay small beside
/// them. A stack has a lower limit: its functions get the regex in the variable `REHOSE_OPTIONS`, and
/// Lambda accepts 4 KB of all variables of a function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub(crate) const MAX_PATTERN: usize = 8 * 1024;

/// Bytes of a compiled regex: about forty `\w`, the largest construct in common use.
///
/// Searching costs time in proportion to this size. At the engine's own limit of 10 MiB one byte
/// can take more than a millisecond, and a message of [`MAX_MESSAGE`] would never be finished.
pub(crate) const MAX_COMPILED: usize = 2 * 1024 * 1024;

/// Flows of an object whose totals are kept, to know the difference to their next update.
///
/// As many as Skydive's exporter keeps, its default `max_flow_array_size`
/// (<https://github.com/skydive-project/skydive-flow-exporter>); an object has 6,000.
pub(crate) const MAX_FLOWS: usize = 100_000;

/// Milliseconds since 1970 that can be written with a four-digit year: years 1 to 9999.
pub(crate) const TIMESTAMPS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// The fastest compression level of libdeflate.
pub const MIN_LEVEL: u8 = 1;

/// The best compression level of libdeflate.
pub const MAX_LEVEL: u8 = 12;
