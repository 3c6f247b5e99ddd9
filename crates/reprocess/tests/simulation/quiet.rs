//! Without faults, a simulated job writes what a job on a folder writes, with threads and in real time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use rehose_extract::{Compression, FileKind};
use rehose_reprocess::check::{Checker, Patience};
use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected, Mode};
use rehose_reprocess::ledger::report::Report;
use rehose_reprocess::logs::{Log, Logs};
use rehose_reprocess::plan::{Planner, StartRequest};
use rehose_reprocess::queues::Queues;
use rehose_reprocess::work::{Limits, Processor};
use rehose_store::location::Source;
use rehose_store::queue::LocalQueue;
use rehose_store::{LocalStore, Store};

use crate::world::{BODIES, LARGE, World, in_virtual_time, plain};
use rehose_testkit::cloud::bucket::StoredObject;
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{flow_logs, flow_logs_to};
use rehose_testkit::subject::{SOURCE, check_result, transcode};

#[test]
fn a_run_without_faults_matches_a_job_on_a_folder() {
    for kind in [FileKind::Csv, FileKind::Parquet] {
        matches_a_job_on_a_folder(kind);
    }
}

fn matches_a_job_on_a_folder(kind: FileKind) {
    let good = BODIES.iter().enumerate();
    let stash: Vec<(String, StoredObject)> = good
        .map(|(number, body)| plain(&format!("{number:03}"), body))
        .chain([plain("cut", &BODIES[5].slice(..100))])
        .collect();
    let simulated = in_virtual_time(0, async {
        let chance = Chance::quiet(Duration::from_millis(5)..Duration::from_millis(100));
        World::with(stash.clone(), kind).run(&chance).await
    });
    assert_eq!(simulated.record.violations, [""; 0]);
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let real = runtime.block_on(run_in(folder.path(), &stash, kind));

    assert_eq!(rows(&simulated.output), rows(&real));
    let [simulated, real] = [&simulated.output, &real].map(report);
    assert_eq!(simulated.totals, real.totals);
    assert_eq!(simulated.failures, real.failures);
    assert_eq!(simulated.totals.objects.failed, 1);
}

/// The simulation takes the truth from `extract`, which the oracle of rows confirms here.
#[test]
fn extract_agrees_with_the_oracle_on_every_object_of_the_simulation() {
    let shape = flow_logs();
    for body in BODIES.iter().chain([&*LARGE]) {
        for end in [body.len(), body.len() / 2, 0] {
            let object = &body[..end];
            let result = transcode(&shape, object, &[usize::MAX]);
            check_result(result, expect(shape.options(), SOURCE, object));
        }
    }
}

/// Runs the world's job on a folder, and returns the output.
async fn run_in(
    folder: &Path,
    stash: &[(String, StoredObject)],
    kind: FileKind,
) -> BTreeMap<String, Bytes> {
    let [from, to] = ["stash", "output"].map(|name| folder.join(name));
    std::fs::create_dir(&from).unwrap();
    for (key, object) in stash {
        std::fs::write(from.join(key), &object.body).unwrap();
    }
    let source = Source {
        store: Arc::new(LocalStore::open(from).unwrap()),
        prefix: String::new(),
    };
    let output: Arc<dyn Store> = Arc::new(LocalStore::open(to).unwrap());
    let queue = LocalQueue::new(stash.len());
    let job: JobId = "job-0".parse().unwrap();
    let (now, end) = (Timestamp::now(), Deadline::never());

    let logs = Logs::from(Log::in_root(vec![source.clone()], flow_logs_to(kind)));
    let planner = Planner {
        logs: logs.clone(),
        output: Arc::clone(&output),
        queues: Queues::one(Arc::new(queue.clone())),
        page: 10,
        pages: usize::MAX,
    };
    let request = StartRequest {
        job: job.clone(),
        source: source.name(),
        prefix: String::new(),
        mode: Mode::All,
        exclude: Vec::new(),
        errors: ErrorRecords::default(),
        max_rejected: MaxRejected::default(),
        merge: None,
        digest: None,
        options: flow_logs_to(kind).options().clone(),
        cursor: None,
    };
    planner.start(request, now, end).await.unwrap();
    let (into, compression) = (Arc::clone(&output), Compression::default());
    let processor = Processor::new(logs, into, compression, Limits::near(4)).unwrap();
    queue.close();
    while let Some(delivery) = queue.receive().await {
        processor.process(&delivery.body, end).await.unwrap();
        delivery.ack();
    }
    let checker = Checker {
        output: Arc::clone(&output),
        queues: Queues::one(Arc::new(queue)),
        patience: Patience::default(),
    };
    checker.check(&job, now, end).await.unwrap();

    let mut objects = BTreeMap::new();
    for listed in output.list("", None, 1_000).await.unwrap().objects {
        let body = output.read(&listed.key).await.unwrap();
        let chunks: Vec<Bytes> = body.try_collect().await.unwrap();
        objects.insert(listed.key, chunks.concat().into());
    }
    objects
}

fn rows(output: &BTreeMap<String, Bytes>) -> BTreeMap<&String, &Bytes> {
    // The ledgers differ, because they contain the name of the source.
    let is_row = |(key, _): &(&String, &Bytes)| {
        ["csv/", "parquet/", "rejected/"]
            .iter()
            .any(|folder| key.starts_with(folder))
    };
    output.iter().filter(is_row).collect()
}

fn report(output: &BTreeMap<String, Bytes>) -> Report {
    serde_json::from_slice(&output["jobs/job-0/report.json"]).unwrap()
}
