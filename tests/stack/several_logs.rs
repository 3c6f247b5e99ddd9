//! A stack of three logs: flow logs in envelopes, which all other tests of it are about, and two of AWS's own.
//! A parser in Python says what their rows should be.

use rehose_tests::command::{Finished, Rehose, finish};
use rehose_tests::workspace::Workspace;
use serde_json::json;

use crate::deployed::{Deployed, LIVE, fresh, live, python, script, wait_for};

/// Objects and records of a sample.
const OBJECTS: usize = 3;
const RECORDS: usize = 60;

/// A log of the stack, beside its flow logs.
struct Log<'a> {
    stack: &'a Deployed,
    format: &'static str,
    /// The prefix of its objects in this test.
    prefix: String,
    /// The folder of its rows.
    folder: &'static str,
    stash: Workspace,
    /// Objects of other logs among those of the sample.
    others: usize,
}

impl<'a> Log<'a> {
    fn sample(
        stack: &'a Deployed,
        format: &'static str,
        place: &str,
        folder: &'static str,
        others: usize,
    ) -> Self {
        let (objects, records) = (OBJECTS.to_string(), RECORDS.to_string());
        let options = ["--log", format, "--objects", &objects, "--events", &records];
        let stash = Workspace::new();
        let prefix = format!("{place}{}/", fresh(format));
        Rehose::built().sample(&stash.stash().join(&prefix), &options);
        Self {
            stack,
            format,
            prefix,
            folder,
            stash,
            others,
        }
    }

    fn rows(&self) -> String {
        format!("{}csv/{}", self.folder, self.prefix)
    }

    /// Waits until as many objects have rows as should.
    async fn wait(&self) {
        wait_for(&self.rows(), async || {
            let written = self.stack.written(&self.rows()).await;
            (written.len() == OBJECTS).then_some(())
        })
        .await;
    }

    /// Checks all rows against those of another parser.
    async fn check(&self) {
        let downloaded = self.stack.download_all(&[&self.rows()]).await;
        let output = downloaded.path().join(self.folder);
        let paths = [self.stash.stash(), output];
        let [stash, output] = paths.each_ref().map(|path| path.to_str().unwrap());
        let compared = python("logs.py", &[self.format, stash, output]);
        let expected = format!("{} {}", OBJECTS * RECORDS, self.others);
        assert_eq!(compared.trim(), expected, "{}", self.format);
    }

    /// The number of rows that its table has, as the local Athena counts them.
    fn count(&self) -> u64 {
        let query = format!("SELECT count(*) FROM {}_logs", self.format);
        let rows = script("stack/athena.py", &[self.stack.name, &query]);
        rows[1][0].as_str().unwrap().parse().unwrap()
    }
}

fn rehose(arguments: &[&str]) -> Finished {
    let mut command = Rehose::built().command(arguments);
    finish(command.args(["--stack", "rehose-live"]))
}

#[tokio::test]
async fn each_log_is_converted_as_it_is_as_its_objects_land_and_by_a_job() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let logs = [
        Log::sample(&stack, "alb", "elb/", "alb/", 5),
        Log::sample(&stack, "cloudtrail", "trail/", "trail/", 1),
    ];
    let before = logs.each_ref().map(Log::count);
    for log in &logs {
        stack.upload(&log.stash.stash()).await;
    }
    for (log, before) in logs.iter().zip(before) {
        log.wait().await;
        log.check().await;
        let more = (OBJECTS * RECORDS) as u64;
        assert_eq!(log.count(), before + more, "{}", log.format);
        let binding = stack.get_json(&format!("{}rehose.json", log.folder)).await;
        assert_eq!(binding.unwrap()["options"]["format"], log.format);
    }

    for log in &logs {
        for key in stack.written(&log.rows()).await.into_keys() {
            stack.delete(&key).await;
        }
        let job = fresh(log.format);
        let followed = rehose(&["start", &log.prefix, "--job", &job, "--follow"]);
        followed.with_status(0);
        log.check().await;
        let report = rehose(&["report", &job, "--json"]).with_status(0).json();
        let objects = json!({"listed": OBJECTS + log.others, "excluded": log.others, "present": 0,
                             "done": OBJECTS, "failed": 0, "lost": 0});
        assert_eq!(report["objects"], objects, "{}", log.format);
        assert_eq!(report["rows"]["written"], OBJECTS * RECORDS);
        let status = rehose(&["status", &job]).with_status(0);
        assert!(status.out.contains("succeeded"), "{}", status.out);
    }
    for place in ["alb/jobs/", "trail/jobs/", "csv/elb/", "parquet/elb/"] {
        assert_eq!(stack.written(place).await.len(), 0, "{place}");
    }
}

#[tokio::test]
async fn a_job_over_several_logs_is_refused_with_their_prefixes() {
    for (prefix, words) in [
        ("", "belong to several logs; start a job for each"),
        ("vpc/", "belong to no log; a prefix must begin with"),
    ] {
        let job = fresh("refused");
        let refused = rehose(&["start", prefix, "--job", &job, "--follow"]).with_status(2);
        for word in [words, "/logs/ or ", "/elb/ or ", "-stash/trail/"] {
            assert!(refused.err.contains(word), "{}", refused.err);
        }
    }
}
