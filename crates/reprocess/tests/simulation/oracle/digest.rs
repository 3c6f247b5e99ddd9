//! Checks digests: which parts count, that the files have exactly the records of the window, and the proof.

mod report;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use rehose_reprocess::check::Patience;
use rehose_reprocess::digest::{DigestOutcome, Proof};
use rehose_reprocess::job::{Digest, JobId};
use rehose_reprocess::ledger::manifest::SliceOfDigest;
use rehose_reprocess::ledger::receipt::{Outcome, Receipt};
use rehose_reprocess::ledger::tally::Tally;
use rehose_reprocess::promise::Promise;
use rehose_reprocess::task::{PlannedObject, TaskId, TaskMessage};
use rehose_testkit::cloud::bucket::Contents;
use rehose_testkit::cloud::queue::SentMessage;
use rehose_testkit::oracle::digest::digest_of_flows;
use rehose_testkit::shapes::flow_logs;
use serde::Deserialize;

use super::contents::{keys, parse, read};
use super::report::slices;
use super::{Check, Oracle, ensure, equal, slice_of, strip};
use crate::attacker::ATTACKER;

const DIGESTS: &str = "digests/";

/// The columns of sums in a row of a digest of the default record.
const SUMS: [(&str, usize); 3] = [("packets", 8), ("bytes", 9), ("records", 15)];

/// What is decided about a slice, as its document says it.
#[derive(Deserialize)]
struct Decided {
    parts: Vec<Part>,
    tally: Tally,
}

#[derive(Deserialize)]
struct Part {
    key: String,
}

/// Whether a key is that of a digest's file.
pub(super) fn is_file(key: &str) -> bool {
    key.starts_with(DIGESTS) && !key.ends_with(".json")
}

/// Whether it is decided which parts of a slice count.
pub(super) fn is_decided(contents: &Contents, job: &JobId, slice: u32) -> bool {
    decided(contents, job, slice).is_some()
}

fn decided(contents: &Contents, job: &JobId, slice: u32) -> Option<Decided> {
    read(contents, &format!("jobs/{job}/decided/{slice:08}.json"))
}

/// Checks that the last task is sent when all parts are decided.
pub(super) fn may_be_sent(contents: &Contents, job: &JobId, task: TaskId) -> Check {
    let slice = slice_of(contents, job, task);
    let is_fold = slice.is_some_and(|slice| slice.digest == Some(SliceOfDigest::Fold));
    let is_decided = (0..task.slice).all(|slice| is_decided(contents, job, slice));
    ensure(Promise::NeverEarly, !is_fold || is_decided, || {
        format!("the parts of {job} are decided before they are folded")
    })
}

fn window(digest: &Digest) -> Range<i64> {
    digest.from.as_second()..digest.to.as_second()
}

impl Oracle {
    /// Counts how many of those that ask for a digest are told to start its job.
    pub(crate) fn claimed(&self, job: &JobId, times: usize) {
        let mut claims = self.claims.lock().unwrap();
        let all = claims.entry(job.clone()).or_default();
        *all += times;
        self.record(ensure(Promise::WholeDigests, *all <= 1, || {
            format!("{job} is claimed once, not {all} times")
        }));
    }

    /// The rows of the digest of these objects.
    fn digest_of(&self, digest: &Digest, objects: &[PlannedObject]) -> Vec<String> {
        let lines: Vec<String> = (objects.iter())
            .flat_map(|object| self.lines(object).iter().cloned())
            .collect();
        digest_of_flows(&flow_logs().header(), &lines, window(digest))
    }

    /// Checks the sums of a part, or the files of the last task, when the receipt is written.
    pub(super) fn part_received(
        &self,
        contents: &Contents,
        job: &JobId,
        task: TaskId,
        digest: &Digest,
        receipt: &Receipt,
    ) -> Check {
        let slice = slice_of(contents, job, task).unwrap();
        if slice.digest == Some(SliceOfDigest::Fold) {
            let rows = self.digest_of(digest, &self.objects_of(contents, job));
            return receipt.artifacts.iter().try_for_each(|file| {
                let found = self.rows(&contents.objects[&file.key].body);
                self.are_rows(&file.key, &found, &rows)
            });
        }
        let mut done = Vec::new();
        for object in &receipt.objects {
            let Outcome::Done(_) = &object.outcome else {
                continue;
            };
            let mut planned = slice.tasks.iter().flatten();
            let planned = planned.find(|planned| planned.key == object.key);
            let present = self.present(planned.unwrap());
            let truth = sums_of(&self.digest_of(digest, std::slice::from_ref(&present)));
            let found = object.sums.clone().unwrap_or_default();
            for (name, sum) in truth {
                equal(Promise::WholeDigests, &object.key, found.get(name), sum)?;
            }
            done.push(present);
        }
        let mut inputs = self.inputs.lock().unwrap();
        let parts = receipt
            .artifacts
            .iter()
            .filter(|file| file.key.ends_with(".part"));
        inputs.extend(parts.map(|part| (part.key.clone(), done.clone())));
        Ok(())
    }

    /// The objects of the parts that count.
    fn objects_of(&self, contents: &Contents, job: &JobId) -> Vec<PlannedObject> {
        let inputs = self.inputs.lock().unwrap();
        (0..)
            .map_while(|slice| decided(contents, job, slice))
            .flat_map(|decided| decided.parts)
            .flat_map(|part| inputs.get(&part.key).cloned().unwrap_or_default())
            .collect()
    }

    /// Checks a file or a document of a digest that was written to the output.
    pub(super) fn digest_appeared(&self, contents: &Contents, key: &str, body: &Bytes) -> Check {
        for (job, request) in &self.jobs {
            let Some(digest) = &request.digest else {
                continue;
            };
            let version = format!("/{:04}.", digest.version);
            if is_file(key) && key.contains(&version) {
                self.is_published(contents, job, digest, key, body)?;
            } else if key.starts_with(DIGESTS) && key.ends_with(&format!("{version}json")) {
                self.proven(contents, job, digest, &parse(body))?;
            } else if let Some(slice) = strip(key, &format!("jobs/{job}/decided/"), ".json") {
                let slice = slice.parse().unwrap();
                self.parts_decided(contents, job, digest, slice, &parse(body))?;
            }
        }
        Ok(())
    }

    /// Checks that the parts of a slice account for all of its objects, each once.
    fn parts_decided(
        &self,
        contents: &Contents,
        job: &JobId,
        digest: &Digest,
        number: u32,
        decided: &Decided,
    ) -> Check {
        let promise = Promise::WholeDigests;
        let slice = slice_of(contents, job, TaskId::new(number, 0)).unwrap();
        let mut left: BTreeMap<&str, &PlannedObject> = (slice.tasks.iter().flatten())
            .map(|object| (object.key.as_str(), object))
            .collect();
        let all = left.len() as u64;
        for part in &decided.parts {
            let inputs = self.inputs.lock().unwrap().get(&part.key).cloned();
            let Some(inputs) = inputs else {
                return Err((promise, format!("{} has its receipt first", part.key)));
            };
            for object in &inputs {
                ensure(promise, left.remove(object.key.as_str()).is_some(), || {
                    format!("{} of {} is counted once", object.key, part.key)
                })?;
            }
        }
        for failed in &decided.tally.failures {
            let Some(object) = left.remove(failed.key.as_str()) else {
                return Err((
                    promise,
                    format!("{} is in no part, as it failed", failed.key),
                ));
            };
            let truth = self.present_truth(object);
            self.has_failed(contents, job, &failed.key, &failed.failure.reason, truth)?;
        }
        // An object without records in the window may be done without a part.
        for (key, object) in left {
            let truth = self.present_truth(object);
            let rows = self.digest_of(digest, &[self.present(object)]);
            ensure(
                promise,
                truth.outputs().is_some() && rows.is_empty(),
                || format!("{key} is accounted for in slice {number}"),
            )?;
        }
        self.count("parts of digests", decided.parts.len() as u64);
        equal(
            Promise::Exact,
            "the objects",
            decided.tally.totals.objects.settled(),
            all,
        )
    }

    /// Checks a file in its place: all parts are decided, and it has their rows.
    fn is_published(
        &self,
        contents: &Contents,
        job: &JobId,
        digest: &Digest,
        key: &str,
        body: &Bytes,
    ) -> Check {
        let fold = slices(contents, job)
            .pop()
            .map(|slice| TaskId::new(slice.slice, 0));
        let receipt = fold.map(|fold| format!("jobs/{job}/receipts/{fold}.json"));
        let is_folded = receipt.is_some_and(|receipt| contents.objects.contains_key(&receipt));
        ensure(Promise::WholeDigests, is_folded, || {
            format!("{key} is published after the receipt of its last task")
        })?;
        let rows = self.digest_of(digest, &self.objects_of(contents, job));
        self.are_rows(key, &self.rows(body), &rows)
    }

    fn are_rows(&self, key: &str, found: &[String], truth: &[String]) -> Check {
        ensure(Promise::WholeDigests, found == truth, || {
            let more = found.iter().find(|row| !truth.contains(row));
            let less = truth.iter().find(|row| !found.contains(row));
            let (is, should) = (found.len(), truth.len());
            format!("{key} has {is} rows of {should}, too many {more:?}, too few {less:?}")
        })
    }

    /// Checks that a proof is right, and that the files are in place when it appears.
    fn proven(&self, contents: &Contents, job: &JobId, digest: &Digest, proof: &Proof) -> Check {
        let promise = Promise::WholeDigests;
        equal(promise, "the job", &proof.job, job)?;
        let folder = format!("{DIGESTS}{}/{:04}.", proof.id, digest.version);
        let in_place: Vec<&String> = keys(contents, &folder).filter(|key| is_file(key)).collect();
        if proof.state == DigestOutcome::Failed {
            self.count("digests that failed", 1);
            equal(promise, "what is in place", in_place.len(), 0)?;
            return self.fold_is_excused(contents, job);
        }
        let files: Vec<&String> = proof.files.iter().map(|file| &file.key).collect();
        equal(promise, "what is in place", &in_place, &files)?;
        ensure(promise, !files.is_empty(), || format!("{job} has a file"))?;
        let rows = self.digest_of(digest, &self.objects_of(contents, job));
        equal(Promise::Exact, "rows", proof.rows, rows.len() as u64)?;
        for (name, sum) in sums_of(&rows) {
            equal(Promise::Exact, name, proof.read.get(name), sum)?;
            equal(Promise::Exact, name, proof.written.get(name), sum)?;
        }
        let records = proof.records;
        equal(
            Promise::Exact,
            "records",
            records.inside + records.outside + records.out_of_scope,
            proof.events.written,
        )?;
        self.count("digests", 1);
        self.count("rows of digests", proof.rows);
        Ok(())
    }

    /// Checks that the last task was given up for a reason: each of its messages met a fault.
    fn fold_is_excused(&self, contents: &Contents, job: &JobId) -> Check {
        let Some(historic) = self.historic.upgrade() else {
            return Ok(());
        };
        let fold = slices(contents, job)
            .pop()
            .map(|slice| TaskId::new(slice.slice, 0));
        let messages = historic.sent_messages().into_iter().filter(|message| {
            let named = serde_json::from_str::<TaskMessage>(&message.body);
            let is_fold = |named: TaskMessage| named.job == *job && Some(named.task) == fold;
            message.sender != ATTACKER && named.is_ok_and(is_fold)
        });
        let messages: Vec<_> = messages.collect();
        let is_struck = |message: &Arc<SentMessage>| message.struck.load(Ordering::Relaxed);
        let is_excused =
            messages.len() > Patience::default().rounds as usize && messages.iter().all(is_struck);
        ensure(Promise::NeverStuck, is_excused, || {
            let times = messages.len();
            format!("the last task of {job} is not given up after {times} messages")
        })
    }
}

fn sums_of(rows: &[String]) -> [(&'static str, u64); 3] {
    SUMS.map(|(name, column)| {
        let fields = rows
            .iter()
            .map(|row| row.split(',').nth(column)?.parse::<u64>().ok());
        (name, fields.flatten().sum())
    })
}
