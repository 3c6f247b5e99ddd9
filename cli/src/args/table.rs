//! The arguments of `rehose table`.

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;
use rehose_catalog::{Layout, SINCE, Zone};
use rehose_extract::Options;
use rehose_store::location::Location;

use crate::args::format::{ColumnArgs, FileArgs};
use crate::args::merge::PerName;
use crate::args::prefix::{parse_hour, parse_layout, parse_location, parse_prefix};

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  printed
  2  invalid arguments

Examples:
  rehose table --location s3://athena/vpc/
  rehose table --location s3://athena/vpc/ --prefix AWSLogs/ --database logs
  rehose table --location s3://athena/vpc/ --to parquet
  rehose table rejected --location s3://athena/vpc/
  rehose table merged --location s3://athena/vpc/
  rehose table --location s3://athena/vpc/ \\
    --layout 'year={yyyy}/month={MM}/day={dd}/hour={HH}'
  rehose table --location s3://athena/vpc/ --prefix AWSLogs/ \\
    --layout '{account}/vpcflowlogs/{region}/{yyyy}/{MM}/{dd}' \\
    --partition account=111122223333
  rehose table --json \\
    --message-regex '^(?P<level>[A-Z]+) (?P<text>.*)$' > tables.json")]
pub(crate) struct TableArgs {
    /// The table to print
    #[arg(value_enum, default_value_t = TableChoice::Rows)]
    pub(crate) table: TableChoice,
    /// The output, as given to `rehose run` or to the stack: s3://bucket/prefix
    #[arg(long, required_unless_present = "json", value_parser = parse_location)]
    pub(crate) location: Option<Location>,
    /// The part of the source keys before the layout
    #[arg(long, default_value = "", hide_default_value = true, value_parser = parse_prefix)]
    pub(crate) prefix: String,
    /// The folders of the source keys, after the prefix. {yyyy}, {MM}, {dd} and {HH} are the time, in the
    /// column datehour. Any other name in braces, such as {account}, is a column of its own. Outputs of
    /// s3-access and cloudfront have a folder for each day instead, in the column day [default: of AWS's
    /// own logs AWS's, as AWSLogs/{account}/CloudTrail/{region}/{yyyy}/{MM}/{dd}; of others Firehose's,
    /// {yyyy}/{MM}/{dd}/{HH}]
    #[arg(long, value_parser = parse_layout)]
    layout: Option<Layout>,
    /// All values of a column of the layout. Without them, every query must name a value. May be repeated
    #[arg(long = "partition", value_name = "COLUMN=VALUE,...", value_parser = parse_partition)]
    pub(crate) partitions: Vec<Partition>,
    /// The time zone of the hours in the source keys, Firehose's CustomTimeZone: a name, as Asia/Tokyo, or
    /// an offset, as +09:00
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = parse_zone,
          allow_hyphen_values = true)]
    pub(crate) time_zone: Zone,
    /// What `rehose merge` merges together
    #[arg(long, value_enum, default_value_t = PerName::Hour)]
    pub(crate) per: PerName,
    /// The first hour that queries can find: yyyy/MM/dd/HH, as the clock in the keys
    #[arg(long, value_name = "HOUR", default_value = SINCE, value_parser = parse_hour)]
    pub(crate) since: DateTime,
    #[command(flatten)]
    columns: ColumnArgs,
    #[command(flatten)]
    file: FileArgs,
    /// The name of the table or view [default: flow_logs or messages, rejected, receipts, merged,
    /// generations; all_flow_logs or all_messages]
    #[arg(long, value_parser = parse_name)]
    pub(crate) name: Option<String>,
    /// The database to name in the statement [default: the database in which the statement is run]
    #[arg(long, value_parser = parse_name)]
    pub(crate) database: Option<String>,
    /// Print all tables of these options as JSON: the file that the stack takes as `tables`
    #[arg(long, conflicts_with_all = [
        "table", "location", "prefix", "layout", "partitions", "time_zone", "per", "since", "name", "database"
    ])]
    pub(crate) json: bool,
}

impl TableArgs {
    /// The layout of the source keys.
    pub(crate) fn layout(&self) -> Layout {
        let layout = self.layout.clone();
        layout.unwrap_or_else(|| Layout::usual(self.options().format_name()))
    }

    /// The options of the output.
    pub(crate) fn options(&self) -> Options {
        self.file.options(self.columns.options())
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TableChoice {
    /// The rows
    Rows,
    /// The events that do not fit the format
    Rejected,
    /// The result of each object of a job
    Receipts,
    /// The merged rows
    Merged,
    /// What was merged of each hour, and when
    Generations,
    /// A view: of each hour the merged rows if it is merged, and else the rows
    All,
}

/// All values of a column of the layout.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    pub(crate) column: String,
    pub(crate) values: Vec<String>,
}

fn parse_zone(text: &str) -> Result<Zone, String> {
    text.parse().map_err(|error| format!("it {error}"))
}

fn parse_partition(text: &str) -> Result<Partition, String> {
    let Some((column, values)) = text.split_once('=') else {
        return Err(
            "it must be a column and its values, as account=111122223333,444455556666".to_owned(),
        );
    };
    Ok(Partition {
        column: column.to_owned(),
        values: values.split(',').map(str::to_owned).collect(),
    })
}

/// Parses a name that Athena accepts
/// (<https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html>).
fn parse_name(text: &str) -> Result<String, String> {
    let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.is_empty() || !text.chars().all(is_valid) {
        return Err("it must be lower-case letters, digits and underscores".to_owned());
    }
    Ok(text.to_owned())
}
