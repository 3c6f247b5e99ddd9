//! What all files of a command share: the request, the columns of the first file, and the printer.

use std::io::{self, Write};

use super::columns::{Column, First, Plan, Request};
use super::error::Problem;
use super::files::File;
use super::output::{Form, Printer, Value};
use crate::args::cat::CatArgs;

/// Prints files one after another.
#[derive(Debug)]
pub(super) struct Session<W> {
    request: Request,
    has_conditions: bool,
    first: Option<First>,
    printer: Printer<W>,
    files: u64,
    rows: u64,
}

impl<W: Write> Session<W> {
    pub(super) fn new(args: &CatArgs, out: W) -> Self {
        let form = match args.json {
            true => Form::Json,
            false => Form::Csv,
        };
        Self {
            request: Request::new(args.columns.clone(), args.conditions.clone()),
            has_conditions: !args.conditions.is_empty(),
            first: None,
            printer: Printer::new(form, out),
            files: 0,
            rows: 0,
        }
    }

    /// Prints these columns of all rows as CSV.
    pub(super) fn of_columns(columns: Vec<String>, out: W) -> Self {
        Self {
            request: Request::new(columns, Vec::new()),
            has_conditions: false,
            first: None,
            printer: Printer::new(Form::Csv, out),
            files: 0,
            rows: 0,
        }
    }

    /// Begins a file with these columns. The first one prints the header.
    pub(super) fn begin(&mut self, file: &File, columns: &[Column]) -> Result<Plan, Problem> {
        let plan = self.request.plan(columns, self.first.as_ref())?;
        if self.first.is_none() {
            let names = plan
                .shown
                .iter()
                .map(|column| columns[*column].name.clone());
            let names: Vec<String> = names.collect();
            self.printer.begin(&names)?;
            self.first = Some(First {
                url: file.url(),
                names,
            });
        }
        Ok(plan)
    }

    /// Prints the next value of a row, which is in this column and counts as this one of its file.
    #[inline]
    pub(super) fn value(
        &mut self,
        value: &Value<'_>,
        column: &Column,
        row: u64,
    ) -> Result<(), Problem> {
        self.printer
            .value(value)
            .map_err(|fault| fault.at(row, column))
    }

    /// Ends a row, all of whose values have been printed.
    #[inline]
    pub(super) fn end_row(&mut self) -> io::Result<()> {
        self.rows += 1;
        self.printer.end_row()
    }

    pub(super) fn end_file(&mut self) -> io::Result<()> {
        self.files += 1;
        self.flush()
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.printer.flush()
    }

    /// Says that the conditions have matched nothing: no output could as well mean that nothing was read.
    pub(super) fn note(&self) -> Option<String> {
        let files = match self.files {
            1 => "1 file was read".to_owned(),
            files => format!("{files} files were read"),
        };
        (self.has_conditions && self.rows == 0).then(|| format!("rehose: no row matches; {files}"))
    }
}
