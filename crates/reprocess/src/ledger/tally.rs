//! The tally: the totals of a job so far, and the objects that failed or were lost.

use std::collections::BTreeMap;

use rehose_extract::merge::Sums;
use rehose_extract::{RejectionCount, Summary};
use serde::{Deserialize, Serialize};

use super::digest::{Decided, Digested};
use super::generation::Decision;
use super::receipt::{Failure, ObjectReceipt, Outcome};

/// The most failures that a report lists. The receipts have all of them.
pub const MAX_FAILURES: usize = 1_000;

/// The most kinds of rejections that are told apart by their detail. More are counted by their reason.
const MAX_REJECTIONS: usize = 100;

/// The totals and failures so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The sums.
    #[serde(flatten)]
    pub totals: Totals,
    /// The first failures.
    pub failures: Vec<FailedObject>,
    /// The rejected events by kind.
    #[serde(default)]
    pub rejections: Vec<Rejections>,
    /// Objects under an error prefix that were left out, by prefix.
    #[serde(default)]
    pub error_records: BTreeMap<String, u64>,
    /// Objects of other kinds that were left out, by their kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_kinds: BTreeMap<String, u64>,
    /// What was merged, by a job that merges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// What a digest is made of, by a job that makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digested>,
}

/// The sums of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The objects.
    pub objects: Objects,
    /// Bytes of the objects that are done.
    pub bytes: Bytes,
    /// The events in the objects that are done.
    pub rows: Rows,
}

/// Numbers of objects: `listed = excluded + present + done + failed + lost` at the end of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objects {
    /// Found under the prefix.
    pub listed: u64,
    /// Left out: by a pattern, by the choice of error records, or because it is another log than the one that
    /// is read.
    pub excluded: u64,
    /// Left out by the mode `missing`, because they have an output that is not older.
    pub present: u64,
    /// Their output is complete.
    pub done: u64,
    /// They cannot be read or transcoded, or no output can have their key.
    pub failed: u64,
    /// They have no receipt: every message that named them vanished.
    pub lost: u64,
}

/// Numbers of bytes, compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// Of the source objects.
    #[serde(rename = "in")]
    pub read: u64,
    /// Of the outputs.
    #[serde(rename = "out")]
    pub written: u64,
}

/// Numbers of events: `events = written + rejected + control + filtered`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Found.
    pub events: u64,
    /// Became rows.
    pub written: u64,
    /// Kept as lines of JSON.
    pub rejected: u64,
    /// Of control documents.
    pub control: u64,
    /// Of documents that the options leave out.
    #[serde(default)]
    pub filtered: u64,
}

/// An object that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedObject {
    /// Its key in the source.
    pub key: String,
    /// Why.
    #[serde(flatten)]
    pub failure: Failure,
}

/// What a job has merged, and what it has left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// Generations.
    pub generations: u64,
    /// Those of them that lack objects, which failed or were lost.
    #[serde(default)]
    pub incomplete: u64,
    /// Their files.
    pub files: u64,
    /// Rows in the files.
    pub rows: u64,
    /// The sums over the records of the objects.
    pub read: Sums,
    /// The sums over the rows of the files, which are the same.
    pub written: Sums,
    /// Objects left out because their keys have no time.
    pub unplaced: u64,
    /// Objects left out because their partition may still get others.
    pub open: u64,
    /// Present objects that are in no file, because an earlier job could not read them.
    pub missing: u64,
    /// The first objects that have changed since they were merged. Their rows are those of before.
    pub replaced: Vec<String>,
}

/// Rejected events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejections {
    /// Why.
    pub reason: String,
    /// For `field-count` the number of fields, for `field-type` the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The number of events.
    pub count: u64,
    /// One of them. Its text is in the rejected events of its object.
    pub example: RejectionExample,
}

impl Rejections {
    fn of(key: &str, rejections: RejectionCount) -> Self {
        Self {
            reason: rejections.reason,
            detail: rejections.detail,
            count: rejections.count,
            example: RejectionExample {
                key: key.to_owned(),
                offset: rejections.offset,
            },
        }
    }
}

/// The place of a rejected event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionExample {
    /// The key of its object.
    pub key: String,
    /// Its offset in the object's decoded text.
    pub offset: u64,
}

impl Objects {
    /// The planned objects: listed, and neither excluded nor present.
    pub fn planned(&self) -> u64 {
        (self.listed.saturating_sub(self.excluded)).saturating_sub(self.present)
    }

    /// The objects with an outcome.
    pub fn settled(&self) -> u64 {
        self.done + self.failed + self.lost
    }
}

impl Tally {
    /// Adds an object with a receipt.
    pub fn add(&mut self, object: ObjectReceipt) {
        match object.outcome {
            Outcome::Done(Summary {
                other_kind: Some(kind),
                ..
            }) => {
                self.totals.objects.excluded += 1;
                *self.other_kinds.entry(kind).or_insert(0) += 1;
            }
            Outcome::Done(summary) => {
                let Totals {
                    objects,
                    bytes,
                    rows,
                } = &mut self.totals;
                objects.done += 1;
                bytes.read += summary.bytes_in;
                bytes.written += summary.bytes_out;
                rows.events += summary.events;
                rows.written += summary.written;
                rows.rejected += summary.rejected;
                rows.control += summary.control;
                rows.filtered += summary.filtered;
                for rejections in summary.rejections {
                    self.reject(Rejections::of(&object.key, rejections));
                }
            }
            Outcome::Failed(failure) => {
                self.totals.objects.failed += 1;
                self.fail(object.key, failure);
            }
        }
    }

    /// Adds objects that were left out, by the kind of log that they are.
    pub(crate) fn add_other_kinds(&mut self, kinds: &BTreeMap<String, u64>) {
        for (kind, count) in kinds {
            *self.other_kinds.entry(kind.clone()).or_insert(0) += count;
        }
    }

    /// Adds an object without a receipt.
    pub fn add_lost(&mut self, key: String) {
        self.totals.objects.lost += 1;
        self.fail(key, Failure::lost());
    }

    /// Adds a generation that is published.
    pub(crate) fn add_generation(&mut self, decision: Decision) {
        let merged = self.merged.get_or_insert_default();
        merged.generations += 1;
        merged.incomplete += u64::from(!decision.missing.is_empty());
        merged.files += decision.files.len() as u64;
        merged.rows += decision.files.iter().map(|file| file.rows).sum::<u64>();
        merged.read.add(&decision.read);
        merged.written.add(&decision.written);
        self.add_tally(decision.tally);
    }

    /// Adds what became of some objects.
    fn add_tally(&mut self, tally: Self) {
        let Totals {
            objects,
            bytes,
            rows,
        } = tally.totals;
        let totals = &mut self.totals;
        totals.objects.excluded += objects.excluded;
        totals.objects.done += objects.done;
        totals.objects.failed += objects.failed;
        totals.objects.lost += objects.lost;
        totals.bytes.read += bytes.read;
        totals.bytes.written += bytes.written;
        totals.rows.events += rows.events;
        totals.rows.written += rows.written;
        totals.rows.rejected += rows.rejected;
        totals.rows.control += rows.control;
        totals.rows.filtered += rows.filtered;
        self.add_other_kinds(&tally.other_kinds);
        for FailedObject { key, failure } in tally.failures {
            self.fail(key, failure);
        }
        for rejections in tally.rejections {
            self.reject(rejections);
        }
    }

    /// Adds a slice of a digest that is decided.
    pub(crate) fn add_decided(&mut self, decided: Decided) {
        let digest = self.digest.get_or_insert_default();
        digest.out_of_scope += decided.out_of_scope;
        digest.parts += decided.parts.len() as u64;
        digest.read.add(&decided.read);
        digest.written.add(&decided.written);
        self.add_tally(decided.tally);
    }

    fn reject(&mut self, more: Rejections) {
        let has_room = self.rejections.len() < MAX_REJECTIONS;
        let detail = more.detail.filter(|_| has_room);
        let is_same =
            |known: &&mut Rejections| known.reason == more.reason && known.detail == detail;
        match self.rejections.iter_mut().find(is_same) {
            Some(known) => known.count += more.count,
            None => self.rejections.push(Rejections { detail, ..more }),
        }
    }

    fn fail(&mut self, key: String, failure: Failure) {
        if self.failures.len() < MAX_FAILURES {
            self.failures.push(FailedObject { key, failure });
        }
    }
}
