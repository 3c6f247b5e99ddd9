//! `start` plans every object once, even if it is interrupted.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, SystemTime};

use rehose_extract::Options;
use rehose_reprocess::check::JobState;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{MaxRejected, Mode};
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::task::{MAX_BYTES, MAX_OBJECTS, PlannedObject, divide};
use rehose_store::queue::{MAX_BATCH, MAX_BATCH_BYTES};

use crate::fixture::{Fixture, document};

#[tokio::test]
async fn every_object_is_planned_once_over_many_pages() {
    let mut fixture = Fixture::with_objects(95);
    fixture.page = 10;
    fixture.start().await;
    let tasks = fixture.queue.take_tasks();
    let planned = fixture.planned_keys(&tasks).await;
    assert_eq!(planned.len(), 95);
    assert_eq!(planned.iter().collect::<BTreeSet<_>>().len(), 95);
    let slices = fixture
        .files()
        .into_keys()
        .filter(|key| key.contains("/manifest/"));
    assert_eq!(slices.count(), 10);
}

#[tokio::test]
async fn a_call_stops_after_its_pages_and_the_next_continues_at_its_cursor() {
    let mut fixture = Fixture::with_objects(25);
    (fixture.page, fixture.pages) = (10, 1);
    let first = fixture.start_from(None).await.unwrap();
    assert!(!first.planned);
    assert_eq!(first.sent.objects, 10);
    let cursor = first.cursor.clone().unwrap();
    assert_eq!(
        (cursor.slice, cursor.after.as_deref()),
        (1, Some("object-0009"))
    );
    let second = fixture.start_from(first.cursor).await.unwrap();
    let third = fixture.start_from(second.cursor).await.unwrap();
    assert!(third.planned);
    assert_eq!(third.cursor, None);
    assert_eq!(
        fixture
            .planned_keys(&fixture.queue.take_tasks())
            .await
            .len(),
        25
    );
}

#[tokio::test]
async fn a_call_with_little_time_left_plans_one_page() {
    let mut fixture = Fixture::with_objects(25);
    fixture.page = 10;
    let started = fixture
        .start_within(fixture.request(), Duration::from_secs(5))
        .await
        .unwrap();
    assert!(!started.planned);
    assert_eq!(started.sent.objects, 10);
}

#[tokio::test]
async fn a_repeated_call_sends_the_first_plan_after_the_stash_has_changed() {
    let fixture = Fixture::with_objects(3);
    fixture.start().await;
    let first = fixture.queue.take();
    fixture.put("object-0000-late", &document(0));
    fixture.start().await;
    assert_eq!(fixture.queue.take(), first);
}

#[tokio::test(start_paused = true)]
async fn refused_messages_are_sent_until_the_queue_accepts_them() {
    let mut fixture = Fixture::with_objects(40);
    fixture.page = 1;
    *fixture.queue.refusals.lock().unwrap() = 7;
    fixture.start().await;
    assert_eq!(
        fixture
            .planned_keys(&fixture.queue.take_tasks())
            .await
            .len(),
        40
    );
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_refuses_every_message_is_an_error() {
    let fixture = Fixture::with_objects(1);
    *fixture.queue.refusals.lock().unwrap() = usize::MAX;
    let error = fixture.start_from(None).await.unwrap_err();
    assert!(matches!(error, Error::Unsent { count: 1, .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Transient);
}

#[tokio::test]
async fn batches_stay_within_the_limits_of_the_queue() {
    let fixture = Fixture::with_objects(900);
    fixture.start().await;
    let batches = fixture.queue.batches();
    assert!(batches.iter().all(|batch| batch.len() <= MAX_BATCH));
    // Room for the largest number in each field of a message.
    let largest = MAX_BATCH_BYTES / MAX_BATCH / 100;
    assert!(batches.iter().flatten().all(|bytes| *bytes < largest));
    let messages = fixture.queue.take_tasks();
    assert_eq!(fixture.planned_keys(&messages).await.len(), 900);
    let groups = fixture.queue.groups();
    assert_eq!(groups.iter().collect::<Vec<_>>(), ["job"]);
}

#[test]
fn tasks_are_limited_in_objects_and_bytes() {
    let sizes = [MAX_BYTES + 1, 1, MAX_BYTES - 1, 1, 0]
        .into_iter()
        .chain(std::iter::repeat_n(0, 2 * MAX_OBJECTS + 6));
    let planned = sizes.map(|bytes| PlannedObject {
        key: "key".to_owned(),
        bytes,
        tag: None,
    });
    let lengths: Vec<usize> = divide(planned).iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 2, MAX_OBJECTS, MAX_OBJECTS, 8]);
}

#[tokio::test]
async fn firehose_error_prefixes_and_user_patterns_are_excluded_and_counted() {
    let fixture = Fixture::with_objects(2);
    fixture.put("processing-failed/2020/02/01/00/x", "{}");
    fixture.put("logs/format-conversion-failed/x", "{}");
    fixture.put("logs/processing-failed", &document(0));
    fixture.put("logs/order-processing-failed/x", &document(0));
    fixture.put("export/aws-logs-write-test", "Permission Check Successful");
    fixture.put("tmp/a/b", "");
    let request = StartRequest {
        exclude: vec!["tmp/*".to_owned()],
        ..fixture.request()
    };
    fixture.start_with(request).await.unwrap();
    let tasks = fixture.queue.take_tasks();
    assert_eq!(
        fixture.planned_keys(&tasks).await,
        [
            "logs/order-processing-failed/x",
            "logs/processing-failed",
            "object-0000",
            "object-0001"
        ]
    );
    fixture.process_tasks(&tasks).await;
    assert_eq!(fixture.check().await.totals.objects.excluded, 4);
    let report = fixture.ledger("job").report().await.unwrap().unwrap();
    assert_eq!(
        serde_json::to_value(report.error_records).unwrap(),
        serde_json::json!({"format-conversion-failed": 1, "processing-failed": 1})
    );
}

#[tokio::test]
async fn records_that_firehose_could_not_deliver_are_read_if_asked_for() {
    for (errors, expected) in [
        (
            ErrorRecords::Too,
            &["object-0000", "processing-failed/2020/02/01/00/x"][..],
        ),
        (
            ErrorRecords::Only,
            &["processing-failed/2020/02/01/00/x"][..],
        ),
    ] {
        let fixture = Fixture::with_objects(1);
        fixture.put("processing-failed/2020/02/01/00/x", &document(0));
        let request = StartRequest {
            errors,
            ..fixture.request()
        };
        fixture.start_with(request).await.unwrap();
        let tasks = fixture.queue.take_tasks();
        assert_eq!(fixture.planned_keys(&tasks).await, expected);
    }
}

#[tokio::test]
async fn a_job_with_too_many_rejected_events_does_not_succeed() {
    for (percent, state) in [
        (0, JobState::Rejected),
        (49, JobState::Rejected),
        (50, JobState::Succeeded),
        (100, JobState::Succeeded),
    ] {
        let fixture = Fixture::with_objects(1);
        fixture.put("half", &document(0).replace("eni-1", "eni 1"));
        let request = StartRequest {
            max_rejected: MaxRejected::try_from(percent).unwrap(),
            ..fixture.request()
        };
        fixture.start_with(request).await.unwrap();
        let tasks = fixture.queue.take_tasks();
        fixture.process_tasks(&tasks).await;
        assert_eq!(fixture.check().await.state, state, "{percent} percent");
    }
}

/// The objects that a second job in the mode `missing` plans.
async fn planned_as_missing(fixture: &Fixture) -> Vec<String> {
    let request = StartRequest {
        job: "second".parse().unwrap(),
        mode: Mode::Missing,
        ..fixture.request()
    };
    fixture.start_with(request).await.unwrap();
    fixture.planned_keys(&fixture.queue.take_tasks()).await
}

#[tokio::test]
async fn mode_missing_plans_objects_without_output() {
    let fixture = Fixture::with_objects(3);
    fixture.start().await;
    fixture.process_all().await;
    std::fs::remove_file(fixture.output().join("csv/object-0001.csv.gz")).unwrap();
    assert_eq!(planned_as_missing(&fixture).await, ["object-0001"]);
}

#[tokio::test]
async fn mode_missing_plans_objects_that_are_newer_than_their_output() {
    let fixture = Fixture::with_objects(3);
    fixture.start().await;
    fixture.process_all().await;
    let output = File::open(fixture.output().join("csv/object-0001.csv.gz")).unwrap();
    let before = SystemTime::now() - Duration::from_secs(3600);
    output.set_modified(before).unwrap();
    assert_eq!(planned_as_missing(&fixture).await, ["object-0001"]);
}

#[tokio::test]
async fn mode_missing_plans_objects_whose_output_key_is_too_long() {
    let fixture = Fixture::with_objects(1);
    // A file name has at most 255 bytes, and the suffix of the output makes it longer.
    let long = "k".repeat(250);
    fixture.put(&long, &document(0));
    let request = StartRequest {
        mode: Mode::Missing,
        ..fixture.request()
    };
    fixture.start_with(request).await.unwrap();
    let tasks = fixture.queue.take_tasks();
    assert_eq!(fixture.planned_keys(&tasks).await, [&long, "object-0000"]);
    fixture.process_tasks(&tasks).await;
    assert_eq!(fixture.check().await.totals.objects.failed, 1);
}

#[tokio::test]
async fn a_job_id_cannot_be_reused_for_another_request() {
    let fixture = Fixture::with_objects(2);
    fixture.start().await;
    let request = StartRequest {
        prefix: "object-0001".to_owned(),
        ..fixture.request()
    };
    let error = fixture.start_with(request).await.unwrap_err();
    assert!(matches!(error, Error::OtherJob { .. }), "{error}");
}

#[tokio::test]
async fn a_job_with_other_options_is_refused_by_the_output() {
    let fixture = Fixture::with_objects(1);
    fixture.start().await;
    let request = StartRequest {
        job: "other".parse().unwrap(),
        options: Options {
            fields: Some(["srcaddr"].into()),
            ..Options::default()
        },
        ..fixture.request()
    };
    let before = fixture.files();
    let error = fixture.start_with(request).await.unwrap_err();
    assert!(matches!(error, Error::OtherBinding { .. }), "{error}");
    assert!(error.to_string().ends_with("take another output"));
    assert_eq!(fixture.files(), before);
}

#[tokio::test]
async fn invalid_requests_are_refused_before_anything_is_written() {
    let fixture = Fixture::with_objects(1);
    let refused = [
        StartRequest {
            prefix: "nothing/here".to_owned(),
            ..fixture.request()
        },
        StartRequest {
            source: rehose_store::StoreName::of_bucket("elsewhere"),
            ..fixture.request()
        },
        StartRequest {
            exclude: vec!["[".to_owned()],
            ..fixture.request()
        },
        StartRequest {
            options: Options {
                event_regex: Some("no groups".to_owned()),
                ..Options::default()
            },
            ..fixture.request()
        },
    ];
    for request in refused {
        let error = fixture.start_with(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(fixture.files().is_empty());
    }
}

#[tokio::test]
async fn a_prefix_that_would_list_the_output_is_refused() {
    // The output is the stash, so a listing contains the folders of the output.
    let fixture = Fixture::in_its_own_stash();
    for prefix in [
        "",
        "c",
        "csv",
        "csv/2020",
        "re",
        "rejected/",
        "rehose.json",
        "jobs/job/",
    ] {
        let request = StartRequest {
            prefix: prefix.to_owned(),
            ..fixture.request()
        };
        let error = fixture.start_with(request).await.unwrap_err();
        assert!(
            matches!(error, Error::OutputUnderSource { .. }),
            "{prefix}: {error}"
        );
    }
    let request = StartRequest {
        prefix: "object".to_owned(),
        ..fixture.request()
    };
    assert!(fixture.start_with(request).await.unwrap().planned);
}

#[tokio::test]
async fn a_message_contains_only_the_id_of_a_task() {
    let fixture = Fixture::with_objects(0);
    // SQS refuses two characters that a key may have
    // (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
    let key = "a\u{fffe}b\u{ffff}c";
    fixture.put(key, &document(0));
    fixture.start().await;
    let body = fixture.queue.take().remove(0);
    let message: serde_json::Value = serde_json::from_str(&body).unwrap();
    let expected = serde_json::json!({"v": 3, "job": "job", "task": {"slice": 0, "task": 0}});
    assert_eq!(message, expected);
    fixture.process(&body).await.unwrap();
    assert_eq!(fixture.receipt("00000000-0000").objects[0].key, key);
}
