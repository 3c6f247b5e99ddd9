//! Options: the user's choice of input and output.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::dialect::regex::EventRegex;
use crate::format::Format;
use crate::format::message::MessageFormat;
use crate::format::regex::RegexFormat;
use crate::format::vpc_flow_logs::{DEFAULT_FIELDS, VpcFlowLogsFormat};
use crate::shape::Shape;

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
    /// The dialect. Defaults to `regex` if there is an event regex, and else to `cloudwatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<DialectName>,
    /// The regex for the dialect `regex`. It has the groups `timestamp` and `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_regex: Option<String>,
    /// The format. Defaults to `regex` if there is a message regex, and else to `vpc-flow-logs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatName>,
    /// The fields for the format `vpc-flow-logs`. Defaults to [`DEFAULT_FIELDS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// The regex for the format `regex`. Its named groups are the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_regex: Option<String>,
}

/// The name of a dialect, which finds the events in an object's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialectName {
    /// Envelopes of CloudWatch Logs.
    #[serde(rename = "cloudwatch")]
    CloudWatch,
    /// Matches of a regex.
    Regex,
}

/// The name of a format, which makes columns of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormatName {
    /// VPC flow logs: fields between spaces.
    VpcFlowLogs,
    /// The named groups of a regex.
    Regex,
    /// The whole message in one column.
    Message,
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
    pub fn with_defaults(&self) -> Self {
        let mut options = self.clone();
        let dialect = *options.dialect.get_or_insert(match self.event_regex {
            Some(_) => DialectName::Regex,
            None => DialectName::CloudWatch,
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

    /// Checks and compiles the options.
    ///
    /// # Errors
    ///
    /// Names the option that is invalid, missing, or without effect.
    pub fn compile(&self) -> Result<Shape, OptionsError> {
        let options = self.with_defaults();
        let dialect = match (options.dialect, &options.event_regex) {
            (Some(DialectName::Regex), Some(pattern)) => {
                let regex = EventRegex::new(pattern).map_err(value("event_regex"))?;
                Dialect::Regex(Arc::new(regex))
            }
            (Some(DialectName::Regex), None) => {
                return Err(missing("event_regex", "the dialect regex"));
            }
            (_, Some(_)) => return Err(stray("event_regex", "the dialect regex")),
            (_, None) => Dialect::CloudWatch,
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
        Ok(Shape::new(options, dialect, format))
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
