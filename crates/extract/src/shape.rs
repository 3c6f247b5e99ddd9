//! Compiled options.

use crate::dialect::Dialect;
use crate::format::{Column, Format};
use crate::options::Options;

/// The compiled form of [`Options`]: how objects are read, and the columns of the output. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct Shape {
    options: Options,
    dialect: Dialect,
    format: Format,
}

impl Shape {
    pub(crate) fn new(options: Options, dialect: Dialect, format: Format) -> Self {
        Self {
            options,
            dialect,
            format,
        }
    }

    /// Returns the options, with every default filled in.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the columns after `timestamp`.
    pub fn schema(&self) -> Vec<Column<'_>> {
        self.format.schema()
    }

    /// Returns the names of the columns after `timestamp`.
    pub fn columns(&self) -> Vec<&str> {
        self.schema().iter().map(|column| column.name).collect()
    }

    /// Returns the first line of every CSV file, without its line break.
    pub fn header(&self) -> String {
        [&["timestamp"], self.columns().as_slice()]
            .concat()
            .join(",")
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }
}
