//! The arguments of `rehose merge`.

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;
use rehose_catalog::Layout;
use rehose_reprocess::job::Merge;
use rehose_reprocess::partition::Per;

use crate::args::job::{JobArgs, NameArgs};
use crate::args::prefix::{parse_hour, parse_layout};

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  succeeded: every object of every closed hour is in a file
  1  the merge failed; the last line says what to do
  2  invalid arguments
  3  incomplete: some objects failed; the report lists them, and all others are merged
  4  rejected: more events than --max-rejected allows fit no row; the report counts them by reason

Examples:
  rehose merge tests/data/stash out
  rehose merge s3://stash/vpc/ s3://athena/vpc --from 2026/11/25/00 --to 2026/11/26/00
  rehose merge s3://stash/AWSLogs/ s3://athena/vpc --layout '{account}/vpcflowlogs/{region}/{yyyy}/{MM}/{dd}'")]
pub(crate) struct MergeArgs {
    #[command(flatten)]
    pub(crate) job: JobArgs,
    #[command(flatten)]
    pub(crate) name: NameArgs,
    /// The first hour to merge: yyyy/MM/dd/HH in UTC [default: the first that there is]
    #[arg(long, value_name = "HOUR", value_parser = parse_hour)]
    from: Option<DateTime>,
    /// The hour after the last one: yyyy/MM/dd/HH in UTC [default: after the last that has closed]
    #[arg(long, value_name = "HOUR", value_parser = parse_hour)]
    to: Option<DateTime>,
    /// The folders with the time in the keys of SOURCE. If they end at the day, the hour is that of the
    /// name, as AWS writes it. Keys without such folders have their time in the name [default: as for
    /// `rehose table`]
    #[arg(long, value_parser = parse_layout)]
    layout: Option<Layout>,
    /// Merge the objects of each hour or of each day
    #[arg(long, value_enum, default_value_t = PerName::Hour)]
    per: PerName,
    /// Minutes after the end of an hour in which it may still get objects, and is not merged
    #[arg(long, value_name = "MINUTES", default_value_t = 15)]
    lateness: u32,
    /// The most seconds from the end of a flow's record to the start of one that continues it; 0 for
    /// those that touch, none to merge no records
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_gap)]
    gap: Gap,
    /// Divide an hour with more bytes of objects than this into several files: bytes, or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = parse_size)]
    target_size: u64,
}

impl MergeArgs {
    /// What the job merges.
    pub(crate) fn merge(&self) -> Merge {
        let layout = self.layout.clone();
        Merge {
            layout: layout.unwrap_or_else(|| Layout::usual(self.job.stash.options().format_name())),
            per: self.per.per(),
            from: self.from,
            to: self.to,
            lateness: self.lateness.saturating_mul(60),
            gap: self.gap.0,
            target_bytes: self.target_size,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PerName {
    Hour,
    Day,
}

impl PerName {
    pub(crate) fn per(self) -> Per {
        match self {
            Self::Hour => Per::Hour,
            Self::Day => Per::Day,
        }
    }
}

/// The seconds, or `None` for `none`.
#[derive(Debug, Clone, Copy)]
struct Gap(Option<u32>);

fn parse_gap(text: &str) -> Result<Gap, String> {
    if text == "none" {
        return Ok(Gap(None));
    }
    match text.parse() {
        Ok(seconds) => Ok(Gap(Some(seconds))),
        Err(_) => Err("it must be a number of seconds, or none".to_owned()),
    }
}

fn parse_size(text: &str) -> Result<u64, String> {
    let units = [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];
    let unit = units
        .iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((text, 1_u64));
    let size = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(bytes));
    size.filter(|size| *size > 0)
        .ok_or_else(|| "it must be a number of bytes, as 268435456 or 256M".to_owned())
}
