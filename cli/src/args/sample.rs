//! The arguments of `rehose sample`.

use std::path::PathBuf;

use super::format::Log;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  written
  1  the stash could not be written; the line on standard error says why
  2  invalid arguments

Examples:
  rehose sample stash
  rehose sample stash --dialects --objects 100 --events 5000
  rehose sample stash --log cloudtrail
  rehose sample stash --merge --objects 2000 --events 500")]
pub(crate) struct SampleArgs {
    /// The folder to write to
    pub(crate) dir: PathBuf,
    /// The number of objects
    #[arg(long, default_value_t = 24)]
    pub(crate) objects: u32,
    /// The number of log events in each object
    #[arg(long, default_value_t = 2_000)]
    pub(crate) events: u32,
    /// The size of the network whose flow logs are written
    #[arg(long, value_enum, default_value_t = Profile::Small)]
    pub(crate) profile: Profile,
    /// The seed of the random numbers
    #[arg(long, default_value_t = 2020)]
    pub(crate) seed: u64,
    /// Write one of AWS's own logs, with AWS's keys, instead of flow logs in envelopes
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with_all = ["dialects", "merge"])]
    pub(crate) log: Option<Log>,
    /// Add objects in every form that the input can have, and with unusual keys
    #[arg(long)]
    pub(crate) dialects: bool,
    /// Write one hour of many accounts, in which flows go on from minute to minute
    #[arg(long, conflicts_with = "dialects")]
    pub(crate) merge: bool,
    /// With --merge, the percentage of flows that last for more than a minute
    #[arg(long, value_name = "PERCENT", default_value_t = 30, requires = "merge",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) continuing: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// A few thousand addresses
    Small,
    /// Tens of thousands of addresses, as in a large VPC
    Large,
}
