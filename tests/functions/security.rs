//! Forged keys reach no other object, and logs contain no secrets.

use rehose_testkit::stash::sample;
use serde_json::{Value, json};

use crate::job::Stack;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn any_key_names_only_its_own_object() {
    let mut stack = Stack::new().await;
    let longest = format!("stash/{}", "k".repeat(1_018));
    let long = format!("stash/{}", "l".repeat(1_000));
    let good = sample::object("dialects/encoding/gzip-members");
    for key in [&*longest, &*long, "stash/x"] {
        stack
            .resources
            .put(&stack.resources.source, key, good.clone())
            .await;
    }
    stack.plan("job").await;
    let keys = [
        (longest.clone(), "invalid-key"),
        (long.clone(), "done"),
        (format!("{longest}k"), "invalid-key"),
        ("stash/\0".to_owned(), "gone"),
        ("stash/x\0".to_owned(), "gone"),
        ("stash/x\r\nHost: elsewhere".to_owned(), "gone"),
        ("stash/x?uploads".to_owned(), "gone"),
        ("stash/x#".to_owned(), "gone"),
        ("stash/%2e%2e/x".to_owned(), "gone"),
        ("stash/../../x".to_owned(), "gone"),
        ("stash//x".to_owned(), "gone"),
        ("stash/".to_owned(), "gone"),
        ("stash/\u{ffff}\u{fffe}".to_owned(), "gone"),
        ("stash/x".to_owned(), "done"),
    ];
    let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    let message = stack.plan_by_hand("job", "forged", &names).await;
    assert_eq!(stack.process([&message]).await, [""; 0]);
    let receipts = stack
        .resources
        .output_keys("rows/jobs/forged/receipts/")
        .await;
    let receipt = stack.resources.output_json(&receipts[0]).await;
    for (object, (key, end)) in receipt["objects"].as_array().unwrap().iter().zip(&keys) {
        let found = match &object["outcome"] {
            outcome if outcome == "done" => outcome,
            _ => &object["reason"],
        };
        assert_eq!(object["key"], **key, "{object}");
        assert_eq!(found, end, "{object}");
    }
    let outputs = stack.resources.output_keys("rows/csv/").await;
    let expected = [long, "stash/x".to_owned()].map(|key| format!("rows/csv/{key}.csv.gz"));
    assert_eq!(outputs, expected);
    // Nothing was written anywhere but there and in the ledger.
    let mut others = stack.resources.output_keys("").await;
    others.retain(|key| !key.starts_with("rows/csv/") && !key.starts_with("rows/jobs/"));
    assert_eq!(others, ["rows/rehose.json"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn logs_contain_no_credentials_and_no_object_contents() {
    const SECRET: &str = "a-secret-access-key-of-a-test";
    const TOKEN: &str = "a-session-token-of-a-test";
    const CONTENT: &str = "what-an-object-holds";
    let settings = [
        ("RUST_LOG", "trace"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
    ];
    let mut stack = Stack::with(&settings).await;
    let event = |message: &str| json!({"id": "1", "timestamp": 1, "message": message});
    let rejected = json!({"messageType": "DATA_MESSAGE", "logEvents": [event(CONTENT)]});
    let malformed = format!(r#"{{"messageType":"{CONTENT}","{CONTENT}":{CONTENT}"#);
    let other = json!({"messageType": [CONTENT], CONTENT: CONTENT, "logEvents": CONTENT});
    let objects: [(&str, String); 3] = [
        ("rejected", rejected.to_string()),
        ("malformed", malformed),
        ("other", other.to_string()),
    ];
    for (key, object) in objects {
        let key = format!("stash/{key}");
        stack
            .resources
            .put(&stack.resources.source, &key, object)
            .await;
    }
    let checked = stack.run("job").await;
    assert_eq!(checked["totals"]["rows"]["rejected"], 1);
    assert_eq!(checked["totals"]["objects"]["failed"], 2);
    let report = stack.report("job").await;
    assert!(!report.to_string().contains(CONTENT), "{report}");
    stack.start.invoke(&json!({})).await.unwrap_err();
    stack
        .check
        .invoke(&json!({"job": "unknown"}))
        .await
        .unwrap_err();

    for function in [stack.start, stack.process, stack.check] {
        let log = function.stopped().await;
        assert!(!log.is_empty());
        for line in log {
            serde_json::from_str::<Value>(&line).unwrap();
            for secret in [SECRET, TOKEN, CONTENT, "Signature=", "AWS4-HMAC"] {
                assert!(!line.contains(secret), "{line}");
            }
        }
    }
}
