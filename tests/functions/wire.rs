//! Connections between the real clients and the local AWS that break, stall or return errors.

mod planning;

use std::ops::Range;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use rehose_store::aws as connection;
use rehose_store::aws::S3Store;
use rehose_store::{Store, StoreErrorKind};
use rehose_testkit::stash::{self, sample};
use serde_json::{Value, json};

use crate::aws::{Objects, Resources, assert_same, batch, given_back};
use crate::job::{Stack, environment};
use crate::network::{Fault, Network};
use crate::runtime_api::Function;

const ALWAYS: Range<usize> = 0..usize::MAX;

/// A large object's rows: more than one part of an upload.
const LARGE: usize = 14 << 20;

/// The end of the first delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivered {
    /// The client retries until it succeeds.
    Done,
    /// The message is returned, and there is no output.
    Back,
    /// The message is returned, and its output is complete.
    BackAndComplete,
}

/// One object and one task for each fault.
struct Trial {
    resources: Resources,
    network: Network,
    process: Function,
    names: Vec<&'static str>,
}

impl Trial {
    async fn new() -> Self {
        let resources = Resources::new().await;
        let network = Network::new().await;
        let settings = [
            ("AWS_ENDPOINT_URL", &*network.endpoint),
            ("REHOSE_OPTIONS", r#"{"format": "message"}"#),
            ("REHOSE_LEVEL", "1"),
            ("REHOSE_CONCURRENCY", "32"),
        ];
        let process = Function::start("process", &environment(&resources, &settings)).await;
        Self {
            resources,
            network,
            process,
            names: Vec::new(),
        }
    }

    /// Puts an object of this name and size, and returns the name of its task's receipt.
    async fn object(&mut self, name: &'static str, bytes: usize) -> String {
        let object = stash::incompressible(bytes);
        let key = format!("stash/{name}");
        self.resources
            .put(&self.resources.source, &key, object)
            .await;
        self.names.push(name);
        format!("00000000-{:04}.json", self.names.len() - 1)
    }

    /// Plans a task for each object, and returns all tasks in one batch.
    async fn plan(&self) -> Value {
        let Resources { source, output, .. } = &self.resources;
        let objects = self.names.iter().map(|name| {
            let key = format!("stash/{name}");
            json!([{"key": key, "bytes": 1}])
        });
        let slice = json!({
            "v": 1, "slice": 0, "listed": self.names.len(), "excluded": 0, "present": 0,
            "last": null, "more": false, "tasks": objects.collect::<Vec<_>>(),
        });
        let job = json!({
            "v": 1, "job": "job", "source": format!("s3://{source}/"), "prefix": "stash/",
            "mode": "all", "exclude": [], "started": "2020-02-01T00:00:00Z",
            "options": {"dialect": "cloudwatch", "format": "message"},
        });
        for (name, document) in [("job.json", job), ("manifest/00000000.json", slice)] {
            let key = format!("rows/jobs/job/{name}");
            self.resources.put(output, &key, document.to_string()).await;
        }
        let task = |task| json!({"v": 1, "job": "job", "task": {"slice": 0, "task": task}});
        let bodies: Vec<String> = (0..self.names.len()).map(|n| task(n).to_string()).collect();
        let names = self.names.iter().copied();
        batch(names.zip(bodies.iter().map(String::as_str)))
    }

    async fn visible(&self) -> Objects {
        let objects = self.resources.output("rows/csv/stash/").await.into_iter();
        let name = |key: String| {
            let name = key.strip_prefix("rows/csv/stash/").unwrap();
            name.strip_suffix(".csv.gz").unwrap().to_owned()
        };
        objects.map(|(key, body)| (name(key), body)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_broken_connection_is_retried_or_returns_the_message() {
    use Delivered::{Back, BackAndComplete, Done};
    use Fault::{CutAnswer, LoseAnswer, Refuse, Reset, ResetAnswer};
    const SLOW: Fault = Refuse(503, "SlowDown");
    const ERROR: Fault = Refuse(500, "InternalError");
    let mut trial = Trial::new().await;
    trial.object("quiet", 1).await;
    trial.object("large-quiet", LARGE).await;
    let faults = [
        ("read-slow", "GET", 0..2, SLOW, Done),
        ("read-error", "GET", 0..1, ERROR, Done),
        ("read-reset", "GET", 0..1, Reset, Done),
        ("read-lost", "GET", 0..1, LoseAnswer, Done),
        // The client does not retry a response that has begun to arrive.
        ("read-cut", "GET", 0..1, CutAnswer(100), Back),
        ("read-broken", "GET", 0..1, ResetAnswer(100), Back),
        ("write-slow", "PUT", 0..2, SLOW, Done),
        ("write-error", "PUT", 0..1, ERROR, Done),
        ("write-reset", "PUT", 0..1, Reset, Done),
        ("write-lost", "PUT", 0..2, LoseAnswer, Done),
        ("write-never", "PUT", ALWAYS, SLOW, Back),
        ("large-begin-slow", "POST", 0..1, SLOW, Done),
        ("large-begin-reset", "POST", 0..1, Reset, Done),
        ("large-part-slow", "PUT", 0..1, SLOW, Done),
        ("large-part-reset", "PUT", 0..1, Reset, Done),
        ("large-part-lost", "PUT", 0..1, LoseAnswer, Done),
        ("large-part-never", "PUT", 1..usize::MAX, ERROR, Back),
        ("large-complete-slow", "POST", 1..2, SLOW, Done),
        ("large-complete-lost", "POST", 1..2, LoseAnswer, Done),
        (
            "large-complete-never",
            "POST",
            1..usize::MAX,
            LoseAnswer,
            BackAndComplete,
        ),
    ];
    for (name, method, which, fault, _) in &faults {
        let bytes = if name.starts_with("large") { LARGE } else { 1 };
        trial.object(name, bytes).await;
        let part = match *method {
            "GET" => format!("/stash/{name}?"),
            _ => format!("/rows/csv/stash/{name}.csv.gz"),
        };
        trial.network.fault(method, part, which.clone(), *fault);
    }
    let ledger = [
        ("head-slow", "HEAD", SLOW),
        ("head-reset", "HEAD", Reset),
        ("receipt-slow", "PUT", SLOW),
        ("receipt-lost", "PUT", LoseAnswer),
    ];
    for (name, method, fault) in ledger {
        let receipt = trial.object(name, 1).await;
        trial.network.fault(method, receipt, 0..1, fault);
    }

    let event = trial.plan().await;
    let answer = trial.process.invoke(&event).await.unwrap();
    let back = faults.iter().filter(|(.., delivered)| *delivered != Done);
    let back: Vec<&str> = back.map(|(name, ..)| *name).collect();
    assert_eq!(given_back(&answer), back);
    assert_eq!(trial.resources.uploads().await, 0);
    assert!(trial.network.faults() > faults.len() + ledger.len());

    let visible = trial.visible().await;
    let quiet = |name: &str| {
        let quiet = if name.starts_with("large") {
            "large-quiet"
        } else {
            "quiet"
        };
        (name.to_owned(), visible[quiet].clone())
    };
    let all: Objects = trial.names.iter().map(|name| quiet(name)).collect();
    let mut expected = all.clone();
    for (name, .., delivered) in &faults {
        if *delivered == Back {
            expected.remove(*name);
        }
    }
    assert!(visible == expected, "{:?}", visible.keys());
    assert!(
        faults
            .iter()
            .any(|(.., delivered)| *delivered == BackAndComplete)
    );

    trial.network.heal();
    let answer = trial.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), [""; 0]);
    assert!(trial.visible().await == all);
    let receipts = trial.resources.output_keys("rows/jobs/job/receipts/").await;
    assert_eq!(receipts.len(), all.len());
    assert_eq!(trial.resources.uploads().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn stalled_requests_return_the_message_before_the_deadline() {
    let mut trial = Trial::new().await;
    let stalls = [
        ("read-unanswered", "GET", ALWAYS, Fault::Stall),
        ("read-stops", "GET", ALWAYS, Fault::StallAnswer(100)),
        ("write-unanswered", "PUT", ALWAYS, Fault::Stall),
        ("large-begin", "POST", ALWAYS, Fault::Stall),
        ("large-part", "PUT", ALWAYS, Fault::Stall),
        ("large-second-part", "PUT", 1..usize::MAX, Fault::Stall),
        ("large-complete", "POST", 1..usize::MAX, Fault::Stall),
    ];
    for (name, method, which, fault) in &stalls {
        let bytes = if name.starts_with("large") { LARGE } else { 1 };
        trial.object(name, bytes).await;
        let part = match *method {
            "GET" => format!("/stash/{name}?"),
            _ => format!("/rows/csv/stash/{name}.csv.gz"),
        };
        trial.network.fault(method, part, which.clone(), *fault);
    }
    for (name, method) in [("head", "HEAD"), ("receipt", "PUT")] {
        let receipt = trial.object(name, 1).await;
        trial.network.fault(method, receipt, ALWAYS, Fault::Stall);
    }
    // Uploads that are aborted after the response would still be listed.
    (trial.network).fault("DELETE", "uploadId=", ALWAYS, Fault::Delay);

    let event = trial.plan().await;
    let time = Duration::from_secs(20);
    let deadline = Instant::now() + time;
    let answer = trial.process.invoke_with(&event, time).await.unwrap();
    assert!(Instant::now() < deadline, "Lambda would have killed it");
    assert_eq!(given_back(&answer), trial.names);
    assert!(trial.network.faults() >= trial.names.len());
    // The function is frozen, so uploads that are still open would stay.
    assert_eq!(trial.resources.uploads().await, 0);
    // Only the receipt of this object is missing.
    let visible: Vec<String> = trial.visible().await.into_keys().collect();
    assert_eq!(visible, ["receipt"]);

    trial.network.heal();
    let answer = trial.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), [""; 0]);
    assert_eq!(trial.visible().await.len(), trial.names.len());
    assert_eq!(trial.resources.uploads().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_lost_response_to_create_multipart_upload_leaves_an_upload() {
    let mut trial = Trial::new().await;
    trial.object("large", LARGE).await;
    let part = "/rows/csv/stash/large.csv.gz";
    trial.network.fault("POST", part, 0..1, Fault::LoseAnswer);
    let event = trial.plan().await;
    let answer = trial.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), [""; 0]);
    // The function does not know the id of the upload, and its object is not visible.
    assert_eq!(trial.resources.uploads().await, 1);
    assert_eq!(trial.visible().await.len(), 1);
}

/// Calls a function until it returns no transient error, as the state machine does.
async fn persist(function: &mut Function, event: &Value) -> Value {
    for _ in 0..20 {
        match function.invoke(event).await {
            Ok(answer) => return answer,
            Err(refusal) => assert_eq!(refusal.kind, "Transient", "{}", refusal.message),
        }
    }
    panic!("{event} never succeeds");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_over_a_faulty_network_writes_the_same_output() {
    const BAD_DAYS: &[Fault] = &[
        Fault::Refuse(503, "SlowDown"),
        Fault::LoseAnswer,
        Fault::CutAnswer(20),
        Fault::Reset,
        Fault::ResetAnswer(20),
        Fault::Refuse(500, "InternalError"),
    ];
    let settings = [("REHOSE_PAGE", "7"), ("REHOSE_PAGES", "2")];
    let objects = sample::objects("");
    let mut quiet = Stack::with(&settings).await;
    quiet.resources.put_stash(&objects).await;
    quiet.run("job").await;

    let network = Network::new().await;
    let [page, pages] = settings;
    let settings = [page, pages, ("AWS_ENDPOINT_URL", &*network.endpoint)];
    let mut stack = Stack::with(&settings).await;
    stack.resources.put_stash(&objects).await;
    network.fault_every(5, BAD_DAYS);

    let mut cursor = Value::Null;
    loop {
        let event = json!({"prefix": "stash/", "job": "job", "cursor": cursor});
        let mut started = persist(&mut stack.start, &event).await;
        cursor = started["cursor"].take();
        if started["planned"] == true {
            break;
        }
    }
    let event = json!({"job": "job"});
    let checked = loop {
        let checked = persist(&mut stack.check, &event).await;
        if checked["state"] != "running" {
            break checked;
        }
        stack.deliver(|_| false).await;
    };
    assert_eq!(checked["state"], "succeeded");
    assert!(network.faults() >= 4 * BAD_DAYS.len());
    for kind in ["rows/csv/", "rows/rejected/"] {
        let expected = quiet.resources.output(kind).await;
        assert_same(&stack.resources.output(kind).await, &expected);
    }
    let [report, expected] = [stack.report("job").await, quiet.report("job").await];
    for sums in ["objects", "bytes", "rows", "failures"] {
        assert_eq!(report[sums], expected[sums]);
    }
    assert_eq!(stack.resources.uploads().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_stalled_body_ends_with_an_error() {
    let resources = Resources::new().await;
    resources
        .put(&resources.source, "x", vec![b'x'; 100_000])
        .await;
    let network = Network::new().await;
    network.fault("GET", "/x?", ALWAYS, Fault::StallAnswer(1_000));
    let config = aws_sdk_s3::config::Builder::from(&connection::config().await);
    let config = config
        .endpoint_url(&network.endpoint)
        .force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    let store = S3Store::new(client, &resources.source, "");
    let body = store.read("x").await.unwrap();
    let error = body.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Transient, "{error}");
    assert_eq!(network.faults(), 1);
}
