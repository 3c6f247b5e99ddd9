//! `rehose run`, `rehose merge` and `rehose digest`: a whole job in this process, with the same ledger and output as in the
//! cloud.

mod digest;
mod job;

use std::cell::Cell;

use jiff::Timestamp;
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
    let again = Again::new(format!("run the same command with --job {job}"));
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
        again.begin();
        local.run(request).await
    };
    end(work, &again, |report| {
        again.note_end(report);
        print_result(&args.job, report);
        status_of(report)
    })
    .await
}

/// Merges the objects of a stash, and returns the exit status.
pub(crate) async fn merge(args: Box<MergeArgs>) -> u8 {
    let job = args.name.job();
    let again = Again::new(format!("run the same command with --job {job}"));
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
        again.begin();
        local.run(request).await
    };
    end(work, &again, |report| {
        again.note_end(report);
        print_result(&args.job, report);
        status_of(report)
    })
    .await
}

/// Makes a digest of a stash unless it is there, and returns the exit status.
pub(crate) async fn digest(args: Box<DigestArgs>) -> u8 {
    let again = Again::new("run the same command".to_owned());
    let work = digest::run(&args, &again);
    end(work, &again, |made| digest::print(&args, made)).await
}

/// How to continue after an interruption, once something has begun.
struct Again {
    how: String,
    begun: Cell<Option<Timestamp>>,
}

impl Again {
    fn new(how: String) -> Self {
        Self {
            how,
            begun: Cell::new(None),
        }
    }

    /// From now on there is something to continue.
    fn begin(&self) {
        self.begun.set(Some(Timestamp::now()));
    }

    fn how(&self) -> Option<&str> {
        self.begun.get().map(|_| self.how.as_str())
    }

    /// Notes that a job had ended before this command.
    fn note_end(&self, report: &Report) {
        if self.begun.get().is_some_and(|begun| report.ended < begun) {
            print_note(&format!(
                "the job {} had ended before, at {:.0}, and this is its report; another job, without --job, \
                 reads the stash again",
                report.job, report.ended
            ));
        }
    }
}

/// Awaits work until it ends or is interrupted, and returns the exit status.
async fn end<T>(
    work: impl Future<Output = Result<T>>,
    again: &Again,
    print: impl FnOnce(&T) -> u8,
) -> u8 {
    let result = tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => {
            print_error(&match again.how() {
                Some(how) => format!("interrupted; {how} to continue"),
                None => "interrupted; this command has begun nothing".to_owned(),
            });
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
                print_error(&match again.how() {
                    Some(how) => format!("{error}; fix this, then {how} to continue"),
                    None => format!("{error}; this command has begun nothing"),
                });
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
