//! The arguments of `rehose merged` and `rehose verify`.

use clap::Args;
use rehose_store::location::Location;

use crate::args::prefix::parse_location;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  printed
  1  the output could not be read; the last line says why
  2  invalid arguments

Examples:
  rehose merged out
  rehose merged s3://athena/vpc --partition 2026-11-25 --json")]
pub(crate) struct MergedArgs {
    /// The output of `rehose merge`: a folder or s3://bucket/prefix
    #[arg(value_parser = parse_location)]
    pub(crate) output: Location,
    /// Only the hours or days that begin with this, as 2026-11 or 2026-11-25/07
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) partition: String,
    /// Print each generation as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  proven: the files have exactly the records, packets and bytes of their objects
  1  something could not be read; the last line says what
  2  invalid arguments
  3  not proven: the lines before say what differs, what has changed, or what is not published; or
     incomplete: they name the objects that failed or were lost, and so are in no file

Examples:
  rehose verify out
  rehose verify s3://athena/vpc --partition 2026-11-25/07")]
pub(crate) struct VerifyArgs {
    /// The output of `rehose merge`: a folder or s3://bucket/prefix
    #[arg(value_parser = parse_location)]
    pub(crate) output: Location,
    /// Only the hours or days that begin with this, as 2026-11 or 2026-11-25/07
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) partition: String,
}
