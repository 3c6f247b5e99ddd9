//! What the command takes, and its help.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use jiff::civil::DateTime;
use rehose_catalog::SINCE;
use rehose_extract::{DialectName, FormatName, MAX_LEVEL, MIN_LEVEL, Options};
use rehose_reprocess::error::Error;
use rehose_reprocess::job::{JobId, Mode};
use rehose_store::location::Location;

use crate::operate::Operation;

/// Turns CloudWatch Logs that Firehose stashed in S3 into CSV.gz that Athena reads, and proves that
/// nothing is missing.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Rewrite every object of a stash, here, in this process
    ///
    /// SOURCE is a folder or s3://bucket/prefix with objects as Firehose writes them: gzipped or not,
    /// once or twice, under any name. For each object OUTPUT gets csv/<key>.csv.gz with its rows and,
    /// where events do not fit the format, rejected/<key>.jsonl.gz with those. At the end
    /// jobs/<job>/report.json accounts for every object and every event.
    ///
    /// A run that was interrupted goes on where it stood when it is started again with the same --job.
    Run(Box<RunArgs>),
    /// Print the statement that creates a table over an output in Athena
    ///
    /// A database of the stack has these tables already. This is for another catalog, or for an
    /// output of `rehose run`. Give the options with which the output was written.
    Table(TableArgs),
    #[command(flatten)]
    Operate(Operation),
    /// Write a realistic stash to try things out
    ///
    /// The same seed gives the same bytes, on every machine.
    Sample(SampleArgs),
}

/// The arguments of `rehose run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit status:
  0  succeeded: every object is done
  1  it could not run, or not to its end; the last line says what to do
  2  usage
  3  incomplete: some objects failed; the report says which and why

Examples:
  rehose run tests/data/stash out
  rehose run s3://stash/vpc/ s3://athena/vpc --prefix 2020/02/ --concurrency 8
  rehose run stash out --message-regex '^(?P<level>[A-Z]+) (?P<text>.*)$'")]
pub(crate) struct RunArgs {
    /// Where the stash is: a folder or s3://bucket/prefix
    pub(crate) source: Location,
    /// Where the rows go: a folder or s3://bucket/prefix, not under SOURCE
    pub(crate) output: Location,
    /// Take only keys that begin so, counted from SOURCE
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: String,
    /// Take all objects, or those whose output is missing
    #[arg(long, value_enum, default_value_t = ModeName::All)]
    mode: ModeName,
    /// Leave out keys that match; `*` stands for anything. May be given several times. What
    /// Firehose could not deliver (processing-failed/ and its like) is always left out
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// Find events by this regex instead of reading CloudWatch Logs envelopes. It needs the groups
    /// (?P<timestamp>...), milliseconds since 1970, and (?P<message>...), the content of a JSON
    /// string
    #[arg(long, value_name = "REGEX")]
    event_regex: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    /// Compress the output with libdeflate's level of this number: 12 gives the smallest files, 1
    /// is no faster than the default [default: an encoder for rows, about as small as level 6]
    #[arg(long,
          value_parser = clap::value_parser!(u8).range(MIN_LEVEL as i64..=MAX_LEVEL as i64))]
    pub(crate) level: Option<u8>,
    /// Work on so many objects at once [default: the number of cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: Option<u16>,
    /// The job's name; the name of an interrupted job goes on with it [default: a new one]
    #[arg(long, value_parser = |id: &str| id.parse::<JobId>())]
    pub(crate) job: Option<JobId>,
    /// Print the report as JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

impl RunArgs {
    /// The shape of input and output.
    pub(crate) fn options(&self) -> Options {
        Options {
            dialect: self.event_regex.as_ref().map(|_| DialectName::Regex),
            event_regex: self.event_regex.clone(),
            ..self.format.options()
        }
    }

    /// How many objects are worked on at once.
    pub(crate) fn workers(&self) -> usize {
        self.concurrency.map_or_else(cores, usize::from)
    }

    /// Which objects are planned.
    pub(crate) fn mode(&self) -> Mode {
        self.mode.mode()
    }

    /// The keys' beginning, counted from the store's root.
    pub(crate) fn prefix(&self) -> String {
        match &self.source {
            Location::S3 { prefix, .. } => format!("{prefix}{}", self.prefix),
            Location::Folder(_) => self.prefix.clone(),
        }
    }
}

/// The cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ModeName {
    /// Every object
    All,
    /// Only objects whose output is not there
    Missing,
}

impl ModeName {
    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::All => Mode::All,
            Self::Missing => Mode::Missing,
        }
    }
}

/// The format of the rows.
#[derive(Debug, ClapArgs)]
pub(crate) struct FormatArgs {
    /// How a message becomes columns
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The fields of the flow logs, in their order, if they are not the default ones; AWS's own
    /// notation '${version} ${srcaddr}' may stand as it is
    #[arg(long, value_name = "FIELD,...", value_parser = fields)]
    fields: Option<Fields>,
    /// The regex of --format regex: its named groups are the columns
    #[arg(long, value_name = "REGEX")]
    message_regex: Option<String>,
}

impl FormatArgs {
    /// The shape of the output.
    pub(crate) fn options(&self) -> Options {
        Options {
            format: self.format.map(Format::name),
            fields: self.fields.clone().map(|Fields(fields)| fields),
            message_regex: self.message_regex.clone(),
            ..Options::default()
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Fields between spaces, as VPC flow logs have them (the default)
    VpcFlowLogs,
    /// The named groups of --message-regex
    Regex,
    /// The message as it is, in one column
    Message,
}

impl Format {
    fn name(self) -> FormatName {
        match self {
            Self::VpcFlowLogs => FormatName::VpcFlowLogs,
            Self::Regex => FormatName::Regex,
            Self::Message => FormatName::Message,
        }
    }
}

#[derive(Debug, Clone)]
struct Fields(Vec<String>);

fn fields(text: &str) -> Result<Fields, Error> {
    let fields = text
        .split([',', ' '])
        .map(|field| field.trim_start_matches("${").trim_end_matches('}'))
        .filter(|field| !field.is_empty())
        .map(str::to_owned);
    Ok(Fields(fields.collect()))
}

/// The arguments of `rehose table`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit status:
  0  printed
  2  usage

Examples:
  rehose table --location s3://athena/vpc/
  rehose table --location s3://athena/vpc/ --prefix AWSLogs/ --database logs
  rehose table rejected --location s3://athena/vpc/")]
pub(crate) struct TableArgs {
    /// Over which part of the output
    #[arg(value_enum, default_value_t = TableName::Rows)]
    pub(crate) table: TableName,
    /// The output, as it was given to `rehose run` or the stack: s3://bucket/prefix
    #[arg(long)]
    pub(crate) location: Location,
    /// What stands before yyyy/MM/dd/HH in the keys of the source
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// The first hour that a query may find, as yyyy/MM/dd/HH in UTC
    #[arg(long, value_name = "HOUR", default_value = SINCE, value_parser = hour)]
    pub(crate) since: String,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// The table's name [default: flow_logs or messages, rejected, receipts]
    #[arg(long, value_parser = name)]
    pub(crate) name: Option<String>,
    /// The database [default: the one that Athena is asked in]
    #[arg(long, value_parser = name)]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TableName {
    /// The rows
    Rows,
    /// The events that fit no row
    Rejected,
    /// What became of each object of a job
    Receipts,
}

/// An hour as Firehose writes it into keys.
fn hour(text: &str) -> Result<String, String> {
    const FORMAT: &str = "%Y/%m/%d/%H";
    match DateTime::strptime(FORMAT, text) {
        Ok(hour) if hour.strftime(FORMAT).to_string() == text => Ok(text.to_owned()),
        _ => Err("it must be yyyy/MM/dd/HH, as in 2020/01/31/00".to_owned()),
    }
}

/// A name that Athena takes
/// (<https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html>).
fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.is_empty() || !text.chars().all(fits) {
        return Err("it must be lower-case letters, digits and underscores".to_owned());
    }
    Ok(text.to_owned())
}

/// The arguments of `rehose sample`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Exit status:
  0  written
  1  it could not be written; the line on standard error says why
  2  usage

Examples:
  rehose sample stash
  rehose sample stash --dialects --objects 100 --events 5000")]
pub(crate) struct SampleArgs {
    /// The folder to write to
    pub(crate) dir: PathBuf,
    /// How many objects
    #[arg(long, default_value_t = 24)]
    pub(crate) objects: u32,
    /// How many log events in each
    #[arg(long, default_value_t = 2_000)]
    pub(crate) events: u32,
    /// What the random numbers begin with
    #[arg(long, default_value_t = 2020)]
    pub(crate) seed: u64,
    /// Add an object for every form in which a stash may come, and for awkward keys
    #[arg(long)]
    pub(crate) dialects: bool,
}
