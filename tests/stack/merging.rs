//! Merges of a stack, as its schedules start them.

use jiff::{SignedDuration, Timestamp};
use rehose_testkit::stash::{envelope, event, gzip};
use serde_json::{Value, json};

use crate::deployed::{Deployed, LIVE, fresh, live, script, wait_for};

/// Objects of some hours, in which the flows of an interface go on for a minute per object.
struct Stash<'a> {
    stack: &'a Deployed,
    prefix: String,
    interface: String,
    now: Timestamp,
}

impl Stash<'_> {
    /// The folder of an hour, which began so many hours ago.
    fn folder(&self, ago: i64) -> String {
        let hour = self.now - SignedDuration::from_hours(ago);
        format!("{}{}", self.prefix, hour.strftime("%Y/%m/%d/%H"))
    }

    fn start(&self, ago: i64, minute: i64) -> i64 {
        let hour = self.now.as_second() / 3_600 - ago;
        hour * 3_600 + minute * 60
    }

    /// Puts an object, and waits for its rewritten rows.
    async fn put(&self, ago: i64, minute: i64) {
        let start = self.start(ago, minute);
        let flow = format!(
            "2 123456789012 {} 10.0.0.{ago} 10.0.0.9 443 5000 6 1 40 {start} {} ACCEPT OK",
            self.interface,
            start + 60
        );
        let object = gzip(envelope(&[event(start * 1_000, &flow)]));
        let key = format!("{}/{minute:02}", self.folder(ago));
        self.stack.put(&key, &object).await;
        let rows = format!("parquet/{key}.parquet");
        wait_for(&rows, async || self.stack.get(&rows).await).await;
    }

    /// A row of a flow that goes on for some minutes.
    fn row(&self, ago: i64, minute: i64, minutes: i64) -> Value {
        let start = self.start(ago, minute);
        let end = start + 60 * minutes;
        json!([
            format!("10.0.0.{ago}"),
            minutes,
            40 * minutes,
            start,
            end,
            minutes
        ])
    }

    /// What DuckDB reads: merged rows, and those of the view.
    async fn read(&self) -> (Value, Value) {
        let rewritten = format!("parquet/{}", self.prefix);
        let places = [rewritten.as_str(), "merged/", "generations/"];
        let downloaded = self.stack.download_all(&places).await;
        let root = downloaded.path().to_str().unwrap();
        let read = script("stack/merged.py", &[root, &self.interface]);
        (read["merged"].clone(), read["view"].clone())
    }

    /// Runs the job of a schedule, and returns the totals of what it merged.
    async fn run(&self, schedule: &str) -> Value {
        let input = self.stack.scheduled(schedule, Timestamp::now());
        let execution = self.stack.start_scheduled(fresh("merging"), &input).await;
        let output = execution.end().await.output();
        assert_eq!(output["state"], "succeeded");
        self.stack.report(&execution.job).await["merged"].clone()
    }
}

impl Deployed {
    /// The input that a schedule would send at this time.
    fn scheduled(&self, what: &str, time: Timestamp) -> String {
        let inputs = script("stack/schedules.py", &[self.name]);
        let description = format!("rehose: merges {what} under s3://{}/logs/", self.source);
        let input = inputs[&description].as_str();
        let input = input.unwrap_or_else(|| panic!("no {description:?} in {inputs}"));
        let time = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        input.replace("<aws.scheduler.scheduled-time>", &time)
    }
}

#[tokio::test]
async fn a_schedule_merges_closed_hours_then_late_objects_and_the_view_has_each_row_once() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let stash = Stash {
        stack: &stack,
        prefix: format!("logs/{}/", fresh("merging")),
        interface: fresh("eni"),
        now: Timestamp::now(),
    };
    let dead = stack.counters("MergeDeadLetterQueueUrl").await;
    // Three hours that have closed, and one that has not.
    for ago in [4, 3, 2] {
        for minute in 0..3 {
            stash.put(ago, minute).await;
        }
    }
    stash.put(0, 0).await;
    let hours = [4, 3, 2].map(|ago| stash.row(ago, 0, 3));
    let open = stash.row(0, 0, 1);

    stash.run("hours that have closed").await;
    let (merged, view) = stash.read().await;
    assert_eq!(merged, sorted(&hours));
    assert_eq!(
        view,
        sorted(&[&hours[..], std::slice::from_ref(&open)].concat())
    );

    // A late object is in no row of its published hour, until it is merged.
    stash.put(3, 30).await;
    assert_eq!(stash.read().await, (merged, view));
    let report = stash.run("late objects").await;
    assert_eq!(
        (&report["generations"], &report["files"]),
        (&json!(1), &json!(1))
    );
    let late = [&hours[..], &[stash.row(3, 30, 1)]].concat();
    let (merged, view) = stash.read().await;
    assert_eq!(merged, sorted(&late));
    assert_eq!(view, sorted(&[&late[..], &[open]].concat()));

    // Nothing is left to do.
    let report = stash.run("hours that have closed").await;
    assert_eq!(report["generations"], json!(0));
    assert_eq!(stash.read().await, (merged, view));
    assert_eq!(stack.counters("MergeDeadLetterQueueUrl").await, dead);
}

fn sorted(rows: &[Value]) -> Value {
    let mut rows = rows.to_vec();
    let key = |row: &Value| (row[0].as_str().unwrap().to_owned(), row[3].as_i64());
    rows.sort_by_key(key);
    Value::Array(rows)
}
