//! Bytes of a stash in, rows of CSV.gz out.
//!
//! The way of the bytes is the order of the modules: an object's bytes lose their gzip
//! `layers`, the text is checked to be UTF-8 (`text`), a `dialect` finds the events
//! in it, a `format` turns each event's message into columns, and the `rows` leave
//! through a `sink`. [`Transcoder`] is the whole of it: chunks of any size are pushed
//! in, and compressed output goes to two writers.
//!
//! The crate is pure and synchronous: it knows no AWS, no file system, no clock and no threads. Its
//! memory is flat: every buffer has a bound, a named constant, and an object that passes one fails
//! with the bound's name.
#![warn(missing_docs)]

mod bounds;
mod dialect;
mod error;
mod format;
mod layers;
mod options;
mod pattern;
mod records;
mod sink;
#[cfg(feature = "stages")]
pub mod stages;
mod timestamp;
mod transcode;
mod utf8;

pub use bounds::{MAX_LEVEL, MIN_LEVEL};
pub use error::{Error, Fault, Position, Reason, Stage};
pub use format::Rejection;
pub use format::vpc_flow_logs::{DEFAULT_FIELDS, FIELDS, Field, FieldKind};
pub use options::{Dialect, FormatName, Options, OptionsError, Shape};
pub use sink::{Compression, Gzip, Sink};
pub use transcode::{Settings, Summary, Transcoder};
