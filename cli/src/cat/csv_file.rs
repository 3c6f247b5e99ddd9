//! Files of CSV.gz, and those of flow logs, which have spaces instead of commas.

use std::io::Write;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use futures::TryStreamExt;
use rehose_extract::files::{
    FIRST_COLUMN, Gunzip, kinds_by_header, kinds_of_flow_log, table_names,
};

use super::columns::{Column, Plan, ValueKind};
use super::error::Problem;
use super::files::File;
use super::output::Value;
use super::session::Session;

/// Bytes of the longest row. A message has at most 2 MiB, of which groups of a regex can repeat parts,
/// and escaping doubles them.
const MAX_ROW: usize = 64 * 1024 * 1024;

/// Bytes of the text that say what it is.
const BEGINNING: usize = 64;

/// How rejected events begin.
const REJECTED: &[u8] = b"{\"source\":";

/// Prints the rows of a file.
pub(super) async fn print(file: &File, session: &mut Session<impl Write>) -> Result<(), Problem> {
    let mut body = file.read().await?;
    let mut gunzip = Gunzip::default();
    let mut rows = Rows::new(file, session);
    while let Some(piece) = body.try_next().await? {
        gunzip.push(&piece, &mut |text| rows.push(text))?;
    }
    gunzip.finish()?;
    rows.finish()
}

/// Parses rows.
struct Rows<'a, W> {
    file: &'a File,
    session: &'a mut Session<W>,
    /// The beginning of the text, until there is enough of it.
    beginning: Option<Vec<u8>>,
    reader: Reader,
    /// The fields of the row so far, without anything between them.
    fields: Vec<u8>,
    filled: usize,
    /// Where each field ends.
    ends: Vec<usize>,
    ended: usize,
    header: Option<(Vec<Column>, Plan)>,
    /// The number of rows, without the header.
    rows: u64,
}

impl<'a, W: Write> Rows<'a, W> {
    fn new(file: &'a File, session: &'a mut Session<W>) -> Self {
        Self {
            file,
            session,
            beginning: Some(Vec::new()),
            reader: lines().build(),
            fields: vec![0; 4 * 1024],
            filled: 0,
            ends: vec![0; 64],
            ended: 0,
            header: None,
            rows: 0,
        }
    }

    fn push(&mut self, text: &[u8]) -> Result<(), Problem> {
        let Some(beginning) = &mut self.beginning else {
            return self.parse(text);
        };
        beginning.extend_from_slice(text);
        match beginning.len() >= BEGINNING {
            true => self.end_beginning(),
            false => Ok(()),
        }
    }

    /// Checks what the text is, and parses what was held back of it.
    fn end_beginning(&mut self) -> Result<(), Problem> {
        let Some(beginning) = self.beginning.take() else {
            return Ok(());
        };
        let after = beginning.strip_prefix(FIRST_COLUMN.as_bytes());
        if is_flow_log(&beginning) {
            self.reader = lines().delimiter(b' ').quoting(false).build();
        } else if !after.is_some_and(|after| matches!(after.first(), Some(b',' | b'\n'))) {
            let shown = &beginning[..beginning.len().min(BEGINNING)];
            return Err(match beginning.starts_with(REJECTED) {
                true => Problem::Rejected,
                false => Problem::NoHeader(String::from_utf8_lossy(shown).into_owned()),
            });
        }
        self.parse(&beginning)
    }

    fn parse(&mut self, mut text: &[u8]) -> Result<(), Problem> {
        while !text.is_empty() {
            let read = self.read(text)?;
            text = &text[read..];
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Problem> {
        self.end_beginning()?;
        // No more text ends a row without a line feed.
        self.read(&[]).map(drop)
    }

    /// Reads up to the end of a row, or of the text. Returns how much was read.
    fn read(&mut self, text: &[u8]) -> Result<usize, Problem> {
        let (result, read, filled, ended) = self.reader.read_record(
            text,
            &mut self.fields[self.filled..],
            &mut self.ends[self.ended..],
        );
        self.filled += filled;
        self.ended += ended;
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            ReadRecordResult::OutputFull => self.make_room()?,
            ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
            ReadRecordResult::Record => {
                self.end_row()?;
                (self.filled, self.ended) = (0, 0);
            }
        }
        Ok(read)
    }

    fn make_room(&mut self) -> Result<(), Problem> {
        if self.fields.len() >= MAX_ROW {
            return Err(Problem::LongRow {
                row: self.rows + 1,
                most: MAX_ROW,
            });
        }
        self.fields.resize(2 * self.fields.len(), 0);
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Problem> {
        let row = Row {
            fields: &self.fields,
            ends: &self.ends[..self.ended],
        };
        let Some((columns, plan)) = &self.header else {
            let columns = columns_of(&row)?;
            let plan = self.session.begin(self.file, &columns)?;
            self.header = Some((columns, plan));
            return Ok(());
        };
        self.rows += 1;
        if self.ended != columns.len() {
            return Err(Problem::FieldCount {
                row: self.rows,
                found: self.ended,
                expected: columns.len(),
            });
        }
        let mut conditions = plan.conditions.iter();
        if !conditions.all(|(column, value)| row.field(*column) == value.as_bytes()) {
            return Ok(());
        }
        for column in &plan.shown {
            let (field, column) = (row.field(*column), &columns[*column]);
            let value = value(column.kind, field);
            self.session.value(&value, column, self.rows)?;
        }
        Ok(self.session.end_row()?)
    }
}

/// A carriage return outside quotes is a part of the field: rehose ends lines with a line feed.
fn lines() -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.terminator(Terminator::Any(b'\n'));
    builder
}

/// Whether a text begins with the names of fields of a flow log.
fn is_flow_log(beginning: &[u8]) -> bool {
    let first = beginning.split(|byte| *byte == b' ').next();
    let first = first.and_then(|first| std::str::from_utf8(first).ok());
    first.is_some_and(|first| kinds_of_flow_log(&[first]).is_some())
}

/// The fields of a row.
struct Row<'a> {
    fields: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Row<'a> {
    /// Returns a field of the row, which has it.
    fn field(&self, index: usize) -> &'a [u8] {
        let begin = match index {
            0 => 0,
            index => self.ends[index - 1],
        };
        &self.fields[begin..self.ends[index]]
    }
}

/// Returns the columns that a header names.
fn columns_of(header: &Row<'_>) -> Result<Vec<Column>, Problem> {
    let fields = (0..header.ends.len()).map(|index| std::str::from_utf8(header.field(index)));
    let fields = fields.collect::<Result<Vec<_>, _>>();
    let own_names = fields.map_err(|_| Problem::NotUtf8 {
        row: 0,
        column: FIRST_COLUMN.to_owned(),
    })?;
    let kinds = kinds_of_flow_log(&own_names).unwrap_or_else(|| kinds_by_header(&own_names));
    let columns = own_names.iter().zip(table_names(own_names.iter().copied()));
    let columns = columns.zip(kinds).map(|((own_name, name), kind)| Column {
        own_name: (*own_name).to_owned(),
        name,
        kind: kind.into(),
    });
    Ok(columns.collect())
}

fn value(kind: ValueKind, field: &[u8]) -> Value<'_> {
    match (kind, field) {
        (ValueKind::Number, b"-") | (ValueKind::Time, b"") => Value::Null(kind),
        (ValueKind::Number, [_, ..]) if field.iter().all(u8::is_ascii_digit) => {
            Value::Digits(field)
        }
        _ => Value::Written(field),
    }
}
