//! Digests: their claims, what they are made of, and their proofs.
//!
//! ```text
//! digests/<id>/<version>.claim.json         the digest is wanted, and which job makes it
//! jobs/<job>/decided/<slice>.json           which parts of a slice count
//! unpublished/<job>/<task>-<hash>.part      a part: sorted rows of a task
//! unpublished/<job>/digest.parquet          the rows of all parts, until they are published
//! digests/<id>/<version>.parquet            the digest; also .csv.gz and .log.gz
//! digests/<id>/<version>.json               the proof, which is written last
//! ```
//!
//! Each document is written once, if absent. The claim is written before any work is sent, so of many that ask
//! for a digest one gets it. The proof is written after the last file is in place, so a digest is ready or not.

mod proof;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use rehose_extract::Options;
use rehose_extract::merge::{DigestFile, Sums};
use rehose_store::{MAX_PAGE, Put, Store, StoreName};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::proof::{DigestOutcome, DigestResult, Digested, Proof, PublishedFile, Records};
use super::Version;
use super::document::{get, put_if_absent};
use super::generation::UNPUBLISHED;
use super::receipt::Receipt;
use super::tally::Tally;
use crate::error::{Error, Result};
use crate::exclude::ErrorRecords;
use crate::job::{Digest, JobId, MaxRejected};

/// The folder of the digests.
pub const DIGESTS: &str = "digests/";

/// What the names of claims and proofs end with.
const CLAIM: &str = "claim.json";
const PROOF: &str = "json";

/// The name of a digest: the same for the same window, source, scope and options, and for no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DigestId(pub(crate) Uuid);

impl fmt::Display for DigestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for DigestId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.parse::<Uuid>().map(Self);
        let parsed = parsed.ok().filter(|id| id.to_string() == text);
        parsed.ok_or_else(|| Error::Value {
            name: "digest",
            reason: format!("{text:?} is no id of a digest, which is a UUID in small letters"),
        })
    }
}

impl TryFrom<String> for DigestId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<DigestId> for String {
    fn from(id: DigestId) -> Self {
        id.to_string()
    }
}

/// A version of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DigestVersion {
    /// The digest.
    pub id: DigestId,
    /// Its number, from 1.
    pub version: u32,
}

impl DigestVersion {
    /// The job that makes it.
    ///
    /// # Errors
    ///
    /// None: the name is short enough, and has no other characters than those of a job.
    pub fn job(&self) -> Result<JobId> {
        format!("digest-{}-{}", self.id, self.version).parse()
    }

    /// The key of one of its files.
    pub fn file_key(&self, file: DigestFile) -> String {
        self.key(file.suffix())
    }

    fn key(&self, suffix: &str) -> String {
        let Self { id, version } = self;
        format!("{DIGESTS}{id}/{version:04}.{suffix}")
    }

    /// The version of a claim or a proof, and what its name ends with.
    fn of_key(key: &str) -> Option<(Self, &str)> {
        let (id, name) = key.strip_prefix(DIGESTS)?.split_once('/')?;
        let (version, suffix) = name.split_once('.')?;
        let version = Self {
            id: id.parse().ok()?,
            version: version.parse().ok()?,
        };
        Some((version, suffix))
    }
}

impl fmt::Display for DigestVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04}", self.id, self.version)
    }
}

/// The claim of a version: whoever has written it starts the job. It has all that this takes, because anybody may
/// start the job if that one has died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// The digest.
    pub id: DigestId,
    /// The job that makes it.
    pub job: JobId,
    /// Differs between any two that claim, so that one whose response was lost knows that it was first.
    pub claimant: String,
    /// When it was claimed.
    pub claimed: Timestamp,
    /// The name of the store that is read.
    pub source: StoreName,
    /// The prefix of the keys.
    pub prefix: String,
    /// Patterns of keys to skip.
    pub exclude: Vec<String>,
    /// What becomes of the records that Firehose could not deliver.
    #[serde(default, skip_serializing_if = "ErrorRecords::is_default")]
    pub errors: ErrorRecords,
    /// The percentage of events that may be rejected.
    pub max_rejected: MaxRejected,
    /// The window, the scope and the rows.
    pub digest: Digest,
    /// The options of the input.
    pub options: Options,
}

impl Claim {
    /// The version that is claimed.
    pub fn version(&self) -> DigestVersion {
        DigestVersion {
            id: self.id,
            version: self.digest.version,
        }
    }
}

/// Which parts of a slice count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decided {
    #[serde(default)]
    pub(crate) v: Version,
    pub(crate) parts: Vec<PartFile>,
    /// The sums over the records of the window in its objects.
    pub(crate) read: Sums,
    /// The sums over the rows of its parts, which are the same.
    pub(crate) written: Sums,
    /// Records of other accounts and regions.
    pub(crate) out_of_scope: u64,
    /// What became of its objects.
    pub(crate) tally: Tally,
}

impl Decided {
    /// Adds the receipt of a task.
    pub(crate) fn add(&mut self, receipt: Receipt) {
        let (read, written) = receipt.sums();
        self.read.add(&read);
        self.written.add(&written);
        for object in receipt.objects {
            self.out_of_scope += object.out_of_scope;
            self.tally.add(object);
        }
        for artifact in receipt.artifacts {
            if artifact.sums.is_some() {
                self.parts.push(PartFile {
                    key: artifact.key,
                    bytes: artifact.bytes,
                    rows: artifact.rows,
                });
            }
        }
    }
}

/// A part that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartFile {
    pub(crate) key: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
}

/// The key of a file of a digest before it is published. It is always made of the same parts.
pub(crate) fn unpublished_file(job: &JobId, file: DigestFile) -> String {
    format!("{UNPUBLISHED}{job}/digest.{}", file.suffix())
}

/// What exists of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionState {
    /// The version.
    pub version: DigestVersion,
    /// Whether it has its proof: it has ended.
    pub has_ended: bool,
}

/// The documents of the digests of an output.
#[derive(Debug, Clone)]
pub(crate) struct DigestLedger {
    store: Arc<dyn Store>,
}

impl DigestLedger {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Writes a claim if there is none, and says whether it was this one that was written.
    pub(crate) async fn claim(&self, claim: &Claim) -> Result<bool> {
        let version = claim.version();
        match put_if_absent(&*self.store, &version.key(CLAIM), claim).await? {
            Put::Created => Ok(true),
            Put::Exists => {
                let found = self.claim_of(version).await?;
                Ok(found.is_some_and(|found| found.claimant == claim.claimant))
            }
        }
    }

    pub(crate) async fn claim_of(&self, version: DigestVersion) -> Result<Option<Claim>> {
        get(&*self.store, &version.key(CLAIM)).await
    }

    /// Writes a proof if there is none, and returns the one that there is.
    pub(crate) async fn prove(&self, proof: Proof) -> Result<Proof> {
        let version = proof.version();
        match put_if_absent(&*self.store, &version.key(PROOF), &proof).await? {
            Put::Created => Ok(proof),
            Put::Exists => self.proof_of(version).await?.ok_or_else(|| Error::Ledger {
                url: self.store.url(&version.key(PROOF)),
                reason: "it existed and is gone".to_owned(),
            }),
        }
    }

    pub(crate) async fn proof_of(&self, version: DigestVersion) -> Result<Option<Proof>> {
        get(&*self.store, &version.key(PROOF)).await
    }

    /// The versions of a digest, or of all, in order.
    pub(crate) async fn versions(&self, id: Option<DigestId>) -> Result<Vec<VersionState>> {
        let prefix = match id {
            Some(id) => format!("{DIGESTS}{id}/"),
            None => DIGESTS.to_owned(),
        };
        let mut states: Vec<VersionState> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.list(&prefix, after.as_deref(), MAX_PAGE).await?;
            for object in &page.objects {
                let Some((version, suffix)) = DigestVersion::of_key(&object.key) else {
                    continue;
                };
                let has_ended = suffix == PROOF;
                match states.last_mut().filter(|state| state.version == version) {
                    Some(state) => state.has_ended |= has_ended,
                    None => states.push(VersionState { version, has_ended }),
                }
            }
            match page.objects.into_iter().next_back() {
                Some(last) if page.more => after = Some(last.key),
                _ => return Ok(states),
            }
        }
    }
}
