//! What is asked for: its one spelling, its id, and its job.

use jiff::Timestamp;
use rehose_extract::{FileKind, Options};
use rehose_store::StoreName;
use serde::Serialize;
use uuid::Uuid;

use super::{Claim, DigestId, DigestVersion};
use crate::error::{Error, Result};
use crate::exclude::{ErrorRecords, Exclusions};
use crate::job::{Digest, Job, MaxRejected, Mode};
use crate::ledger::Version;
use crate::plan::StartRequest;

/// The namespace of the ids of digests: a UUID that nothing else uses.
const NAMESPACE: Uuid = Uuid::from_u128(0x6b1c_9f0e_52a4_4d8e_9a3e_0f9d_7c55_21d3);

/// What is wanted: a digest of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestRequest {
    /// The name of the store to read.
    pub source: StoreName,
    /// The prefix of its keys.
    pub prefix: String,
    /// Patterns of keys to skip.
    pub exclude: Vec<String>,
    /// What becomes of the records that Firehose could not deliver.
    pub errors: ErrorRecords,
    /// The percentage of events that may be rejected.
    pub max_rejected: MaxRejected,
    /// The window, the scope and the rows. Its version does not matter.
    pub digest: Digest,
    /// The options of the input.
    pub options: Options,
}

/// All that the id depends on, in one spelling.
#[derive(Serialize)]
struct Canonical<'a> {
    source: &'a StoreName,
    prefix: &'a str,
    exclude: Vec<&'a str>,
    errors: ErrorRecords,
    max_rejected: MaxRejected,
    digest: Digest,
    options: Options,
}

impl DigestRequest {
    /// The request that a job's definition follows.
    pub(crate) fn of(job: &Job, digest: &Digest) -> Self {
        // An output may be bound to files of another kind.
        let options = Options {
            to: None,
            ..job.options.clone()
        };
        Self {
            source: job.source.clone(),
            prefix: job.prefix.clone(),
            exclude: job.exclude.clone(),
            errors: job.errors,
            max_rejected: job.max_rejected,
            digest: digest.clone(),
            options,
        }
    }

    /// Returns the request in the one spelling of its meaning.
    ///
    /// # Errors
    ///
    /// An error of the kind [`InvalidInput`](crate::error::ErrorKind::InvalidInput) if the window is empty, not in
    /// whole minutes or not over, or another value is not usable.
    pub fn checked(&self, now: Timestamp) -> Result<Self> {
        let mut options = self.options.with_defaults();
        // It is the kind of the other files of the output.
        options.to = None;
        let shape = options.compile()?;
        Exclusions::new(&self.exclude, self.errors, shape.format_name())?;
        let mut exclude = self.exclude.clone();
        exclude.sort_unstable();
        exclude.dedup();
        Ok(Self {
            digest: self.digest.checked(&shape, now)?,
            options,
            exclude,
            ..self.clone()
        })
    }

    /// The id of the digest of a request that was [checked](Self::checked).
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if it cannot be written as JSON. There is no known way to make it so.
    pub fn id(&self) -> Result<DigestId> {
        let canonical = Canonical {
            source: &self.source,
            prefix: &self.prefix,
            exclude: self.exclude.iter().map(String::as_str).collect(),
            errors: self.errors,
            max_rejected: self.max_rejected,
            digest: Digest {
                version: 0,
                ..self.digest.clone()
            },
            options: self.options.clone(),
        };
        let name = serde_json::to_vec(&canonical).map_err(|error| Error::Internal {
            what: "naming a digest".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(DigestId(Uuid::new_v5(&NAMESPACE, &name)))
    }

    /// The first call of `start` for the first version, to [examine](crate::plan::Planner::examine) it before it is
    /// claimed.
    ///
    /// # Errors
    ///
    /// As for [`checked`](Self::checked).
    pub fn first(&self, now: Timestamp) -> Result<StartRequest> {
        let request = self.checked(now)?;
        let id = request.id()?;
        let claim = request.claim(DigestVersion { id, version: 1 }, now)?;
        Ok(claim.start())
    }

    pub(crate) fn version(&self) -> Result<DigestVersion> {
        Ok(DigestVersion {
            id: self.id()?,
            version: self.digest.version,
        })
    }

    pub(crate) fn claim(&self, version: DigestVersion, now: Timestamp) -> Result<Claim> {
        Ok(Claim {
            v: Version,
            id: version.id,
            job: version.job()?,
            claimant: format!("{:016x}", fastrand::u64(..)),
            claimed: now,
            source: self.source.clone(),
            prefix: self.prefix.clone(),
            exclude: self.exclude.clone(),
            errors: self.errors,
            max_rejected: self.max_rejected,
            digest: Digest {
                version: version.version,
                ..self.digest.clone()
            },
            options: self.options.clone(),
        })
    }
}

impl Claim {
    /// The first call of `start` for its job.
    pub fn start(&self) -> StartRequest {
        StartRequest {
            job: self.job.clone(),
            source: self.source.clone(),
            prefix: self.prefix.clone(),
            mode: Mode::All,
            exclude: self.exclude.clone(),
            errors: self.errors,
            max_rejected: self.max_rejected,
            merge: None,
            digest: Some(self.digest.clone()),
            // The kind of an output that is not bound yet, as for a merge.
            options: Options {
                to: Some(FileKind::Parquet),
                ..self.options.clone()
            },
            cursor: None,
        }
    }
}
