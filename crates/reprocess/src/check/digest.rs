//! Deciding the parts of a digest, and publishing what they were folded into.
//!
//! ```text
//! receipts of a slice's tasks, or of their parts ─► decided/<slice>.json ─► … for every slice
//!    ─► the last task is sent ─► its receipt ─► files in place ─► proof
//! ```
//!
//! # Invariants
//!
//! - Which parts count is decided once for each slice, in writing, from receipts that account for every object.
//!   The last task is sent when all slices are decided, and folds what is decided. So a message that comes late
//!   changes nothing.
//! - The sums are compared at each step: of the objects and the part by the receipt, and of all parts and each
//!   file here. If they differ, nothing is published, and the proof says why.
//! - The proof is written after the last file is in place.

use futures::{TryStreamExt, try_join};
use rehose_store::StoreErrorKind;

use super::settled::{Settled, settle};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::job::{Digest, Job};
use crate::ledger::digest::{
    Decided, DigestOutcome, DigestVersion, Proof, PublishedFile, Records, unpublished_file,
};
use crate::ledger::manifest::Slice;
use crate::ledger::progress::Progress;
use crate::ledger::receipt::Receipt;
use crate::ledger::statuses::read_receipt;
use crate::ledger::tally::Tally;
use crate::ledger::{Ledger, Version, receipt_name};
use crate::task::TaskId;

/// What has become of the slice at the watermark.
pub(super) enum Step {
    /// It is no slice of a digest, or a task is not settled.
    None,
    /// It has ended, and the watermark can move.
    Ended,
    /// The last task has no receipt.
    Unfolded,
    /// There will be no digest.
    Failed(Box<Proof>),
}

/// Ends the slice at the watermark, if it is one of a digest and its tasks are settled.
pub(super) async fn from_watermark(
    ledger: &Ledger,
    job: &Job,
    progress: &Progress,
    clock: Clock,
) -> Result<Step> {
    let (Some(version), Some(wanted)) = (job.digest_version()?, &job.digest) else {
        return Ok(Step::None);
    };
    let digest = Ending {
        ledger,
        job,
        digest: wanted,
        version,
        tally: &progress.tally,
        clock,
    };
    let number = progress.watermark.slice;
    let (slice, names, proof) = try_join!(
        ledger.require_slice(number),
        ledger.receipt_names_of(number),
        async { ledger.digests().proof_of(version).await },
    )?;
    if let Some(proof) = proof.filter(|proof| !proof.has_files()) {
        return Ok(Step::Failed(Box::new(proof)));
    }
    let Some(fold) = slice.fold() else {
        return match settle(&slice, &names, progress.giving_up) {
            Some(settled) => digest.decide(&slice, settled).await,
            None => Ok(Step::None),
        };
    };
    // Parts may have been given up before.
    let giving_up = progress.folding && progress.giving_up;
    match (names.contains(&receipt_name(fold)), giving_up) {
        (true, _) => digest.publish(fold).await,
        (false, false) => Ok(Step::Unfolded),
        (false, true) => {
            let reason = "no message about its last task came back; the digest may be more than a \
                          function can take, or its messages were deleted";
            digest.fail(reason.to_owned()).await
        }
    }
}

/// The ending of a digest.
struct Ending<'a> {
    ledger: &'a Ledger,
    job: &'a Job,
    digest: &'a Digest,
    version: DigestVersion,
    /// What became of the objects of all slices before.
    tally: &'a Tally,
    clock: Clock,
}

impl Ending<'_> {
    /// Decides which parts of a slice count.
    async fn decide(&self, slice: &Slice, settled: Settled) -> Result<Step> {
        let mut decided = Decided::default();
        let mut receipts = std::pin::pin!(settled.read(self.ledger, slice));
        loop {
            match receipts.try_next().await {
                Ok(None) => break,
                Ok(Some((_, receipt))) => decided.add(receipt),
                Err(error @ Error::SumsDiffer { .. }) => return self.fail(error.to_string()).await,
                Err(error) => return Err(error),
            }
        }
        for key in &settled.lost {
            decided.tally.add_lost(key.clone());
        }
        self.ledger.decide(slice.slice, &decided).await?;
        Ok(Step::Ended)
    }

    /// Puts the files of the last task in place, and then writes the proof.
    async fn publish(&self, fold: TaskId) -> Result<Step> {
        let receipt = read_receipt(self.ledger, fold, &[]).await?;
        if let Some(difference) = self.difference(&receipt) {
            return self.fail(difference).await;
        }
        let mut files = Vec::new();
        for (file, artifact) in self.digest.files.iter().zip(&receipt.artifacts) {
            let key = self.version.file_key(*file);
            match self.ledger.store().publish(&artifact.key, &key).await {
                Err(error) if error.kind == StoreErrorKind::TooLarge => {
                    return self.fail(error.to_string()).await;
                }
                published => published?,
            }
            files.push(PublishedFile {
                file: *file,
                key,
                bytes: artifact.bytes,
            });
        }
        let rows = receipt.artifacts.first().map_or(0, |file| file.rows);
        self.ledger.digests().prove(self.proof(files, rows)).await?;
        Ok(Step::Ended)
    }

    /// What contradicts the parts, if anything does.
    fn difference(&self, receipt: &Receipt) -> Option<String> {
        let expected =
            (self.digest.files.iter()).map(|file| unpublished_file(&self.job.job, *file));
        if !expected.eq(receipt.artifacts.iter().map(|file| file.key.clone())) {
            return Some("its last task has not written the files that were asked for".to_owned());
        }
        let parts = self
            .tally
            .digest
            .as_ref()
            .map(|digest| digest.written.clone());
        let parts = parts.unwrap_or_default();
        receipt.artifacts.iter().find_map(|file| {
            let sums = file.sums.clone().unwrap_or_default();
            let (name, sum) = parts.iter().find(|(name, sum)| sums.get(name) != *sum)?;
            Some(format!(
                "{name} of its parts add up to {sum}, and those of {} to {}",
                file.key,
                sums.get(name)
            ))
        })
    }

    async fn fail(&self, reason: String) -> Result<Step> {
        let proof = Proof {
            state: DigestOutcome::Failed,
            reason: Some(reason),
            ..self.proof(Vec::new(), 0)
        };
        let proof = self.ledger.digests().prove(proof).await?;
        Ok(match proof.has_files() {
            true => Step::Ended,
            false => Step::Failed(Box::new(proof)),
        })
    }

    fn proof(&self, files: Vec<PublishedFile>, rows: u64) -> Proof {
        let (job, tally) = (self.job, self.tally);
        let totals = tally.totals;
        let digested = tally.digest.clone().unwrap_or_default();
        let inside = digested.read.get("records");
        let is_rejected = (job.max_rejected).is_exceeded(totals.rows.rejected, totals.rows.written);
        Proof {
            v: Version,
            id: self.version.id,
            job: job.job.clone(),
            state: match totals.objects.failed + totals.objects.lost {
                1.. => DigestOutcome::Incomplete,
                0 if is_rejected => DigestOutcome::Rejected,
                0 => DigestOutcome::Ready,
            },
            reason: None,
            source: format!("{}{}", job.source, job.prefix),
            digest: self.digest.clone(),
            options: job.options.clone(),
            started: job.started,
            ended: self.clock.now(),
            objects: totals.objects,
            unplaced: digested.unplaced,
            events: totals.rows,
            records: Records {
                inside,
                outside: (totals.rows.written)
                    .saturating_sub(inside)
                    .saturating_sub(digested.out_of_scope),
                out_of_scope: digested.out_of_scope,
            },
            read: digested.read,
            written: digested.written,
            rows,
            files,
            rejections: tally.rejections.clone(),
            failures: tally.failures.clone(),
        }
    }
}
