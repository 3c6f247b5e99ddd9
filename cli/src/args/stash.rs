//! The arguments of everything that reads a stash and writes an output on this machine.

use clap::Args;
use rehose_extract::Options;
use rehose_store::location::Location;

use crate::args::acceptance::AcceptanceArgs;
use crate::args::format::{ColumnArgs, DialectArgs};
use crate::args::prefix::{parse_location, parse_prefix};

#[derive(Debug, Args)]
pub(crate) struct StashArgs {
    /// The stash to read: a folder or s3://bucket/prefix
    #[arg(value_parser = parse_location)]
    pub(crate) source: Location,
    /// The output to write: a folder or s3://bucket/prefix, not inside SOURCE
    #[arg(value_parser = parse_location)]
    pub(crate) output: Location,
    /// Process only keys with this prefix, relative to SOURCE
    #[arg(long, default_value = "", hide_default_value = true, value_parser = parse_prefix)]
    prefix: String,
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
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000), hide_short_help = true)]
    transfers: Option<u16>,
}

impl StashArgs {
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
