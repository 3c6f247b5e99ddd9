//! The options that choose the format of the rows, and the errors in them.

use std::convert::Infallible;

use clap::{Args, ValueEnum};
use rehose_extract::{FormatName, Options, OptionsError};

/// The format of the rows.
#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    /// How to split a message into columns
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The fields of the flow logs in their order, if they differ from AWS's default. AWS's own
    /// notation '${version} ${srcaddr}' also works
    #[arg(long, value_name = "FIELD,...", value_parser = parse_fields)]
    fields: Option<Fields>,
    /// The regex for --format regex. Each named group is a column
    #[arg(long, value_name = "REGEX")]
    message_regex: Option<String>,
}

impl FormatArgs {
    /// The options of the extraction. Those that are not about the format have their defaults.
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
    /// VPC flow logs: fields separated by spaces (the default)
    VpcFlowLogs,
    /// One column for each named group of --message-regex
    Regex,
    /// One column with the whole message
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

fn parse_fields(text: &str) -> Result<Fields, Infallible> {
    let fields = text
        .split([',', ' '])
        .map(|field| field.trim_start_matches("${").trim_end_matches('}'))
        .filter(|field| !field.is_empty())
        .map(str::to_owned);
    Ok(Fields(fields.collect()))
}

/// Describes an error in the options, and names each option as the command line does.
pub(crate) fn describe_options_error(error: &OptionsError) -> String {
    let flag = |option: &str| format!("--{}", option.replace('_', "-"));
    match error {
        OptionsError::Stray { option, with } => {
            format!("{} goes with {with} only; leave it out", flag(option))
        }
        OptionsError::Missing { option, with } => {
            format!("{with} needs {}; add it", flag(option))
        }
        OptionsError::Value { option, reason } => format!("{}: {reason}", flag(option)),
    }
}
