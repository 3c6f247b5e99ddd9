//! The arguments of the commands that operate the stack.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rehose_reprocess::job::JobId;

use crate::args::acceptance::AcceptanceArgs;
use crate::args::mode::ModeName;
use crate::args::prefix::parse_prefix;
use crate::args::stack::StackArgs;

/// A command that operates the stack.
#[derive(Debug, Subcommand)]
pub(crate) enum Operation {
    /// Start a job on the deployed stack, over all keys with PREFIX
    ///
    /// Prints the name of the job. The state machine runs the job; this machine may disconnect.
    Start(StartArgs),
    /// Show the state of a job on the stack
    Status(StatusArgs),
    /// Show the report of a job on the stack, or list its failures
    Report(ReportArgs),
    /// Start a job over the objects that failed or were lost in another job
    Retry(RetryArgs),
    /// Stop a job on the stack
    ///
    /// Messages that are already in the queue are still processed. Finished outputs stay.
    Stop(StopArgs),
    /// List the latest jobs on the stack
    Jobs(JobsArgs),
}

impl Operation {
    /// The options that name the stack.
    pub(crate) fn stack(&self) -> &StackArgs {
        match self {
            Self::Start(args) => &args.stack,
            Self::Status(args) => &args.stack,
            Self::Report(args) => &args.stack,
            Self::Retry(args) => &args.stack,
            Self::Stop(args) => &args.stack,
            Self::Jobs(args) => &args.stack,
        }
    }
}

const JOB_STATUSES: &str = "\
Exit status:
  0  succeeded; without --follow also: started or running
  1  the job failed or was stopped; the last line says what to do
  2  invalid arguments, or the job was refused
  3  incomplete: some objects failed or were lost; the report lists them with the reasons
  4  rejected: more events than allowed fit no row; the report counts them by reason";

const COMMAND_STATUSES: &str = "\
Exit status:
  0  done
  1  failed; the last line says what to do
  2  invalid arguments, or there is no such job";

/// The arguments of `rehose start`.
#[derive(Debug, Args)]
#[command(after_help = JOB_STATUSES)]
pub(crate) struct StartArgs {
    /// Process the objects whose keys have this prefix: s3://bucket/prefix. If the stack has one
    /// source, the prefix alone is enough
    #[arg(value_parser = parse_prefix)]
    pub(crate) prefix: String,
    /// Process all objects, or only those without output or newer than theirs
    #[arg(long, value_enum, default_value_t = ModeName::All)]
    pub(crate) mode: ModeName,
    #[command(flatten)]
    pub(crate) acceptance: AcceptanceArgs,
    /// The name of the job. Starting a name twice starts one job [default: a new name]
    #[arg(long)]
    pub(crate) job: Option<JobId>,
    /// Show the progress until the job ends, then its report
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose status`.
#[derive(Debug, Args)]
#[command(after_help = JOB_STATUSES)]
pub(crate) struct StatusArgs {
    /// The name of the job
    pub(crate) job: JobId,
    /// Show the progress until the job ends, then its report
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose report`.
#[derive(Debug, Args)]
#[command(after_help = COMMAND_STATUSES)]
pub(crate) struct ReportArgs {
    /// The name of the job
    pub(crate) job: JobId,
    /// Print the report as JSON, as it is stored
    #[arg(long)]
    pub(crate) json: bool,
    /// List every object that failed or was lost, one per line: key, reason and detail, separated by
    /// tabs. Tabs, line breaks and backslashes in them are escaped: `\t`, `\n`, `\r`, `\\`. With
    /// --json, each line is a JSON object. While the job runs, this lists the failures so far
    #[arg(long)]
    pub(crate) failures: bool,
    /// Write a page about the job to this file, which a browser shows without anything else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "failures"])]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose retry`.
#[derive(Debug, Args)]
#[command(after_help = JOB_STATUSES)]
pub(crate) struct RetryArgs {
    /// The job whose failed and lost objects to process again. It must have ended
    #[arg(value_name = "JOB")]
    pub(crate) failed_job: JobId,
    /// The name of the new job [default: a new name]
    #[arg(long, alias = "as", value_name = "NAME")]
    pub(crate) job: Option<JobId>,
    /// Show the progress until the job ends, then its report
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose stop`.
#[derive(Debug, Args)]
#[command(after_help = COMMAND_STATUSES)]
pub(crate) struct StopArgs {
    /// The name of the job
    pub(crate) job: JobId,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose jobs`.
#[derive(Debug, Args)]
#[command(after_help = COMMAND_STATUSES)]
pub(crate) struct JobsArgs {
    /// The number of jobs to list
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub(crate) limit: usize,
    /// Print the jobs as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}
