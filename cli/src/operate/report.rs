//! `rehose report`: shows the report of a job, or lists its failures.

use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;

use futures::TryStreamExt;
use rehose_api::job_page;
use rehose_reprocess::check::watch::failures;
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::tally::FailedObject;

use super::error::{OperateError, Result};
use super::ledger::open_ledger;
use crate::args::operate::ReportArgs;
use crate::args::stack::StackArgs;
use crate::console::{note, print, print_error, print_json, print_note};
use crate::exit::SUCCEEDED;
use crate::stack::DeployedStack;
use crate::summary;

pub(super) async fn report(args: ReportArgs) -> Result<u8> {
    let ledger = open_ledger(&DeployedStack::new(&args.stack), &args.job).await?;
    if ledger.definition().await?.is_none() {
        return Err(OperateError::no_job(&args.job, &args.stack));
    }
    if let Some(file) = &args.html {
        return write_page(ledger, file).await;
    }
    let report = ledger.report().await?;
    if args.failures {
        print_failures(&ledger, report.as_ref(), args.json).await?;
        return Ok(SUCCEEDED);
    }
    let report = report.ok_or_else(|| OperateError::no_report(args.job, &args.stack))?;
    match args.json {
        true => print_json(&report),
        false => print_report(&ledger, &report, &args.stack),
    }
    Ok(SUCCEEDED)
}

async fn write_page(ledger: Ledger, file: &Path) -> Result<u8> {
    let page = job_page(ledger).await?.unwrap_or_default();
    std::fs::write(file, page).map_err(|error| OperateError::Page {
        file: file.to_owned(),
        error,
    })?;
    print(&format!("page: {}", file.display()));
    Ok(SUCCEEDED)
}

/// Prints a summary of a report. If the job is incomplete, also the first failures and the next
/// command.
pub(super) fn print_report(ledger: &Ledger, report: &Report, args: &StackArgs) {
    print(&summary::of_report(report));
    print(&format!("report: {}", ledger.report_url()));
    for note in summary::notes(report) {
        print_note(&note);
    }
    if report.state == JobOutcome::Rejected {
        print_note(
            "rejected: more events than the job accepts fit no row; deploy the stack with other options \
             and another output, or accept them with --max-rejected",
        );
    }
    if report.state == JobOutcome::Incomplete {
        let job = &report.job;
        for line in summary::first_failures(report) {
            print_error(&line);
        }
        let again = match args.is_folder() {
            true => "`rehose run` with --mode missing".to_owned(),
            false => format!("`rehose retry {job}{args}`"),
        };
        print_note(&format!(
            "incomplete: `rehose report {job} --failures{args}` lists all failures; fix their \
             causes, then {again} processes those objects again"
        ));
    }
}

/// Prints all failures of a job. Reads them from the receipts if there is no report, or if the report
/// does not list all of them. Stops if the reader closes the pipe.
async fn print_failures(ledger: &Ledger, report: Option<&Report>, json: bool) -> Result<()> {
    if let Some(report) = report
        && report.lists_all_failures()
    {
        note(write_failures(&report.failures, json));
        return Ok(());
    }
    let mut slices = pin!(failures(ledger, report.is_some()));
    while let Some(slice) = slices.try_next().await? {
        let result = write_failures(&slice, json);
        let is_over = result.is_err();
        note(result);
        if is_over {
            break;
        }
    }
    Ok(())
}

/// Writes one line for each failure to standard output.
fn write_failures(failures: &[FailedObject], json: bool) -> io::Result<()> {
    let mut lines = String::new();
    for object in failures {
        match json {
            true => lines += &serde_json::json!(object).to_string(),
            false => lines += &format_failure(object),
        }
        lines.push('\n');
    }
    let mut out = io::stdout();
    out.write_all(lines.as_bytes())?;
    out.flush()
}

/// The key, the reason and the detail, separated by tabs. Keys may contain tabs and line breaks, so
/// these are escaped.
fn format_failure(object: &FailedObject) -> String {
    let failure = &object.failure;
    [&object.key, &failure.reason, &failure.detail]
        .map(|text| {
            text.replace('\\', r"\\")
                .replace('\t', r"\t")
                .replace('\n', r"\n")
                .replace('\r', r"\r")
        })
        .join("\t")
}
