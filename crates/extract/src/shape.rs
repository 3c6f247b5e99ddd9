//! Compiled options.

use std::io;
use std::sync::Arc;

use crate::dialect::Dialect;
use crate::format::skydive::{Constants, Flows};
use crate::format::{Format, FormatName, KnownRecord, record_of};
use crate::merge::RECORDS_COLUMN;
use crate::options::{FileKind, LineBreaks, Options, OptionsError};
use crate::origin::{OriginColumn, OriginFilter};
use crate::schema::{self, Column, FieldKind, TIMESTAMP};
use crate::timestamp::TimeFormat;

/// The compiled form of [`Options`]: how objects are read, and the columns of the output. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct Shape(Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) dialect: Dialect,
    pub(crate) format: Format,
    /// What the flow logs of Skydive's flows have in common, if that is what is read.
    pub(crate) skydive: Option<Arc<Constants>>,
    pub(crate) time_format: TimeFormat,
    pub(crate) filter: OriginFilter,
    pub(crate) origin_columns: Vec<OriginColumn>,
    pub(crate) line_breaks: LineBreaks,
    /// The columns of a Parquet file, if that is what is written.
    pub(crate) parquet: Option<colparquet::Schema>,
}

impl Parts {
    pub(crate) fn schema(&self) -> Vec<Column<'_>> {
        let mut columns = vec![TIMESTAMP];
        columns.extend(self.format.columns());
        columns.extend(self.origin_columns.iter().map(|origin| origin.column()));
        columns
    }

    pub(crate) fn table_names(&self) -> Vec<String> {
        schema::table_names(self.schema().iter().map(|column| column.name))
    }

    pub(crate) fn parquet_schema(&self) -> io::Result<colparquet::Schema> {
        colparquet::Schema::new(Self::in_parquet(&self.schema()))
    }

    fn in_parquet(schema: &[Column<'_>]) -> Vec<colparquet::Column> {
        let names = schema::table_names(schema.iter().map(|column| column.name));
        let columns = schema.iter().zip(names);
        let column = |(column, name): (&Column<'_>, String)| colparquet::Column {
            name,
            kind: column.kind.in_parquet(),
            is_optional: column.is_optional,
            has_filter: false,
        };
        columns.map(column).collect()
    }
}

impl Shape {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Returns the same shape, of which each event knows its account, log group and log stream.
    ///
    /// # Errors
    ///
    /// None: the options have been compiled before.
    pub fn with_origin(&self) -> Result<Self, OptionsError> {
        self.options().compile_for(true)
    }

    /// Returns the options, with every default filled in.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Returns the format of the messages.
    pub fn format_name(&self) -> FormatName {
        self.0.options.format_name()
    }

    /// Returns the schema: every column, in order. The first is `timestamp`.
    pub fn schema(&self) -> Vec<Column<'_>> {
        self.0.schema()
    }

    /// Returns the kind of the files of rows.
    pub fn file_kind(&self) -> FileKind {
        self.0.options.to.unwrap_or_default()
    }

    /// Returns the names of all columns in Parquet files and in tables, which have lower case letters,
    /// digits and underscores.
    pub fn table_names(&self) -> Vec<String> {
        self.0.table_names()
    }

    /// Returns the names of all columns.
    pub fn columns(&self) -> Vec<&str> {
        self.schema().iter().map(|column| column.name).collect()
    }

    /// Returns the first line of every CSV file, without its line break.
    pub fn header(&self) -> String {
        self.columns().join(",")
    }

    /// Returns the documented record of flow logs that has this number of fields, if flow logs are read.
    pub fn record_of(&self, count: usize) -> Option<KnownRecord> {
        let format = self.format_name();
        match format.is_flow_logs() {
            true => record_of(format, count),
            false => None,
        }
    }

    /// The columns that the format makes of a message.
    pub(crate) fn format_columns(&self) -> Vec<Column<'_>> {
        self.0.format.columns()
    }

    /// The columns of a Parquet file, if that is what is written.
    pub(crate) fn parquet(&self) -> Option<&colparquet::Schema> {
        self.0.parquet.as_ref()
    }

    /// Returns the columns of a file of merged rows, in order: those of [`schema`](Self::schema), and from
    /// how many records a row was made. Their names are those of [`table_names`](Self::table_names).
    pub fn merged_columns(&self) -> Vec<(String, FieldKind)> {
        let columns = self.with_records();
        let names = schema::table_names(columns.iter().map(|column| column.name));
        let kinds = columns.iter().map(|column| column.kind);
        names.into_iter().zip(kinds).collect()
    }

    fn with_records(&self) -> Vec<Column<'_>> {
        let mut columns = self.schema();
        columns.push(RECORDS_COLUMN);
        columns
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.0.dialect
    }

    pub(crate) fn format(&self) -> &Format {
        &self.0.format
    }

    /// Makes flow logs of Skydive's flows, if that is what is read.
    pub(crate) fn flows(&self) -> Option<Flows> {
        self.0.skydive.clone().map(Flows::new)
    }

    pub(crate) fn time_format(&self) -> &TimeFormat {
        &self.0.time_format
    }

    pub(crate) fn filter(&self) -> &OriginFilter {
        &self.0.filter
    }

    pub(crate) fn origin_columns(&self) -> &[OriginColumn] {
        &self.0.origin_columns
    }

    pub(crate) fn line_breaks(&self) -> LineBreaks {
        self.0.line_breaks
    }
}
