//! The shape of a job: which dialect is read and which format is written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dialect::regex::EventRegex;
use crate::format::Format;
use crate::format::message::MessageFormat;
use crate::format::regex::RegexFormat;
use crate::format::vpc_flow_logs::{DEFAULT_FIELDS, VpcFlowLogsFormat};

/// What a user may say of the shape. What is left out has its default; `normalised` fills it in.
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
    /// The dialect; `regex` where there is an event regex, else `cloudwatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// The regex of the dialect `regex`, with the groups `timestamp` and `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_regex: Option<String>,
    /// The format; `regex` where there is a message regex, else `vpc-flow-logs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatName>,
    /// The fields of the format `vpc-flow-logs`; those of version 2 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// The regex of the format `regex`, whose named groups are the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_regex: Option<String>,
}

/// How an object's text becomes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Envelopes of CloudWatch Logs.
    #[serde(rename = "cloudwatch")]
    CloudWatch,
    /// Whatever a regex finds.
    Regex,
}

/// How a message becomes columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormatName {
    /// Fields between spaces.
    VpcFlowLogs,
    /// The named groups of a regex.
    Regex,
    /// The message in one column.
    Message,
}

/// What is wrong with [`Options`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// An option that only goes with another.
    #[error("{option} goes with {with} only")]
    Stray {
        /// The option's name.
        option: &'static str,
        /// What it goes with.
        with: &'static str,
    },
    /// An option without which another means nothing.
    #[error("{with} needs {option}")]
    Missing {
        /// The option's name.
        option: &'static str,
        /// What needs it.
        with: &'static str,
    },
    /// An option whose value is not usable.
    #[error("{option}: {reason}")]
    Value {
        /// The option's name.
        option: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

impl Options {
    /// The same options with every default filled in: two that mean the same are equal.
    pub fn normalised(&self) -> Self {
        let mut options = self.clone();
        let dialect = *options.dialect.get_or_insert(match self.event_regex {
            Some(_) => Dialect::Regex,
            None => Dialect::CloudWatch,
        });
        options.dialect = Some(dialect);
        let format = *options.format.get_or_insert(match self.message_regex {
            Some(_) => FormatName::Regex,
            None => FormatName::VpcFlowLogs,
        });
        if format == FormatName::VpcFlowLogs {
            (options.fields).get_or_insert_with(|| DEFAULT_FIELDS.map(str::to_owned).to_vec());
        }
        options
    }

    /// Makes the options ready for use.
    pub fn compile(&self) -> Result<Shape, OptionsError> {
        let options = self.normalised();
        let dialect = match (options.dialect, &options.event_regex) {
            (Some(Dialect::Regex), Some(pattern)) => {
                let regex = EventRegex::new(pattern).map_err(value("event_regex"))?;
                CompiledDialect::Regex(Arc::new(regex))
            }
            (Some(Dialect::Regex), None) => {
                return Err(missing("event_regex", "the dialect regex"));
            }
            (_, Some(_)) => return Err(stray("event_regex", "the dialect regex")),
            (_, None) => CompiledDialect::CloudWatch,
        };
        let format = match (options.format, &options.fields, &options.message_regex) {
            (Some(FormatName::Regex), None, Some(pattern)) => {
                Format::Regex(RegexFormat::new(pattern).map_err(value("message_regex"))?)
            }
            (Some(FormatName::Regex), _, None) => {
                return Err(missing("message_regex", "the format regex"));
            }
            (Some(FormatName::VpcFlowLogs), Some(fields), None) => {
                Format::VpcFlowLogs(VpcFlowLogsFormat::new(fields).map_err(value("fields"))?)
            }
            (Some(FormatName::Message), None, None) => Format::Message(MessageFormat),
            (Some(FormatName::Regex | FormatName::Message), Some(_), _) => {
                return Err(stray("fields", "the format vpc-flow-logs"));
            }
            _ => return Err(stray("message_regex", "the format regex")),
        };
        Ok(Shape {
            options,
            dialect,
            format,
        })
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

/// Options that have been checked and compiled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shape {
    options: Options,
    dialect: CompiledDialect,
    format: Format,
}

#[derive(Debug, Clone)]
pub(crate) enum CompiledDialect {
    CloudWatch,
    Regex(Arc<EventRegex>),
}

impl Shape {
    /// The options, normalised.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The names of the columns after `timestamp`: those of the fields, those of the regex's groups,
    /// or `message`.
    pub fn columns(&self) -> Vec<&str> {
        self.format.columns()
    }

    /// The first line of every CSV file, without its line break.
    pub fn header(&self) -> String {
        [&["timestamp"], self.columns().as_slice()]
            .concat()
            .join(",")
    }

    pub(crate) fn dialect(&self) -> &CompiledDialect {
        &self.dialect
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }
}
