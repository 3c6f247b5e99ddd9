//! A job: its id and its definition.

mod digest;
mod flow_log;
mod merge;
mod scope;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rehose_extract::Options;
use rehose_store::{Folder, StoreName};
use serde::{Deserialize, Serialize};

pub use self::digest::Digest;
pub use self::flow_log::FlowLog;
pub use self::merge::Merge;
pub use self::scope::Scope;
use crate::digest::DigestRequest;
use crate::error::Error;
use crate::exclude::ErrorRecords;
use crate::ledger::Version;
use crate::ledger::digest::DigestVersion;

/// The longest job id. It becomes the name of an execution, which has 80 characters at most
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
const MAX_ID: usize = 64;

/// The name of a job: up to 64 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// A new id that sorts by time: `20261121T101500Z-3f9ac2d1`.
    pub fn new(now: Timestamp) -> Self {
        let random = fastrand::u32(..);
        Self(format!("{}-{random:08x}", now.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = Error;

    fn from_str(id: &str) -> Result<Self, Error> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > MAX_ID || !id.chars().all(fits) {
            return Err(Error::Value {
                name: "job",
                reason: format!(
                    "{id:?} is no job id: up to {MAX_ID} letters, digits, '-' and '_' make one"
                ),
            });
        }
        Ok(Self(id.to_owned()))
    }
}

impl TryFrom<String> for JobId {
    type Error = Error;

    fn try_from(id: String) -> Result<Self, Error> {
        id.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which objects a job plans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All listed objects.
    #[default]
    All,
    /// Listed objects without an output, or newer than theirs.
    Missing,
}

/// The percentage of the events that may be rejected, from 0 to 100. A job with more has read its stash
/// in a wrong way, and does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct MaxRejected(u8);

impl Default for MaxRejected {
    fn default() -> Self {
        Self(10)
    }
}

impl TryFrom<u8> for MaxRejected {
    type Error = Error;

    fn try_from(percent: u8) -> Result<Self, Error> {
        match percent <= 100 {
            true => Ok(Self(percent)),
            false => Err(Error::Value {
                name: "max_rejected",
                reason: format!("{percent} is no percentage from 0 to 100"),
            }),
        }
    }
}

impl From<MaxRejected> for u8 {
    fn from(percent: MaxRejected) -> Self {
        percent.0
    }
}

impl MaxRejected {
    /// Whether so many rejected events are more than may be, beside so many that are rows.
    pub(crate) fn is_exceeded(self, rejected: u64, written: u64) -> bool {
        let of_all = u128::from(rejected) + u128::from(written);
        u128::from(rejected) * 100 > of_all * u128::from(self.0)
    }
}

/// The definition of a job, `job.json` in the ledger. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// Its name.
    pub job: JobId,
    /// The name of the store that is read.
    pub source: StoreName,
    /// The prefix of the listed keys.
    pub prefix: String,
    /// The folder of the output that gets the rows. The ledger is in the root.
    #[serde(default, skip_serializing_if = "Folder::is_root")]
    pub folder: Folder,
    /// Which of the listed objects are planned.
    pub mode: Mode,
    /// Patterns of keys to skip.
    pub exclude: Vec<String>,
    /// What becomes of the records that Firehose could not deliver.
    #[serde(default, skip_serializing_if = "ErrorRecords::is_default")]
    pub errors: ErrorRecords,
    /// The percentage of events that may be rejected.
    #[serde(default)]
    pub max_rejected: MaxRejected,
    /// The job whose failed and lost objects are planned, instead of a listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<JobId>,
    /// How the objects are merged. Without it, each is rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
    /// The digest that is made of the objects, instead of rewriting each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The options, with their defaults filled in.
    pub options: Options,
    /// The time of the first call of `start`.
    pub started: Timestamp,
}

impl Job {
    /// The digest that the job makes, if it makes one.
    pub(crate) fn digest_version(&self) -> Result<Option<DigestVersion>, Error> {
        let Some(digest) = &self.digest else {
            return Ok(None);
        };
        DigestRequest::of(self, digest).version().map(Some)
    }
}
