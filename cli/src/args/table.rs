//! The arguments of `rehose table`.

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;
use rehose_catalog::SINCE;
use rehose_store::location::Location;

use crate::args::format::FormatArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  printed
  2  invalid arguments

Examples:
  rehose table --location s3://athena/vpc/
  rehose table --location s3://athena/vpc/ --prefix AWSLogs/ --database logs
  rehose table rejected --location s3://athena/vpc/
  rehose table --json --message-regex '^(?P<level>[A-Z]+) (?P<text>.*)$' > tables.json")]
pub(crate) struct TableArgs {
    /// The table to print
    #[arg(value_enum, default_value_t = TableChoice::Rows)]
    pub(crate) table: TableChoice,
    /// The output, as given to `rehose run` or to the stack: s3://bucket/prefix
    #[arg(long, required_unless_present = "json")]
    pub(crate) location: Option<Location>,
    /// The part of the source keys before yyyy/MM/dd/HH
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// The first hour that queries can find: yyyy/MM/dd/HH in UTC
    #[arg(long, value_name = "HOUR", default_value = SINCE, value_parser = parse_hour)]
    pub(crate) since: String,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// The name of the table [default: flow_logs or messages, rejected, receipts]
    #[arg(long, value_parser = parse_name)]
    pub(crate) name: Option<String>,
    /// The database to name in the statement [default: the database in which the statement is run]
    #[arg(long, value_parser = parse_name)]
    pub(crate) database: Option<String>,
    /// Print the rows, rejected and receipts tables of these options as JSON: the file that the stack
    /// takes as `tables`
    #[arg(long, conflicts_with_all = ["table", "location", "prefix", "since", "name", "database"])]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TableChoice {
    /// The rows
    Rows,
    /// The events that do not fit the format
    Rejected,
    /// The result of each object of a job
    Receipts,
}

/// Parses an hour as Firehose writes it in keys.
fn parse_hour(text: &str) -> Result<String, String> {
    const FORMAT: &str = "%Y/%m/%d/%H";
    match DateTime::strptime(FORMAT, text) {
        Ok(hour) if hour.strftime(FORMAT).to_string() == text => Ok(text.to_owned()),
        _ => Err("it must be yyyy/MM/dd/HH, as in 2020/01/31/00".to_owned()),
    }
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
