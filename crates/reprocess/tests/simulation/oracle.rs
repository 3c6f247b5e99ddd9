//! Checks every promise at each write and at the end, with results derived from the stash alone.

mod contents;
mod digest;
mod merge;
mod report;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, Weak};

use rehose_extract::{FileKind, FormatName};
use rehose_reprocess::check::JobState;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::flow_log::FLOW_LOGS;
use rehose_reprocess::ledger::generation::{MERGED, UNPUBLISHED};
use rehose_reprocess::ledger::manifest::Slice;
use rehose_reprocess::ledger::receipt::{ObjectReceipt, Outcome, Receipt};
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::{OutputId, receipt_name};
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;
use rehose_reprocess::task::{PlannedObject, TaskId, TaskMessage};
use rehose_reprocess::work::message::Message;

use crate::attacker::{ATTACKER, NEWER_JOB};

use self::merge::Merges;
use self::truth::{Expected, Outputs, Truth};
use rehose_testkit::cloud::bucket::{Bucket, Contents, StoredObject};
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::cloud::queue::StandardQueue;
use rehose_testkit::cloud::sandbox::Sandbox;

/// The right results, and the checks of the output against them.
#[derive(Debug)]
pub(crate) struct Oracle {
    chance: Arc<Chance>,
    /// The objects by key, with each content that they ever have.
    truth: BTreeMap<String, Vec<Truth>>,
    kind: FileKind,
    jobs: BTreeMap<JobId, StartRequest>,
    historic: Weak<StandardQueue>,
    /// Keys that must be written only once.
    written: Mutex<BTreeSet<String>>,
    figures: Mutex<BTreeMap<&'static str, u64>>,
    merges: Mutex<Merges>,
    /// How often a version of a digest was claimed, by its job.
    claims: Mutex<BTreeMap<JobId, usize>>,
    /// The objects of each part that has a receipt.
    inputs: Mutex<BTreeMap<String, Vec<PlannedObject>>>,
}

type Check = Result<(), Violation>;

/// A broken promise, and the details.
type Violation = (Promise, String);

fn ensure(promise: Promise, holds: bool, detail: impl FnOnce() -> String) -> Check {
    if holds {
        Ok(())
    } else {
        Err((promise, detail()))
    }
}

fn equal<T: PartialEq + Debug>(promise: Promise, what: &str, found: T, truth: T) -> Check {
    ensure(promise, found == truth, || {
        format!("{what} is {truth:?}, not {found:?}")
    })
}

impl Oracle {
    pub(crate) fn new(
        stash: &[&(String, StoredObject)],
        jobs: &[StartRequest],
        kind: FileKind,
        chance: &Arc<Chance>,
        historic: &Arc<StandardQueue>,
    ) -> Arc<Self> {
        let is_merged = jobs.iter().any(makes_files);
        let mut truth: BTreeMap<String, Vec<Truth>> = BTreeMap::new();
        for (key, object) in stash {
            let contents = truth.entry(key.clone()).or_default();
            contents.push(Truth::of(key, object, kind, is_merged));
        }
        let jobs = jobs.iter().map(|job| (job.job.clone(), job.clone()));
        Arc::new(Self {
            chance: Arc::clone(chance),
            truth,
            kind,
            jobs: jobs.collect(),
            historic: Arc::downgrade(historic),
            written: Mutex::default(),
            figures: Mutex::default(),
            merges: Mutex::default(),
            claims: Mutex::default(),
            inputs: Mutex::default(),
        })
    }

    /// Checks each object that is written to the output, and each task that is sent.
    pub(crate) fn watch(self: &Arc<Self>, output: &Arc<Bucket>, historic: &StandardQueue) {
        let oracle = Arc::clone(self);
        let watcher =
            move |contents: &Contents, key: &str| oracle.record(oracle.appeared(contents, key));
        output.watcher.set(Box::new(watcher)).ok().unwrap();
        let (oracle, output) = (Arc::clone(self), Arc::downgrade(output));
        let watcher = move |body: &str, sender: &str| {
            if sender == ATTACKER {
                return;
            }
            if let Some(output) = output.upgrade() {
                output.look(|contents| oracle.record(oracle.sent(contents, body)));
            }
        };
        historic.watcher.set(Box::new(watcher)).ok().unwrap();
    }

    fn record(&self, check: Check) {
        if let Err((promise, detail)) = check {
            self.chance.violate(format_args!("{promise}: {detail}"));
        }
    }

    fn count(&self, what: &'static str, number: u64) {
        *self.figures.lock().unwrap().entry(what).or_default() += number;
    }

    pub(crate) fn figures(&self) -> BTreeMap<&'static str, u64> {
        self.figures.lock().unwrap().clone()
    }

    /// Checks an object that was written to the output.
    fn appeared(&self, contents: &Contents, key: &str) -> Check {
        let body = &contents.objects[key].body;
        let (folder, ending) = match self.kind {
            FileKind::Csv => ("csv/", ".csv.gz"),
            FileKind::Parquet => ("parquet/", ".parquet"),
        };
        if !key.starts_with(folder)
            && !key.starts_with("rejected/")
            && !key.starts_with(MERGED)
            && !key.starts_with(FLOW_LOGS)
            && !key.starts_with(UNPUBLISHED)
            && !digest::is_file(key)
            && !key.ends_with("/progress.json")
        {
            let is_first = self.written.lock().unwrap().insert(key.to_owned());
            ensure(Promise::SameRows, is_first, || {
                format!("{key} is written once")
            })?;
        }
        if let Some(source) = strip(key, folder, ending) {
            let whole = self
                .outputs(source)
                .is_some_and(|outputs| outputs.rows == *body);
            return ensure(Promise::SameRows, whole, || {
                format!("{key} is whole, and as in a quiet run")
            });
        }
        if let Some(source) = strip(key, "rejected/", ".jsonl.gz") {
            let contents = self.truth.get(source).into_iter().flatten();
            let whole = contents
                .filter_map(Truth::outputs)
                .any(|outputs| outputs.rejected == *body);
            return ensure(Promise::SameRows, whole, || {
                format!("{key} is whole, and as in a quiet run")
            });
        }
        // This version must not write to the job of a newer one.
        ensure(
            Promise::PlannedOnly,
            !key.starts_with(&format!("jobs/{NEWER_JOB}/")),
            || format!("{key} of a newer version is not touched"),
        )?;
        self.merge_appeared(contents, key, body)?;
        self.digest_appeared(contents, key, body)?;
        for (job, request) in &self.jobs {
            match key.strip_prefix(&format!("jobs/{job}/")) {
                Some("report.json") => {
                    let report: Report = serde_json::from_slice(body).unwrap();
                    return match (&request.merge, &request.digest) {
                        (Some(merge), _) => self.reported_merge(contents, request, merge, &report),
                        (None, Some(_)) => self.reported_digest(contents, request, &report),
                        (None, None) => self.reported(contents, request, &report),
                    };
                }
                Some(name) if name.starts_with("receipts/") => {
                    return self.received(contents, job, name, body);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The right outcome of an object with this content, or of the only one.
    fn truth(&self, key: &str, tag: Option<&str>) -> &Truth {
        let contents = &self.truth[key];
        let of_tag = contents
            .iter()
            .find(|truth| tag.is_none_or(|tag| truth.tag == tag));
        of_tag.unwrap()
    }

    fn outputs(&self, source: &str) -> Option<&Outputs> {
        self.truth.get(source)?.first()?.outputs()
    }

    /// Checks that a task is planned before it is sent.
    fn sent(&self, contents: &Contents, body: &str) -> Check {
        let TaskMessage { job, task, .. } = serde_json::from_str(body).unwrap();
        ensure(
            Promise::PlannedOnly,
            planned(contents, &job, task).is_some(),
            || format!("{job} {task} is planned before it is sent"),
        )?;
        digest::may_be_sent(contents, &job, task)
    }

    /// Checks that a task has its receipt before its message is acknowledged, or needs none any more.
    pub(crate) fn acknowledged(&self, output: &Bucket, body: &str) {
        let check = output.look(|contents| {
            let stands = |key: &str| contents.objects.contains_key(key);
            match Message::parse(body).unwrap() {
                Message::Task(task) => {
                    let TaskMessage { job, task, .. } = task;
                    ensure(
                        Promise::PlannedOnly,
                        planned(contents, &job, task).is_some(),
                        || format!("{job} {task} is refused, because the plan lacks it"),
                    )?;
                    let receipt = format!("jobs/{job}/{}", receipt_name(task));
                    let report = format!("jobs/{job}/report.json");
                    ensure(
                        Promise::NeverEarly,
                        stands(&receipt) || stands(&report) || is_decided(contents, &job, task),
                        || format!("{receipt} stands before its message is acknowledged"),
                    )
                }
                Message::Created(objects) => objects.iter().try_for_each(|object| {
                    let excluded = self.truth(&object.key, None).excluded;
                    ensure(
                        Promise::NeverEarly,
                        excluded || self.is_done(contents, &object.key),
                        || format!("{} is done before its event is acknowledged", object.key),
                    )
                }),
            }
        });
        self.record(check);
    }

    /// Whether an object's outputs exist. [`appeared`](Self::appeared) checks their contents.
    fn is_done(&self, contents: &Contents, source: &str) -> bool {
        self.outputs(source).is_some_and(|outputs| {
            let id = OutputId::of_object(source, FormatName::VpcFlowLogs, self.kind);
            let exists = |key: String| contents.objects.contains_key(&key);
            exists(id.rows_key()) && (outputs.rejected.is_empty() || exists(id.rejected_key()))
        })
    }

    /// Checks that a receipt has the right outcome of exactly the objects of its task.
    fn received(&self, contents: &Contents, job: &JobId, name: &str, body: &[u8]) -> Check {
        let receipt: Receipt = serde_json::from_slice(body).unwrap();
        let task = task_of(name);
        equal(Promise::Exact, name, receipt_name(task), name.to_owned())?;
        let keys = receipt.objects.iter().map(|object| object.key.clone());
        let planned = planned(contents, job, task);
        let planned_keys = planned.as_ref().map(|objects| {
            let keys = objects.iter().map(|object| object.key.clone());
            keys.collect::<Vec<_>>()
        });
        for artifact in &receipt.artifacts {
            let size = contents
                .objects
                .get(&artifact.key)
                .map(|object| object.body.len() as u64);
            equal(Promise::Exact, &artifact.key, Some(artifact.bytes), size)?;
        }
        equal(
            Promise::PlannedOnly,
            "what a receipt is about",
            Some(keys.collect::<Vec<_>>()),
            planned_keys,
        )?;
        let planned = planned.unwrap_or_default();
        let is_merge = makes_files(&self.jobs[job]);
        for (ObjectReceipt { key, outcome, .. }, object) in receipt.objects.iter().zip(&planned) {
            let truth = self.present_truth(object);
            match (outcome, &truth.expected) {
                (Outcome::Done(summary), Expected::Done(outputs)) => {
                    equal(Promise::Exact, key, summary, &outputs.summary)?;
                    let is_done = is_merge || self.is_done(contents, key);
                    ensure(Promise::NeverEarly, is_done, || {
                        format!("the outputs of {key} stand before its receipt")
                    })?;
                }
                (Outcome::Failed(failure), _) if truth.vanishing && failure.reason == "gone" => {}
                (Outcome::Failed(failure), Expected::Failed(reason)) => {
                    equal(Promise::Exact, key, failure.reason.as_str(), reason)?;
                }
                (outcome, expected) => {
                    let detail = format!("{key} is {expected:?}, not {outcome:?}");
                    return Err((Promise::Exact, detail));
                }
            }
        }
        match &self.jobs[job].digest {
            Some(digest) => self.part_received(contents, job, task, digest, &receipt),
            None if is_merge => self.merge_received(contents, &receipt, &planned),
            None => Ok(()),
        }
    }

    /// Checks that a function has no open upload when it answers. It is frozen from then on.
    pub(crate) fn invocation_ended(&self, output: &Bucket, sandbox: &Arc<Sandbox>) {
        let check = output.look(|contents| {
            let mut uploads = contents.uploads.values();
            uploads.try_for_each(|upload| {
                let left = Arc::ptr_eq(&upload.sandbox, sandbox) && !upload.is_excused();
                ensure(Promise::NothingLeft, !left, || {
                    format!("the upload of {} is aborted", upload.key)
                })
            })
        });
        self.record(check);
    }

    /// Checks that an execution ends after its job's report, with the same state.
    pub(crate) fn execution_ended(&self, output: &Bucket, job: &JobId, state: JobState) {
        let report = output.look(|contents| {
            let report = contents.objects.get(&format!("jobs/{job}/report.json"))?;
            serde_json::from_slice(&report.body).ok()
        });
        let reported = report.map(|report: Report| match report.state {
            JobOutcome::Succeeded => JobState::Succeeded,
            JobOutcome::Incomplete => JobState::Incomplete,
            JobOutcome::Rejected => JobState::Rejected,
        });
        self.record(equal(
            Promise::NeverEarly,
            "how a job ends",
            Some(state),
            reported,
        ));
    }

    /// Checks that only killed functions have left uploads. The bucket's lifecycle rule removes those.
    pub(crate) fn run_ended(&self, output: &Bucket) {
        output.look(|contents| {
            for upload in contents.uploads.values() {
                self.count("uploads left to the lifecycle rule", 1);
                self.record(ensure(Promise::NothingLeft, upload.is_excused(), || {
                    format!("the upload of {} is aborted", upload.key)
                }));
            }
        });
    }
}

fn strip<'a>(key: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    key.strip_prefix(prefix)?.strip_suffix(suffix)
}

/// The objects of a task in the manifest.
fn planned(contents: &Contents, job: &JobId, task: TaskId) -> Option<Vec<PlannedObject>> {
    let slice = slice_of(contents, job, task)?;
    slice.objects(task).map(<[PlannedObject]>::to_vec)
}

fn slice_of(contents: &Contents, job: &JobId, task: TaskId) -> Option<Slice> {
    let key = format!("jobs/{job}/manifest/{:08}.json", task.slice);
    Some(serde_json::from_slice(&contents.objects.get(&key)?.body).unwrap())
}

/// Whether a task merges objects of a generation of which it is decided what it consists of.
fn is_decided(contents: &Contents, job: &JobId, task: TaskId) -> bool {
    let slice = slice_of(contents, job, task);
    let generation = slice.and_then(|slice| slice.generation());
    generation.is_some_and(|id| merge::decision(contents, id).is_some())
        || digest::is_decided(contents, job, task.slice)
}

/// Whether the tasks of a job make files of several objects.
fn makes_files(job: &StartRequest) -> bool {
    job.merge.is_some() || job.digest.is_some()
}

/// The task in the name of a receipt.
fn task_of(name: &str) -> TaskId {
    strip(name, "receipts/", ".json").unwrap().parse().unwrap()
}
