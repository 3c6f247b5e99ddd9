//! Turns an object of a Firehose stash into CSV.gz or Parquet.
//!
//! ```text
//! bytes ──► layers ──► utf8 ──► dialect ──► router (format) ──► sink ──► CSV.gz, Parquet
//!         gzip, zstd, …  text     events      records                  └─► rejected lines
//! ```
//!
//! | stage | from → to |
//! |---|---|
//! | `layers` | the object's bytes → the bytes inside all layers of compression, found by their bytes |
//! | `utf8` | bytes → text, in whole characters |
//! | `dialect` | text → events: CloudWatch Logs envelopes, or the matches of a regex |
//! | `router` | events → rows or rejected lines, and the counts |
//! | `format` | in the router: an event's message → the fields of a record |
//! | `sink` | records, or rejected lines → a file |
//!
//! - [`Options`] select a dialect, a format, and their parameters.
//! - [`Shape`] is their compiled form. Make it once and use it for many objects. It has the
//!   [`Column`]s of the output.
//! - [`Compression`] is the way in which the output is compressed. Clones share their encoders.
//! - [`Transcoder`] converts one object and returns a [`Summary`].
//! - [`Error`] separates a faulty object, whose [`Fault`] has a [`Reason`] and a [`Position`], from a
//!   failed writer.
//! - [`files`] has what a reader of the files of rows needs.
//! - [`BlockWriter`] is the interface between rows of CSV and compression.
//!
//! ```
//! use rehose_extract::{Compression, Options, Transcoder};
//!
//! let options = Options {
//!     fields: Some(["srcaddr", "dstaddr", "bytes"].into()),
//!     ..Options::default()
//! };
//! let shape = options.compile()?;
//! assert_eq!(shape.header(), "timestamp,srcaddr,dstaddr,bytes");
//!
//! let object = br#"{"messageType":"DATA_MESSAGE","logEvents":[
//!     {"timestamp":1580515200000,"message":"10.0.0.1 10.0.0.2 840"},
//!     {"timestamp":1580515200000,"message":"not a flow log"}]}"#;
//! let (mut csv, mut rejected) = (Vec::new(), Vec::new());
//! let compression = Compression::default();
//! let mut transcoder =
//!     Transcoder::new("my-object", &shape, &compression, &mut csv, &mut rejected)?;
//! transcoder.push(object)?;
//! let summary = transcoder.finish()?;
//! assert_eq!((summary.written, summary.rejected), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate is pure and synchronous. It uses no AWS, file system, clock or thread. Its memory does
//! not grow with the object: every buffer has a limit, and an object that exceeds it fails with the
//! name of the limit.
#![warn(missing_docs)]

mod bounds;
mod dialect;
mod error;
mod event;
pub mod files;
mod format;
mod kind;
mod layers;
pub mod merge;
mod options;
mod origin;
mod pattern;
mod record;
mod rejection;
mod router;
mod schema;
mod shape;
mod sink;
mod space;
#[cfg(feature = "stages")]
pub mod stages;
pub mod survey;
mod timestamp;
mod transcode;
mod utf8;

pub use bounds::{MAX_LEVEL, MIN_LEVEL};
pub use error::{Error, Fault, Position, Reason, Stream};
pub use format::names::FieldLists;
pub use format::skydive::Action;
pub use format::{DEFAULT_FIELDS, FIELDS, Field, FormatName, KnownRecord};
pub use kind::kind_of_key;
pub use options::{DialectName, FileKind, LineBreaks, Options, OptionsError};
pub use origin::OriginColumn;
pub use rejection::{Rejection, RejectionCount};
pub use schema::{Column, FieldKind, Measure, TIME_PARTITION};
pub use shape::Shape;
pub use sink::{BlockWriter, Compression, Gzip};
pub use transcode::{Summary, Transcoder};
