//! Keys that jobs and events skip.

use globset::{Glob, GlobSet, GlobSetBuilder};
use rehose_extract::{FormatName, kind_of_key};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Folders of records that Firehose could not deliver: the values of
/// `!{firehose:error-output-type}`
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>). A user's error prefix may have
/// the word at any depth. As a part of a folder's name it is a word like any other.
const ERROR_PREFIXES: [&str; 6] = [
    "processing-failed",
    "format-conversion-failed",
    "elasticsearch-failed",
    "AmazonOpenSearchService-failed",
    "splunk-failed",
    "http-endpoint-failed",
];

/// The object that an export task of CloudWatch Logs writes to test its bucket
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html>).
const EXPORT_MARKER: &str = "aws-logs-write-test";

/// What becomes of the records that Firehose could not deliver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorRecords {
    /// They are left out.
    #[default]
    Skip,
    /// They are read like all others.
    Too,
    /// All others are left out.
    Only,
}

impl ErrorRecords {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns the error prefix of Firehose that a key is under.
pub fn error_prefix(key: &str) -> Option<&'static str> {
    let (folder, _) = key.rsplit_once('/')?;
    let is_part = |prefix: &&&str| folder.split('/').any(|part| part == **prefix);
    ERROR_PREFIXES.iter().find(is_part).copied()
}

/// Why a key is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// It is under this error prefix.
    ErrorRecords(&'static str),
    /// It is a log of this kind, by its name, and not of the one that is read.
    OtherKind(&'static str),
    /// It matches a pattern, is the marker of an export, or is under no error prefix although only such
    /// keys are wanted.
    Other,
}

/// Keys to skip.
#[derive(Debug)]
pub(crate) struct Exclusions {
    patterns: GlobSet,
    error_records: ErrorRecords,
    format: FormatName,
}

impl Exclusions {
    /// Compiles patterns, in which `*` matches anything, slashes included. `format` is the one that is read.
    pub(crate) fn new(
        patterns: &[String],
        error_records: ErrorRecords,
        format: FormatName,
    ) -> Result<Self> {
        let invalid = |error: globset::Error| Error::Value {
            name: "exclude",
            reason: error.to_string(),
        };
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(Glob::new(pattern).map_err(invalid)?);
        }
        Ok(Self {
            patterns: set.build().map_err(invalid)?,
            error_records,
            format,
        })
    }

    /// Returns why a key is skipped, if it is.
    pub(crate) fn reason(&self, key: &str) -> Option<Exclusion> {
        if key.rsplit('/').next() == Some(EXPORT_MARKER) || self.patterns.is_match(key) {
            return Some(Exclusion::Other);
        }
        match (self.error_records, error_prefix(key)) {
            (ErrorRecords::Skip, Some(prefix)) => Some(Exclusion::ErrorRecords(prefix)),
            (ErrorRecords::Only, None) => Some(Exclusion::Other),
            _ => self.other_kind(key).map(Exclusion::OtherKind),
        }
    }

    /// Returns the kind of log that a key names, if the format is one of AWS's own logs, and another.
    fn other_kind(&self, key: &str) -> Option<&'static str> {
        let is_other = |kind: &&str| self.format.has_fixed_columns() && *kind != self.format.name();
        kind_of_key(key).filter(is_other)
    }
}
