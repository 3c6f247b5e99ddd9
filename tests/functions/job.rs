//! The three functions of a job with their buckets and queue, called in the order of the state machine.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::aws::{Message, Resources, batch, given_back};
use crate::runtime_api::Function;

/// The maximum number of calls in a job. A job that needs more never ends.
const MOST_CALLS: u32 = 100;

/// The environment of a function.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// The environment of all three functions, with the variables that a test sets.
pub(crate) fn environment(resources: &Resources, settings: &[(&'static str, &str)]) -> Environment {
    let mut environment = vec![
        (
            "REHOSE_SOURCES",
            format!("s3://{}/stash/", resources.source),
        ),
        ("REHOSE_OUTPUT", format!("s3://{}/rows", resources.output)),
        ("REHOSE_QUEUE_URL", resources.queue.clone()),
        ("REHOSE_WAIT_SECONDS", "0".to_owned()),
    ];
    environment.extend(
        settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    environment
}

/// The three functions and the resources that they share.
pub(crate) struct Stack {
    pub(crate) resources: Resources,
    pub(crate) start: Function,
    pub(crate) process: Function,
    pub(crate) check: Function,
}

impl Stack {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&'static str, &str)]) -> Self {
        Self::at(Resources::new().await, settings).await
    }

    pub(crate) async fn at(resources: Resources, settings: &[(&'static str, &str)]) -> Self {
        let environment = environment(&resources, settings);
        Self {
            start: Function::start("start", &environment).await,
            process: Function::start("process", &environment).await,
            check: Function::start("check", &environment).await,
            resources,
        }
    }

    /// Runs a job over the whole stash to its end, and returns the last response of `check`.
    pub(crate) async fn run(&mut self, job: &str) -> Value {
        self.plan(job).await;
        self.finish(job, |_| false).await
    }

    /// Calls `start` until the whole stash is planned, and returns the number of calls.
    pub(crate) async fn plan(&mut self, job: &str) -> u32 {
        let mut cursor = Value::Null;
        for call in 1..=MOST_CALLS {
            let event = json!({"prefix": "stash/", "job": job, "cursor": cursor});
            let mut started = self.start.invoke(&event).await.unwrap();
            if started["planned"] == true {
                return call;
            }
            cursor = started["cursor"].take();
        }
        panic!("the planning of {job} does not end");
    }

    /// Writes the plan of a job with one task over these keys, and otherwise the definition of the job
    /// `like`. Returns the message of the task.
    pub(crate) async fn plan_by_hand(&self, like: &str, job: &str, keys: &[&str]) -> Message {
        let Self { resources, .. } = self;
        let mut definition = resources
            .output_json(&format!("rows/jobs/{like}/job.json"))
            .await;
        definition["job"] = json!(job);
        let objects: Vec<Value> = keys
            .iter()
            .map(|key| json!({"key": key, "bytes": 1}))
            .collect();
        let slice = json!({
            "v": 1, "slice": 0, "listed": keys.len(), "excluded": 0, "present": 0,
            "last": keys.last(), "more": false, "tasks": [objects],
        });
        for (name, document) in [("job.json", definition), ("manifest/00000000.json", slice)] {
            let key = format!("rows/jobs/{job}/{name}");
            resources
                .put(&resources.output, &key, document.to_string())
                .await;
        }
        let task = json!({"v": 1, "job": job, "task": {"slice": 0, "task": 0}});
        Message::new("by-hand", &task)
    }

    /// The planned keys of a message.
    pub(crate) async fn planned_keys(&self, message: &Message) -> Vec<String> {
        let message = message.task();
        let number = |name: &str| message["task"][name].as_u64();
        let (job, slice) = (message["job"].as_str().unwrap(), number("slice").unwrap());
        let key = format!("rows/jobs/{job}/manifest/{slice:08}.json");
        let slice = self.resources.output_json(&key).await;
        let task = &slice["tasks"][number("task").unwrap() as usize];
        let objects = task.as_array().unwrap().iter().enumerate();
        objects
            .filter(|(at, _)| number("object").is_none_or(|object| object == *at as u64))
            .map(|(_, object)| object["key"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Calls `check` until the job has ended, and `process` with the messages that are not dropped.
    pub(crate) async fn finish(
        &mut self,
        job: &str,
        mut drop: impl FnMut(&Message) -> bool,
    ) -> Value {
        for _ in 0..MOST_CALLS {
            let checked = self.check(job).await;
            if checked["state"] != "running" {
                return checked;
            }
            sleep(Duration::from_secs(checked["wait"].as_u64().unwrap())).await;
            self.deliver(&mut drop).await;
        }
        panic!("{job} does not end");
    }

    pub(crate) async fn check(&mut self, job: &str) -> Value {
        self.check.invoke(&json!({"job": job})).await.unwrap()
    }

    /// Calls `process` until the queue is empty. Returned messages are delivered again.
    pub(crate) async fn deliver(&mut self, mut drop: impl FnMut(&Message) -> bool) {
        loop {
            let messages = self.resources.receive().await;
            if messages.is_empty() {
                return;
            }
            let (dropped, kept): (Vec<_>, Vec<_>) = messages.into_iter().partition(&mut drop);
            let back = self.process(&kept).await;
            for message in dropped.iter().chain(&kept) {
                match back.contains(&message.id) {
                    true => self.resources.give_back(message).await,
                    false => self.resources.delete(message).await,
                }
            }
        }
    }

    /// Calls `process` with messages, and returns the ids of those that it returns.
    pub(crate) async fn process<'a>(
        &mut self,
        messages: impl IntoIterator<Item = &'a Message>,
    ) -> Vec<String> {
        let messages = messages
            .into_iter()
            .map(|message| (&*message.id, &*message.body));
        given_back(&self.process.invoke(&batch(messages)).await.unwrap())
    }

    /// A job's report.
    pub(crate) async fn report(&self, job: &str) -> Value {
        self.resources
            .output_json(&format!("rows/jobs/{job}/report.json"))
            .await
    }
}
