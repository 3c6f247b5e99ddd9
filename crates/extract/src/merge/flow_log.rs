//! The files of a flow log, as AWS writes them: one after another, each with the records of an account and
//! region that end in a window of five minutes.

use std::io::{self, Write};
use std::sync::Arc;

use super::columns::{Columns, FILED, WINDOW_SECONDS};
use super::file::{Rows, Summary};
use super::file_columns::FileColumns;
use super::filer::{Filer, Homeless};
use super::home::Home;
use super::lines::{Line, Style};
use super::sorted::{Merged, SortedRows};
use super::sums::RowSums;
use super::{Merger, More, NewScratchFile};
use crate::format::FormatName;
use crate::shape::Shape;
use crate::sink::{Compression, Gzip, Lines};

/// Text that the encoder of gzip may hold back, and its trailer.
const HELD_BACK: usize = 192 * 1024;

/// What records of a flow log have in common to be in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowLogFile {
    /// Their account, of 12 digits.
    pub account: String,
    /// Their region.
    pub region: String,
    /// The begin of the window in which they end, in seconds since 1970.
    pub window: i64,
}

/// Whether records of this shape can be written as AWS writes a flow log.
///
/// # Errors
///
/// Says why not.
pub fn check_flow_log(shape: &Shape) -> Result<(), String> {
    let name = shape.format_name();
    if !matches!(name, FormatName::VpcFlowLogs | FormatName::Skydive) {
        return Err(format!(
            "files of flow logs have the records of the formats vpc-flow-logs and skydive, and not of {}",
            name.name()
        ));
    }
    if !shape.origin_columns().is_empty() {
        return Err("AWS's files have no columns of the origin; leave out `with`".to_owned());
    }
    let columns = shape.columns();
    let missing = ["start", "end"]
        .into_iter()
        .find(|name| !columns.contains(name));
    if let Some(missing) = missing {
        return Err(format!(
            "a record's file is that of its time, and these records have no field {missing}"
        ));
    }
    let field = |name: &&&str| !crate::FIELDS.iter().any(|field| field.name == **name);
    match columns[1..].iter().find(field) {
        Some(repeated) => Err(format!(
            "AWS's files have each field once, and {repeated} is a field again"
        )),
        None => Ok(()),
    }
}

impl Merger {
    /// Returns a merger that sorts records into the files of a flow log, and makes none of two one.
    ///
    /// # Errors
    ///
    /// If the records are no such flow logs, which [`check_flow_log`] says in words.
    pub fn filing(shape: &Shape, memory: usize, new_file: NewScratchFile) -> io::Result<Self> {
        check_flow_log(shape).map_err(io::Error::other)?;
        let columns = Columns::of_flow_log(shape);
        let filer = Filer::new(&columns, &shape.columns());
        let file = FileColumns::of_flow_log(shape);
        let mut merger = Self::with(columns, file, memory, new_file)?;
        merger.more = Some(More::Filed(filer));
        Ok(merger)
    }

    /// Sets the account and region of records of the next object that do not say them themselves.
    pub fn set_home(&mut self, home: Home) {
        if let Some(More::Filed(filer)) = &mut self.more {
            filer.set_home(home);
        }
    }

    /// Records of the object that has been converted whose files are not known. An object with any must be
    /// discarded.
    pub fn homeless(&self) -> Homeless {
        match &self.more {
            Some(More::Filed(filer)) => filer.homeless,
            _ => Homeless::default(),
        }
    }

    /// Begins to count anew.
    pub(super) fn forget_homeless(&mut self) {
        if let Some(More::Filed(filer)) = &mut self.more {
            filer.homeless = Homeless::default();
        }
    }
}

/// The first line of each file, and one for a row. What says in which file a row is comes after its fields.
pub(super) fn lines(file: &FileColumns) -> (String, Line) {
    let fields = file.len() - 1 - FILED.len();
    let line = Line::new(file, Style::Text, (0..fields).collect());
    (file.names()[..fields].join(" "), line)
}

/// The files of all rows, one after another.
///
/// Take [`next_file`](Self::next_file) and [`write_file`](Self::write_file) in turn.
pub struct FlowLogs {
    columns: Arc<Columns>,
    rows: Rows,
    header: String,
    /// The row after those that are written.
    line: Line,
    has_row: bool,
    compression: Compression,
    max_bytes: u64,
}

impl FlowLogs {
    pub(super) fn new(
        rows: Rows,
        columns: Arc<Columns>,
        (header, line): (String, Line),
        compression: &Compression,
        max_bytes: u64,
    ) -> io::Result<Self> {
        let mut logs = Self {
            header,
            line,
            columns,
            rows,
            has_row: false,
            compression: compression.clone(),
            max_bytes,
        };
        logs.advance()?;
        Ok(logs)
    }

    /// The file of the next row, if there is one.
    pub fn next_file(&self) -> Option<FlowLogFile> {
        let [account, region, window] = self.place();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.has_row.then(|| FlowLogFile {
            account: text(account),
            region: text(region),
            window: text(window).parse::<i64>().unwrap_or_default() * WINDOW_SECONDS,
        })
    }

    /// Begins the next file.
    pub fn write_file<W: Write>(&mut self, out: W) -> FlowLogWriter<'_, W> {
        let mut lines = Lines::new(self.compression.writer(out));
        lines.buffer().extend_from_slice(self.header.as_bytes());
        lines.buffer().push(b'\n');
        FlowLogWriter {
            place: self.place().map(<[u8]>::to_vec),
            sums: RowSums::new(&self.columns),
            rows: 0,
            lines,
            logs: self,
        }
    }

    /// Account, region and window of the next row.
    fn place(&self) -> [&[u8]; FILED.len()] {
        FILED.map(|part| self.line.field(self.columns.columns[part]))
    }

    fn advance(&mut self) -> io::Result<()> {
        let Self {
            columns,
            rows,
            line,
            ..
        } = self;
        self.has_row = match rows {
            Rows::InMemory(rows) => set_next(line, columns, rows),
            Rows::InRuns(rows) => set_next(line, columns, rows),
        }?;
        Ok(())
    }

    fn measures(&self) -> &[i64] {
        match &self.rows {
            Rows::InMemory(rows) => rows.measures(),
            Rows::InRuns(rows) => rows.measures(),
        }
    }
}

fn set_next<R: SortedRows>(
    line: &mut Line,
    columns: &Columns,
    rows: &mut Merged<R>,
) -> io::Result<bool> {
    let Some(key) = rows.advance()? else {
        return Ok(false);
    };
    line.set(columns, &rows.rows, &key, rows.measures())?;
    Ok(true)
}

/// A file of a flow log that is being written.
pub struct FlowLogWriter<'a, W: Write> {
    logs: &'a mut FlowLogs,
    place: [Vec<u8>; FILED.len()],
    lines: Lines<Gzip<W>>,
    rows: u64,
    sums: RowSums,
}

impl<W: Write> FlowLogWriter<'_, W> {
    /// Writes up to this many rows. Returns whether the file has more.
    ///
    /// # Errors
    ///
    /// The error of the writer or of a temporary file. The file is then incomplete.
    pub fn write(&mut self, limit: usize) -> io::Result<bool> {
        for _ in 0..limit {
            if !self.has_next() {
                return Ok(false);
            }
            let Self {
                logs, lines, sums, ..
            } = self;
            logs.line.write(lines.buffer());
            lines.write_full_blocks()?;
            sums.add(&logs.columns, logs.measures());
            logs.advance()?;
            self.rows += 1;
        }
        Ok(self.has_next())
    }

    /// Whether the next row is of this file, which then has at most as many bytes as a file may have.
    fn has_next(&mut self) -> bool {
        let Self { logs, lines, .. } = self;
        let most = lines.buffer().len() + logs.line.most_bytes() + HELD_BACK;
        let has_room = lines.writer().bytes_out() + most as u64 <= logs.max_bytes;
        let is_of_file = || {
            let mut parts = logs.place().into_iter().zip(&self.place);
            parts.all(|(part, of_file)| part == of_file)
        };
        logs.has_row && (has_room || self.rows == 0) && is_of_file()
    }

    /// Writes the rows that are left, and completes the file.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn finish(mut self) -> io::Result<Summary> {
        while self.write(usize::MAX)? {}
        Ok(Summary {
            rows: self.rows,
            sums: self.sums.take(&self.logs.columns),
            bytes: self.lines.finish()?,
        })
    }
}
