//! The arguments of every job that runs on this machine.

use clap::Args;
use jiff::Timestamp;
use rehose_extract::Options;
use rehose_reprocess::job::JobId;
use rehose_store::location::Location;

use crate::args::acceptance::AcceptanceArgs;
use crate::args::format::{ColumnArgs, DialectArgs};
use crate::args::prefix::{parse_location, parse_prefix};

/// The name of a job whose user may choose it.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The name of the job. The name of an interrupted job continues it [default: a new name]
    #[arg(long = "job", value_parser = |id: &str| id.parse::<JobId>())]
    name: Option<JobId>,
}

impl NameArgs {
    /// The name, which is a new one unless it was given.
    pub(crate) fn job(&self) -> JobId {
        let new = || JobId::new(Timestamp::now());
        self.name.clone().unwrap_or_else(new)
    }
}

#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// The stash to read: a folder or s3://bucket/prefix
    #[arg(value_parser = parse_location)]
    pub(crate) source: Location,
    /// The output to write: a folder or s3://bucket/prefix, not inside SOURCE
    #[arg(value_parser = parse_location)]
    pub(crate) output: Location,
    /// Process only keys with this prefix, relative to SOURCE
    #[arg(long, default_value = "", hide_default_value = true, value_parser = parse_prefix)]
    prefix: String,
    /// Skip keys that match; `*` matches any text. May be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    #[command(flatten)]
    pub(crate) acceptance: AcceptanceArgs,
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Transcode on this many cores [default: all]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: Option<u16>,
    /// Read and write this many objects at once [default: 128 with S3 or --sync, and one more than
    /// cores with folders]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    transfers: Option<u16>,
    /// Sync every file that this run writes to the disk, so that a folder survives a loss of power.
    /// Small objects take twice as long or more
    #[arg(long)]
    pub(crate) sync: bool,
    /// Print the report as JSON instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
}

impl JobArgs {
    /// The options of the extraction, without those of the files.
    pub(crate) fn options(&self) -> Options {
        self.dialect.options(self.columns.options())
    }

    /// The number of cores to use.
    pub(crate) fn cores(&self) -> usize {
        let seen = || std::thread::available_parallelism().map_or(1, usize::from);
        self.concurrency.map_or_else(seen, usize::from)
    }

    /// The number of objects in flight, if it is set.
    pub(crate) fn transfers(&self) -> Option<usize> {
        self.transfers.map(usize::from)
    }

    /// The prefix of the keys to process, relative to the root of the store.
    pub(crate) fn prefix(&self) -> String {
        match &self.source {
            Location::S3 { prefix, .. } => format!("{prefix}{}", self.prefix),
            Location::Folder(_) => self.prefix.clone(),
        }
    }
}
