//! The arguments of `rehose digest`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rehose_catalog::Layout;
use rehose_reprocess::digest::{DigestFile, FoldPorts};
use rehose_reprocess::job::{Digest, Scope};

use crate::args::job::JobArgs;
use crate::args::prefix::parse_layout;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  succeeded, or the digest is there: it has every record of the window
  1  there is no digest; the last line says what to do
  2  invalid arguments
  3  incomplete: some objects failed; the proof lists them, and the digest has all others
  4  rejected: more events than --max-rejected allows fit no record; the proof counts them by reason

Examples:
  rehose digest s3://stash/vpc/ s3://athena/vpc \\
    --from 2026-11-25T07:00:00Z --to 2026-11-25T08:00:00Z
  rehose digest stash out --by srcaddr,dstport --as csv \\
    --from 2026-11-25T00:00:00+01:00 --to 2026-11-26T00:00:00+01:00")]
pub(crate) struct DigestArgs {
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// The first start of a record: a whole minute as in RFC 3339, with any offset
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Timestamp,
    /// The time before which records start, not in the future
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Timestamp,
    /// The accounts and regions whose records count: 123456789012,eu-west-1 [default: all]
    #[arg(long, value_name = "LIST", value_parser = |text: &str| text.parse::<Scope>())]
    scope: Option<Scope>,
    /// Let the larger port of each record be 0, so that all connections of a client to a service are one
    /// row; the column `folded` says which port it was
    #[arg(long, value_enum, default_value_t = FoldPortsName::Larger)]
    fold_ports: FoldPortsName,
    /// The columns of the key: rows are added up by them, and have them [default: all that are not summed]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    by: Vec<String>,
    /// The kinds of files; text has the 14 fields of the default record between spaces
    #[arg(
        long = "as",
        value_enum,
        value_name = "KINDS",
        value_delimiter = ',',
        default_value = "parquet"
    )]
    files: Vec<DigestFileName>,
    /// Minutes after the window in which objects with its records may still be written
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    lateness: u32,
    /// The folders with the time in the keys of SOURCE. If they end at the day, the hour is that of the
    /// name, as AWS writes it
    #[arg(long, default_value_t, value_parser = parse_layout)]
    layout: Layout,
    /// Make the next version of a digest that is there, with the objects that have arrived since
    #[arg(long)]
    pub(crate) refresh: bool,
}

impl DigestArgs {
    /// The window, and what is made of it.
    pub(crate) fn digest(&self) -> Digest {
        Digest {
            scope: self.scope.clone().unwrap_or_default(),
            layout: self.layout.clone(),
            lateness: self.lateness.saturating_mul(60),
            fold_ports: self.fold_ports.fold_ports(),
            by: self.by.clone(),
            files: self.files.iter().map(|file| file.file()).collect(),
            ..Digest::of(self.from, self.to)
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FoldPortsName {
    Larger,
    None,
}

impl FoldPortsName {
    fn fold_ports(self) -> FoldPorts {
        match self {
            Self::Larger => FoldPorts::Larger,
            Self::None => FoldPorts::None,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DigestFileName {
    Parquet,
    Csv,
    Text,
}

impl DigestFileName {
    fn file(self) -> DigestFile {
        match self {
            Self::Parquet => DigestFile::Parquet,
            Self::Csv => DigestFile::Csv,
            Self::Text => DigestFile::Text,
        }
    }
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        "it must be a time with its offset as in RFC 3339: 2026-11-25T07:00:00Z or \
         2026-11-25T08:00:00+01:00"
            .to_owned()
    })
}
