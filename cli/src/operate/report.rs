//! `rehose report`: what came of a job, and everything that failed.

use std::io::{self, Write};
use std::pin::pin;

use futures::TryStreamExt;
use rehose_reprocess::check::watch::failures;
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::report::{FailedObject, JobOutcome, Report};

use super::args::ReportArgs;
use super::{OperateError, Result};
use crate::stack::{Stack, StackArgs};
use crate::{SUCCEEDED, complain, note, say, say_json, summary};

pub(super) async fn report(args: ReportArgs) -> Result<u8> {
    let ledger = Stack::new(&args.stack).ledger(&args.job).await?;
    if ledger.definition().await?.is_none() {
        return Err(OperateError::no_job(&args.job, &args.stack));
    }
    let report = ledger.report().await?;
    if args.failures {
        print_failures(&ledger, report.as_ref(), args.json).await?;
        return Ok(SUCCEEDED);
    }
    let report = report.ok_or_else(|| OperateError::NoReport {
        job: args.job,
        stack: args.stack.clone(),
    })?;
    match args.json {
        true => say_json(&report),
        false => show(&ledger, &report, &args.stack),
    }
    Ok(SUCCEEDED)
}

/// Shows a report, and the first failures with what to do about them.
pub(super) fn show(ledger: &Ledger, report: &Report, args: &StackArgs) {
    say(&summary::table(report));
    say(&format!("report: {}", ledger.report_url()));
    if report.state == JobOutcome::Incomplete {
        let job = &report.job;
        for line in summary::failures(report) {
            complain(&line);
        }
        let again = match args.is_folder() {
            true => "`rehose run` with --mode missing".to_owned(),
            false => format!("`rehose retry {job}{args}`"),
        };
        note(&format!(
            "incomplete: `rehose report {job} --failures{args}` lists all that failed; once that is \
             mended, {again} does it again"
        ));
    }
}

/// Prints failures, from the receipts where the report does not list all. Whoever closes the pipe
/// wants no more.
async fn print_failures(ledger: &Ledger, report: Option<&Report>, json: bool) -> Result<()> {
    if let Some(report) = report
        && report.lists_all_failures()
    {
        print_lines(&report.failures, json);
        return Ok(());
    }
    let mut slices = pin!(failures(ledger, report.is_some()));
    while let Some(slice) = slices.try_next().await? {
        if !print_lines(&slice, json) {
            break;
        }
    }
    Ok(())
}

/// Prints a line for each failure, and says whether anybody reads on.
fn print_lines(failures: &[FailedObject], json: bool) -> bool {
    let mut lines = String::new();
    for object in failures {
        match json {
            true => lines += &serde_json::json!(object).to_string(),
            false => lines += &line(object),
        }
        lines.push('\n');
    }
    io::stdout().write_all(lines.as_bytes()).is_ok()
}

/// Key, reason and detail. A key may hold anything, and a line must stay one.
fn line(object: &FailedObject) -> String {
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
