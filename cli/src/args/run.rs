//! The arguments of `rehose run`.

use clap::Args;
use rehose_extract::{MAX_LEVEL, MIN_LEVEL, Options};
use rehose_reprocess::job::Mode;

use crate::args::format::FileArgs;
use crate::args::job::{JobArgs, NameArgs};
use crate::args::mode::ModeName;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  succeeded: every object is done
  1  the run failed; the last line says what to do
  2  invalid arguments
  3  incomplete: some objects failed; the report lists them with the reasons
  4  rejected: more events than --max-rejected allows fit no row; the report counts them by reason

Examples:
  rehose run tests/data/stash out
  rehose run s3://stash/vpc/ s3://athena/vpc --prefix 2020/02/ --concurrency 8
  rehose run stash out --message-regex '^(?P<level>[A-Z]+) (?P<text>(?s:.*))$'")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) job: JobArgs,
    #[command(flatten)]
    pub(crate) name: NameArgs,
    /// Process all objects, or only those without output or newer than theirs
    #[arg(long, value_enum, default_value_t = ModeName::All)]
    mode: ModeName,
    #[command(flatten)]
    file: FileArgs,
    /// Gzip with libdeflate at this level. 12 gives the smallest files; 1 is no faster than the
    /// default [default: an encoder made for rows, with files about as small as level 6]
    #[arg(long,
          value_parser = clap::value_parser!(u8).range(MIN_LEVEL as i64..=MAX_LEVEL as i64), hide_short_help = true)]
    pub(crate) level: Option<u8>,
}

impl RunArgs {
    /// The options of the extraction.
    pub(crate) fn options(&self) -> Options {
        self.file.options(self.job.stash.options())
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode.mode()
    }
}
