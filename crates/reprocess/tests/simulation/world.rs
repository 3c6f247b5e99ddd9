//! A run: a stash, the jobs over it, and their results.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock, Mutex};
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

use crate::attacker::{attack, plan_newer_job};
use crate::functions::{Functions, TIMEOUT};
use crate::machine::Machine;
use crate::oracle::Oracle;
use rehose_testkit::cloud::bucket::{Behaviour, Bucket, StoredObject};
use rehose_testkit::cloud::chance::{Chance, Record};
use rehose_testkit::cloud::queue::StandardQueue;
use rehose_testkit::shapes::flow_logs_to;
use rehose_testkit::stash::{FLOW, dialects, envelope, event, gzip, sample};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The queue's numbers, as `infra/lib/queues.ts` has them.
const VISIBILITY_TIMEOUTS: u32 = 6;
const MAX_RECEIVES: u32 = 5;

/// How long a job may take after the last fault. `check` resends missing objects twice, and waits for
/// up to two hours for the first receipt each time.
const LONGEST_END: Duration = DAY;

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
}

/// The most objects that are added to the stash while a job is planned.
pub(crate) const MAX_NEW: usize = 20;

/// Runs a seed.
pub(crate) fn simulate(seed: u64) -> Run {
    in_virtual_time(seed, async {
        let chance = Chance::of(seed);
        let world = World::draw(&chance);
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
        Self { stash, jobs, kind }
    }

    fn draw(chance: &Chance) -> Self {
        let objects = chance.time(Duration::from_secs(1)..Duration::from_secs(60));
        let stash: Vec<(String, StoredObject)> = (0..objects.as_secs() as usize)
            .map(|number| object(chance, number))
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
        Self { stash, jobs, kind }
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
        let oracle = Oracle::new(&self.stash, &self.jobs, self.kind, chance, &historic);
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
            page: chance.number(1..40),
            pages: chance.choose(&[1, 3, usize::MAX]),
            objects: chance.number(1..5),
            small_bytes: chance.choose(&[0, 256, 64 * 1024]),
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
        let filling = fill(chance, Arc::clone(&functions.stash));
        let machine = Machine::new(functions);
        let notifying = notify(chance, &self.stash, &realtime);
        let attacking = attack(chance, &self.stash, &self.jobs, &historic);
        let operating = join_all(self.jobs.iter().map(async |job| {
            let state = operate(chance, &machine, job).await;
            oracle.execution_ended(&output, &job.job, state);
        }));
        let everything = async {
            tokio::join!(operating, notifying, attacking, filling);
            historic.empty().await;
            realtime.empty().await;
            // Late writes arrive.
            sleep(HOUR).await;
        };
        let limit = chance.until() + 2 * LONGEST_END;
        match timeout_at(limit, AssertUnwindSafe(everything).catch_unwind()).await {
            Ok(Ok(())) => oracle.run_ended(&output),
            Ok(Err(_)) => chance.violate("nothing panics"),
            Err(_) => chance.violate(format_args!(
                "{}: everything has an end",
                Promise::NeverStuck
            )),
        }
        let figures = BTreeMap::from([
            ("jobs", self.jobs.len() as u64),
            ("objects", self.stash.len() as u64),
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

/// Starts a job, and starts it again when an execution fails with a transient error.
async fn operate(chance: &Chance, machine: &Machine, job: &StartRequest) -> JobState {
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
    if Instant::now() > chance.until() + LONGEST_END {
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
async fn fill(chance: &Chance, stash: Arc<Bucket>) {
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
        options: flow_logs_to(kind).options().clone(),
        cursor: None,
    }
}

fn job(number: usize) -> JobId {
    format!("job-{number}").parse().unwrap()
}

pub(crate) fn plain(key: &str, body: &Bytes) -> (String, StoredObject) {
    let object = StoredObject {
        body: body.clone(),
        behaviour: Behaviour::Plain,
    };
    (key.to_owned(), object)
}

/// An object, which is valid in most cases.
fn object(chance: &Chance, number: usize) -> (String, StoredObject) {
    let folder = chance.choose(&["a/", "b/"]);
    let name = chance.choose(&[
        "x",
        "year=2020/hour=00",
        "a+b c",
        "zürich-東京-🚀",
        "100%",
        "x.csv.gz",
    ]);
    let key = format!("{folder}{number:03}-{name}");
    let body = chance.choose(&BODIES);
    let mut object = StoredObject {
        body,
        behaviour: Behaviour::Plain,
    };
    if chance.happens(0.03) {
        object.body = LARGE.clone();
        if chance.happens(0.5) {
            // Most rows are already being uploaded when the end is missing.
            object
                .body
                .truncate(LARGE.len() - chance.number(1..LARGE.len() / 10));
        }
        return (key, object);
    }
    if chance.happens(0.7) {
        return (key, object);
    }
    match chance.number(0..10) {
        0 => object.behaviour = Behaviour::Deadly,
        1 => object.behaviour = Behaviour::Denied,
        2 => object.behaviour = Behaviour::Archived,
        3 | 4 => object.behaviour = Behaviour::Vanishing,
        5 => object.body = Bytes::new(),
        6 => {
            let end = chance.number(0..object.body.len() + 1);
            object.body.truncate(end);
        }
        7 => {
            // The key is valid, and the key of its output is too long.
            let key = format!("{key}{}", "x".repeat(1_020 - key.len()));
            return (key, object);
        }
        8 => return (format!("{folder}processing-failed/{number:03}"), object),
        _ => return (format!("{key}.skip"), object),
    }
    (key, object)
}

/// One object for each form of valid input: those of envelopes from the sample stash, and a text of every
/// other dialect, gzipped too.
pub(crate) static BODIES: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let objects = sample::objects("dialects/").into_values();
    let mut bodies: Vec<Bytes> = objects.map(Bytes::from).collect();
    assert!(bodies.len() > 30, "the sample stash has every form");
    for (_, text) in dialects() {
        bodies.push(gzip(&text).into());
        bodies.push(text.into());
    }
    bodies
});

/// An object whose rows are written in several pieces, while it is still being read.
pub(crate) static LARGE: LazyLock<Bytes> = LazyLock::new(|| {
    let events: Vec<String> = (0..16_000)
        .map(|number| event(number, &FLOW.replace("eni-0", &format!("eni-{number}"))))
        .collect();
    envelope(&events).into()
});
