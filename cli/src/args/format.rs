//! The options that choose what is read and which columns are written, and the errors in them.

use std::convert::Infallible;
use std::sync::LazyLock;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::{Args, ValueEnum};
use rehose_extract::{
    Action, DialectName, FieldLists, FileKind, FormatName, LineBreaks, Options, OptionsError,
    OriginColumn,
};

/// What is read.
#[derive(Debug, Args)]
pub(crate) struct DialectArgs {
    /// How events are found in an object [default: the bytes of each object decide]
    #[arg(long, value_enum)]
    dialect: Option<Dialect>,
    /// Find events with this regex. It needs two named groups: (?P<timestamp>...), see --time-format,
    /// and (?P<message>...), the content of a JSON string
    #[arg(long, value_name = "REGEX", hide_short_help = true)]
    event_regex: Option<String>,
    /// Find the time of each line with this regex, which needs the named group (?P<timestamp>...). Flow
    /// logs need none
    #[arg(long, value_name = "REGEX", hide_short_help = true)]
    time_regex: Option<String>,
    /// How the timestamp of a regex is written: ms, s, us, ns, iso, or a pattern such as
    /// '%d/%b/%Y:%H:%M:%S %z' [default: ms]
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    time_format: Option<String>,
    /// Read only the log groups that match; `*` matches any text. May be repeated
    ///
    /// Also, `?` is any character, and `[a-z]` and `{a,b}` are choices.
    #[arg(long, value_name = "PATTERN")]
    log_group: Vec<String>,
    /// Read only the logs of this AWS account
    #[arg(long, value_name = "ID", hide_short_help = true)]
    owner: Option<String>,
}

/// Which columns are written.
#[derive(Debug, Args)]
pub(crate) struct ColumnArgs {
    /// How to split a message into columns
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The fields of the flow logs in their order, if they differ from AWS's default. AWS's own
    /// notation '${version} ${srcaddr}' also works. May be repeated, for a stash with several layouts
    #[arg(long, value_name = "FIELD,...", value_parser = parse_fields)]
    fields: Vec<FieldLists>,
    /// For --format skydive: the account of all flow logs [default: none]
    #[arg(long, value_name = "ID", hide_short_help = true)]
    account_id: Option<String>,
    /// For --format skydive: the interface of all flow logs [default: the flow's NodeTID]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    interface_id: Option<String>,
    /// For --format skydive: the action of all flow logs [default: accept]
    #[arg(long, value_enum, hide_short_help = true)]
    action: Option<ActionName>,
    /// The regex for --format regex. Each named group is a column
    #[arg(long, value_name = "REGEX")]
    message_regex: Option<String>,
    /// Add columns that say where an event comes from
    #[arg(long, value_enum, value_delimiter = ',', value_name = "COLUMN,...")]
    with: Vec<With>,
}

/// Which files are written.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The kind of files to write. Parquet is smaller from about 250 KB of text in an object on, and
    /// queries read only the columns that they name [default: csv]
    #[arg(long, value_parser = EnumValueParser::<To>::new().try_map(To::kind))]
    to: Option<FileKind>,
    /// How to write line breaks in columns of CSV [default: escape]
    #[arg(long, value_enum, hide_short_help = true)]
    line_breaks: Option<LineBreaksName>,
}

impl FileArgs {
    /// Adds the kind of files to other options.
    pub(crate) fn options(&self, columns: Options) -> Options {
        Options {
            to: self.to,
            line_breaks: self.line_breaks.map(LineBreaksName::name),
            ..columns
        }
    }
}

impl DialectArgs {
    /// Adds what is read to options of the format.
    pub(crate) fn options(&self, format: Options) -> Options {
        Options {
            dialect: self.dialect.map(Dialect::name),
            event_regex: self.event_regex.clone(),
            time_regex: self.time_regex.clone(),
            time_format: self.time_format.clone(),
            log_group: self.log_group.clone(),
            owner: self.owner.clone(),
            ..format
        }
    }
}

impl ColumnArgs {
    /// The options of the extraction. Those that are not about columns have their defaults.
    pub(crate) fn options(&self) -> Options {
        let fields = self.fields.clone().into_iter().reduce(|mut all, more| {
            all.extend(more);
            all
        });
        Options {
            format: self.format.map(|format| format.0),
            fields,
            account_id: self.account_id.clone(),
            interface_id: self.interface_id.clone(),
            action: self.action.map(ActionName::action),
            message_regex: self.message_regex.clone(),
            with: self.with.iter().map(|with| with.column()).collect(),
            ..Options::default()
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Dialect {
    /// Envelopes of CloudWatch Logs
    #[value(name = "cloudwatch")]
    CloudWatch,
    /// One record per line, possibly after a line of field names
    Lines,
    /// What an export task of CloudWatch Logs writes
    Export,
    /// JSON documents with a message, or that are records themselves
    Json,
    /// The elements of the array `Records` of JSON documents, as CloudTrail writes them
    Records,
    /// Records that Firehose could not deliver
    FirehoseErrors,
    /// Matches of --event-regex
    Regex,
}

impl Dialect {
    fn name(self) -> DialectName {
        match self {
            Self::CloudWatch => DialectName::CloudWatch,
            Self::Lines => DialectName::Lines,
            Self::Export => DialectName::Export,
            Self::Json => DialectName::Json,
            Self::Records => DialectName::Records,
            Self::FirehoseErrors => DialectName::FirehoseErrors,
            Self::Regex => DialectName::Regex,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ActionName {
    /// The traffic was accepted
    Accept,
    /// The traffic was rejected
    Reject,
}

impl ActionName {
    fn action(self) -> Action {
        match self {
            Self::Accept => Action::Accept,
            Self::Reject => Action::Reject,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum To {
    /// CSV in gzip, with a header
    Csv,
    /// Parquet in zstd, with typed columns
    Parquet,
    #[value(hide = true)]
    FlowLog,
}

impl To {
    fn kind(self) -> Result<FileKind, &'static str> {
        match self {
            Self::Csv => Ok(FileKind::Csv),
            Self::Parquet => Ok(FileKind::Parquet),
            Self::FlowLog => {
                Err("its files have the records of many objects: use `rehose merge --as flow-log`")
            }
        }
    }
}

/// The name of a format.
#[derive(Debug, Clone, Copy)]
struct Format(FormatName);

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<Format>> =
            LazyLock::new(|| FormatName::ALL.iter().copied().map(Format).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.about()))
    }
}

/// The name of a format whose columns are those of a log of AWS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log(FormatName);

impl Log {
    pub(crate) fn name(self) -> FormatName {
        self.0
    }
}

impl ValueEnum for Log {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<Log>> = LazyLock::new(|| {
            let logs = FormatName::ALL.iter().copied();
            let logs = logs.filter(|name| name.has_fixed_columns());
            logs.map(Log).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Format(self.0).to_possible_value()
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LineBreaksName {
    /// As \n and \r, two characters each, and a backslash as two: each row is one line
    Escape,
    /// As they are, in quotes. Athena ends a row at each
    Keep,
}

impl LineBreaksName {
    fn name(self) -> LineBreaks {
        match self {
            Self::Escape => LineBreaks::Escape,
            Self::Keep => LineBreaks::Keep,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum With {
    /// The AWS account of the log
    Owner,
    /// The log group
    LogGroup,
    /// The log stream
    LogStream,
    /// The event's id
    Id,
    /// The fields that a subscription filter has extracted, as JSON
    ExtractedFields,
    /// The key of the object
    Source,
}

impl With {
    fn column(self) -> OriginColumn {
        match self {
            Self::Owner => OriginColumn::Owner,
            Self::LogGroup => OriginColumn::LogGroup,
            Self::LogStream => OriginColumn::LogStream,
            Self::Id => OriginColumn::Id,
            Self::ExtractedFields => OriginColumn::ExtractedFields,
            Self::Source => OriginColumn::Source,
        }
    }
}

fn parse_fields(text: &str) -> Result<FieldLists, Infallible> {
    Ok(FieldLists::parse(text))
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
