//! Sums over the columns of a file, read back from its bytes.

use std::io::{self, Write};
use std::sync::Arc;

use rehose_store::Store;

use super::error::{CatError, Problem};
use super::files::{File, Kind};
use super::session::Session;
use super::{csv_file, parquet_file};

/// The rows of a file, and the sums over some of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnSums {
    pub(crate) rows: u64,
    /// Modulo 2⁶⁴, in the order of the columns.
    pub(crate) sums: Vec<u64>,
}

/// The column with the number of records of a row. In a file of a flow log, which has none, it is 1.
const RECORDS: &str = "records";

/// A column that every file of a flow log has.
const START: &str = "start";

/// Reads a file of merged rows whole, and sums up these columns, which hold numbers or nothing.
pub(crate) async fn sum_columns(
    store: &Arc<dyn Store>,
    key: &str,
    bytes: u64,
    columns: Vec<String>,
) -> Result<ColumnSums, CatError> {
    let file = File::new(Arc::clone(store), key.to_owned(), bytes);
    let mut adder = Adder {
        line: Vec::new(),
        lines: 0,
        sums: vec![0; columns.len()],
    };
    let summed = async {
        let kind = file.kind().await?;
        let in_file = columns.iter().map(|column| match kind {
            Kind::Csv if column == RECORDS => START.to_owned(),
            Kind::Csv | Kind::Parquet => column.clone(),
        });
        let mut session = Session::of_columns(in_file.collect(), &mut adder);
        match kind {
            Kind::Csv => csv_file::print(&file, &mut session).await?,
            Kind::Parquet => {
                parquet_file::print(&file, &mut session).await?;
                // The pages of the other columns have checksums too.
                let mut all = Session::of_columns(Vec::new(), io::sink());
                parquet_file::print(&file, &mut all).await?;
            }
        }
        session.end_file().map_err(Problem::Output)?;
        Ok(kind)
    };
    let kind = summed
        .await
        .map_err(|problem| CatError::of(&file, problem))?;
    // The first line has the names.
    let rows = adder.lines.saturating_sub(1);
    let sums = columns.iter().zip(adder.sums);
    let sums = sums.map(|(column, sum)| match kind {
        Kind::Csv if column == RECORDS => rows,
        Kind::Csv | Kind::Parquet => sum,
    });
    Ok(ColumnSums {
        rows,
        sums: sums.collect(),
    })
}

/// Takes lines of CSV, and adds up their numbers.
struct Adder {
    line: Vec<u8>,
    lines: u64,
    sums: Vec<u64>,
}

impl Write for Adder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line()?,
                byte => self.line.push(*byte),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Adder {
    fn end_line(&mut self) -> io::Result<()> {
        if self.lines > 0 {
            let values = self.line.split(|byte| *byte == b',');
            for (sum, value) in self.sums.iter_mut().zip(values) {
                if matches!(value, b"" | b"-") {
                    continue;
                }
                let number = std::str::from_utf8(value)
                    .ok()
                    .and_then(|text| text.parse().ok());
                let number: u64 = number.ok_or(io::ErrorKind::InvalidData)?;
                *sum = sum.wrapping_add(number);
            }
        }
        self.lines += 1;
        self.line.clear();
        Ok(())
    }
}
