//! A run: a stash, the jobs over it, and their results.

mod digesting;
mod merging;
mod objects;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rehose_extract::FileKind;
use rehose_reprocess::check::JobState;
use rehose_reprocess::error::ErrorKind;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected, Mode};
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;
use rehose_store::StoreName;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use self::merging::Merging;
pub(crate) use self::merging::{ACCOUNT, REGION};
use self::objects::object;
pub(crate) use self::objects::{BODIES, LARGE, plain};
use crate::attacker::{attack, plan_newer_job};
use crate::functions::{Functions, TIMEOUT, now};
use crate::machine::Machine;
use crate::oracle::Oracle;
use rehose_testkit::cloud::bucket::{Bucket, StoredObject};
use rehose_testkit::cloud::chance::{Chance, Record};
use rehose_testkit::cloud::queue::StandardQueue;
use rehose_testkit::shapes::flow_logs_to;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The queue's numbers, as `infra/lib/queues.ts` has them.
const VISIBILITY_TIMEOUTS: u32 = 6;
const MAX_RECEIVES: u32 = 5;

/// How long a job may take after the last fault. `check` resends missing objects twice, and waits for
/// up to two hours for the first receipt each time.
const LONGEST_END: Duration = DAY;

/// The same for a job that merges or makes a digest. It sends the halves of a task in each round, down to one object.
const LONGEST_END_OF_MERGE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Of so many seeds, the jobs of one merge.
const MERGES: u64 = 3;

/// Of so many seeds, the jobs of one write the files of a flow log.
const FLOW_LOGS: u64 = 12;

/// Of so many seeds, the jobs of one make a digest.
const DIGESTS: u64 = 6;

/// The pattern of excluded objects, besides the error prefixes of Firehose.
const EXCLUDE: &str = "*.skip";

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) record: Record,
    pub(crate) figures: BTreeMap<&'static str, u64>,
    /// The output's objects at the end.
    pub(crate) output: BTreeMap<String, Bytes>,
}

/// The input of a run.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) stash: Vec<(String, StoredObject)>,
    jobs: Vec<StartRequest>,
    kind: FileKind,
    merging: Option<Merging>,
}

/// The most objects that are added to the stash while a job is planned.
pub(crate) const MAX_NEW: usize = 20;

/// Runs a seed.
pub(crate) fn simulate(seed: u64) -> Run {
    in_virtual_time(seed, async {
        let chance = Chance::of(seed);
        let world = match seed % MERGES {
            2 => World::draw_merging(&chance, seed % FLOW_LOGS == 5),
            _ if seed % DIGESTS == 1 => World::draw_digesting(&chance),
            _ => World::draw(&chance),
        };
        world.run(&chance).await
    })
}

/// Runs a future on a runtime of this thread with a virtual clock. The seed also fixes the product's
/// jitter.
pub(crate) fn in_virtual_time<T>(seed: u64, future: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}

impl World {
    /// A world with these objects and one job over all of them, which writes files of this kind.
    pub(crate) fn with(stash: Vec<(String, StoredObject)>, kind: FileKind) -> Self {
        let jobs = vec![request(0, "", Mode::All, kind)];
        let merging = None;
        Self {
            stash,
            jobs,
            kind,
            merging,
        }
    }

    fn draw(chance: &Chance) -> Self {
        let objects = chance.time(Duration::from_secs(1)..Duration::from_secs(60));
        let stash: Vec<(String, StoredObject)> = (0..objects.as_secs() as usize)
            .map(|number| object(chance, number, &["a/", "b/"]))
            .chain([plain("a/first", &BODIES[0]), plain("b/first", &BODIES[1])])
            .collect();
        let prefixes = ["", "a/", "b/"];
        let kind = chance.choose(&[FileKind::Csv, FileKind::Parquet]);
        let mut jobs = vec![request(0, chance.choose(&prefixes), Mode::All, kind)];
        if chance.happens(0.5) {
            let mode = chance.choose(&[Mode::All, Mode::Missing]);
            jobs.push(request(1, chance.choose(&prefixes), mode, kind));
        }
        // A job may have two executions at once.
        if chance.happens(0.2) {
            jobs.push(jobs[0].clone());
        }
        let merging = None;
        Self {
            stash,
            jobs,
            kind,
            merging,
        }
    }

    pub(crate) async fn run(self, chance: &Arc<Chance>) -> Run {
        let part = chance.choose(&[512, 4_096, 8 << 20]);
        let stash = Bucket::new("stash", part, chance);
        let output = Bucket::new("output", part, chance);
        for (key, object) in &self.stash {
            stash.place(key, object.clone());
        }
        let queue =
            |name| StandardQueue::new(name, VISIBILITY_TIMEOUTS * TIMEOUT, MAX_RECEIVES, chance);
        let (historic, realtime) = (queue("historic"), queue("realtime"));
        let merging = self.merging.as_ref();
        let later = merging.map_or(&[][..], |merging| &merging.later);
        let all: Vec<&(String, StoredObject)> = (self.stash.iter())
            .chain(merging.into_iter().flat_map(Merging::more))
            .collect();
        let jobs: Vec<StartRequest> = self.jobs.iter().chain(later).cloned().collect();
        let oracle = Oracle::new(&all, &jobs, self.kind, chance, &historic);
        for (key, object) in &self.stash {
            oracle.placed(key, object, now(chance));
        }
        if chance.happens(0.5) {
            plan_newer_job(&output, &self.stash);
        }
        oracle.watch(&output, &historic);
        let functions = Arc::new(Functions {
            chance: Arc::clone(chance),
            oracle: Arc::clone(&oracle),
            stash,
            output: Arc::clone(&output),
            historic: Arc::clone(&historic),
            page: chance.number(match jobs.iter().any(|job| job.digest.is_some()) {
                // A digest has several slices then.
                true => 1..3,
                false => 1..40,
            }),
            pages: chance.choose(&[1, 3, usize::MAX]),
            objects: chance.number(1..5),
            small_bytes: chance.choose(&[0, 256, 64 * 1024]),
            merge_memory: merging.map_or(1 << 20, |merging| merging.memory),
            exclude: vec![EXCLUDE.to_owned()],
            kind: self.kind,
            idle: Mutex::default(),
            sandboxes: 0.into(),
        });
        for queue in [&historic, &realtime] {
            let concurrency = chance.number(2..10);
            let consuming = Arc::clone(&functions).consume(Arc::clone(queue), concurrency);
            tokio::spawn(consuming);
        }
        let stash = Arc::clone(&functions.stash);
        let machine = Machine::new(functions);
        let operating = async |jobs: &[StartRequest], begin: Instant| {
            machine.claim(jobs).await;
            let running = jobs.iter().map(async |job| {
                let state = operate(chance, &machine, job, begin).await;
                oracle.execution_ended(&output, &job.job, state);
            });
            join_all(running).await;
        };
        let attacking = attack(chance, &self.stash, &jobs, &historic);
        let notifying = async {
            if merging.is_none() {
                notify(chance, &self.stash, &realtime).await;
            }
        };
        let filling = async {
            match merging {
                Some(merging) => merging.add_late(chance, &stash, &oracle).await,
                None => fill(chance, &stash).await,
            }
        };
        let everything = async {
            let operating_first = operating(&self.jobs, chance.until());
            tokio::join!(operating_first, notifying, attacking, filling);
            historic.empty().await;
            realtime.empty().await;
            // Late writes arrive.
            sleep(HOUR).await;
            if let Some(merging) = merging {
                merging.change(chance, &stash, &oracle);
                operating(later, chance.until().max(Instant::now())).await;
                historic.empty().await;
                sleep(HOUR).await;
            }
        };
        let longest = match merging {
            Some(_) => 4 * LONGEST_END_OF_MERGE,
            None => 2 * LONGEST_END,
        };
        let limit = chance.until() + longest;
        match timeout_at(limit, AssertUnwindSafe(everything).catch_unwind()).await {
            Ok(Ok(())) => oracle.run_ended(&output),
            Ok(Err(_)) => chance.violate("nothing panics"),
            Err(_) => chance.violate(format_args!(
                "{}: everything has an end",
                Promise::NeverStuck
            )),
        }
        let figures = BTreeMap::from([
            ("jobs", jobs.len() as u64),
            ("objects", all.len() as u64),
            ("messages", historic.sent_messages().len() as u64),
            ("messages in the dead-letter queue", historic.dead()),
            ("virtual hours", chance.age().as_secs() / 3_600),
            ("events", chance.record().trace.len() as u64),
        ]);
        let objects = output.look(|contents| contents.objects.clone());
        let bodies = objects.into_iter().map(|(key, object)| (key, object.body));
        Run {
            record: chance.record(),
            figures: figures.into_iter().chain(oracle.figures()).collect(),
            output: bodies.collect(),
        }
    }
}

/// Starts a job, and starts it again when an execution fails with a transient error. It has to end some
/// time after `begin`.
async fn operate(
    chance: &Chance,
    machine: &Machine,
    job: &StartRequest,
    begin: Instant,
) -> JobState {
    if job.job.as_str() != "job-0" || chance.happens(0.2) {
        sleep(chance.time(MINUTE..4 * HOUR)).await;
    }
    let state = loop {
        match machine.execute(job).await {
            Ok(state) => break state,
            Err(failure) => {
                chance.note(format_args!("an execution failed: {failure:?}"));
                let for_good = [ErrorKind::InvalidInput, ErrorKind::Failed];
                if for_good.iter().any(|kind| kind.name() == failure.error) {
                    chance.violate(format_args!(
                        "{}: {} can be done: {}",
                        Promise::NeverStuck,
                        job.job,
                        failure.cause
                    ));
                    break JobState::Running;
                }
            }
        }
        sleep(chance.time(MINUTE..HOUR)).await;
    };
    chance.note(format_args!("{} has ended: {state:?}", job.job));
    let longest = match job.merge.is_some() || job.digest.is_some() {
        true => LONGEST_END_OF_MERGE,
        false => LONGEST_END,
    };
    if Instant::now() > begin + longest {
        chance.violate(format_args!(
            "{}: {} ends in time",
            Promise::NeverStuck,
            job.job
        ));
    }
    state
}

/// Sends realtime events for some objects, before, during and after the jobs.
async fn notify(chance: &Chance, stash: &[(String, StoredObject)], realtime: &Arc<StandardQueue>) {
    if !chance.happens(0.5) {
        return;
    }
    for _ in 0..chance.number(1..20) {
        sleep(chance.time(Duration::from_secs(1)..HOUR)).await;
        let (key, _) = chance.choose(stash);
        let body = if chance.happens(0.5) {
            json!({
                "source": "aws.s3", "detail-type": "Object Created",
                "detail": {"bucket": {"name": "stash"}, "object": {"key": key}},
            })
        } else {
            let key = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string();
            json!({"Records": [{
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "stash"}, "object": {"key": key}},
            }]})
        };
        realtime.accept(&body.to_string(), "s3");
    }
}

/// Adds objects to the stash while a job is planned, so that two listings have different pages. Every
/// job leaves them out.
async fn fill(chance: &Chance, stash: &Bucket) {
    if !chance.happens(0.5) {
        return;
    }
    for number in 0..chance.number(1..MAX_NEW) {
        sleep(chance.time(Duration::from_millis(1)..MINUTE)).await;
        let (folder, place) = (chance.choose(&["a/", "b/"]), chance.number(0..60));
        let (key, object) = plain(
            &format!("{folder}{place:03}-new-{number}.skip"),
            &Bytes::new(),
        );
        stash.place(&key, object);
    }
}

fn request(number: usize, prefix: &str, mode: Mode, kind: FileKind) -> StartRequest {
    StartRequest {
        job: job(number),
        source: StoreName::of_bucket("stash"),
        prefix: prefix.to_owned(),
        mode,
        exclude: vec![EXCLUDE.to_owned()],
        errors: ErrorRecords::default(),
        max_rejected: MaxRejected::default(),
        merge: None,
        digest: None,
        options: flow_logs_to(kind).options().clone(),
        cursor: None,
    }
}

fn job(number: usize) -> JobId {
    format!("job-{number}").parse().unwrap()
}
