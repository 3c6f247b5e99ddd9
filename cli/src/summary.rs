//! A report as a person reads it.

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{HumanBytes, HumanCount};
use rehose_reprocess::check::watch::Look;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::{JobOutcome, Report};

/// Failures that are shown; the report lists more.
const SHOWN: usize = 10;

/// The numbers of a report as a table.
pub(crate) fn table(report: &Report) -> String {
    let totals = &report.totals;
    let (objects, rows, bytes) = (totals.objects, totals.rows, totals.bytes);
    let state = match report.state {
        JobOutcome::Succeeded => "succeeded",
        JobOutcome::Incomplete => "incomplete",
    };
    let mut table = empty();
    table.add_row(["job", report.job.as_str(), state]);
    if let Some(left) = &report.retry {
        table.add_row(["", "retry of", left.as_str()]);
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
    for (what, which, n) in counts {
        table.add_row([what, which, &HumanCount(n).to_string()]);
    }
    table.add_row(["bytes", "in", &HumanBytes(bytes.read).to_string()]);
    table.add_row(["", "out", &HumanBytes(bytes.written).to_string()]);
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// A table without rows.
pub(crate) fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table
}

/// The numbers of a job that is not over, as a table.
pub(crate) fn standing(job: &JobId, state: &str, look: &Look) -> String {
    let (objects, rows) = (look.totals.objects, look.totals.rows);
    let planned = match look.all_planned {
        true => "planned",
        false => "planned so far",
    };
    let mut table = empty();
    table.add_row(["job", job.as_str(), state]);
    let counts = [
        ("objects", planned, look.planned),
        ("", "settled", look.settled),
        ("", "of them added up", objects.settled()),
        ("", "failed", objects.failed),
        ("", "lost", objects.lost),
        ("events", "found", rows.events),
        ("", "written as rows", rows.written),
        ("", "rejected", rows.rejected),
    ];
    for (what, which, n) in counts {
        table.add_row([what, which, &HumanCount(n).to_string()]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// The first failures of a report, a line each.
pub(crate) fn failures(report: &Report) -> impl Iterator<Item = String> {
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
