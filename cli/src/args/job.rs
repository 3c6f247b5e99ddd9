//! The arguments of every job that runs on this machine.

use clap::Args;
use jiff::Timestamp;
use rehose_reprocess::job::JobId;

use crate::args::stash::StashArgs;

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
    #[command(flatten)]
    pub(crate) stash: StashArgs,
    /// Sync every file that this run writes to the disk, so that a folder survives a loss of power.
    /// Small objects take twice as long or more
    #[arg(long, hide_short_help = true)]
    pub(crate) sync: bool,
    /// Print the report as JSON instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
}
