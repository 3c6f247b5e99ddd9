//! An invalid event gets an error response, and the function serves the next one.

use serde_json::{Value, json};

use crate::aws::{Resources, assert_same, batch, given_back};
use crate::job::{Stack, environment};
use crate::runtime_api::Function;

/// An event, and a part of the error message.
type Bad<'a> = (Value, &'a [&'a str]);

async fn refuses_and_goes_on(function: &mut Function, bad: &[Bad<'_>], good: &Value) {
    for (event, words) in bad {
        let refusal = function.invoke(event).await.unwrap_err();
        assert_eq!(refusal.kind, "InvalidInput", "{event}: {}", refusal.message);
        for word in *words {
            let message = &refusal.message;
            assert!(message.contains(word), "{event}: {message} lacks {word}");
        }
        function.invoke(good).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn start_reports_bad_events_and_continues() {
    let mut stack = Stack::new().await;
    stack
        .resources
        .put(&stack.resources.source, "stash/x", "")
        .await;
    stack.plan("good").await;
    let before = stack.resources.output("").await;

    let other = format!("s3://{}/stash/", stack.resources.output);
    let source = format!("s3://{}/", stack.resources.source);
    let bad: &[Bad<'_>] = &[
        (
            json!({"job": "bad", "prefix": "stash/", "speed": 11}),
            &["the event", "unknown field `speed`", "`prefix`"],
        ),
        (
            json!({"job": "bad"}),
            &["the event", "missing field `prefix`"],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "retry": "good"}),
            &["the event", "with `retry`, only `job` may be given"],
        ),
        (
            json!({"job": "bad", "retry": "good"}),
            &["the job good has no report", "wait for its end"],
        ),
        (
            json!({"job": "bad", "retry": "nobody"}),
            &["the job nobody is not planned"],
        ),
        (
            json!({"prefix": "stash/"}),
            &["the event", "missing field `job`"],
        ),
        (json!("stash/"), &["the event"]),
        (
            json!({"job": "bad", "prefix": 2020}),
            &["the event", "2020", "string"],
        ),
        (
            json!({"job": "../bad", "prefix": "stash/"}),
            &["\"../bad\" is no job id", "letters, digits"],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "mode": "some"}),
            &["the event", "`some`", "`all` or `missing`"],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "cursor": {"slice": -1}}),
            &["the event", "-1"],
        ),
        (
            json!({"job": "bad", "prefix": other}),
            &[
                "prefix",
                &other,
                "is in no source",
                "must begin with",
                &source,
            ],
        ),
        (
            json!({"job": "bad", "prefix": "elsewhere/"}),
            &[&source, "elsewhere/", "belong to no log", "stash/"],
        ),
        (
            json!({"job": "bad", "prefix": ""}),
            &[&source, "belong to no log", "must begin with", "stash/"],
        ),
        (
            json!({"job": "bad", "prefix": "stash/nothing/"}),
            &[
                "no object under",
                &source,
                "stash/nothing/",
                "check the prefix",
            ],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "exclude": ["["]}),
            &["exclude", "["],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "options": {"fields": ["srcadr"]}}),
            &["fields", "srcadr"],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "options": {"format": "regex"}}),
            &["the format regex needs message_regex"],
        ),
        (
            json!({"job": "bad", "prefix": "stash/", "options": {"format": "message"}}),
            &[
                "is bound otherwise",
                "vpc-flow-logs",
                "message",
                "take another output",
            ],
        ),
        (
            json!({"job": "good", "prefix": "stash/", "mode": "missing"}),
            &["the job good exists", "missing", "take another job id"],
        ),
    ];
    let good = json!({"job": "good", "prefix": format!("{source}stash/")});
    refuses_and_goes_on(&mut stack.start, bad, &good).await;
    assert_same(&stack.resources.output("").await, &before);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn start_refuses_an_output_that_would_be_listed() {
    let resources = Resources::new().await;
    for key in ["stash/x", "rows.old/x"] {
        resources.put(&resources.output, key, "").await;
    }
    let all = format!("s3://{}/", resources.output);
    let environment = environment(&resources, &[("REHOSE_SOURCES", &all)]);
    let mut start = Function::start("start", &environment).await;

    let words = ["lies under the source", "take an output elsewhere"];
    let bad = ["", "rows", "rows/", &all, "rows/csv/"]
        .map(|prefix| (json!({"job": "bad", "prefix": prefix}), &words[..]));
    let good = json!({"job": "good", "prefix": "stash/"});
    refuses_and_goes_on(&mut start, &bad, &good).await;
    assert_eq!(resources.output_keys("rows/jobs/bad/").await, [""; 0]);

    // A prefix that only begins like the output is allowed.
    let beside = json!({"job": "beside", "prefix": "rows.old/"});
    start.invoke(&beside).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn an_output_that_holds_rows_of_another_bucket_is_refused() {
    let resources = Resources::new().await;
    for bucket in [&resources.source, &resources.output] {
        resources.put(bucket, "stash/x", "").await;
    }
    let here = environment(&resources, &[]);
    let good = json!({"job": "here", "prefix": "stash/"});
    let mut start = Function::start("start", &here).await;
    start.invoke(&good).await.unwrap();

    let there = format!("s3://{}/", resources.output);
    let there = environment(&resources, &[("REHOSE_SOURCES", &there)]);
    let mut start = Function::start("start", &there).await;
    let bad = json!({"job": "there", "prefix": "stash/"});
    let refusal = start.invoke(&bad).await.unwrap_err();
    assert_eq!(refusal.kind, "InvalidInput", "{}", refusal.message);
    for word in [&resources.source, &resources.output, "take another output"] {
        assert!(refusal.message.contains(word), "{}", refusal.message);
    }
    assert_eq!(resources.output_keys("rows/jobs/there/").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn check_reports_bad_events_and_continues() {
    let mut stack = Stack::new().await;
    stack
        .resources
        .put(&stack.resources.source, "stash/x", "")
        .await;
    stack.plan("good").await;
    let before = stack.resources.output("").await;

    let bad: &[Bad<'_>] = &[
        (
            json!({"job": "unknown"}),
            &["the job unknown is not planned", "start it first"],
        ),
        (json!({}), &["the event", "missing field `job`"]),
        (
            json!({"job": "good", "now": true}),
            &["the event", "unknown field `now`"],
        ),
        (json!({"job": "a/b"}), &["\"a/b\" is no job id"]),
        (json!(null), &["the event"]),
    ];
    refuses_and_goes_on(&mut stack.check, bad, &json!({"job": "good"})).await;
    let mut after = stack.resources.output("").await;
    after.remove("rows/jobs/good/progress.json");
    assert_same(&after, &before);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn process_reports_bad_events_and_continues() {
    let mut stack = Stack::new().await;
    let bad: &[Bad<'_>] = &[
        (
            json!({"hello": "world"}),
            &["the event", "missing field `Records`"],
        ),
        (
            json!({"Records": [{"body": "x"}]}),
            &["the event", "missing field `messageId`"],
        ),
        (json!({"Records": "x"}), &["the event", "\"x\""]),
        (json!([]), &["the event"]),
    ];
    refuses_and_goes_on(&mut stack.process, bad, &batch([])).await;
    let answer = stack.process.invoke(&batch([("1", "{")])).await.unwrap();
    assert_eq!(given_back(&answer), ["1"]);
    assert_eq!(stack.resources.output_keys("").await, [""; 0]);
}
