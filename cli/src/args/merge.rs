//! The arguments of `rehose merge`.

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;
use rehose_catalog::Layout;
use rehose_extract::merge::{is_account, is_region};
use rehose_reprocess::error::Error;
use rehose_reprocess::job::{FlowLog, Merge};
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
  rehose merge s3://stash/vpc/ s3://athena/vpc --from 2026/11/25/00
  rehose merge s3://stash/AWSLogs/ s3://athena/vpc \\
    --layout '{account}/vpcflowlogs/{region}/{yyyy}/{MM}/{dd}'
  rehose merge s3://stash/vpc/ s3://logs --as flow-log --region eu-west-1")]
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
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 15,
        hide_short_help = true
    )]
    lateness: u32,
    /// The most seconds from the end of a flow's record to the start of one that continues it; 0 for
    /// those that touch, none to merge no records [default: 60]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = parse_gap)]
    gap: Option<Gap>,
    /// Divide an hour with more bytes of objects than this into several files: bytes, or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = parse_size, hide_short_help = true)]
    target_size: u64,
    /// The kind of files to write
    #[arg(long = "as", value_enum, value_name = "KIND", default_value_t = FileName::Parquet)]
    file: FileName,
    /// The region of records of a flow log that do not say theirs, and whose log streams and keys do not
    #[arg(long, value_name = "NAME", value_parser = parse_region)]
    region: Option<String>,
    /// The account of records of a flow log that do not say theirs, and whose envelopes and keys do not
    #[arg(long, value_name = "ID", value_parser = parse_account, hide_short_help = true)]
    account: Option<String>,
    /// Name the folders of a flow log's files, as Hive does: aws-account-id=…/aws-service=vpcflowlogs/…
    #[arg(long, hide_short_help = true)]
    hive: bool,
}

impl MergeArgs {
    /// What the job merges.
    ///
    /// # Errors
    ///
    /// If an option is of the other kind of files.
    pub(crate) fn merge(&self) -> Result<Merge, Error> {
        let layout = self.layout.clone();
        let of_flow_log = [
            ("--region", self.region.is_some()),
            ("--account", self.account.is_some()),
            ("--hive", self.hive),
        ];
        let is_flow_log = self.file == FileName::FlowLog;
        if let Some((name, _)) = of_flow_log.iter().find(|(_, given)| *given && !is_flow_log) {
            return Err(Error::Value {
                name,
                reason: "it goes with --as flow-log only; leave it out".to_owned(),
            });
        }
        if is_flow_log && self.gap.is_some() {
            return Err(Error::Value {
                name: "--gap",
                reason: "the files of a flow log have each record as it is; leave it out"
                    .to_owned(),
            });
        }
        Ok(Merge {
            layout: layout.unwrap_or_else(|| Layout::usual(self.job.stash.options().format_name())),
            per: self.per.per(),
            from: self.from,
            to: self.to,
            lateness: self.lateness.saturating_mul(60),
            gap: match (is_flow_log, self.gap) {
                (true, _) => None,
                (false, Some(gap)) => gap.0,
                (false, None) => Merge::default().gap,
            },
            target_bytes: self.target_size,
            flow_log: is_flow_log.then(|| FlowLog {
                hive: self.hive,
                account: self.account.clone(),
                region: self.region.clone(),
            }),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileName {
    /// Parquet in zstd, with typed columns, and a row for a flow that goes on
    Parquet,
    /// The files of a VPC flow log, as AWS writes them: text in gzip, with each record as it is
    FlowLog,
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

fn parse_region(text: &str) -> Result<String, String> {
    match is_region(text) {
        true => Ok(text.to_owned()),
        false => Err("it must be a region, as eu-west-1".to_owned()),
    }
}

fn parse_account(text: &str) -> Result<String, String> {
    match is_account(text) {
        true => Ok(text.to_owned()),
        false => Err("it must be the 12 digits of an account".to_owned()),
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
