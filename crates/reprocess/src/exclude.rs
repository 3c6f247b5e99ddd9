//! Keys that no job and no event takes.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};

/// Where Firehose puts what it could not deliver, by the values of
/// `!{firehose:error-output-type}`: envelopes of its own around records in base64
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>). An error prefix of the
/// user's may put the word anywhere before the object's own name.
const ERROR_PREFIXES: [&str; 6] = [
    "processing-failed",
    "format-conversion-failed",
    "elasticsearch-failed",
    "AmazonOpenSearchService-failed",
    "splunk-failed",
    "http-endpoint-failed",
];

/// Keys to leave out: those that match a pattern, and what Firehose could not deliver.
#[derive(Debug)]
pub(crate) struct Exclusions {
    patterns: GlobSet,
}

impl Exclusions {
    /// Compiles patterns, in which `*` stands for anything, slashes included.
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

    /// Whether a key is left out.
    pub(crate) fn contains(&self, key: &str) -> bool {
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        ERROR_PREFIXES.iter().any(|word| folder.contains(word)) || self.patterns.is_match(key)
    }
}
