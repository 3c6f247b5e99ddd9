//! A retry plans exactly the failed and lost objects of another job, even if it is interrupted.

use rehose_reprocess::check::JobState;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::plan::StartRequest;

use crate::fixture::{Fixture, document};

/// The job `job` over 25 objects in three slices has ended. Two objects are malformed, and the message
/// of the second slice was lost.
async fn with_failures() -> Fixture {
    let mut fixture = Fixture::with_objects(25);
    fixture.page = 10;
    fixture.put("object-0003", "{");
    fixture.put("object-0024", "{");
    fixture.start().await;
    let messages = fixture.queue.take();
    for message in [&messages[0], &messages[2]] {
        fixture.process(message).await.unwrap();
    }
    let ended = fixture.give_up("job").await;
    assert_eq!(ended.state, JobState::Incomplete);
    let objects = ended.totals.objects;
    assert_eq!((objects.failed, objects.lost), (2, 10));
    fixture
}

/// The keys of its failed and lost objects.
fn left() -> Vec<String> {
    let numbers = [3].into_iter().chain(10..20).chain([24]);
    numbers.map(|i| format!("object-{i:04}")).collect()
}

fn repair_objects(fixture: &Fixture) {
    for key in ["object-0003", "object-0024"] {
        fixture.put(key, &document(0));
    }
}

fn report(fixture: &Fixture, job: &str) -> serde_json::Value {
    serde_json::from_str(&fixture.read(&format!("jobs/{job}/report.json"))).unwrap()
}

#[tokio::test]
async fn a_retry_plans_exactly_the_failed_and_lost_objects() {
    let fixture = with_failures().await;
    repair_objects(&fixture);
    let first = fixture.read("jobs/job/report.json");
    fixture.retry("again", "job").await;
    let tasks = fixture.queue.take_tasks();
    assert_eq!(fixture.planned_keys(&tasks).await, left());
    assert!(
        (fixture.planned(&tasks).await.iter()).all(|object| object.bytes > 0),
        "sizes come from the manifest"
    );

    assert_eq!(fixture.check_job("again").await.state, JobState::Running);
    fixture.process_tasks(&tasks).await;
    let ended = fixture.check_job("again").await;
    assert_eq!(ended.state, JobState::Succeeded);
    let objects = ended.totals.objects;
    assert_eq!((objects.listed, objects.done), (12, 12));
    let report = report(&fixture, "again");
    assert_eq!(report["retry"], "job");
    assert_eq!(report["failures"], serde_json::json!([]));
    let rows = fixture
        .files()
        .into_keys()
        .filter(|key| key.starts_with("csv/"));
    assert_eq!(rows.count(), 25);
    assert_eq!(fixture.read("jobs/job/report.json"), first);
}

#[tokio::test]
async fn repeated_calls_plan_the_same_objects_after_a_repair() {
    let mut fixture = with_failures().await;
    fixture.pages = 1;
    let mut cursor = None;
    let mut slices = Vec::new();
    loop {
        // The answer of the first call is lost.
        let lost = fixture.retry_from("again", "job", cursor.clone()).await;
        let sent = fixture.queue.take();
        repair_objects(&fixture);
        let repeated = fixture.retry_from("again", "job", cursor).await.unwrap();
        assert_eq!(lost.unwrap(), repeated);
        assert_eq!(fixture.queue.take(), sent);
        slices.push(repeated.sent.objects);
        for message in sent.iter().chain(&sent) {
            fixture.process(message).await.unwrap();
        }
        cursor = repeated.cursor;
        if repeated.planned {
            break;
        }
    }
    assert_eq!(slices, [1, 10, 1]);
    let objects = fixture.check_job("again").await.totals.objects;
    assert_eq!((objects.listed, objects.done), (12, 12));
}

#[tokio::test]
async fn duplicate_and_reordered_messages_of_both_jobs_change_nothing() {
    let mut fixture = Fixture::with_objects(4);
    fixture.put("object-0001", "{");
    fixture.start().await;
    let old = fixture.queue.take();
    fixture.process(&old[0]).await.unwrap();
    assert_eq!(fixture.check().await.state, JobState::Incomplete);
    fixture.put("object-0001", &document(1));
    fixture.retry("again", "job").await;
    let new = fixture.queue.take();
    for message in new.iter().chain(&old).chain(&new) {
        fixture.process(message).await.unwrap();
    }
    fixture.pass_minutes(60);
    assert_eq!(fixture.check_job("again").await.state, JobState::Succeeded);
    assert_eq!(fixture.check().await.state, JobState::Incomplete);
    assert_eq!(fixture.receipts(), ["00000000-0000.json"]);
}

#[tokio::test]
async fn objects_lost_in_a_retry_can_be_retried_again() {
    let mut fixture = with_failures().await;
    fixture.retry("second", "job").await;
    let mut tasks = fixture.queue.take_tasks();
    // One message is lost, and the malformed objects fail again.
    tasks.remove(1);
    fixture.process_tasks(&tasks).await;
    let ended = fixture.give_up("second").await;
    let objects = ended.totals.objects;
    assert_eq!((objects.failed, objects.lost), (2, 10));

    repair_objects(&fixture);
    fixture.retry("third", "second").await;
    let tasks = fixture.queue.take_tasks();
    assert_eq!(fixture.planned_keys(&tasks).await, left());
    fixture.process_tasks(&tasks[..2]).await;
    // A retry resends objects without a receipt, like any job.
    fixture.patience.rounds = 1;
    fixture.check_job("third").await;
    fixture.pass_minutes(5);
    fixture.check_job("third").await;
    let again = fixture.queue.take_tasks();
    assert_eq!(fixture.planned_keys(&again).await, ["object-0024"]);
    fixture.process_tasks(&again).await;
    assert_eq!(fixture.check_job("third").await.state, JobState::Succeeded);
    assert_eq!(report(&fixture, "third")["retry"], "second");
}

#[tokio::test]
async fn an_object_with_a_receipt_after_the_report_is_not_retried() {
    let mut fixture = Fixture::with_objects(3);
    fixture.page = 1;
    fixture.start().await;
    let messages = fixture.queue.take();
    fixture.process(&messages[0]).await.unwrap();
    fixture.give_up("job").await;
    // A function that was still running writes its receipt just after the report.
    let report = fixture.output().join("jobs/job/report.json");
    let aside = fixture.output().join("aside");
    std::fs::rename(&report, &aside).unwrap();
    fixture.process(&messages[1]).await.unwrap();
    std::fs::rename(&aside, &report).unwrap();

    fixture.retry("again", "job").await;
    assert_eq!(
        fixture.planned_keys(&fixture.queue.take_tasks()).await,
        ["object-0002"]
    );
}

#[tokio::test]
async fn running_successful_and_unknown_jobs_cannot_be_retried() {
    let fixture = Fixture::with_objects(2);
    fixture.start().await;
    let before = fixture.files();
    let error = fixture.retry_from("again", "job", None).await.unwrap_err();
    assert!(matches!(error, Error::NotOver { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(fixture.files(), before);

    fixture.process_all().await;
    fixture.check().await;
    let before = fixture.files();
    let error = fixture.retry_from("again", "job", None).await.unwrap_err();
    assert!(matches!(error, Error::NothingToRetry { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let error = fixture
        .retry_from("again", "nobody", None)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotPlanned { .. }), "{error}");
    assert_eq!(fixture.files(), before);
    assert_eq!(fixture.queue.take(), [""; 0]);
}

#[tokio::test]
async fn a_job_id_cannot_be_reused_for_another_retry() {
    let fixture = with_failures().await;
    fixture.retry("again", "job").await;
    let request = StartRequest {
        job: "again".parse().unwrap(),
        ..fixture.request()
    };
    let error = fixture.start_with(request).await.unwrap_err();
    assert!(matches!(error, Error::OtherJob { .. }), "{error}");
    let error = fixture.retry_from("job", "job", None).await.unwrap_err();
    assert!(matches!(error, Error::OtherJob { .. }), "{error}");
}
