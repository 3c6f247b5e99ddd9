//! Digests, for those who ask for them: by the command, or over HTTP.
//!
//! ```text
//! DigestRequest ─► Digests::request ─┬─► Claimed: start its job, by Claim::start
//!                                    ├─► InProgress: somebody has claimed it
//!                                    └─► Present: it has ended, with this proof
//! ```
//!
//! Starting a job twice starts one job. So whoever finds a claim without a job may start it: the one that has
//! claimed it may be dead.

mod request;

use std::sync::Arc;

use jiff::Timestamp;
use rehose_store::Store;
use rehose_store::location::Source;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::exclude::Exclusions;
use crate::job::JobId;
use crate::ledger::Ledger;
use crate::ledger::digest::DigestLedger;
use crate::plan::window::Window;

pub use self::request::DigestRequest;
pub use crate::ledger::digest::{
    Claim, DigestId, DigestOutcome, DigestVersion, Proof, PublishedFile, Records, VersionState,
};
pub use rehose_extract::merge::{DigestFile, FoldPorts};

/// How often a claim is tried: each time somebody else was faster with the next version.
const ATTEMPTS: u32 = 8;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// The caller has claimed it and starts its job.
    Claimed(Claim),
    /// Somebody has claimed it, and it has not ended.
    InProgress {
        /// The claim.
        claim: Claim,
        /// Whether its job was started. If not, the caller may start it.
        is_started: bool,
    },
    /// It has ended.
    Present(Box<Proof>),
}

/// The state of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestState {
    /// Nobody has asked for it.
    Absent,
    /// It was claimed and has not ended.
    InProgress {
        /// The claim.
        claim: Box<Claim>,
        /// Whether its job was started.
        is_started: bool,
        /// The version before, if there is a digest of it.
        before: Option<Box<Proof>>,
    },
    /// There is no digest, for the reason that the proof has.
    Failed(Box<Proof>),
    /// There is a digest, and the objects of its hours are those that it was made of.
    Ready(Box<Proof>),
    /// There is a digest, and objects have arrived, changed or vanished since.
    Stale {
        /// The proof.
        proof: Box<Proof>,
        /// The differences.
        changes: Changes,
    },
}

/// How the objects of a digest's hours differ from those that it was made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Objects that were not there.
    pub arrived: u64,
    /// Objects with other contents.
    pub changed: u64,
    /// Objects that are gone.
    pub gone: u64,
}

/// The digests of an output.
#[derive(Debug, Clone)]
pub struct Digests {
    output: Arc<dyn Store>,
    sources: Vec<Source>,
    ledger: DigestLedger,
}

impl Digests {
    /// The digests of an output that are made of these sources. [`state`](Self::state) needs the sources, to see
    /// whether a digest is stale.
    pub fn new(output: Arc<dyn Store>, sources: Vec<Source>) -> Self {
        Self {
            ledger: DigestLedger::new(Arc::clone(&output)),
            output,
            sources,
        }
    }

    /// Claims a digest unless it is there or claimed. Of many that ask at once, one gets
    /// [`Requested::Claimed`]. A digest that has failed is claimed again as the next version. With `refresh`, so is
    /// one that is there.
    ///
    /// Nothing is sent before the claim, and nothing but the claim is written.
    ///
    /// # Errors
    ///
    /// Those of [`DigestRequest::checked`] and [`Planner::examine`](crate::plan::Planner::examine), which is worth
    /// calling before.
    pub async fn request(
        &self,
        request: &DigestRequest,
        refresh: bool,
        now: Timestamp,
    ) -> Result<Requested> {
        let request = request.checked(now)?;
        let id = request.id()?;
        for _ in 0..ATTEMPTS {
            let latest = self.ledger.versions(Some(id)).await?.pop();
            let next = match latest {
                None => 1,
                Some(latest) if latest.has_ended => {
                    let proof = self.require_proof(latest.version).await?;
                    if proof.has_files() && !refresh {
                        return Ok(Requested::Present(Box::new(proof)));
                    }
                    latest.version.version + 1
                }
                Some(latest) => {
                    if let Some(claim) = self.ledger.claim_of(latest.version).await? {
                        let is_started = self.is_started(&claim.job).await?;
                        return Ok(Requested::InProgress { claim, is_started });
                    }
                    latest.version.version
                }
            };
            let claim = request.claim(DigestVersion { id, version: next }, now)?;
            if self.ledger.claim(&claim).await? {
                return Ok(Requested::Claimed(claim));
            }
        }
        Err(Error::Internal {
            what: format!("claiming the digest {id}"),
            reason: "others were faster each time; ask again".to_owned(),
        })
    }

    /// The state of a digest. For one that is there, the objects of its hours are listed.
    ///
    /// # Errors
    ///
    /// Those of the stores, and of a ledger that is damaged.
    pub async fn state(&self, id: DigestId) -> Result<DigestState> {
        let state = self.recorded(id).await?;
        let DigestState::Ready(proof) = state else {
            return Ok(state);
        };
        match self.changes(&proof).await? {
            changes if changes == Changes::default() => Ok(DigestState::Ready(proof)),
            changes => Ok(DigestState::Stale { proof, changes }),
        }
    }

    /// The state of a digest as it is written down: one that is stale is [`DigestState::Ready`]. It takes a few
    /// requests.
    ///
    /// # Errors
    ///
    /// As for [`state`](Self::state).
    pub async fn recorded(&self, id: DigestId) -> Result<DigestState> {
        let mut versions = self.ledger.versions(Some(id)).await?;
        let Some(latest) = versions.pop() else {
            return Ok(DigestState::Absent);
        };
        if latest.has_ended {
            let proof = Box::new(self.require_proof(latest.version).await?);
            return Ok(match proof.state {
                DigestOutcome::Failed => DigestState::Failed(proof),
                _ => DigestState::Ready(proof),
            });
        }
        let Some(claim) = self.ledger.claim_of(latest.version).await? else {
            return Ok(DigestState::Absent);
        };
        let mut before = None;
        while let Some(version) = versions.pop()
            && before.is_none()
        {
            let proof = self.require_proof(version.version).await?;
            before = Some(Box::new(proof)).filter(|proof| proof.has_files());
        }
        Ok(DigestState::InProgress {
            is_started: self.is_started(&claim.job).await?,
            claim: Box::new(claim),
            before,
        })
    }

    /// All versions of all digests, by id.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn list(&self) -> Result<Vec<VersionState>> {
        self.ledger.versions(None).await
    }

    /// The claim of a version, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`state`](Self::state).
    pub async fn claim(&self, version: DigestVersion) -> Result<Option<Claim>> {
        self.ledger.claim_of(version).await
    }

    /// The proof of a version, once it has ended.
    ///
    /// # Errors
    ///
    /// As for [`state`](Self::state).
    pub async fn proof(&self, version: DigestVersion) -> Result<Option<Proof>> {
        self.ledger.proof_of(version).await
    }

    /// Records that the job of a claim has ended without a digest, unless it has ended. For callers that see a job
    /// fail which nothing will continue.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn fail(&self, claim: &Claim, reason: &str, now: Timestamp) -> Result<Proof> {
        self.ledger.prove(Proof::failed(claim, reason, now)).await
    }

    /// How the objects of a digest's hours differ from those that it was made of.
    ///
    /// # Errors
    ///
    /// Those of the stores, and [`Error::Outside`] if its source is none of these.
    pub async fn changes(&self, proof: &Proof) -> Result<Changes> {
        let ledger = Ledger::new(Arc::clone(&self.output), proof.job.clone());
        let job = ledger.require_definition().await?;
        let source = (self.sources.iter()).find(|source| source.holds(&job.source, &job.prefix));
        let source = source.ok_or_else(|| Error::Outside {
            url: proof.source.clone(),
        })?;
        let exclude = Exclusions::new(&job.exclude, job.errors, job.options.format_name())?;
        let window = Window {
            source,
            prefix: &job.prefix,
            digest: &proof.digest,
            exclude: &exclude,
            limit: usize::MAX,
        };
        window.changes(&ledger).await
    }

    async fn is_started(&self, job: &JobId) -> Result<bool> {
        let ledger = Ledger::new(Arc::clone(&self.output), job.clone());
        Ok(ledger.definition().await?.is_some())
    }

    async fn require_proof(&self, version: DigestVersion) -> Result<Proof> {
        let proof = self.ledger.proof_of(version).await?;
        proof.ok_or_else(|| Error::Ledger {
            url: self.output.url(&format!("digests/{version}.json")),
            reason: "it existed and is gone".to_owned(),
        })
    }
}
