//! The results of a stack that merges.

use std::time::Duration;

use comfy_table::Table;

use super::tables::{self, clock, percent, table, thousands};
use crate::merging::{MeasuredMerging, MergeJob};
use crate::prices::{GET, PUT};

/// All results of a simulation of a stack that merges.
pub fn of_merging(measured: &MeasuredMerging) -> String {
    let tables = [
        tables::stages(&measured.stages, measured.duration),
        tables::functions(&measured.counts),
        tables::requests(&measured.counts),
        costs(measured),
        figures(measured),
    ];
    tables.map(|table| table.trim_fmt()).join("\n\n")
}

fn costs(measured: &MeasuredMerging) -> Table {
    let costs = measured.costs();
    let listing = measured.counts.stash_pages as f64 * PUT;
    let reading = measured.objects as f64 * GET;
    let of_day = 24.0 / measured.scenario.hours as f64;
    let mut table = table(["cost", "$ a day", "of all"]);
    for (name, dollars) in [
        ("LIST of the stash", listing),
        ("GET of objects", reading),
        ("PUT and LIST of files and ledger", costs.puts - listing),
        ("GET and HEAD of the ledger", costs.gets - reading),
        ("Lambda: process", costs.process),
        ("Lambda: start", costs.start),
        ("Lambda: check", costs.check),
        (
            "requests to Lambda and SQS",
            costs.invocations + costs.queue,
        ),
        ("state transitions", costs.transitions),
        ("together", costs.sum()),
    ] {
        let dollars_a_day = format!("{:.4}", dollars * of_day);
        table.add_row([
            name.to_owned(),
            dollars_a_day,
            percent(dollars / costs.sum()),
        ]);
    }
    table
}

fn figures(measured: &MeasuredMerging) -> Table {
    let delays: Vec<Duration> = measured.hours.iter().map(|hour| hour.delay).collect();
    let times = |merges: bool| -> Vec<Duration> {
        let jobs = measured
            .jobs
            .iter()
            .filter(|job| (job.objects > 0) == merges);
        jobs.map(|job: &MergeJob| job.duration).collect()
    };
    let (merging, idle) = (times(true), times(false));
    let pages = measured.counts.stash_pages / (measured.jobs.len() as u64).max(1);
    let mut table = table(["other figures", ""]);
    let rows = [
        ("hours merged", thousands(measured.hours.len() as u64)),
        ("their objects", thousands(measured.objects)),
        ("generations", thousands(measured.generations)),
        ("files", thousands(measured.files)),
        ("their bytes", thousands(measured.file_bytes)),
        (
            "from the end of an hour to its marker: shortest",
            clock(shortest(&delays)),
        ),
        ("mean", clock(mean(&delays))),
        ("longest", clock(longest(&delays))),
        ("jobs that merged", thousands(merging.len() as u64)),
        ("mean duration", clock(mean(&merging))),
        ("longest", clock(longest(&merging))),
        ("jobs that found nothing new", thousands(idle.len() as u64)),
        ("mean duration", clock(mean(&idle))),
        ("longest", clock(longest(&idle))),
        ("LIST of the stash in a job, mean", thousands(pages)),
        (
            "most invocations of process at once",
            thousands(measured.most_running as u64),
        ),
        (
            "messages in the dead-letter queue",
            thousands(measured.dead),
        ),
        ("documents in the ledger", thousands(measured.documents)),
        ("their bytes", thousands(measured.document_bytes)),
        ("state transitions", thousands(measured.counts.transitions)),
        (
            "most events of an execution",
            thousands(measured.counts.events),
        ),
    ];
    for (name, value) in rows {
        table.add_row([name.to_owned(), value]);
    }
    table
}

fn shortest(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}

fn longest(times: &[Duration]) -> Duration {
    times.iter().max().copied().unwrap_or_default()
}

fn mean(times: &[Duration]) -> Duration {
    times.iter().sum::<Duration>() / (times.len() as u32).max(1)
}
