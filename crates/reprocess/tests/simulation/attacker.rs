//! An attacker who may send to the queue, and sends arbitrary messages.

use std::sync::Arc;
use std::time::Duration;

use rehose_reprocess::ledger::{VERSION, manifest};
use rehose_reprocess::plan::StartRequest;
use rehose_testkit::cloud::bucket::{Behaviour, Bucket, StoredObject};
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::cloud::queue::StandardQueue;
use serde_json::{Value, json};
use tokio::time::sleep;

/// The sender of the attacker's messages.
pub(crate) const ATTACKER: &str = "attacker";

/// A job that a newer version of rehose has started in the same output.
pub(crate) const NEWER_JOB: &str = "job-newer";

/// The time between two messages.
const PAUSE: std::ops::Range<Duration> = Duration::from_millis(100)..Duration::from_secs(60 * 60);

/// Plans a job of a newer version over the whole stash. Only the version differs from this one's
/// documents.
pub(crate) fn plan_newer_job(output: &Bucket, stash: &[(String, StoredObject)]) {
    let objects: Vec<Value> = (stash.iter())
        .map(|(key, object)| json!({"key": key, "bytes": object.body.len()}))
        .collect();
    let slice = json!({
        "v": VERSION + 1, "slice": 0, "listed": objects.len(), "excluded": 0, "present": 0,
        "last": null, "more": false, "tasks": [objects],
    });
    let _: manifest::Slice = {
        let mut known = slice.clone();
        known["v"] = VERSION.into();
        serde_json::from_value(known).unwrap()
    };
    let job = json!({
        "v": VERSION + 1, "job": NEWER_JOB, "source": "s3://stash/", "prefix": "", "mode": "all",
        "exclude": [], "options": {}, "started": "1970-01-01T00:00:00Z",
    });
    for (name, document) in [("job.json", job), ("manifest/00000000.json", slice)] {
        let object = StoredObject {
            body: document.to_string().into(),
            behaviour: Behaviour::Plain,
        };
        output.place(&format!("jobs/{NEWER_JOB}/{name}"), object);
    }
}

/// Sends messages while jobs run.
pub(crate) async fn attack(
    chance: &Chance,
    stash: &[(String, StoredObject)],
    jobs: &[StartRequest],
    queue: &Arc<StandardQueue>,
) {
    if !chance.happens(0.3) {
        return;
    }
    for _ in 0..chance.number(1..30) {
        sleep(chance.time(PAUSE)).await;
        queue.accept(&message(chance, stash, jobs), ATTACKER);
    }
}

fn message(chance: &Chance, stash: &[(String, StoredObject)], jobs: &[StartRequest]) -> String {
    let job = match chance.number(0..6) {
        0 => "no-such-job".to_owned(),
        1 => NEWER_JOB.to_owned(),
        2 => "../csv".to_owned(),
        _ => chance.choose(jobs).job.to_string(),
    };
    let mut task = json!({"slice": chance.number(0..4), "task": chance.number(0..4)});
    if chance.happens(0.3) {
        task["object"] = chance.number(0..40).into();
    }
    if jobs
        .iter()
        .any(|job| job.merge.is_some() || job.digest.is_some())
        && chance.happens(0.4)
    {
        // Parts of a task that merges, which may be halves of it.
        let begin = chance.number(0..4);
        task["object"] = begin.into();
        task["until"] = (begin + chance.number(1..5)).into();
    }
    let (key, object) = chance.choose(stash);
    let objects = json!([{"key": key, "bytes": object.body.len()}]);
    match chance.number(0..6) {
        // Slices and tasks are drawn from a range that includes planned ones.
        0 | 1 => json!({"v": VERSION, "job": job, "task": task}),
        // The form of an earlier version, with an object and a format of the attacker's choice.
        2 | 3 => json!({
            "job": job, "task": task, "source": "s3://stash/", "output": "s3://output/",
            "options": {"format": "message"}, "objects": objects,
        }),
        4 => json!({"v": VERSION + 1, "job": job, "task": task}),
        _ => chance.choose(&[
            json!("what?"),
            json!({"task": 1}),
            json!({"job": job, "task": {"slice": -1, "task": 1e300}}),
            json!({"Records": [{"eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "elsewhere"}, "object": {"key": key}}}]}),
        ]),
    }
    .to_string()
}
