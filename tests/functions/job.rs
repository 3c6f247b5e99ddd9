//! What is deployed, and the state machine's part in a job.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::aws::{Message, Place, batch, given_back};
use crate::runtime_api::Function;

/// The calls of a function after which a job that has not ended never will.
const MOST_CALLS: u32 = 100;

/// The environment of a function.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// The environment that all three functions have, with what a test sets of it.
pub(crate) fn environment(place: &Place, settings: &[(&'static str, &str)]) -> Environment {
    let mut environment = vec![
        ("REHOSE_SOURCES", format!("s3://{}/stash/", place.source)),
        ("REHOSE_OUTPUT", format!("s3://{}/rows", place.output)),
        ("REHOSE_QUEUE_URL", place.queue.clone()),
        ("REHOSE_WAIT_SECONDS", "0".to_owned()),
    ];
    environment.extend(
        settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    environment
}

/// The three functions and the place between them.
pub(crate) struct Stack {
    pub(crate) place: Place,
    pub(crate) start: Function,
    pub(crate) process: Function,
    pub(crate) check: Function,
}

impl Stack {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&'static str, &str)]) -> Self {
        Self::at(Place::new().await, settings).await
    }

    pub(crate) async fn at(place: Place, settings: &[(&'static str, &str)]) -> Self {
        let environment = environment(&place, settings);
        Self {
            start: Function::start("start", &environment).await,
            process: Function::start("process", &environment).await,
            check: Function::start("check", &environment).await,
            place,
        }
    }

    /// Runs a job over all of the stash to its end and returns what check answers last.
    pub(crate) async fn run(&mut self, job: &str) -> Value {
        self.plan(job).await;
        self.finish(job, |_| false).await
    }

    /// Calls start until all of the stash is planned, and returns how often.
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

    /// Writes the plan of a job by hand, like a planned one's but with one task over these keys.
    /// Returns the message of the task.
    pub(crate) async fn plan_by_hand(&self, like: &str, job: &str, keys: &[&str]) -> Message {
        let Self { place, .. } = self;
        let mut definition = place
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
            place.put(&place.output, &key, document.to_string()).await;
        }
        let task = json!({"v": 1, "job": job, "task": {"slice": 0, "task": 0}});
        Message::new("by-hand", &task)
    }

    /// The keys that the plan has for a message.
    pub(crate) async fn planned_keys(&self, message: &Message) -> Vec<String> {
        let message = message.task();
        let number = |name: &str| message["task"][name].as_u64();
        let (job, slice) = (message["job"].as_str().unwrap(), number("slice").unwrap());
        let key = format!("rows/jobs/{job}/manifest/{slice:08}.json");
        let slice = self.place.output_json(&key).await;
        let task = &slice["tasks"][number("task").unwrap() as usize];
        let objects = task.as_array().unwrap().iter().enumerate();
        objects
            .filter(|(at, _)| number("object").is_none_or(|object| object == *at as u64))
            .map(|(_, object)| object["key"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Checks and waits until the job has ended, while its messages are processed, but for those
    /// that are dropped.
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

    /// Hands all messages to process. Those that it gives back are delivered again.
    pub(crate) async fn deliver(&mut self, mut drop: impl FnMut(&Message) -> bool) {
        loop {
            let messages = self.place.receive().await;
            if messages.is_empty() {
                return;
            }
            let (dropped, kept): (Vec<_>, Vec<_>) = messages.into_iter().partition(&mut drop);
            let back = self.process(&kept).await;
            for message in dropped.iter().chain(&kept) {
                match back.contains(&message.id) {
                    true => self.place.give_back(message).await,
                    false => self.place.delete(message).await,
                }
            }
        }
    }

    /// Hands some messages to process and returns the ids of those that it gives back.
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
        self.place
            .output_json(&format!("rows/jobs/{job}/report.json"))
            .await
    }
}
