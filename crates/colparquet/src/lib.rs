//! A Parquet encoder for rows of text fields.
//!
//! A row arrives as a log has it: field by field, or as one text with the ends of its fields. Such texts
//! are encoded column by column, 64 rows at once. There is no allocation for a row or a field.
//!
//! ```text
//! Writer::fields ──► Batch ──┐
//!                    64 rows │
//! Writer::field ─────────────┴─► Column ──► pages ──────► Chunk ──► Parquet file
//!                                text,      encoded,      compressed,
//!                                numbers    20,000 rows   until the row group ends
//! ```
//!
//! | module | task |
//! |---|---|
//! | [`Schema`] | the names and types of the columns |
//! | [`Writer`] | rows → pages → row groups → a file |
//! | `batch` | rows that are encoded together |
//! | `column` | a column of any type |
//! | `text`, `number` | the values of a page, as a dictionary or plain |
//! | `bounds` | the range of a column's texts |
//! | `filter` | whether a row group may have a value |
//! | `parse`, `time` | numbers and times as they are written |
//! | `presence` | which rows have a value |
//! | `hybrid` | indexes into a dictionary |
//! | `chunk` | the compressed pages of a column in a row group |
//!
//! The pages are encoded here; the crate `parquet` writes the container: headers of pages, metadata,
//! and the footer. The format is <https://github.com/apache/parquet-format>.
//!
//! The same rows give the same bytes. Memory does not grow with the file: see [`Writer`].
//!
//! ```
//! use colparquet::{Column, Encoder, Kind, Schema, Writer};
//!
//! let column = |name: &str, kind| {
//!     Column { name: name.to_owned(), kind, is_optional: true, has_filter: false }
//! };
//! let schema = Schema::new(vec![column("srcaddr", Kind::Text), column("bytes", Kind::BigInt)])?;
//! let mut file = Vec::new();
//! let mut writer = Writer::new(Encoder::new(&schema), &mut file)?;
//! writer.field(0, Some(b"10.0.0.1"))?;
//! writer.field(1, Some(b"840"))?;
//! writer.end_row()?;
//! writer.finish()?;
//! assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
//! # Ok::<(), std::io::Error>(())
//! ```
#![warn(missing_docs)]

mod batch;
mod bounds;
mod chunk;
mod column;
mod filter;
mod hybrid;
mod number;
mod parse;
mod presence;
mod schema;
mod text;
mod time;
mod writer;

pub use schema::{Column, Kind, Schema};
pub use time::{local_micros, micros};
pub use writer::{Encoder, Writer};

use std::io;

/// The error of the container as that of a writer. One of the underlying writer is passed on.
fn failed(error: parquet::errors::ParquetError) -> io::Error {
    match error {
        parquet::errors::ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::other(source),
        },
        error => io::Error::other(error),
    }
}
