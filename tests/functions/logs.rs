//! The logs and metrics of the functions.

use rehose_testkit::stash::sample;
use serde_json::{Value, json};

use crate::aws::{batch, given_back};
use crate::job::Stack;

fn parse(log: &[String]) -> Vec<Value> {
    let lines = log.iter();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn logs_have_a_json_line_per_object_and_metrics_per_invocation() {
    let mut stack = Stack::new().await;
    stack
        .resources
        .put_stash(&sample::objects("dialects/spelling/"))
        .await;
    stack
        .resources
        .put(&stack.resources.source, "stash/corrupt", "[")
        .await;
    stack.plan("job").await;
    let task = stack.resources.receive().await.remove(0);

    let event = batch([("task", &*task.body), ("unknown", "{}")]);
    let answer = stack.process.invoke(&event).await.unwrap();
    assert_eq!(given_back(&answer), ["unknown"]);
    stack.process.invoke(&event).await.unwrap();
    stack.process.invoke(&json!({})).await.unwrap_err();
    stack.check("job").await;
    stack.start.invoke(&json!({})).await.unwrap_err();
    let report = stack.report("job").await;

    let log = parse(&stack.process.stopped().await);
    let (metrics, lines): (Vec<Value>, Vec<Value>) =
        log.into_iter().partition(|line| line.get("_aws").is_some());
    let of_objects = lines.iter().filter(|line| line.get("key").is_some());
    let mut found: Vec<Value> = of_objects
        .map(|line| {
            json!([
                line["key"],
                line["level"],
                line["message"],
                line["job"],
                line["task"]
            ])
        })
        .collect();
    found.sort_by_key(Value::to_string);
    let mut expected = vec![json!([
        "stash/corrupt",
        "WARN",
        "failed",
        "job",
        "00000000-0000"
    ])];
    let good = sample::objects("dialects/spelling/").into_keys();
    expected.extend(good.map(|key| json!([key, "INFO", "done", "job", "00000000-0000"])));
    assert_eq!(found, expected);
    let corrupt = lines
        .iter()
        .find(|line| line["key"] == "stash/corrupt")
        .unwrap();
    assert_eq!(corrupt["reason"], report["failures"][0]["reason"]);

    // An event that is not a batch has no metrics.
    let [first, second] = metrics.as_slice() else {
        panic!("{metrics:#?}");
    };
    let number = |name: &str| &first[name];
    assert_eq!(number("Objects"), &report["objects"]["done"]);
    assert_eq!(number("Failures"), &report["objects"]["failed"]);
    assert_eq!(number("Returned"), 1);
    assert_eq!(number("BytesIn"), &report["bytes"]["in"]);
    assert_eq!(number("BytesOut"), &report["bytes"]["out"]);
    for (name, sum) in [
        ("Events", "events"),
        ("Written", "written"),
        ("Rejected", "rejected"),
        ("Control", "control"),
    ] {
        assert_eq!(number(name), &report["rows"][sum], "{name}");
        assert!(number(name).as_u64() > Some(0), "{name}");
    }
    assert_eq!(second["Objects"], 0, "all of it was done before");
    is_in_embedded_format(first);

    let log = parse(&stack.start.stopped().await);
    let [refused] = log.as_slice() else {
        panic!("{log:#?}");
    };
    assert_eq!(
        [&refused["level"], &refused["kind"]],
        ["WARN", "InvalidInput"]
    );
    assert!(refused["error"].as_str().unwrap().contains("missing field"));
    assert_eq!(parse(&stack.check.stopped().await), [json!(null); 0]);
}

/// The embedded metric format of CloudWatch
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
fn is_in_embedded_format(line: &Value) {
    assert!(line["_aws"]["Timestamp"].as_u64() > Some(1_580_515_200_000));
    let directives = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directives["Namespace"], "rehose");
    assert_eq!(directives["Dimensions"], json!([["Function"]]));
    assert_eq!(line["Function"], "deployed-process");
    let metrics = directives["Metrics"].as_array().unwrap();
    let units = |name: &str| {
        metrics
            .iter()
            .find(|metric| metric["Name"] == name)
            .unwrap()["Unit"]
            .clone()
    };
    assert_eq!(units("Objects"), "Count");
    assert_eq!(units("BytesIn"), "Bytes");
    assert_eq!(units("Duration"), "Milliseconds");
    for metric in metrics {
        let name = metric["Name"].as_str().unwrap();
        assert!(line[name].is_u64(), "{name}");
    }
}
