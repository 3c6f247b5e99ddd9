//! An invalid environment stops a function before it asks for an event.

use crate::aws::Resources;
use crate::job::environment;
use crate::runtime_api::Function;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn an_invalid_variable_stops_a_function_with_its_name_and_a_hint() {
    let resources = Resources::new().await;
    let all = &["start", "process", "check", "api"][..];
    let readers = &["start", "process", "api"][..];
    let senders = &["start", "check"][..];
    for (functions, name, value, words) in [
        (
            all,
            "REHOSE_OUTPUT",
            "",
            "is not set; s3://bucket/prefix would be right",
        ),
        (
            all,
            "REHOSE_OUTPUT",
            "rows",
            "s3://bucket/prefix would be right",
        ),
        (
            all,
            "REHOSE_OUTPUT",
            "s3:///rows",
            "s3://bucket/prefix would be right",
        ),
        (
            readers,
            "REHOSE_SOURCES",
            "",
            "is not set; s3://bucket/prefix would be right",
        ),
        (
            readers,
            "REHOSE_SOURCES",
            "s3://a/,/b",
            "s3://bucket/prefix would be right",
        ),
        (
            readers,
            "REHOSE_SOURCES",
            "s3://a/x/,s3://b/x/",
            "prefixes of one bucket would be right",
        ),
        (
            senders,
            "REHOSE_QUEUE_URL",
            "",
            "is not set; the URL of a queue of SQS would be right",
        ),
        (
            &["process"],
            "REHOSE_LEVEL",
            "99",
            "a number from 1 to 12 would be right",
        ),
        (
            &["process"],
            "REHOSE_LEVEL",
            "high",
            "a number from 1 to 12 would be right",
        ),
        (
            readers,
            "REHOSE_OPTIONS",
            r#"{"field": []}"#,
            "unknown field `field`, expected one of",
        ),
        (readers, "REHOSE_OPTIONS", "vpc", "is \"vpc\": expected"),
        (
            readers,
            "REHOSE_OPTIONS",
            r#"{"fields": ["srcadr"]}"#,
            "srcadr",
        ),
        (readers, "REHOSE_EXCLUDE", "*.tmp", "is \"*.tmp\": expected"),
        (
            &["process"],
            "REHOSE_CONCURRENCY",
            "0",
            "a number from 1 to 1000 would be right",
        ),
        (
            &["process"],
            "REHOSE_TRANSFERS",
            "1001",
            "a number from 1 to 1000 would be right",
        ),
        (
            &["start"],
            "REHOSE_PAGE",
            "1001",
            "a number from 1 to 1000 would be right",
        ),
        (&["start"], "REHOSE_PAGES", "0", "a number from 1 to"),
        (
            &["check"],
            "REHOSE_ROUNDS",
            "-1",
            "a number from 0 to 100 would be right",
        ),
        (
            &["check"],
            "REHOSE_QUIET_SECONDS",
            "5m",
            "a number from 0 to",
        ),
        (
            &["api"],
            "REHOSE_MERGE_QUEUE_URL",
            "",
            "is not set, or no log is merged; digests are made of one that is",
        ),
        (
            &["check"],
            "REHOSE_STALLED_SECONDS",
            "179",
            "is 179; REHOSE_VISIBILITY_SECONDS, 180, or more would be right",
        ),
    ] {
        for function in functions {
            let visibility = ("REHOSE_VISIBILITY_SECONDS", "180");
            let environment = environment(&resources, &[(name, value), visibility]);
            let (status, log) = Function::start(function, &environment).await.ended().await;
            assert!(
                !status.success(),
                "{function} with {name}={value}: {status}"
            );
            let [line] = log.as_slice() else {
                panic!("{function} with {name}={value} says {log:#?}");
            };
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let error = line["error"].as_str().unwrap();
            let said = error.strip_prefix(&format!("the environment variable {name} "));
            let said = said.unwrap_or_else(|| panic!("{error}"));
            assert!(said.contains(words), "{error}");
        }
    }
}
