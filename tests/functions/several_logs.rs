//! A stack of several logs: events and jobs find theirs by the prefix.

use rehose_testkit::output::lines;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use serde_json::{Value, json};

use crate::aws::{Resources, batch, given_back};
use crate::job::{Stack, environment};
use crate::messages::notification;
use crate::runtime_api::Function;

const ALB: &str = "http 2026-01-05T10:15:59.1Z app/a/1 192.0.2.7:4 - -1 -1 -1 503 - 1 2 \
                   \"GET http://a:80/ HTTP/1.1\" \"curl\" - - - \"Root=1\"\n";

/// Flow logs in the root of the output, and two logs in folders.
fn three_logs() -> Value {
    json!([
        {"prefixes": ["vpc/"]},
        {"prefixes": ["AWSLogs/1/elb/", "AWSLogs/2/elb/"], "folder": "alb/", "options": {"format": "alb"},
         "exclude": ["*/old-*"]},
        {"prefixes": ["app/"], "folder": "app/", "options": {"format": "message"}, "errors": "too",
         "max_rejected": 50},
    ])
}

async fn stack_of(logs: &Value) -> Stack {
    stack_at(Resources::new().await, logs, &[]).await
}

async fn stack_at(resources: Resources, logs: &Value, settings: &[(&'static str, &str)]) -> Stack {
    let (bucket, logs) = (format!("s3://{}/", resources.source), logs.to_string());
    let own = [
        ("REHOSE_SOURCES", bucket.as_str()),
        ("REHOSE_LOGS", logs.as_str()),
    ];
    Stack::at(resources, &[&own, settings].concat()).await
}

async fn put(stack: &Stack, key: &str, body: impl Into<Vec<u8>>) {
    let Stack { resources, .. } = stack;
    resources.put(&resources.source, key, body).await;
}

fn flow() -> Vec<u8> {
    gzip(envelope(&[event(0, FLOW)]))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn an_event_is_converted_as_the_log_of_its_prefix_into_its_folder() {
    let mut stack = stack_of(&three_logs()).await;
    let flow = flow();
    let objects: [(&str, &[u8]); 6] = [
        ("vpc/a", &flow),
        ("AWSLogs/2/elb/b", ALB.as_bytes()),
        ("AWSLogs/2/elb/old-b", ALB.as_bytes()),
        ("app/processing-failed/c", &flow),
        ("AWSLogs/2/vpc/d", &flow),
        ("csv/vpc/e", &flow),
    ];
    let mut messages = Vec::new();
    for (key, body) in objects {
        put(&stack, key, body).await;
        let created = notification("ObjectCreated:Put", &stack.resources.source, key);
        messages.push((key, created.to_string()));
    }
    let event = batch(messages.iter().map(|(key, body)| (*key, &**body)));
    let back = given_back(&stack.process.invoke(&event).await.unwrap());
    assert_eq!(back, ["AWSLogs/2/vpc/d", "csv/vpc/e"]);
    let expected = [
        "rows/alb/csv/AWSLogs/2/elb/b.csv.gz",
        "rows/alb/rehose.json",
        "rows/app/csv/app/processing-failed/c.csv.gz",
        "rows/app/rehose.json",
        "rows/csv/vpc/a.csv.gz",
        "rows/rehose.json",
    ];
    assert_eq!(stack.resources.output_keys("rows/").await, expected);
    for (key, header) in [
        (expected[0], "timestamp,type,time,elb,client_ip,"),
        (expected[2], "timestamp,message"),
        (expected[4], "timestamp,version,account-id,"),
    ] {
        let file = stack.resources.get(&stack.resources.output, key).await;
        let lines = lines(&file);
        assert_eq!(lines.len(), 2, "{key}: {lines:?}");
        assert!(lines[0].starts_with(header), "{key}: {lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_job_has_what_its_log_has_and_its_ledger_is_that_of_all() {
    let mut stack = stack_of(&three_logs()).await;
    put(&stack, "vpc/a", flow()).await;
    for key in ["1/elb/b", "1/elb/old-b", "2/elb/c"] {
        put(&stack, &format!("AWSLogs/{key}"), ALB).await;
    }
    put(&stack, "app/d", flow()).await;
    let source = stack.resources.source.clone();
    let jobs = [
        ("flows", "vpc/", "rows/csv/", 1),
        ("balancers", "AWSLogs/1/elb/", "rows/alb/csv/", 1),
        (
            "messages",
            &format!("s3://{source}/app/"),
            "rows/app/csv/",
            1,
        ),
    ];
    for (job, prefix, folder, count) in jobs {
        let event = json!({"job": job, "prefix": prefix});
        assert_eq!(stack.start.invoke(&event).await.unwrap()["planned"], true);
        assert_eq!(stack.finish(job, |_| false).await["state"], "succeeded");
        assert_eq!(
            stack.resources.output_keys(folder).await.len(),
            count,
            "{job}"
        );
    }
    let definition = stack
        .resources
        .output_json("rows/jobs/messages/job.json")
        .await;
    assert_eq!(definition["folder"], "app/");
    assert_eq!(definition["max_rejected"], 50);
    assert_eq!(definition["errors"], "too");
    assert_eq!(definition["options"]["format"], "message");
    let excluded = stack.report("balancers").await["objects"]["excluded"].clone();
    assert_eq!(excluded, 1);

    for (prefix, words) in [
        ("AWSLogs/3/", ["belong to no log", "AWSLogs/1/elb/ or "]),
        ("AWSLogs/", ["belong to no log", "AWSLogs/1/elb/ or "]),
        (
            "",
            ["belong to several logs; start a job for each", "/vpc/ or "],
        ),
        ("a", ["belong to no log", "/app/"]),
    ] {
        let event = json!({"job": "refused", "prefix": prefix});
        let refusal = stack.start.invoke(&event).await.unwrap_err();
        assert_eq!(refusal.kind, "InvalidInput");
        for words in words {
            assert!(
                refusal.message.contains(words),
                "{prefix:?}: {}",
                refusal.message
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_failed_object_is_retried_into_the_folder_of_its_log() {
    let mut stack = stack_of(&three_logs()).await;
    put(&stack, "app/a", "[").await;
    let event = json!({"job": "first", "prefix": "app/"});
    stack.start.invoke(&event).await.unwrap();
    assert_eq!(
        stack.finish("first", |_| false).await["state"],
        "incomplete"
    );
    put(&stack, "app/a", flow()).await;
    let event = json!({"job": "second", "retry": "first"});
    stack.start.invoke(&event).await.unwrap();
    assert_eq!(
        stack.finish("second", |_| false).await["state"],
        "succeeded"
    );
    let rows = stack.resources.output_keys("rows/app/csv/").await;
    assert_eq!(rows, ["rows/app/csv/app/a.csv.gz"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn each_log_is_merged_as_it_says_or_not_at_all() {
    let logs = json!([
        {"prefixes": ["vpc/"]},
        {"prefixes": ["app/"], "folder": "app/", "merge": {"per": "day", "lateness": 0}},
    ]);
    let resources = Resources::new().await;
    let queue = resources.queue.clone();
    let settings = [("REHOSE_MERGE_QUEUE_URL", queue.as_str())];
    let mut stack = stack_at(resources, &logs, &settings).await;
    for log in ["vpc", "app"] {
        put(&stack, &format!("{log}/2020/02/01/00/object"), flow()).await;
    }
    let event = json!({"job": "refused", "prefix": "vpc/", "merge": {}});
    let refusal = stack.start.invoke(&event).await.unwrap_err();
    assert!(
        refusal.message.contains("does not merge these objects"),
        "{}",
        refusal.message
    );

    let merge = json!({"from": "2020-02-01T00:00:00"});
    let event = json!({"job": "merge", "prefix": "app/", "merge": merge});
    stack.start.invoke(&event).await.unwrap();
    assert_eq!(stack.finish("merge", |_| false).await["state"], "succeeded");
    let files = stack.resources.output_keys("rows/app/merged/").await;
    assert_eq!(files, ["rows/app/merged/day=2020-02-01/0001-0000.parquet"]);
    for place in ["rows/merged/", "rows/unpublished/", "rows/generations/"] {
        assert_eq!(stack.resources.output_keys(place).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn logs_that_cannot_be_deployed_together_stop_a_function() {
    let resources = Resources::new().await;
    let sources = format!("s3://{}/stash/", resources.source);
    let vpc = json!({"prefixes": ["stash/vpc/"]});
    let also = |log: Value| json!([vpc, log]).to_string();
    for (logs, words) in [
        ("[]".to_owned(), "there is no log"),
        ("{}".to_owned(), "is \"{}\": invalid type"),
        (also(json!({"folder": "a/"})), "missing field `prefixes`"),
        (
            also(json!({"prefixes": [], "folder": "a/"})),
            "a log without prefixes",
        ),
        (
            also(json!({"prefixes": ["stash/b/"], "prefix": ""})),
            "unknown field `prefix`",
        ),
        (
            also(json!({"prefixes": ["stash/b/"]})),
            "two logs have the folder \"\"",
        ),
        (
            also(json!({"prefixes": ["stash/b/"], "folder": "b"})),
            "\"b\" is no folder",
        ),
        (
            also(json!({"prefixes": ["stash/b/"], "folder": "csv/"})),
            "writes other files to \"csv/\"",
        ),
        (
            also(json!({"prefixes": ["stash/vpc/1/"], "folder": "a/"})),
            "stash/vpc/1/ of a log is under",
        ),
        (
            also(json!({"prefixes": ["b/"], "folder": "b/"})),
            "\"b/\", which is outside of REHOSE_SOURCES",
        ),
        (
            also(json!({"prefixes": ["stash/b/"], "folder": "b/", "options": {"format": "albs"}})),
            "unknown variant `albs`, expected one of",
        ),
        (
            also(json!({"prefixes": ["stash/b/"], "folder": "b/", "options": {"format": "regex"}})),
            "has a log under [\"stash/b/\"]: the format regex needs message_regex",
        ),
        (
            also(json!({"prefixes": ["stash/b/"], "folder": "b/", "merge": {"gaps": 1}})),
            "unknown field `gaps`",
        ),
    ] {
        for function in ["start", "process"] {
            let settings = [("REHOSE_SOURCES", sources.as_str()), ("REHOSE_LOGS", &logs)];
            let environment = environment(&resources, &settings);
            refuses(function, &environment, words).await;
        }
    }
    let merged = |more: Value| {
        let mut logs = vec![json!({"prefixes": ["stash/vpc/"], "merge": {}})];
        logs.extend(more.as_array().unwrap().iter().cloned());
        json!(logs).to_string()
    };
    for (logs, words) in [
        (
            merged(json!([{"prefixes": ["stash/b/"], "folder": "b/", "merge": {}}])),
            "has 2 logs that are merged",
        ),
        (
            json!([{"prefixes": ["stash/b/"], "folder": "b/", "merge": {}}]).to_string(),
            "has a merged log with the folder \"b/\"",
        ),
    ] {
        let settings = [("REHOSE_SOURCES", sources.as_str()), ("REHOSE_LOGS", &logs)];
        refuses("api", &environment(&resources, &settings), words).await;
    }
    let logs = json!([vpc]).to_string();
    let settings = [
        ("REHOSE_SOURCES", sources.as_str()),
        ("REHOSE_LOGS", &logs),
        ("REHOSE_OPTIONS", "{}"),
    ];
    let words = "is set, and so is REHOSE_OPTIONS";
    refuses("start", &environment(&resources, &settings), words).await;
}

/// Starts a function, and checks that it ends with these words about its logs.
async fn refuses(function: &str, environment: &crate::job::Environment, words: &str) {
    let (status, log) = Function::start(function, environment).await.ended().await;
    assert!(!status.success(), "{function}: {words}");
    let [line] = log.as_slice() else {
        panic!("{function} says {log:#?}");
    };
    let line: Value = serde_json::from_str(line).unwrap();
    let error = line["error"].as_str().unwrap();
    assert!(
        error.starts_with("the environment variable REHOSE_LOGS "),
        "{error}"
    );
    assert!(error.contains(words), "{error}, and not {words:?}");
}
