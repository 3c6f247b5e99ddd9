//! Keys that jobs and events skip.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};

/// Folders of records that Firehose could not deliver: the values of
/// `!{firehose:error-output-type}`
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>). These objects hold envelopes
/// around records in base64. A user's error prefix may have the word anywhere in the folder.
const ERROR_PREFIXES: [&str; 6] = [
    "processing-failed",
    "format-conversion-failed",
    "elasticsearch-failed",
    "AmazonOpenSearchService-failed",
    "splunk-failed",
    "http-endpoint-failed",
];

/// Keys to skip: those that match a pattern, and those under Firehose's error prefixes.
#[derive(Debug)]
pub(crate) struct Exclusions {
    patterns: GlobSet,
}

impl Exclusions {
    /// Compiles patterns, in which `*` matches anything, slashes included.
    pub(crate) fn new(patterns: &[String]) -> Result<Self> {
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
        })
    }

    /// Whether a key is skipped.
    pub(crate) fn contains(&self, key: &str) -> bool {
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        ERROR_PREFIXES.iter().any(|word| folder.contains(word)) || self.patterns.is_match(key)
    }
}
