//! `rehose run` and `rehose merge`: a whole job in this process, with the same ledger and output as in the
//! cloud.

mod folder;
mod job;

use jiff::Timestamp;
use rehose_extract::{FileKind, Options};
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_store::location::Location;

use self::job::JobKind;
use crate::args::format::describe_options_error;
use crate::args::job::JobArgs;
use crate::args::merge::MergeArgs;
use crate::args::run::RunArgs;
use crate::console::{print, print_error, print_json, print_note};
use crate::exit::{FAILED, USAGE, status_of};
use crate::summary;

/// Rewrites every object of a stash, and returns the exit status.
pub(crate) async fn run(args: Box<RunArgs>) -> u8 {
    let kind = JobKind::Rewrite {
        mode: args.mode(),
        level: args.level,
    };
    run_job(&args.job, args.options(), kind).await
}

/// Merges the objects of a stash, and returns the exit status.
pub(crate) async fn merge(args: Box<MergeArgs>) -> u8 {
    let kind = JobKind::Merge(args.merge());
    let options = Options {
        to: Some(FileKind::Parquet),
        ..args.job.options()
    };
    run_job(&args.job, options, kind).await
}

async fn run_job(args: &JobArgs, options: Options, kind: JobKind) -> u8 {
    let job = args
        .job
        .clone()
        .unwrap_or_else(|| JobId::new(Timestamp::now()));
    let result = tokio::select! {
        result = job::run(args, options, kind, &job) => result,
        _ = tokio::signal::ctrl_c() => {
            print_error(&format!(
                "interrupted; run the same command with --job {job} to continue"
            ));
            return FAILED;
        }
    };
    match result {
        Ok(report) => {
            print_result(args, &report);
            status_of(&report)
        }
        Err(error) => match error.kind() {
            ErrorKind::InvalidInput => {
                match &error {
                    Error::Options(error) => print_error(&describe_options_error(error)),
                    _ => print_error(&error),
                }
                USAGE
            }
            ErrorKind::Transient | ErrorKind::Failed => {
                print_error(&format!(
                    "{error}; fix this, then run the same command with --job {job} to continue"
                ));
                FAILED
            }
        },
    }
}

fn print_result(args: &JobArgs, report: &Report) {
    let path = report_path(&args.output, &report.job);
    if args.json {
        print_json(report);
    } else {
        print(&summary::of_report(report));
        print(&format!("report: {path}"));
    }
    for note in summary::notes(report) {
        print_note(&note);
    }
    if report.state == JobOutcome::Rejected {
        print_error(&format!(
            "rejected: {} of {} events fit no row; see {path} for the reasons, choose other options and \
             another output, or accept them with --max-rejected",
            report.totals.rows.rejected,
            report.totals.rows.rejected + report.totals.rows.written,
        ));
    }
    if report.state == JobOutcome::Incomplete {
        for line in summary::first_failures(report) {
            print_error(&line);
        }
        print_error(&match report.merged {
            None => format!(
                "incomplete: fix or exclude the failed objects, then run again with --mode missing; \
                 {path} lists the failures"
            ),
            Some(_) => format!(
                "incomplete: all other objects are merged; replace the failed objects, then merge \
                 again; {path} lists the failures"
            ),
        });
    }
}

/// The path or the URL of a job's report, relative to the current folder if the output is.
fn report_path(output: &Location, job: &JobId) -> String {
    match output {
        Location::Folder(folder) => folder
            .join("jobs")
            .join(job.as_str())
            .join("report.json")
            .display()
            .to_string(),
        Location::S3 { .. } => format!(
            "{}/jobs/{job}/report.json",
            output.to_string().trim_end_matches('/'),
        ),
    }
}
