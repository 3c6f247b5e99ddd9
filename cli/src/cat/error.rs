//! What keeps rows from being printed.

use std::io;

use parquet::errors::ParquetError;
use rehose_extract::Fault;
use rehose_store::StoreError;
use rehose_store::location::LocationError;

use super::files::File;
use crate::exit::{FAILED, USAGE};

/// An error of the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatError {
    #[error("{0} does not exist; name a file that rehose wrote, a folder of them, or an output")]
    Missing(String),
    #[error(
        "there is no file of rows under {0}; check the path. A digest is a file under digests/, to be named itself"
    )]
    NoFile(String),
    #[error(transparent)]
    Location(#[from] LocationError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write the rows: {0}")]
    Output(io::Error),
    #[error("{url}: {problem}")]
    File { url: String, problem: Problem },
}

impl CatError {
    pub(super) fn of(file: &File, problem: Problem) -> Self {
        match problem {
            Problem::Output(error) => Self::Output(error),
            // It names the file.
            Problem::Store(error) => Self::Store(error),
            problem => Self::File {
                url: file.url(),
                problem,
            },
        }
    }

    /// The exit status.
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::File {
                problem: Problem::NoColumn { .. } | Problem::ColumnTwice { .. },
                ..
            } => USAGE,
            _ => FAILED,
        }
    }
}

/// Why the rows of a file cannot be printed. The rows before a fault have been printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Output(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the file is empty; rehose writes no such file, so copy it again")]
    Empty,
    #[error(
        "neither CSV.gz nor Parquet: the file begins with \"{0}\"; name files that `rehose run` or the stack \
         wrote"
    )]
    Foreign(String),
    #[error(
        "rejected events, which fit no row and so have no columns; print them with `zcat`, or name the files \
         under csv/ or parquet/"
    )]
    Rejected,
    #[error(
        "gzip of a text that is not rehose's CSV: it begins with {0:?} and not with the column timestamp; \
         convert an object of a stash with `rehose run` first, or print it with `zcat`, also the CSV of a digest"
    )]
    NoHeader(String),
    #[error("{0}; the file is damaged: copy it again, or convert its object again")]
    Gzip(#[from] Fault),
    #[error(
        "row {row} has {found} fields, and the header has {expected}; rehose writes no such file, so \
         convert its object again"
    )]
    FieldCount {
        row: u64,
        found: usize,
        expected: usize,
    },
    #[error("row {row} has more than {most} bytes; rehose writes no such row")]
    LongRow { row: u64, most: usize },
    #[error(
        "row {row} has text that is not UTF-8 in the column {column}; the file is damaged: copy it again, or \
         convert its object again"
    )]
    NotUtf8 { row: u64, column: String },
    #[error(
        "row {row} has a time outside the years 1 to 9999 in the column {column}; the file is damaged: copy it \
         again, or convert its object again"
    )]
    NoTime { row: u64, column: String },
    #[error(
        "a Parquet file that ends at byte {0} without its footer; the file is cut: copy it again, or convert \
         its object again"
    )]
    NoFooter(u64),
    #[error(
        "the footer of the Parquet file, which begins at byte {offset}, cannot be read: {error}; the file is \
         damaged: copy it again, or convert its object again"
    )]
    Footer { offset: u64, error: ParquetError },
    #[error(
        "a Parquet file with {what}, as rehose does not write; read it with another tool, such as DuckDB"
    )]
    ForeignParquet { what: String },
    #[error(
        "{what} in the column {column} of row group {group}, whose data begin at byte {offset}; the file is \
         damaged: copy it again, or convert its object again"
    )]
    Chunk {
        what: String,
        column: String,
        /// Counted from 1.
        group: usize,
        offset: u64,
    },
    #[error("{option}: there is no column {name:?}; the columns are {columns}")]
    NoColumn {
        option: &'static str,
        name: String,
        columns: String,
    },
    #[error("--columns: {name} and {other} are the same column; name it once")]
    ColumnTwice { name: String, other: String },
    #[error(
        "the columns are not those of {first}: {difference}; print the files by a command each, or name columns \
         that all have with --columns"
    )]
    OtherColumns { first: String, difference: String },
}
