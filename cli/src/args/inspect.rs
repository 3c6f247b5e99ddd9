//! The arguments of `rehose inspect`.

use clap::Args;
use rehose_store::location::Location;

use crate::args::prefix::{parse_location, parse_prefix};

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  printed
  1  the stash could not be read; the last line says why
  2  invalid arguments

Examples:
  rehose inspect tests/data/stash
  rehose inspect s3://stash/vpc/ --prefix 2020/02/ --objects 50")]
pub(crate) struct InspectArgs {
    /// The stash: a folder or s3://bucket/prefix
    #[arg(value_parser = parse_location)]
    pub(crate) source: Location,
    /// Look only at keys with this prefix, relative to SOURCE
    #[arg(long, default_value = "", hide_default_value = true, value_parser = parse_prefix)]
    pub(crate) prefix: String,
    /// The number of objects to read. Of each, at most the first mebibyte is read
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) objects: u16,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
