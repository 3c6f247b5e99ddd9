//! Runs: sorted rows in a file, when there are more than memory holds.
//!
//! A row's key is written so that the order of the bytes is the order of the rows. Neighbours mostly
//! begin alike, so a row has only the bytes after those that it shares with the row before.
//!
//! ```text
//! shared bytes │ other bytes │ the other bytes of the key │ a number for each measure
//!    varint    │   varint    │            …               │     zigzag varints
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::columns::{Columns, PartKind};
use super::sorted::{Merged, Part, SortedRows};
use super::table::biased;

/// Bytes that are read or written at once.
const BUFFER: usize = 128 * 1024;

/// What a part of a digest begins with. Its number changes with the encoding.
const PART: &[u8; 14] = b"rehose part 1\n";

/// More than the bytes of any key: a message has 2 MiB at most, and with zeros each byte becomes two.
const MAX_KEY: usize = 16 * 1024 * 1024;

/// A file for a run. It is written, then read from its beginning, and dropped.
pub trait ScratchFile: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> ScratchFile for T {}

/// A sorted run.
pub(super) struct Run(Box<dyn ScratchFile>);

impl Run {
    /// Writes rows to a file.
    pub(super) fn write<R: SortedRows>(
        rows: &mut Merged<R>,
        columns: &Columns,
        file: Box<dyn ScratchFile>,
    ) -> io::Result<Self> {
        let mut writer = RunWriter::new(file);
        while let Some(row) = rows.advance()? {
            writer.write(columns, &rows.rows, &row, rows.measures())?;
        }
        let (_, mut file) = writer.finish()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self(file))
    }

    /// The rows of a part, which another process may have written.
    pub(super) fn of_part(mut file: Box<dyn ScratchFile>) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut begin = [0; PART.len()];
        file.read_exact(&mut begin)?;
        match begin == *PART {
            true => Ok(Self(file)),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is no part of a digest that this version of rehose can read",
            )),
        }
    }
}

/// Writes sorted rows.
pub(super) struct RunWriter<W: Write> {
    out: BufWriter<W>,
    bytes: u64,
    key: Vec<u8>,
    /// The key of the row before.
    before: Vec<u8>,
    row: Vec<u8>,
}

impl<W: Write> RunWriter<W> {
    fn new(out: W) -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER, out),
            bytes: 0,
            key: Vec::new(),
            before: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Begins a part.
    pub(super) fn of_part(out: W) -> io::Result<Self> {
        let mut writer = Self::new(out);
        writer.out.write_all(PART)?;
        writer.bytes = PART.len() as u64;
        Ok(writer)
    }

    pub(super) fn write<R: SortedRows>(
        &mut self,
        columns: &Columns,
        rows: &R,
        row: &R::Key,
        measures: &[i64],
    ) -> io::Result<()> {
        let Self {
            key,
            before,
            row: out,
            ..
        } = self;
        key.clear();
        if columns.by_time {
            key.extend_from_slice(&biased(measures[0]).to_be_bytes());
        }
        rows.try_each_part(row, |part| {
            write_part(part, key);
            Ok(())
        })?;
        let pairs = key.iter().zip(&*before);
        let shared = pairs.take_while(|(byte, other)| byte == other).count();
        out.clear();
        write_number(shared as u64, out);
        write_number((key.len() - shared) as u64, out);
        out.extend_from_slice(&key[shared..]);
        for measure in measures {
            write_number((measure << 1 ^ measure >> 63) as u64, out);
        }
        std::mem::swap(key, before);
        self.bytes += self.row.len() as u64;
        self.out.write_all(&self.row)
    }

    /// Completes the file. Returns its size in bytes.
    pub(super) fn finish(self) -> io::Result<(u64, W)> {
        let out = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Ok((self.bytes, out))
    }
}

fn write_part(part: Part<'_>, key: &mut Vec<u8>) {
    match part {
        Part::Number(number) => {
            let number = number.map_or(0, |number| number + 1);
            key.extend_from_slice(&number.to_be_bytes());
        }
        Part::Text(None) => key.extend_from_slice(&[0, 0]),
        Part::Text(Some(text)) => {
            let mut pieces = text.split(|byte| *byte == 0);
            key.extend_from_slice(pieces.next().unwrap_or_default());
            for piece in pieces {
                key.extend_from_slice(&[0, 0xff]);
                key.extend_from_slice(piece);
            }
            key.extend_from_slice(&[0, 1]);
        }
    }
}

/// Reads the part at the beginning of a key. Returns it and the rest.
fn read_part<'k, 't>(
    kind: PartKind,
    key: &'k [u8],
    text: &'t mut Vec<u8>,
) -> io::Result<(Part<'t>, &'k [u8])> {
    if kind == PartKind::Number {
        let (number, rest) = key.split_first_chunk().ok_or_else(damaged)?;
        let number = u32::from_be_bytes(*number).checked_sub(1);
        return Ok((Part::Number(number), rest));
    }
    text.clear();
    let mut rest = key;
    loop {
        let zero = memchr::memchr(0, rest).ok_or_else(damaged)?;
        text.extend_from_slice(&rest[..zero]);
        let mark = *rest.get(zero + 1).ok_or_else(damaged)?;
        rest = &rest[zero + 2..];
        match mark {
            0 => return Ok((Part::Text(None), rest)),
            1 => return Ok((Part::Text(Some(text)), rest)),
            _ => text.push(0),
        }
    }
}

/// The rows of several runs in one order.
pub(super) struct SortedRuns {
    columns: Arc<Columns>,
    runs: Vec<Reader>,
    /// The next row of each run that has one.
    heap: BinaryHeap<Reverse<Row>>,
}

/// A row of a run. The fields are in the order in which rows are compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    key: Vec<u8>,
    interval: Option<(i64, i64)>,
    measures: Vec<i64>,
    run: usize,
}

impl SortedRuns {
    pub(super) fn new(runs: Vec<Run>, columns: Arc<Columns>) -> io::Result<Self> {
        let mut sorted = Self {
            columns,
            heap: BinaryHeap::with_capacity(runs.len()),
            runs: runs.into_iter().map(Reader::new).collect(),
        };
        for run in 0..sorted.runs.len() {
            sorted.read_on(run, Vec::new())?;
        }
        Ok(sorted)
    }

    /// Reads the next row of a run.
    fn read_on(&mut self, run: usize, mut measures: Vec<i64>) -> io::Result<()> {
        let Self {
            columns,
            runs,
            heap,
        } = self;
        measures.resize(columns.measures.len(), 0);
        if let Some(key) = runs[run].next(&mut measures)? {
            heap.push(Reverse(Row {
                interval: columns.start_and_end(&measures),
                key,
                measures,
                run,
            }));
        }
        Ok(())
    }
}

impl SortedRows for SortedRuns {
    type Key = Vec<u8>;

    fn next(&mut self, measures: &mut Vec<i64>) -> io::Result<Option<Vec<u8>>> {
        let Some(Reverse(mut row)) = self.heap.pop() else {
            return Ok(None);
        };
        std::mem::swap(measures, &mut row.measures);
        self.read_on(row.run, row.measures)?;
        Ok(Some(row.key))
    }

    fn is_same(&self, key: &Vec<u8>, other: &Vec<u8>) -> bool {
        key == other
    }

    fn try_each_part(
        &self,
        key: &Vec<u8>,
        mut each: impl FnMut(Part<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let time = if self.columns.by_time {
            size_of::<u64>()
        } else {
            0
        };
        let mut rest = key.get(time..).ok_or_else(damaged)?;
        let mut text = Vec::new();
        for kind in &self.columns.parts {
            let (part, after) = read_part(*kind, rest, &mut text)?;
            each(part)?;
            rest = after;
        }
        Ok(())
    }
}

struct Reader {
    file: BufReader<Box<dyn ScratchFile>>,
    /// The key of the row before.
    before: Vec<u8>,
}

impl Reader {
    fn new(Run(file): Run) -> Self {
        Self {
            file: BufReader::with_capacity(BUFFER, file),
            before: Vec::new(),
        }
    }

    fn next(&mut self, measures: &mut [i64]) -> io::Result<Option<Vec<u8>>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let shared = read_number(&mut self.file)? as usize;
        let others = read_number(&mut self.file)? as usize;
        if shared > self.before.len() || others > MAX_KEY {
            return Err(damaged());
        }
        let mut key = Vec::with_capacity(shared + others);
        key.extend_from_slice(&self.before[..shared]);
        key.resize(shared + others, 0);
        self.file.read_exact(&mut key[shared..])?;
        for measure in measures {
            let number = read_number(&mut self.file)?;
            *measure = (number >> 1) as i64 ^ -((number & 1) as i64);
        }
        self.before.clone_from(&key);
        Ok(Some(key))
    }
}

/// Writes a number, seven bits a byte, the lowest first.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(file: &mut impl BufRead) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *file.fill_buf()?.first().ok_or_else(damaged)?;
        file.consume(1);
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(damaged())
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a file of sorted rows has other bytes than were written to it",
    )
}
