//! SQS's bad days.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Region};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use rehose_store::aws::SqsQueue;
use rehose_store::queue::{Queue, Unsent};

use serde_json::Value;

use crate::{answer, credentials, network};

fn queue(script: impl Fn(HttpRequest) -> HttpResponse + Send + Sync + 'static) -> SqsQueue {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .retry_config(RetryConfig::disabled())
        .http_client(network(script))
        .build();
    SqsQueue::new(Client::from_conf(config), "https://queue")
}

#[tokio::test]
async fn what_is_not_accepted_is_unsent() {
    let queue = queue(|_| {
        answer(
            200,
            r#"{"Successful": [{"Id": "1", "MessageId": "m", "MD5OfMessageBody": "d"}],
                "Failed": [{"Id": "0", "SenderFault": false,
                            "Code": "InternalError", "Message": "words"}, {"Id": "3", "SenderFault": true, "Code": "TooBig"}]}"#,
        )
    });
    let bodies = ["a", "b", "c", "d"].map(str::to_owned);
    let unsent = queue.send("group", &bodies).await.unwrap();
    let expected = [
        (0, "InternalError: words"),
        (2, "the answer does not mention it"),
        (3, "TooBig"),
    ];
    assert_eq!(
        unsent,
        expected.map(|(index, reason)| Unsent {
            index,
            reason: reason.to_owned()
        })
    );
}

#[tokio::test]
async fn every_entry_names_its_group() {
    let queue = queue(|request| {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let entries = body["Entries"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert!(
            entries
                .iter()
                .all(|entry| entry["MessageGroupId"] == "job-1")
        );
        answer(200, r#"{"Successful": [], "Failed": []}"#)
    });
    let bodies = ["a", "b"].map(str::to_owned);
    assert_eq!(queue.send("job-1", &bodies).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_batch_is_an_error() {
    let queue = queue(|_| {
        answer(
            400,
            r#"{"__type": "com.amazonaws.sqs#BatchRequestTooLong", "message": "words"}"#,
        )
    });
    let error = queue.send("group", &["a".to_owned()]).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot send to https://queue: "),
        "{error}"
    );
    assert!(error.reason.contains("BatchRequestTooLong"), "{error}");
    assert!(error.source.is_some());
}

#[tokio::test]
async fn who_may_not_send_or_look_need_not_try_again() {
    for (kind, denied) in [
        ("com.amazon.coral.service#AccessDeniedException", true),
        ("com.amazonaws.sqs#KmsAccessDenied", true),
        ("com.amazonaws.sqs#RequestThrottled", false),
    ] {
        let body = format!(r#"{{"__type": "{kind}", "message": "words"}}"#);
        let queue = queue(move |_| answer(400, body.clone()));
        let errors = [
            queue.send("group", &["a".to_owned()]).await.unwrap_err(),
            queue.counters().await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.denied, denied, "{error}");
        }
    }
}

#[tokio::test]
async fn a_missing_counter_is_an_error_and_no_zero() {
    for body in [
        "{}",
        r#"{"Attributes": {"ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesNotVisible": "0"}}"#,
        r#"{"Attributes": {"ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "many"}}"#,
    ] {
        let error = queue(move |_| answer(200, body))
            .counters()
            .await
            .unwrap_err();
        assert!(error.reason.contains("lacks Approx"), "{error}");
    }
}
