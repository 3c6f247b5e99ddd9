//! What the commands take, and their help.

use clap::{Args, Subcommand};
use rehose_reprocess::job::JobId;

use crate::args::ModeName;
use crate::stack::StackArgs;

/// A command that operates the stack.
#[derive(Debug, Subcommand)]
pub(crate) enum Operation {
    /// Start a job on the deployed stack, over all keys that begin with PREFIX
    ///
    /// It prints the job's name. The state machine runs the job; nothing has to stay here.
    Start(StartArgs),
    /// Say how a job on the stack stands
    Status(StatusArgs),
    /// Show the report of a job on the stack, or all that failed
    Report(ReportArgs),
    /// Start a job over what failed or was lost in another
    Retry(RetryArgs),
    /// Stop a job on the stack
    ///
    /// Messages that are queued already are still processed, and what is done stays done.
    Stop(StopArgs),
    /// List the latest jobs on the stack
    Jobs(JobsArgs),
}

const ENDS: &str = "\
Exit status:
  0  succeeded, or with no --follow: it runs
  1  it failed or was stopped; the last line says what to do
  2  usage, or the job was refused
  3  incomplete: some objects failed or were lost; the report says which and why";

const SHOWN: &str = "\
Exit status:
  0  done
  1  it could not be done; the last line says what to do
  2  usage, or no such job";

/// The arguments of `rehose start`.
#[derive(Debug, Args)]
#[command(after_help = ENDS)]
pub(crate) struct StartArgs {
    /// Take the objects whose keys begin so: s3://bucket/prefix, or without the bucket where the
    /// stack has one source
    pub(crate) prefix: String,
    /// Take all objects, or those whose output is missing
    #[arg(long, value_enum, default_value_t = ModeName::All)]
    pub(crate) mode: ModeName,
    /// Leave out keys that match; `*` stands for anything. May be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// The job's name; the same name twice is one job [default: a new one]
    #[arg(long)]
    pub(crate) job: Option<JobId>,
    /// Show the progress until the job is over, and then its report
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose status`.
#[derive(Debug, Args)]
#[command(after_help = ENDS)]
pub(crate) struct StatusArgs {
    /// The job
    pub(crate) job: JobId,
    /// Show the progress until the job is over, and then its report
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose report`.
#[derive(Debug, Args)]
#[command(after_help = SHOWN)]
pub(crate) struct ReportArgs {
    /// The job
    pub(crate) job: JobId,
    /// Print it as JSON, as it is stored
    #[arg(long)]
    pub(crate) json: bool,
    /// Print every object that failed or was lost instead, a line each: key, reason and detail with
    /// tabs between, in which `\t`, `\n`, `\r` and `\\` are written so. With --json: JSON, a line
    /// each. Of a job that runs, those that are known so far
    #[arg(long)]
    pub(crate) failures: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose retry`.
#[derive(Debug, Args)]
#[command(after_help = ENDS)]
pub(crate) struct RetryArgs {
    /// The job whose failed and lost objects are taken; it must be over
    #[arg(value_name = "JOB")]
    pub(crate) left: JobId,
    /// The new job's name [default: a new one]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) job: Option<JobId>,
    /// Show the progress until the job is over, and then its report
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose stop`.
#[derive(Debug, Args)]
#[command(after_help = SHOWN)]
pub(crate) struct StopArgs {
    /// The job
    pub(crate) job: JobId,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

/// The arguments of `rehose jobs`.
#[derive(Debug, Args)]
#[command(after_help = SHOWN)]
pub(crate) struct JobsArgs {
    /// Show so many
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub(crate) limit: usize,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}
