//! `rehose run`, `rehose merge` and `rehose digest`: a whole job in this process, with the same ledger and output as in the
//! cloud.

mod digest;
mod job;

use rehose_extract::{FileKind, Options};
use rehose_reprocess::error::{Error, ErrorKind, Result};
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::plan::StartRequest;
use rehose_store::location::Location;

use self::job::Local;
use crate::args::digest::DigestArgs;
use crate::args::format::describe_options_error;
use crate::args::job::JobArgs;
use crate::args::merge::MergeArgs;
use crate::args::run::RunArgs;
use crate::console::{print, print_error, print_json, print_note};
use crate::exit::{FAILED, USAGE, status_of};
use crate::summary;

/// Rewrites every object of a stash, and returns the exit status.
pub(crate) async fn run(args: Box<RunArgs>) -> u8 {
    let job = args.name.job();
    let work = async {
        let local = Local::open(&args.job, args.level).await?;
        let request = StartRequest {
            mode: args.mode(),
            ..local.request(&args.job, job.clone(), args.options())
        };
        if args.level.is_some() && request.options.to == Some(FileKind::Parquet) {
            return Err(Error::Value {
                name: "--level",
                reason: "it is for CSV; Parquet has its own codec, so leave it out".to_owned(),
            });
        }
        let _lock = local.lock(&request).await?;
        local.run(request).await
    };
    end(work, &same_command(&job), |report| {
        print_result(&args.job, report);
        status_of(report)
    })
    .await
}

/// Merges the objects of a stash, and returns the exit status.
pub(crate) async fn merge(args: Box<MergeArgs>) -> u8 {
    let job = args.name.job();
    let work = async {
        let merge = args.merge()?;
        let local = Local::open(&args.job, None).await?;
        let options = Options {
            to: Some(FileKind::Parquet),
            ..args.job.stash.options()
        };
        let request = StartRequest {
            merge: Some(merge),
            ..local.request(&args.job, job.clone(), options)
        };
        let _lock = local.lock(&request).await?;
        local.run(request).await
    };
    end(work, &same_command(&job), |report| {
        print_result(&args.job, report);
        status_of(report)
    })
    .await
}

/// Makes a digest of a stash unless it is there, and returns the exit status.
pub(crate) async fn digest(args: Box<DigestArgs>) -> u8 {
    let work = digest::run(&args);
    end(work, "run the same command", |made| {
        digest::print(&args, made)
    })
    .await
}

/// How an interrupted job is continued.
fn same_command(job: &JobId) -> String {
    format!("run the same command with --job {job}")
}

/// Awaits work until it ends or is interrupted, and returns the exit status.
async fn end<T>(
    work: impl Future<Output = Result<T>>,
    to_continue: &str,
    print: impl FnOnce(&T) -> u8,
) -> u8 {
    let result = tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => {
            print_error(&format!("interrupted; {to_continue} to continue"));
            return FAILED;
        }
    };
    match result {
        Ok(done) => print(&done),
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
                    "{error}; fix this, then {to_continue} to continue"
                ));
                FAILED
            }
        },
    }
}

fn print_result(args: &JobArgs, report: &Report) {
    let path = report_path(&args.stash.output, &report.job);
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
            None if report.digest.is_some() => format!(
                "incomplete: the digest has all other objects; replace the failed objects, then run \
                 again with --refresh; {path} lists the failures"
            ),
            None => format!(
                "incomplete: fix or exclude the failed objects, then run again with --mode missing; {path} \
                 lists the failures"
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
    path(output, &format!("jobs/{job}/report.json"))
}

/// The path or the URL of an object of an output.
fn path(output: &Location, key: &str) -> String {
    match output {
        Location::Folder(folder) => folder.join(key).display().to_string(),
        Location::S3 { .. } => {
            format!("{}/{key}", output.to_string().trim_end_matches('/'))
        }
    }
}
