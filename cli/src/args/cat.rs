//! The arguments of `rehose cat`.

use clap::Args;
use rehose_store::location::Location;

use crate::args::prefix::parse_location;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  printed, even if no row matches
  1  a file could not be read, or is no file of rows; the last line says which, where and why
  2  invalid arguments, such as a column that a file does not have

Examples:
  rehose cat out | head
  rehose cat out/csv/2020/02/01 \\
    --columns start,srcaddr,dstport --where action=REJECT
  rehose cat s3://athena/vpc/parquet/2020/02/01/07/ \\
    --json --where srcaddr=10.0.0.1")]
pub(crate) struct CatArgs {
    /// Files that rehose wrote, or flow logs as AWS writes them, folders of them, or outputs: paths, or s3://bucket/key
    /// and s3://bucket/prefix. Of an output, the rewritten rows are printed, or if there are none, the merged ones
    #[arg(value_name = "FILE", required = true, value_parser = parse_location)]
    pub(crate) files: Vec<Location>,
    /// Print only these columns, in this order. The names may have hyphens or underscores
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Print only rows with exactly this value, written as CSV has it before quoting. May be repeated:
    /// all must hold
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = parse_condition)]
    pub(crate) conditions: Vec<Condition>,
    /// Print each row as a JSON object instead of CSV
    #[arg(long)]
    pub(crate) json: bool,
}

/// A value that a row must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) column: String,
    pub(crate) value: String,
}

fn parse_condition(text: &str) -> Result<Condition, String> {
    match text.split_once('=') {
        Some((column, value)) if !column.is_empty() => Ok(Condition {
            column: column.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("it must be a column and its value, as action=REJECT".to_owned()),
    }
}
