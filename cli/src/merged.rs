//! `rehose merged` and `rehose verify`: what is merged in an output, and whether it is right.

mod proof;

use std::collections::BTreeMap;
use std::sync::Arc;

use comfy_table::{CellAlignment, Table};
use indicatif::{HumanBytes, HumanCount};
use rehose_reprocess::error::Result;
use rehose_reprocess::ledger::generation::{Generations, Marker};
use rehose_reprocess::partition::Partition;
use rehose_store::location::{Location, Stores};

use self::proof::Prover;
use crate::args::merged::{MergedArgs, VerifyArgs};
use crate::console::{print, print_error, print_note};
use crate::exit::{FAILED, INCOMPLETE, SUCCEEDED};
use crate::summary::empty_grid;

/// Lists the partitions of an output, and returns the exit status.
pub(crate) async fn list(args: MergedArgs) -> u8 {
    match read(&args.output, &args.partition).await {
        Ok((markers, unpublished)) => {
            if args.json {
                for marker in &markers {
                    match serde_json::to_string(marker) {
                        Ok(line) => print(&line),
                        Err(error) => print_error(&error),
                    }
                }
            } else {
                print(&to_table(&markers));
            }
            for generation in unpublished {
                print_note(&format!(
                    "{generation} is planned and not published; a merge of its hour completes it"
                ));
            }
            SUCCEEDED
        }
        Err(error) => {
            print_error(&error);
            FAILED
        }
    }
}

/// Reads the markers, and which generations have none.
async fn read(output: &Location, partition: &str) -> Result<(Vec<Marker>, Vec<String>)> {
    let store = Stores::of(&[output]).await.output(output)?;
    let generations = Generations::new(store);
    let (mut markers, mut unpublished) = (Vec::new(), Vec::new());
    for state in generations.all(partition).await? {
        match generations.marker(state.id).await? {
            Some(marker) => markers.push(marker),
            None => unpublished.push(state.id.to_string()),
        }
    }
    Ok((markers, unpublished))
}

/// The sums of a partition.
#[derive(Default)]
struct Row {
    generations: u64,
    files: u64,
    objects: u64,
    /// Objects of later generations than the first.
    late: u64,
    missing: u64,
    records: u64,
    rows: u64,
    bytes_in: u64,
    bytes_out: u64,
}

impl Row {
    fn add(&mut self, marker: &Marker) {
        self.generations += 1;
        self.files += marker.files.len() as u64;
        self.objects += marker.objects;
        if marker.id.generation > 1 {
            self.late += marker.objects;
        }
        self.missing += marker.missing;
        self.records += marker.sums.get("records");
        self.rows += marker.rows;
        self.bytes_in += marker.bytes_in;
        self.bytes_out += marker.bytes_out;
    }

    fn cells(&self, name: String) -> Vec<String> {
        let counts = [
            self.generations,
            self.files,
            self.objects,
            self.late,
            self.missing,
            self.records,
            self.rows,
        ];
        let mut cells = vec![name];
        cells.extend(counts.map(|count| HumanCount(count).to_string()));
        cells.extend([self.bytes_in, self.bytes_out].map(|bytes| HumanBytes(bytes).to_string()));
        cells
    }
}

fn to_table(markers: &[Marker]) -> String {
    let mut of_partition: BTreeMap<Partition, Row> = BTreeMap::new();
    let mut total = Row::default();
    for marker in markers {
        of_partition
            .entry(marker.id.partition)
            .or_default()
            .add(marker);
        total.add(marker);
    }
    let mut grid: Table = empty_grid();
    grid.set_header([
        "partition",
        "generations",
        "files",
        "objects",
        "late",
        "missing",
        "records",
        "rows",
        "bytes in",
        "bytes out",
    ]);
    for (partition, row) in &of_partition {
        grid.add_row(row.cells(partition.to_string()));
    }
    grid.add_row(total.cells("all".to_owned()));
    for column in grid.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    grid.trim_fmt()
}

/// Proves what is merged, and returns the exit status.
pub(crate) async fn verify(args: VerifyArgs) -> u8 {
    match prove(&args).await {
        Ok((proven, 0)) if proven.generations > 0 => {
            print(&format!(
                "proven: {} generations have the {} records of their {} objects in {} rows",
                HumanCount(proven.generations),
                HumanCount(proven.records),
                HumanCount(proven.objects),
                HumanCount(proven.rows)
            ));
            SUCCEEDED
        }
        Ok((_, 0)) => {
            print_error(&"nothing is merged there; check OUTPUT and --partition");
            INCOMPLETE
        }
        Ok((_, problems)) => {
            print_error(&format!(
                "not proven: {problems} problems, see above; `rehose merged` lists what is published"
            ));
            INCOMPLETE
        }
        Err(error) => {
            print_error(&error);
            FAILED
        }
    }
}

/// What has been proven so far.
#[derive(Default)]
struct Proven {
    generations: u64,
    objects: u64,
    records: u64,
    rows: u64,
}

/// Returns what is proven, and the number of problems, which are printed.
async fn prove(args: &VerifyArgs) -> proof::Result<(Proven, u64)> {
    let output = Stores::of(&[&args.output]).await.output(&args.output)?;
    let generations = Generations::new(Arc::clone(&output));
    let mut prover = Prover::new(output);
    let (mut proven, mut problems) = (Proven::default(), 0);
    for state in generations.all(&args.partition).await? {
        let proof = prover.prove(state.id).await?;
        for problem in &proof.problems {
            print_error(&format!("{}: {problem}", state.id));
        }
        problems += proof.problems.len() as u64;
        proven.generations += 1;
        proven.objects += proof.objects;
        proven.records += proof.records;
        proven.rows += proof.rows;
    }
    Ok((proven, problems))
}
