//! The state of a job and its report, as text for people.

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{HumanBytes, HumanCount};
use rehose_reprocess::check::watch::Look;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::{JobOutcome, Report};

/// The number of failures to show; the report lists more.
const SHOWN: usize = 10;

/// The numbers of a report.
pub(crate) fn of_report(report: &Report) -> String {
    let totals = &report.totals;
    let (objects, rows, bytes) = (totals.objects, totals.rows, totals.bytes);
    let state = match report.state {
        JobOutcome::Succeeded => "succeeded",
        JobOutcome::Incomplete => "incomplete",
    };
    let mut grid = empty_grid();
    grid.add_row(["job", report.job.as_str(), state]);
    if let Some(failed_job) = &report.retry {
        grid.add_row(["", "retry of", failed_job.as_str()]);
    }
    let counts = [
        ("objects", "listed", objects.listed),
        ("", "excluded", objects.excluded),
        ("", "already there", objects.present),
        ("", "done", objects.done),
        ("", "failed", objects.failed),
        ("", "lost", objects.lost),
        ("events", "found", rows.events),
        ("", "written as rows", rows.written),
        ("", "rejected", rows.rejected),
        ("", "control", rows.control),
    ];
    for (heading, label, count) in counts {
        grid.add_row([heading, label, &HumanCount(count).to_string()]);
    }
    grid.add_row(["bytes", "in", &HumanBytes(bytes.read).to_string()]);
    grid.add_row(["", "out", &HumanBytes(bytes.written).to_string()]);
    numbers_to_string(grid)
}

/// The numbers of a job that has not ended.
pub(crate) fn of_unfinished_job(job: &JobId, state: &str, look: &Look) -> String {
    let (objects, rows) = (look.totals.objects, look.totals.rows);
    let planned = match look.all_planned {
        true => "planned",
        false => "planned so far",
    };
    let mut grid = empty_grid();
    grid.add_row(["job", job.as_str(), state]);
    let counts = [
        ("objects", planned, look.planned),
        ("", "settled", look.settled),
        ("", "counted below", objects.settled()),
        ("", "failed", objects.failed),
        ("", "lost", objects.lost),
        ("events", "found", rows.events),
        ("", "written as rows", rows.written),
        ("", "rejected", rows.rejected),
    ];
    for (heading, label, count) in counts {
        grid.add_row([heading, label, &HumanCount(count).to_string()]);
    }
    numbers_to_string(grid)
}

/// The first failures of a report, one per line, then the number of the others.
pub(crate) fn first_failures(report: &Report) -> impl Iterator<Item = String> {
    let more = report.totals.objects.failed + report.totals.objects.lost;
    let more = more.saturating_sub(SHOWN as u64);
    report
        .failures
        .iter()
        .take(SHOWN)
        .map(|object| {
            let failure = &object.failure;
            format!("{}: {}: {}", object.key, failure.reason, failure.detail)
        })
        .chain((more > 0).then(|| format!("and {more} more")))
}

/// A grid without rows, in the style of this command.
pub(crate) fn empty_grid() -> Table {
    let mut grid = Table::new();
    grid.load_style(presets::UTF8_FULL_CONDENSED);
    grid
}

/// Aligns the numbers in the third column.
fn numbers_to_string(mut grid: Table) -> String {
    if let Some(column) = grid.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    grid.trim_fmt()
}
