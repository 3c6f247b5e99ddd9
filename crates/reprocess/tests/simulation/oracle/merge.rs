//! Checks merges: which objects a generation has, and that what is published are their merged rows.

mod flow_log;
mod report;
mod sums;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rehose_reprocess::ledger::flow_log::FLOW_LOGS;
use rehose_reprocess::ledger::generation::{
    Decision, Generation, GenerationId, MERGED, Marker, UNPUBLISHED,
};
use rehose_reprocess::ledger::receipt::{Artifact, Outcome, Receipt};
use rehose_reprocess::promise::Promise;
use rehose_reprocess::task::PlannedObject;

use self::flow_log::{is_of_flow_log, rows_of, task_of};
use self::sums::{agree, sums_of};
use super::contents::{keys, parse, read};
use super::digest::is_file;
use super::{Check, Oracle, Truth, ensure, equal, strip};
use rehose_testkit::cloud::bucket::{Contents, StoredObject};
use rehose_testkit::oracle::merge::merged_flows;
use rehose_testkit::parquet::as_csv;
use rehose_testkit::shapes::flow_logs;

const GENERATIONS: &str = "generations/";

/// What the oracle has seen of merges.
#[derive(Debug, Default)]
pub(super) struct Merges {
    /// Objects that were put into the stash: their contents, and when.
    placed: BTreeMap<String, (String, Timestamp)>,
    /// The first bytes of each file.
    files: BTreeMap<String, Bytes>,
    /// The objects of each file that has a receipt.
    inputs: BTreeMap<String, Vec<PlannedObject>>,
    /// The file in which the rows of an object are visible.
    visible: BTreeMap<String, String>,
    /// The rows of files, by their bytes.
    rows: BTreeMap<u64, Arc<Vec<String>>>,
    /// Merged rows, by the rows that they are made of.
    folds: BTreeMap<u64, Arc<Vec<String>>>,
}

impl Oracle {
    /// Notes that an object is in the stash from now on.
    pub(crate) fn placed(&self, key: &str, object: &StoredObject, now: Timestamp) {
        let placed = (object.tag(), now);
        let mut merges = self.merges.lock().unwrap();
        merges.placed.insert(key.to_owned(), placed);
    }

    /// An object with the content that it has now, and else as it was planned. No task is under way when
    /// objects are replaced, so a task that is read now reads this.
    pub(super) fn present(&self, object: &PlannedObject) -> PlannedObject {
        let merges = self.merges.lock().unwrap();
        let placed = merges.placed.get(&object.key);
        PlannedObject {
            tag: placed.map_or(object.tag.clone(), |(tag, _)| Some(tag.clone())),
            ..object.clone()
        }
    }

    /// The objects that were in the stash before a time, and that every job reads.
    pub(super) fn placed_before(&self, time: Timestamp) -> Vec<String> {
        let merges = self.merges.lock().unwrap();
        let before = merges.placed.iter().filter(|(key, (tag, placed))| {
            let truth = self.truth(key, Some(tag));
            *placed < time && !truth.vanishing && !truth.excluded
        });
        before.map(|(key, _)| key.clone()).collect()
    }

    /// The right outcome of an object that is read now.
    pub(super) fn present_truth(&self, object: &PlannedObject) -> &Truth {
        self.truth(&object.key, self.present(object).tag.as_deref())
    }

    /// Checks a file or a document of a merge that was written to the output.
    pub(super) fn merge_appeared(&self, contents: &Contents, key: &str, body: &Bytes) -> Check {
        let is_published = key.starts_with(MERGED) || key.starts_with(FLOW_LOGS);
        if is_published || key.starts_with(UNPUBLISHED) || is_file(key) {
            let first = {
                let mut merges = self.merges.lock().unwrap();
                let first = merges.files.entry(key.to_owned());
                first.or_insert_with(|| body.clone()).clone()
            };
            ensure(Promise::SameRows, first == *body, || {
                format!("{key} has the same bytes whenever it is written")
            })?;
        }
        if is_published {
            return self.published(contents, key, body);
        }
        if let Some(name) = strip(key, GENERATIONS, ".decided.json") {
            return self.decided(contents, name, &parse(body));
        }
        if let Some(name) = strip(key, GENERATIONS, ".published.json") {
            return self.marked(contents, name, &parse(body));
        }
        match strip(key, GENERATIONS, ".json") {
            Some(name) => self.generation_planned(contents, name, &parse(body)),
            None => Ok(()),
        }
    }

    /// Checks that the objects of a new generation are in no other.
    fn generation_planned(&self, contents: &Contents, name: &str, new: &Generation) -> Check {
        let promise = Promise::OneGeneration;
        equal(promise, "its name", name, &new.id.to_string())?;
        let before = generations(contents, &format!("{GENERATIONS}{}/", new.id.partition));
        let numbers = before.iter().map(|generation| generation.id.generation);
        let expected: Vec<u32> = (1..=new.id.generation).collect();
        equal(promise, name, numbers.collect(), expected)?;
        let mut keys = BTreeSet::new();
        for object in new.tasks.iter().flatten() {
            let key = &object.key;
            ensure(promise, keys.insert(key), || format!("{key} is in it once"))?;
            let truth = self.truth(key, object.tag.as_deref());
            ensure(promise, !truth.excluded, || format!("{key} is excluded"))?;
            for other in before.iter().filter(|other| other.id != new.id) {
                let has = |known: &&PlannedObject| known.key == *key;
                let Some(known) = other.tasks.iter().flatten().find(has) else {
                    continue;
                };
                let decided = decision(contents, other.id);
                let is_missing = decided.is_some_and(|decided| decided.missing.contains(key));
                ensure(promise, is_missing && known.tag != object.tag, || {
                    format!("{key} is in {} and {}", other.id, new.id)
                })?;
            }
        }
        self.count("generations", 1);
        self.count("objects of generations", keys.len() as u64);
        Ok(())
    }

    /// Checks the file of a task and its sums when its receipt is written.
    pub(super) fn merge_received(
        &self,
        contents: &Contents,
        receipt: &Receipt,
        planned: &[PlannedObject],
    ) -> Check {
        let mut done = Vec::new();
        for (object, planned) in receipt.objects.iter().zip(planned) {
            let Outcome::Done(_) = &object.outcome else {
                equal(Promise::Exact, "sums", object.sums.is_none(), true)?;
                continue;
            };
            let present = self.present(planned);
            let sums = sums_of(self.lines(&present), false);
            agree(&object.key, object.sums.as_ref(), &sums)?;
            done.push(present);
        }
        let files: Vec<&Artifact> = (receipt.artifacts.iter())
            .filter(|file| file.key.starts_with(UNPUBLISHED))
            .collect();
        if files.first().is_some_and(|file| is_of_flow_log(&file.key)) {
            return self.flow_log_received(contents, &files, &done);
        }
        let has_rows = done.iter().any(|object| !self.lines(object).is_empty());
        equal(
            Promise::MergedRows,
            "the number of files",
            files.len(),
            has_rows.into(),
        )?;
        for file in files {
            let rows = self.rows(&contents.objects[&file.key].body);
            self.are_merged(&file.key, &rows, &done)?;
            equal(Promise::Exact, "rows", file.rows, rows.len() as u64)?;
            agree(&file.key, file.sums.as_ref(), &sums_of(&rows, true))?;
            let mut merges = self.merges.lock().unwrap();
            merges.inputs.insert(file.key.clone(), done.clone());
        }
        Ok(())
    }

    /// Checks that a generation is decided from receipts that account for all of its objects, each once.
    fn decided(&self, contents: &Contents, name: &str, decided: &Decision) -> Check {
        let promise = Promise::WholeGenerations;
        equal(promise, "its name", name, &decided.id.to_string())?;
        let planned = generation(contents, decided.id);
        let Some(planned) = planned else {
            return Err((promise, format!("{name} is planned before it is decided")));
        };
        let mut left: BTreeMap<&str, &PlannedObject> = (planned.tasks.iter().flatten())
            .map(|object| (object.key.as_str(), object))
            .collect();
        let (mut bytes, mut rows) = (0, 0);
        let mut tasks = BTreeSet::new();
        for file in &decided.files {
            let inputs = self.inputs(&file.from);
            let Some(inputs) = inputs else {
                return Err((promise, format!("{} has its receipt first", file.from)));
            };
            // The objects of a task are in all of its files.
            let is_first = tasks.insert(task_of(&file.from));
            for object in inputs.iter().filter(|_| is_first) {
                ensure(promise, left.remove(object.key.as_str()).is_some(), || {
                    format!("{} of {} is counted once", object.key, file.key)
                })?;
            }
            bytes += file.bytes;
            rows += file.rows;
        }
        self.count("files published", decided.files.len() as u64);
        self.count("rows published", rows);
        let failures: BTreeMap<&str, &str> = (decided.tally.failures.iter())
            .map(|object| (object.key.as_str(), object.failure.reason.as_str()))
            .collect();
        let missing: BTreeSet<&str> = decided.missing.iter().map(String::as_str).collect();
        equal(
            promise,
            "what is missing",
            missing,
            failures.keys().copied().collect(),
        )?;
        for (key, reason) in failures {
            let Some(object) = left.remove(key) else {
                return Err((promise, format!("{key} is in no file, as it failed")));
            };
            let truth = self.present_truth(object);
            self.has_failed(contents, &decided.job, key, reason, truth)?;
        }
        // An object without rows may be done without a file.
        for (key, object) in left {
            let truth = self.present_truth(object);
            let is_empty = truth
                .outputs()
                .is_some_and(|outputs| outputs.lines.is_empty());
            ensure(promise, is_empty, || {
                format!("{key} is accounted for in {name}")
            })?;
        }
        let objects = decided.tally.totals.objects;
        let all = planned.tasks.iter().flatten().count() as u64;
        equal(Promise::Exact, "the objects", objects.settled(), all)?;
        equal(
            Promise::Exact,
            "the bytes",
            decided.tally.totals.bytes.written,
            bytes,
        )?;
        // Without rows there is no file, and no sum.
        decided.read.iter().try_for_each(|(name, sum)| {
            equal(Promise::MergedRows, name, decided.written.get(name), sum)
        })
    }

    /// Checks a published file: it is decided, has the merged rows of its objects, and none of them is
    /// visible in another file.
    fn published(&self, contents: &Contents, key: &str, body: &Bytes) -> Check {
        let decided = decisions(contents);
        let mut files = decided.iter().flat_map(|decision| &decision.files);
        let Some(file) = files.find(|file| file.key == key) else {
            return Err((Promise::WholeGenerations, format!("{key} is decided")));
        };
        equal(Promise::MergedRows, key, file.bytes, body.len() as u64)?;
        let inputs = self.inputs(&file.from).unwrap_or_default();
        let rows = self.rows(body);
        match key.starts_with(FLOW_LOGS) {
            // The files of a task have been checked together.
            true => ensure(Promise::MergedRows, self.is_copy(&file.from, body), || {
                format!("{key} is {}", file.from)
            })?,
            false => self.are_merged(key, &rows, &inputs)?,
        }
        equal(Promise::MergedRows, key, file.rows, rows.len() as u64)?;
        agree(key, Some(&file.sums), &sums_of(&rows, true))?;
        let mut merges = self.merges.lock().unwrap();
        inputs.into_iter().try_for_each(|object| {
            let visible = merges.visible.entry(object.key);
            let of = visible.or_insert_with(|| task_of(&file.from).to_owned());
            ensure(Promise::MergedRows, of == task_of(&file.from), || {
                format!("no row is visible in both {of} and {key}")
            })
        })
    }

    /// Checks that all files of a generation are in place, and no other, when its marker appears.
    fn marked(&self, contents: &Contents, name: &str, marker: &Marker) -> Check {
        let promise = Promise::WholeGenerations;
        equal(promise, "its name", name, &marker.id.to_string())?;
        let Some(decided) = decision(contents, marker.id) else {
            return Err((promise, format!("{name} is decided before its marker")));
        };
        let folder = format!("{MERGED}{}", marker.id.partition.folder());
        let of_generation = format!("{folder}{:04}-", marker.id.generation);
        let mut in_place: Vec<&String> = keys(contents, &of_generation).collect();
        let of_flow_log = |key: &&String| key.starts_with(FLOW_LOGS);
        let decided_keys = decided.files.iter().map(|file| &file.key);
        in_place.extend(
            decided_keys
                .filter(of_flow_log)
                .filter(|key| contents.objects.contains_key(*key)),
        );
        in_place.sort_unstable();
        let mut files: Vec<&String> = marker.files.iter().collect();
        files.sort_unstable();
        equal(promise, "what is in place", &in_place, &files)?;
        let mut decided_files: Vec<&String> = decided.files.iter().map(|file| &file.key).collect();
        decided_files.sort_unstable();
        equal(promise, "the files", &files, &decided_files)?;
        let objects = decided.tally.totals.objects;
        let missing = decided.missing.len() as u64;
        equal(Promise::Exact, "done", marker.objects, objects.done)?;
        equal(Promise::Exact, "missing", marker.missing, missing)?;
        let rows: u64 = decided.files.iter().map(|file| file.rows).sum();
        equal(Promise::Exact, "rows", marker.rows, rows)?;
        let (bytes, sums) = (decided.tally.totals.bytes, &decided.written);
        equal(Promise::Exact, "bytes", marker.bytes_in, bytes.read)?;
        equal(Promise::Exact, "bytes", marker.bytes_out, bytes.written)?;
        equal(Promise::Exact, "sums", &marker.sums, sums)?;
        self.count("generations published", 1);
        Ok(())
    }

    /// Checks that the rows of a file are the merged rows of these objects.
    fn are_merged(&self, key: &str, rows: &Arc<Vec<String>>, objects: &[PlannedObject]) -> Check {
        let lines: Vec<String> = (objects.iter())
            .flat_map(|object| self.lines(object).iter().cloned())
            .collect();
        let hash = hash(&lines);
        let fold = || {
            let gap = self.jobs.values().find_map(|job| job.merge.as_ref());
            let gap = gap.and_then(|merge| merge.gap);
            Arc::new(merged_flows(&flow_logs().header(), &lines, gap))
        };
        let truth = {
            let mut merges = self.merges.lock().unwrap();
            Arc::clone(merges.folds.entry(hash).or_insert_with(fold))
        };
        ensure(Promise::MergedRows, *rows == truth, || {
            let more = rows.iter().find(|row| !truth.contains(row));
            let less = truth.iter().find(|row| !rows.contains(row));
            let (is, should) = (rows.len(), truth.len());
            format!("{key} has {is} rows of {should}, too many {more:?}, too few {less:?}")
        })
    }

    /// The rows of a file, sorted.
    pub(super) fn rows(&self, file: &Bytes) -> Arc<Vec<String>> {
        let mut merges = self.merges.lock().unwrap();
        let read = || {
            let mut rows = match file.starts_with(b"PAR1") {
                true => {
                    let csv = as_csv(file, "");
                    csv.lines().skip(1).map(str::to_owned).collect()
                }
                false => rows_of(file),
            };
            rows.sort_unstable();
            Arc::new(rows)
        };
        Arc::clone(merges.rows.entry(hash(file)).or_insert_with(read))
    }

    /// The rows of an object, if it is valid.
    pub(super) fn lines(&self, object: &PlannedObject) -> &[String] {
        let truth = self.truth(&object.key, object.tag.as_deref());
        truth.outputs().map_or(&[], |outputs| &outputs.lines)
    }

    fn inputs(&self, file: &str) -> Option<Vec<PlannedObject>> {
        self.merges.lock().unwrap().inputs.get(file).cloned()
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn generation(contents: &Contents, id: GenerationId) -> Option<Generation> {
    read(contents, &format!("{GENERATIONS}{id}.json"))
}

pub(super) fn decision(contents: &Contents, id: GenerationId) -> Option<Decision> {
    read(contents, &format!("{GENERATIONS}{id}.decided.json"))
}

/// The generations under a prefix.
fn generations(contents: &Contents, prefix: &str) -> Vec<Generation> {
    let names = keys(contents, prefix).filter(|key| !key.contains("ed.json"));
    names.filter_map(|key| read(contents, key)).collect()
}

fn decisions(contents: &Contents) -> Vec<Decision> {
    let names = keys(contents, GENERATIONS).filter(|key| key.ends_with(".decided.json"));
    names.filter_map(|key| read(contents, key)).collect()
}
