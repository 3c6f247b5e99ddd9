//! The state of a job and its report, as text for people.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{HumanBytes, HumanCount};
use rehose_extract::FormatName;
use rehose_extract::merge::Sums;
use rehose_reprocess::check::watch::Look;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::digest::Digested;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::tally::{Merged, RejectionExample, Rejections};

/// The number of failures to show; the report lists more.
const SHOWN: usize = 10;

/// One event of this many is an exception, and not a sign of another record.
const EXCEPTIONS: u64 = 100;

/// The numbers of a report.
pub(crate) fn of_report(report: &Report) -> String {
    let totals = &report.totals;
    let (objects, rows, bytes) = (totals.objects, totals.rows, totals.bytes);
    let state = match report.state {
        JobOutcome::Succeeded => "succeeded",
        JobOutcome::Incomplete => "incomplete",
        JobOutcome::Rejected => "rejected",
    };
    // A merge and a digest write rows of their own.
    let written = match report.merged.is_some() || report.digest.is_some() {
        true => "read as records",
        false => "written as rows",
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
        ("", written, rows.written),
        ("", "rejected", rows.rejected),
        ("", "control", rows.control),
        ("", "filtered", rows.filtered),
    ];
    for (heading, label, count) in counts {
        grid.add_row([heading, label, &HumanCount(count).to_string()]);
    }
    for (i, rejections) in report.rejections.iter().take(SHOWN).enumerate() {
        let heading = if i == 0 { "rejected" } else { "" };
        let count = HumanCount(rejections.count).to_string();
        grid.add_row([heading, &kind_of(rejections), &count]);
    }
    grid.add_row(["bytes", "in", &HumanBytes(bytes.read).to_string()]);
    grid.add_row(["", "out", &HumanBytes(bytes.written).to_string()]);
    if let Some(merged) = &report.merged {
        add_merged(&mut grid, merged);
    }
    if let Some(digest) = &report.digest {
        add_digest(&mut grid, digest);
    }
    numbers_to_string(grid)
}

/// Adds the files of a merge, and the sums that prove that nothing is missing and nothing doubled.
fn add_merged(grid: &mut Table, merged: &Merged) {
    let counts = [("merged", "files", merged.files), ("", "rows", merged.rows)];
    for (heading, label, count) in counts {
        grid.add_row([heading, label, &HumanCount(count).to_string()]);
    }
    add_sums(grid, &merged.read, &merged.written);
}

/// Adds the rows of a digest, and the sums that prove them.
fn add_digest(grid: &mut Table, digest: &Digested) {
    let rows = digest.result.as_ref().map_or(0, |result| result.rows);
    grid.add_row(["digest", "parts", &HumanCount(digest.parts).to_string()]);
    grid.add_row(["", "rows", &HumanCount(rows).to_string()]);
    add_sums(grid, &digest.read, &digest.written);
}

fn add_sums(grid: &mut Table, read: &Sums, written: &Sums) {
    for (name, read) in read.iter() {
        let written = written.get(name);
        let heading = format!("sum of {name}");
        grid.add_row([&heading, "in", &HumanCount(read).to_string()]);
        grid.add_row(["", "out", &HumanCount(written).to_string()]);
    }
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

/// The reason of rejections, with its detail.
fn kind_of(rejections: &Rejections) -> String {
    match (rejections.reason.as_str(), &rejections.detail) {
        ("field-count", Some(count)) if count == "1" => "field-count: 1 field".to_owned(),
        ("field-count", Some(count)) => format!("field-count: {count} fields"),
        (reason, Some(detail)) => format!("{reason}: {detail}"),
        (reason, None) => reason.to_owned(),
    }
}

/// What a user should know of the events and objects that are no rows: an example of each kind of
/// rejection, the record that would fit, and the records that Firehose could not deliver.
pub(crate) fn notes(report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = (report.rejections.iter().take(SHOWN))
        .map(|rejections| {
            let RejectionExample { key, offset } = &rejections.example;
            let kind = kind_of(rejections);
            format!("rejected: {kind}: for example at byte {offset} of the decoded text of {key}")
        })
        .collect();
    notes.extend(
        report
            .rejections
            .iter()
            .filter_map(|rejections| fitting(report, rejections)),
    );
    let rows = report.totals.rows;
    if rows.filtered > 0 && rows.filtered + rows.control == rows.events {
        notes.push(format!(
            "none of {} events is of the log groups and the account to read; `rehose inspect` lists those \
             that there are",
            HumanCount(rows.filtered)
        ));
    }
    if let Some((skipped, by_prefix)) =
        counted(&report.error_records, |prefix| format!("in {prefix}/"))
    {
        notes.push(format!(
            "left out {skipped} that Firehose could not deliver ({by_prefix}); --errors too reads them"
        ));
    }
    if let Some((others, by_kind)) = counted(&report.other_kinds, |kind| format!("of {kind}")) {
        notes.push(format!("{others} of other logs left out ({by_kind})"));
    }
    let is_of_time = report.merged.is_some() || report.digest.is_some();
    if is_of_time && report.totals.objects.listed == 0 {
        notes.push(
            "no object has a key of this time; `rehose inspect` shows the first and the last hour of the stash"
                .to_owned(),
        );
    }
    notes.extend(report.merged.iter().flat_map(notes_of_merge));
    notes.extend(
        report
            .digest
            .iter()
            .flat_map(|digest| notes_of_digest(report, digest)),
    );
    notes
}

/// What a user should know of the objects and records that are not in a digest.
fn notes_of_digest(report: &Report, digest: &Digested) -> Vec<String> {
    let mut notes = Vec::new();
    let inside = digest.read.get("records");
    let outside = report.totals.rows.written - inside - digest.out_of_scope;
    for (count, what) in [
        (outside, "start before or after the window"),
        (
            digest.out_of_scope,
            "name another account or region, or none",
        ),
    ] {
        if count > 0 {
            notes.push(format!("{} records {what}", HumanCount(count)));
        }
    }
    if digest.unplaced > 0 {
        notes.push(format!(
            "{} objects left out, with no time in the key; --layout says where it is",
            HumanCount(digest.unplaced)
        ));
    }
    notes
}

/// Returns the number of all objects in words, and that of each name. `None` if there are none.
fn counted(
    objects: &BTreeMap<String, u64>,
    named: impl Fn(&str) -> String,
) -> Option<(String, String)> {
    let each = objects.iter();
    let each: Vec<_> = each
        .map(|(name, count)| format!("{count} {}", named(name)))
        .collect();
    match objects.values().sum() {
        0 => None,
        1_u64 => Some(("1 object".to_owned(), each.join(", "))),
        all => Some((format!("{all} objects"), each.join(", "))),
    }
}

/// What a user should know of the objects that a merge has left out.
fn notes_of_merge(merged: &Merged) -> Vec<String> {
    let mut notes = Vec::new();
    if merged.generations == 0 {
        notes.push("nothing new to merge in the hours that have closed".to_owned());
    }
    let mut note = |count: u64, what: &str| {
        if count > 0 {
            let objects = if count == 1 { "object" } else { "objects" };
            notes.push(format!("{} {objects} {what}", HumanCount(count)));
        }
    };
    note(
        merged.unplaced,
        "left out, with no hour in the key; --layout says where the time is",
    );
    note(
        merged.open,
        "left out, of hours that may still get others; merge again after they have closed",
    );
    note(
        merged.missing,
        "in no file, because an earlier merge could not read them; replace them, then merge again",
    );
    note(
        merged.replaced.len() as u64,
        "changed after being merged; their rows are those of before",
    );
    notes.extend((merged.replaced.iter().take(SHOWN)).map(|key| format!("changed: {key}")));
    notes
}

/// The documented record that has as many fields as rejected events have, if they are no exceptions.
fn fitting(report: &Report, rejections: &Rejections) -> Option<String> {
    let rows = report.totals.rows;
    if rejections.count * EXCEPTIONS < rows.rejected + rows.written {
        return None;
    }
    let count: usize = match rejections.reason.as_str() {
        "field-count" => rejections.detail.as_ref()?.parse().ok()?,
        _ => return None,
    };
    let shape = report.options.compile().ok()?;
    let record = shape.record_of(count)?;
    let read = shape.columns().len() - 1 - report.options.with.len();
    let events = match rejections.count {
        1 => "1 event has".to_owned(),
        count if count == rows.events => format!("all {} events have", HumanCount(count)),
        count => format!("{} events have", HumanCount(count)),
    };
    let version = record.version;
    let fitting = match record.is_whole {
        true => format!("version {version} has {count}"),
        false => {
            format!("the first {count} documented fields, up to version {version}, are as many")
        }
    };
    let fields = match (record.format, record.is_whole) {
        (FormatName::TgwFlowLogs, true) => "--format tgw-flow-logs".to_owned(),
        _ => format!("--fields '{}'", record.fields),
    };
    Some(format!(
        "{events} {count} fields, and the record that was read has {read}; {fitting}: use {fields}, \
         with another output"
    ))
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
