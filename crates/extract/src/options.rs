//! Options: the user's choice of input and output.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dialect::regex::EventRegex;
use crate::dialect::{Dialect, Wants};
use crate::format::names::FieldLists;
use crate::format::skydive::{Action, Constants};
use crate::format::{Format, FormatName, default_fields};
use crate::origin::{OriginColumn, OriginFilter};
use crate::pattern;
use crate::shape::{Parts, Shape};
use crate::timestamp::TimeFormat;

/// The dialect that is read and the format that is written. Every option has a default.
///
/// [`compile`](Self::compile) makes a [`Shape`] of them.
///
/// ```
/// # use rehose_extract::Options;
/// let options: Options = serde_json::from_str(r#"{"fields": ["srcaddr", "bytes"]}"#)?;
/// assert_eq!(options.compile()?.header(), "timestamp,srcaddr,bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The dialect. Defaults to `regex` if there is an event regex. Without either, the bytes of each
    /// object decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<DialectName>,
    /// The regex for the dialect `regex`. It has the groups `timestamp` and `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_regex: Option<String>,
    /// The regex that finds the time of a line. It has the group `timestamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_regex: Option<String>,
    /// How the group `timestamp` of a regex is written: `ms` (default), `s`, `us`, `ns`, `iso`, or a
    /// pattern of `strftime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The format. Defaults to `regex` if there is a message regex, and else to `vpc-flow-logs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatName>,
    /// The fields for a format of flow logs. Defaults to the record that AWS writes unless told
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FieldLists>,
    /// The account of the flow logs that the format `skydive` makes. Defaults to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Their interface. Defaults to that of the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<String>,
    /// Their action. Defaults to `ACCEPT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The regex for the format `regex`. Its named groups are the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_regex: Option<String>,
    /// The kind of the files of rows. Defaults to CSV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<FileKind>,
    /// How CSV has a field with a line break. The formats of flow logs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_breaks: Option<LineBreaks>,
    /// Columns after those of the format that say where an event comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<OriginColumn>,
    /// Patterns of the log groups to read, in which `*` matches anything. Empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_group: Vec<String>,
    /// The AWS account whose logs to read. Defaults to all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// The name of a dialect, which finds the events in an object's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialectName {
    /// Envelopes of CloudWatch Logs.
    #[serde(rename = "cloudwatch")]
    CloudWatch,
    /// One record per line, possibly after a line of field names.
    Lines,
    /// Objects that an export task of CloudWatch Logs has written: a time before each message.
    Export,
    /// JSON documents: those with a message, and those that are records.
    Json,
    /// The elements of the array `Records` of JSON documents, as CloudTrail writes them.
    Records,
    /// Records that Firehose could not deliver.
    FirehoseErrors,
    /// Matches of a regex.
    Regex,
}

/// The kind of the files of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// CSV in gzip, with a header.
    #[default]
    Csv,
    /// Parquet in zstd.
    Parquet,
}

/// How CSV has a field with a line break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineBreaks {
    /// As `\n` and `\r`, two characters each, and a backslash as two. Athena ends a row at each line
    /// break, in quotes or not.
    #[default]
    Escape,
    /// As it is.
    Keep,
}

/// The reason why [`Options`] are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// An option that has no effect with the others.
    #[error("{option} goes with {with} only")]
    Stray {
        /// The option's name.
        option: &'static str,
        /// The dialect or format that it needs.
        with: &'static str,
    },
    /// An option that the others need.
    #[error("{with} needs {option}")]
    Missing {
        /// The option's name.
        option: &'static str,
        /// The dialect or format that needs it.
        with: &'static str,
    },
    /// An option with an invalid value.
    #[error("{option}: {reason}")]
    Value {
        /// The option's name.
        option: &'static str,
        /// The fault of the value, in words.
        reason: String,
    },
}

impl Options {
    /// Returns the options with every default filled in. Options with the same meaning become equal.
    ///
    /// The dialect stays open unless it is chosen.
    pub fn with_defaults(&self) -> Self {
        let mut options = self.clone();
        if self.event_regex.is_some() {
            options.dialect.get_or_insert(DialectName::Regex);
        }
        let format = *options.format.get_or_insert(self.format_name());
        options.fields = options.fields.or_else(|| default_fields(format));
        if options.to == Some(FileKind::default()) {
            options.to = None;
        }
        if options.line_breaks == Some(LineBreaks::default()) {
            options.line_breaks = None;
        }
        if options.action == Some(Action::default()) {
            options.action = None;
        }
        if options.time_format.as_deref() == Some("ms") {
            options.time_format = None;
        }
        options.with.sort_unstable();
        options.with.dedup();
        options.log_group.sort_unstable();
        options.log_group.dedup();
        options
    }

    /// Returns the format of the messages.
    pub fn format_name(&self) -> FormatName {
        let default = match self.message_regex {
            Some(_) => FormatName::Regex,
            None => FormatName::VpcFlowLogs,
        };
        self.format.unwrap_or(default)
    }

    /// Checks and compiles the options.
    ///
    /// # Errors
    ///
    /// Names the option that is invalid, missing, or without effect.
    pub fn compile(&self) -> Result<Shape, OptionsError> {
        self.compile_for(false)
    }

    /// Compiles the options for a reader that may ask where each event comes from.
    pub(crate) fn compile_for(&self, origin: bool) -> Result<Shape, OptionsError> {
        let options = self.with_defaults();
        let filter = OriginFilter::new(&options.log_group, options.owner.as_deref());
        let filter = filter.map_err(value("log_group"))?;
        options.check_origin(&filter)?;
        if options.to == Some(FileKind::Parquet) && self.line_breaks.is_some() {
            return Err(stray("line_breaks", "files of CSV"));
        }
        let format = options.compile_format()?;
        let skydive = options.compile_skydive()?;
        let time_format = options.compile_time_format()?;
        let has_document_column = options.with.iter().any(|column| column.is_of_document());
        let dialect = options.compile_dialect(Wants {
            documents: options.fields.is_none(),
            arrays: format.in_array(),
            origin: origin || !filter.is_empty() || has_document_column,
            lines_begin_with_time: format.begins_with_time(),
        })?;
        let mut parts = Parts {
            dialect,
            format,
            skydive,
            time_format,
            filter,
            origin_columns: options.with.clone(),
            line_breaks: options.line_breaks.unwrap_or_default(),
            parquet: None,
            options,
        };
        let columns = parts.schema();
        let again = columns
            .iter()
            .enumerate()
            .find(|(i, column)| columns[..*i].iter().any(|other| other.name == column.name));
        if let Some((_, column)) = again {
            return Err(OptionsError::Value {
                option: "with",
                reason: format!(
                    "a group of the message regex is already named {}",
                    column.name
                ),
            });
        }
        if parts.options.to == Some(FileKind::Parquet) {
            let schema = parts.parquet_schema();
            parts.parquet = Some(schema.map_err(|error| value("to")(error.to_string()))?);
        }
        Ok(Shape::new(parts))
    }

    /// Checks that the dialect knows what the origin columns and the filter ask for.
    fn check_origin(&self, filter: &OriginFilter) -> Result<(), OptionsError> {
        const PROVIDERS: &str = "use cloudwatch, firehose-errors, or no dialect, so that each object's \
                                 bytes decide";
        let dialect = match self.dialect {
            None | Some(DialectName::CloudWatch | DialectName::FirehoseErrors) => return Ok(()),
            Some(dialect) => dialect.name(),
        };
        if let Some(column) = self
            .with
            .iter()
            .find(|column| **column != OriginColumn::Source)
        {
            let column = column.name();
            return Err(OptionsError::Value {
                option: "with",
                reason: format!("the dialect {dialect} has no {column}; {PROVIDERS}"),
            });
        }
        if !filter.is_empty() {
            return Err(OptionsError::Value {
                option: if self.owner.is_some() {
                    "owner"
                } else {
                    "log_group"
                },
                reason: format!("the dialect {dialect} has no log groups and owners; {PROVIDERS}"),
            });
        }
        Ok(())
    }

    fn compile_dialect(&self, wants: Wants) -> Result<Dialect, OptionsError> {
        if self.dialect != Some(DialectName::Regex) && self.event_regex.is_some() {
            return Err(stray("event_regex", "the dialect regex"));
        }
        let time_regex = match (&self.time_regex, self.dialect) {
            (None, _) => None,
            (Some(pattern), None | Some(DialectName::Lines)) => {
                Some(pattern::with_groups(pattern, &["timestamp"]).map_err(value("time_regex"))?)
            }
            (Some(_), Some(_)) => return Err(stray("time_regex", "the dialect lines")),
        };
        Ok(match (self.dialect, &self.event_regex) {
            (Some(DialectName::Regex), Some(pattern)) => {
                let regex = EventRegex::new(pattern).map_err(value("event_regex"))?;
                Dialect::Regex(Arc::new(regex))
            }
            (Some(DialectName::Regex), None) => {
                return Err(missing("event_regex", "the dialect regex"));
            }
            (Some(DialectName::Lines), _) => Dialect::Lines { time_regex },
            (Some(DialectName::Export), _) => Dialect::Export,
            (name, _) => Dialect::documents(name, wants, time_regex),
        })
    }

    fn compile_time_format(&self) -> Result<TimeFormat, OptionsError> {
        match &self.time_format {
            None => Ok(TimeFormat::default()),
            Some(_) if self.event_regex.is_none() && self.time_regex.is_none() => {
                Err(stray("time_format", "event_regex and time_regex"))
            }
            Some(text) => TimeFormat::new(text).map_err(value("time_format")),
        }
    }

    fn compile_format(&self) -> Result<Format, OptionsError> {
        let name = self.format_name();
        if name != FormatName::Regex && self.message_regex.is_some() {
            return Err(stray("message_regex", "the format regex"));
        }
        match (name, &self.fields, &self.message_regex) {
            (FormatName::Regex, _, None) => Err(missing("message_regex", "the format regex")),
            (_, Some(_), _) if !name.has_named_fields() => Err(stray(
                "fields",
                "the formats vpc-flow-logs and tgw-flow-logs",
            )),
            (FormatName::Regex, _, Some(pattern)) => {
                Format::regex(pattern).map_err(value("message_regex"))
            }
            (_, fields, _) => {
                let fields = fields.clone().unwrap_or_default();
                Format::new(name, &fields).map_err(value("fields"))
            }
        }
    }

    /// Returns what the flow logs of Skydive's flows have in common, if that is the format.
    fn compile_skydive(&self) -> Result<Option<Arc<Constants>>, OptionsError> {
        let (account, interface) = (self.account_id.as_deref(), self.interface_id.as_deref());
        if self.format_name() == FormatName::Skydive {
            let constants = Constants::new(account, interface, self.action);
            return constants
                .map(Some)
                .map_err(|(option, reason)| value(option)(reason));
        }
        let options = [
            ("account_id", account.is_some()),
            ("interface_id", interface.is_some()),
            ("action", self.action.is_some()),
        ];
        match options.iter().find(|(_, is_set)| *is_set) {
            Some((option, _)) => Err(stray(option, "the format skydive")),
            None => Ok(None),
        }
    }
}

impl DialectName {
    /// Returns the dialect's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudWatch => "cloudwatch",
            Self::Lines => "lines",
            Self::Export => "export",
            Self::Json => "json",
            Self::Records => "records",
            Self::FirehoseErrors => "firehose-errors",
            Self::Regex => "regex",
        }
    }
}

fn stray(option: &'static str, with: &'static str) -> OptionsError {
    OptionsError::Stray { option, with }
}

fn missing(option: &'static str, with: &'static str) -> OptionsError {
    OptionsError::Missing { option, with }
}

fn value(option: &'static str) -> impl Fn(String) -> OptionsError {
    move |reason| OptionsError::Value { option, reason }
}
