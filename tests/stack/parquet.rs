//! Jobs of a stack that writes Parquet. DuckDB, which the local AWS brings with it, reads the rows.

use std::collections::BTreeMap;

use rehose_testkit::oracle::stash::ExpectedOutput;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use serde_json::{Value, json};

use crate::complete::every_form;
use crate::deployed::{Deployed, LIVE, fresh, live, script};

/// The rows below a prefix by the key of their object, as CSV has them.
pub(crate) async fn rows_of(stack: &Deployed, prefix: &str) -> BTreeMap<String, Vec<String>> {
    let downloaded = stack.download(prefix, "none").await;
    let parquet = downloaded.path().join("parquet");
    let rows = script("stack/rows.py", &[parquet.to_str().unwrap()]);
    serde_json::from_value(rows).unwrap()
}

#[tokio::test]
async fn every_form_and_key_matches_the_oracle_in_parquet() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let prefix = format!("logs/{}/", fresh("parquet"));
    let workspace = every_form(&prefix, 20);
    stack.upload(&workspace.stash()).await;
    let execution = stack.start_over(&prefix, fresh("parquet")).await;
    let output = execution.end().await.output();
    assert_eq!(output["state"], "succeeded");

    let expected = ExpectedOutput::of(&workspace.stash(), &workspace.path(""));
    assert_eq!(expected.failed, BTreeMap::new());
    assert_eq!(output["totals"]["objects"]["done"], expected.done.len());
    let rows = rows_of(&stack, &prefix).await;
    let missing: Vec<_> = expected
        .done
        .keys()
        .filter(|key| !rows.contains_key(*key))
        .collect();
    assert!(missing.is_empty(), "no rows of {missing:?}");
    assert_eq!(rows.len(), expected.done.len());
    for (key, expected) in &expected.done {
        // Without the header of CSV.
        let expected = expected["rows"].as_array().unwrap().get(1..).unwrap();
        assert_eq!(json!(rows[key]), Value::from(expected), "the rows of {key}");
    }
    assert!(stack.written(&format!("csv/{prefix}")).await.is_empty());
}

#[tokio::test]
async fn mode_missing_finds_outputs_in_parquet() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let prefix = format!("logs/{}/", fresh("missing"));
    for name in ["a", "b"] {
        let object = gzip(envelope(&[event(1, FLOW)]));
        stack.put(&format!("{prefix}{name}"), &object).await;
    }
    let first = stack.start_over(&prefix, fresh("missing-first")).await;
    first.end().await.output();
    let before = stack.written(&format!("parquet/{prefix}")).await;
    let input = json!({"prefix": prefix, "mode": "missing"});
    let second = stack.start(fresh("missing-second"), input).await;
    let output = second.end().await.output();
    assert_eq!(
        output["totals"]["objects"],
        json!({"listed": 2, "excluded": 0, "present": 2, "done": 0, "failed": 0, "lost": 0})
    );
    assert_eq!(stack.written(&format!("parquet/{prefix}")).await, before);
}
