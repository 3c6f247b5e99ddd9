//! Files of Parquet.
//!
//! The footer is read first, then row group by row group the chunks of the columns that are asked for.

use std::io::Write;
use std::ops::Range;

use bytes::{Buf, Bytes};
use futures::future::try_join_all;
use parquet::basic::{LogicalType, TimeUnit, Type};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::schema::types::ColumnDescriptor;
use rehose_store::StoreError;

use super::chunk::{Chunk, Stored};
use super::columns::{Column, Plan};
use super::condition::Wanted;
use super::error::Problem;
use super::files::File;
use super::pages::Damage;
use super::session::Session;

/// The last bytes of a file: the length of the metadata, and the name of the format.
const TAIL: u64 = 8;
const MAGIC: &[u8] = b"PAR1";

/// Bytes that are read from the end of a file at first. They hold the metadata of a few row groups.
const END: u64 = 64 * 1024;

/// Bytes of the largest metadata: that of a thousand row groups of a hundred columns.
const MAX_METADATA: u64 = 32 * 1024 * 1024;

/// Bytes of the largest row group. `colparquet` ends one after 12 MiB and a page.
const MAX_GROUP: u64 = 64 * 1024 * 1024;

/// Prints the rows of a file.
pub(super) async fn print(file: &File, session: &mut Session<impl Write>) -> Result<(), Problem> {
    let metadata = metadata(file).await?;
    let (columns, stored) = columns_of(&metadata)?;
    let plan = session.begin(file, &columns)?;
    let reader = Reader::new(file, &columns, &stored, &plan);
    let mut before = 0;
    for (group, of_group) in (1..).zip(metadata.row_groups()) {
        let rows =
            u64::try_from(of_group.num_rows()).map_err(|_| foreign("a negative number of rows"))?;
        if reader.may_have_rows(of_group) {
            let chunks = reader.read(group, of_group).await?;
            reader.print(group, rows, before, chunks, session)?;
        }
        before = before.saturating_add(rows);
    }
    Ok(())
}

async fn metadata(file: &File) -> Result<ParquetMetaData, Problem> {
    let no_footer = || Problem::NoFooter(file.bytes);
    let end = file.bytes.saturating_sub(END)..file.bytes;
    let end = file.read_range(end).await?;
    let (before, mut tail) = (end.len().checked_sub(TAIL as usize))
        .map(|at| (end.slice(..at), end.slice(at..)))
        .ok_or_else(no_footer)?;
    let length = u64::from(tail.get_u32_le());
    let offset = (file.bytes - TAIL).checked_sub(length);
    let offset = offset
        .filter(|offset| tail == MAGIC && *offset >= MAGIC.len() as u64)
        .ok_or_else(no_footer)?;
    if length > MAX_METADATA {
        return Err(foreign(&format!(
            "metadata of more than {MAX_METADATA} bytes"
        )));
    }
    let bytes = match before.len().checked_sub(length as usize) {
        Some(at) => before.slice(at..),
        None => file.read_range(offset..file.bytes - TAIL).await?,
    };
    ParquetMetaDataReader::decode_metadata(&bytes)
        .map_err(|error| Problem::Footer { offset, error })
}

fn columns_of(metadata: &ParquetMetaData) -> Result<(Vec<Column>, Vec<Stored>), Problem> {
    let schema = metadata.file_metadata().schema_descr();
    let columns = schema.columns().iter().map(|column| {
        let stored = stored(column).ok_or_else(|| {
            foreign(&format!(
                "the column {}, whose type is another",
                column.name()
            ))
        })?;
        let column = Column {
            own_name: column.name().to_owned(),
            name: column.name().to_owned(),
            kind: stored.kind(),
        };
        Ok((column, stored))
    });
    columns.collect()
}

/// Returns the type of a column, if it is one that rehose writes.
fn stored(column: &ColumnDescriptor) -> Option<Stored> {
    let is_flat = column.max_rep_level() == 0 && column.max_def_level() <= 1;
    let is_time = |logical: &LogicalType| match logical {
        LogicalType::Timestamp(time) => time.is_adjusted_to_u_t_c && time.unit == TimeUnit::MICROS,
        _ => false,
    };
    match (column.physical_type(), column.logical_type_ref()) {
        _ if !is_flat => None,
        (Type::BYTE_ARRAY, Some(LogicalType::String)) => Some(Stored::Text),
        (Type::INT32, None) => Some(Stored::Int),
        (Type::INT64, None) => Some(Stored::BigInt),
        (Type::DOUBLE, None) => Some(Stored::Double),
        (Type::INT64, Some(logical)) if is_time(logical) => Some(Stored::Time),
        _ => None,
    }
}

fn foreign(what: &str) -> Problem {
    Problem::ForeignParquet {
        what: what.to_owned(),
    }
}

/// What is read of each row group.
struct Reader<'a> {
    file: &'a File,
    columns: &'a [Column],
    stored: &'a [Stored],
    /// The columns that are read, in the order of the file.
    needed: Vec<usize>,
    /// The columns that are printed, as indexes into `needed`.
    shown: Vec<usize>,
    /// Conditions, with the index into `needed`.
    conditions: Vec<(usize, Wanted)>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a File, columns: &'a [Column], stored: &'a [Stored], plan: &Plan) -> Self {
        let conditioned = plan.conditions.iter().map(|(column, _)| *column);
        let mut needed: Vec<usize> = plan.shown.iter().copied().chain(conditioned).collect();
        needed.sort_unstable();
        needed.dedup();
        let index = |column: usize| needed.partition_point(|needed| *needed < column);
        Self {
            shown: plan.shown.iter().map(|column| index(*column)).collect(),
            conditions: (plan.conditions.iter())
                .map(|(column, value)| {
                    let wanted = Wanted::new(columns[*column].kind, value);
                    (index(*column), wanted)
                })
                .collect(),
            file,
            columns,
            stored,
            needed,
        }
    }

    /// Whether the statistics of a row group leave room for a row that is printed.
    fn may_have_rows(&self, group: &RowGroupMetaData) -> bool {
        self.conditions.iter().all(|(index, wanted)| {
            let chunk = group.columns().get(self.needed[*index]);
            !wanted.is_outside(chunk.and_then(ColumnChunkMetaData::statistics))
        })
    }

    /// Reads the chunks that are needed, those that are neighbours with one request.
    async fn read(&self, group: usize, metadata: &RowGroupMetaData) -> Result<Vec<Chunk>, Problem> {
        let ranges = self.needed.iter().map(|column| {
            (metadata.columns().get(*column))
                .and_then(|chunk| self.range(chunk))
                .ok_or_else(|| self.fault(group, *column, 0, &Damage::of("no place in the file")))
        });
        let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
        if ranges
            .iter()
            .map(|range| range.end - range.start)
            .sum::<u64>()
            > MAX_GROUP
        {
            return Err(foreign(&format!(
                "a row group of more than {MAX_GROUP} bytes"
            )));
        }
        let bytes = self.read_ranges(&ranges).await?;
        let chunks = self.needed.iter().zip(ranges).zip(bytes);
        let chunks = chunks.map(|((column, range), bytes)| {
            let fault = |damage| self.fault(group, *column, range.start, &damage);
            if bytes.len() as u64 != range.end - range.start {
                return Err(fault(Damage::of("fewer bytes than the footer says")));
            }
            let stored = self.stored[*column];
            Chunk::new(metadata.column(*column), stored, range.start, bytes).map_err(fault)
        });
        chunks.collect()
    }

    /// Returns where a chunk is, if it is in the file.
    fn range(&self, chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
        let start = chunk.dictionary_page_offset();
        let start = u64::try_from(start.unwrap_or(chunk.data_page_offset())).ok()?;
        let end = start.checked_add(u64::try_from(chunk.compressed_size()).ok()?)?;
        (end <= self.file.bytes).then_some(start..end)
    }

    async fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, StoreError> {
        let runs: Vec<_> = ranges.chunk_by(|one, next| one.end == next.start).collect();
        let reads = runs.iter().map(|run| {
            let (start, end) = (run[0].start, run[run.len() - 1].end);
            self.file.read_range(start..end)
        });
        let found = try_join_all(reads).await?;
        let parts = runs.iter().zip(found).flat_map(|(run, bytes)| {
            run.iter().map(move |range| {
                let within = |at: u64| ((at - run[0].start) as usize).min(bytes.len());
                bytes.slice(within(range.start)..within(range.end))
            })
        });
        Ok(parts.collect())
    }

    /// Prints the rows of a row group, before which the file has this many.
    fn print(
        &self,
        group: usize,
        rows: u64,
        before: u64,
        mut chunks: Vec<Chunk>,
        session: &mut Session<impl Write>,
    ) -> Result<(), Problem> {
        for row in 0..rows {
            let mut is_shown = true;
            for (index, wanted) in &self.conditions {
                let value = self.value(group, *index, row, &mut chunks)?;
                if !wanted.is(&value) {
                    is_shown = false;
                    break;
                }
            }
            if !is_shown {
                continue;
            }
            for index in &self.shown {
                let value = self.value(group, *index, row, &mut chunks)?;
                let column = &self.columns[self.needed[*index]];
                session.value(&value, column, before + row + 1)?;
            }
            session.end_row()?;
        }
        Ok(())
    }

    #[inline]
    fn value<'c>(
        &self,
        group: usize,
        index: usize,
        row: u64,
        chunks: &'c mut [Chunk],
    ) -> Result<super::output::Value<'c>, Problem> {
        let chunk = &mut chunks[index];
        let offset = chunk.offset();
        chunk
            .value(row)
            .map_err(|damage| self.fault(group, self.needed[index], offset, &damage))
    }

    #[cold]
    fn fault(&self, group: usize, column: usize, offset: u64, damage: &Damage) -> Problem {
        Problem::Chunk {
            what: damage.to_string(),
            column: self.columns[column].name.clone(),
            group,
            offset,
        }
    }
}
