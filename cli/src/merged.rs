//! `rehose merged` and `rehose verify`: what is merged in an output, and whether it is right.

mod proof;

use std::sync::Arc;

use comfy_table::{CellAlignment, Table};
use indicatif::{HumanBytes, HumanCount};
use rehose_reprocess::error::Result;
use rehose_reprocess::ledger::generation::Generations;
use rehose_reprocess::ledger::merged::{MergedPartition, MergedPartitions, MergedSums};
use rehose_store::location::{Location, Stores};

use self::proof::Prover;
use crate::args::merged::{MergedArgs, VerifyArgs};
use crate::console::{print, print_error, print_note};
use crate::exit::{FAILED, INCOMPLETE, SUCCEEDED};
use crate::summary::empty_grid;

/// Lists the partitions of an output, and returns the exit status.
pub(crate) async fn list(args: MergedArgs) -> u8 {
    match read(&args.output, &args.partition).await {
        Ok(merged) => {
            if args.json {
                for marker in &merged.markers {
                    match serde_json::to_string(marker) {
                        Ok(line) => print(&line),
                        Err(error) => print_error(&error),
                    }
                }
            } else {
                print(&to_table(&merged));
            }
            if merged.markers.is_empty() && merged.unpublished.is_empty() {
                print_note("nothing is merged there; check OUTPUT and --partition");
            }
            for generation in &merged.unpublished {
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

async fn read(output: &Location, partition: &str) -> Result<MergedPartitions> {
    let store = Stores::of(&[output]).await.output(output)?;
    MergedPartitions::read(&Generations::new(store), partition).await
}

fn cells(name: String, sums: &MergedSums) -> Vec<String> {
    let counts = [
        sums.generations,
        sums.files,
        sums.objects,
        sums.late,
        sums.missing,
        sums.records,
        sums.rows,
    ];
    let mut cells = vec![name];
    cells.extend(counts.map(|count| HumanCount(count).to_string()));
    cells.extend([sums.bytes_in, sums.bytes_out].map(|bytes| HumanBytes(bytes).to_string()));
    cells
}

fn to_table(merged: &MergedPartitions) -> String {
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
    for MergedPartition { partition, sums } in merged.partitions() {
        grid.add_row(cells(partition.to_string(), &sums));
    }
    grid.add_row(cells("all".to_owned(), &merged.total()));
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
            let missing = match proven.missing {
                0 => return SUCCEEDED,
                1 => "1 object is".to_owned(),
                more => format!("{more} objects are"),
            };
            print_error(&format!(
                "incomplete: {missing} in no file, see above; `rehose report JOB --failures` says why. Replace \
                 what failed, and merge again"
            ));
            INCOMPLETE
        }
        Ok((_, 0)) => {
            print_error(&"nothing is merged there; check OUTPUT and --partition");
            INCOMPLETE
        }
        Ok((_, problems)) => {
            print_error(&format!(
                "not proven: {}, see above; `rehose merged` lists what is published",
                match problems {
                    1 => "1 problem".to_owned(),
                    more => format!("{more} problems"),
                }
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
    /// Objects that are in no file.
    missing: u64,
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
    for (key, id) in prover.missing() {
        print_error(&format!("{id}: {key:?} is in no file"));
    }
    proven.missing = prover.missing().len() as u64;
    Ok((proven, problems))
}
