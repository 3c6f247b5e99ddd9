//! The options for what may be missing: keys, records that Firehose could not deliver, and rejected events.

use clap::{Args, ValueEnum};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::MaxRejected;

#[derive(Debug, Args)]
pub(crate) struct AcceptanceArgs {
    /// Skip keys that match; `*` matches any text. May be repeated
    ///
    /// Also, `?` is any character, and `[a-z]` and `{a,b}` are choices.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// Records that Firehose could not deliver, in processing-failed/ and similar folders: skip them,
    /// read them too, or read only them [default: skip]
    #[arg(long, value_enum)]
    errors: Option<ErrorsName>,
    /// The percentage of events that may fit no row. With more, the job has not succeeded [default: 10]
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    max_rejected: Option<MaxRejected>,
}

impl AcceptanceArgs {
    pub(crate) fn errors(&self) -> Option<ErrorRecords> {
        self.errors.map(|errors| match errors {
            ErrorsName::Skip => ErrorRecords::Skip,
            ErrorsName::Too => ErrorRecords::Too,
            ErrorsName::Only => ErrorRecords::Only,
        })
    }

    pub(crate) fn max_rejected(&self) -> Option<MaxRejected> {
        self.max_rejected
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ErrorsName {
    Skip,
    Too,
    Only,
}

fn parse_percent(text: &str) -> Result<MaxRejected, String> {
    let percent: u8 = text
        .parse()
        .map_err(|_| "it must be a whole number from 0 to 100")?;
    MaxRejected::try_from(percent).map_err(|error| error.to_string())
}
