//! `check` reports a job as complete once every task has a receipt, never earlier.

use std::time::Duration;

use rehose_reprocess::check::JobState;
use rehose_reprocess::error::Error;

use crate::fixture::{AMPLE, Fixture};

#[tokio::test]
async fn a_job_is_complete_when_every_task_has_its_receipt() {
    let mut fixture = Fixture::with_objects(25);
    fixture.page = 10;
    fixture.start().await;
    let messages = fixture.queue.take();
    assert_eq!(messages.len(), 3);
    for message in &messages {
        assert_eq!(fixture.check().await.state, JobState::Running);
        fixture.process(message).await.unwrap();
    }
    let ended = fixture.check().await;
    assert_eq!(ended.state, JobState::Succeeded);
    let totals = ended.totals;
    assert_eq!((totals.objects.listed, totals.objects.done), (25, 25));
    assert_eq!((totals.rows.events, totals.rows.written), (25, 25));
    assert!(ended.report.ends_with("jobs/job/report.json"));
}

#[tokio::test]
async fn receipts_in_any_order_add_up_to_the_same_report() {
    let mut reports = Vec::new();
    for reverse in [false, true] {
        let mut fixture = Fixture::with_objects(25);
        fixture.page = 5;
        fixture.start().await;
        let mut messages = fixture.queue.take();
        if reverse {
            messages.reverse();
        }
        for message in messages {
            fixture.process(&message).await.unwrap();
            fixture.check().await;
        }
        let path = format!("{}", fixture.output().with_file_name("").display());
        reports.push(fixture.read("jobs/job/report.json").replace(&path, ""));
    }
    assert_eq!(reports[0], reports[1]);
}

#[tokio::test]
async fn an_empty_queue_does_not_complete_a_job() {
    let mut fixture = Fixture::with_objects(1);
    fixture.start().await;
    fixture.queue.fix_counters(0);
    for _ in 0..4 {
        assert_eq!(fixture.check().await.state, JobState::Running);
        fixture.pass_minutes(1);
    }
    fixture.process_all().await;
    assert_eq!(fixture.check().await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_full_queue_does_not_delay_a_complete_job() {
    let fixture = Fixture::with_objects(1);
    fixture.start().await;
    fixture.process_all().await;
    fixture.queue.fix_counters(1_000_000);
    assert_eq!(fixture.check().await.state, JobState::Succeeded);
}

#[tokio::test]
async fn lost_objects_are_sent_again_one_per_message() {
    let mut fixture = Fixture::with_objects(3);
    fixture.start().await;
    fixture.queue.take();
    fixture.check().await;
    fixture.pass_minutes(5);
    let checked = fixture.check().await;
    assert_eq!((checked.state, checked.wait), (JobState::Running, 30));
    let again = fixture.queue.take_tasks();
    let objects = again.iter().map(|message| message.task.object);
    assert_eq!(objects.collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    fixture.process_tasks(&again).await;
    assert_eq!(fixture.check().await.state, JobState::Succeeded);
}

#[tokio::test]
async fn only_the_object_that_stays_lost_is_reported() {
    let mut fixture = Fixture::with_objects(3);
    fixture.start().await;
    fixture.queue.take();
    fixture.check().await;
    fixture.pass_minutes(5);
    fixture.check().await;
    let mut again = fixture.queue.take_tasks();
    let poison = again.remove(1);
    fixture.process_tasks(&again).await;
    assert_eq!(fixture.check().await.state, JobState::Running);
    fixture.pass_minutes(5);
    let ended = fixture.check().await;
    assert_eq!(ended.state, JobState::Incomplete);
    assert_eq!(
        (ended.totals.objects.done, ended.totals.objects.lost),
        (2, 1)
    );
    let report = fixture.read("jobs/job/report.json");
    assert!(
        report.contains(r#""failures":[{"key":"object-0001","reason":"lost""#),
        "{report}"
    );

    // The message arrives after the job has ended.
    let before = fixture.files();
    fixture.process_tasks(&[poison]).await;
    assert_eq!(fixture.check().await.state, JobState::Incomplete);
    assert_eq!(fixture.files(), before);
}

#[tokio::test]
async fn counters_that_never_fall_do_not_block_a_job() {
    let mut fixture = Fixture::with_objects(1);
    fixture.start().await;
    fixture.queue.take();
    fixture.queue.fix_counters(1);
    let mut calls = 0;
    while fixture.check().await.state == JobState::Running {
        fixture.queue.take();
        fixture.pass_minutes(30);
        calls += 1;
        assert!(calls < 20, "the job has not ended");
    }
    assert_eq!(fixture.check().await.totals.objects.lost, 1);
}

#[tokio::test]
async fn a_job_with_new_receipts_resends_nothing() {
    let mut fixture = Fixture::with_objects(30);
    fixture.page = 1;
    fixture.start().await;
    let messages = fixture.queue.take();
    fixture.queue.fix_counters(0);
    // Four minutes without a receipt are too few to resend.
    for message in &messages[1..] {
        fixture.process(message).await.unwrap();
        assert_eq!(fixture.check().await.state, JobState::Running);
        assert_eq!(fixture.queue.take(), Vec::<String>::new());
        fixture.pass_minutes(4);
    }
    fixture.process(&messages[0]).await.unwrap();
    assert_eq!(fixture.check().await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_call_with_little_time_continues_in_the_next_without_a_wait() {
    let mut fixture = Fixture::with_objects(5);
    fixture.page = 1;
    fixture.start().await;
    fixture.process_all().await;
    let mut calls = 1;
    loop {
        let checked = fixture.check_within(Duration::from_secs(1)).await;
        if checked.state == JobState::Succeeded {
            break;
        }
        assert_eq!(checked.wait, 0);
        assert_eq!(checked.totals.objects.done, calls);
        calls += 1;
    }
    assert_eq!(calls, 5);
}

#[tokio::test]
async fn waits_grow_with_the_jobs_age_up_to_a_limit() {
    let mut fixture = Fixture::with_objects(1);
    fixture.start().await;
    fixture.queue.fix_counters(1);
    let mut waits = Vec::new();
    for minutes in [0, 1, 9, 50, 0] {
        fixture.pass_minutes(minutes);
        waits.push(fixture.check().await.wait);
    }
    assert_eq!(waits, [5, 6, 60, 300, 300]);
}

#[tokio::test]
async fn concurrent_checks_write_one_report() {
    let fixture = Fixture::with_objects(3);
    fixture.start().await;
    fixture.process_all().await;
    let (one, other) = tokio::join!(fixture.check(), fixture.check());
    assert_eq!(one, other);
    assert_eq!(one.state, JobState::Succeeded);
}

#[tokio::test]
async fn an_unknown_job_is_an_error() {
    let fixture = Fixture::with_objects(1);
    let unknown = "unknown".parse().unwrap();
    let error = fixture.try_check(&unknown, AMPLE).await.unwrap_err();
    assert!(matches!(error, Error::NotPlanned { .. }), "{error}");
}

#[tokio::test]
async fn a_receipt_with_other_objects_is_an_error() {
    let fixture = Fixture::with_objects(1);
    fixture.start().await;
    fixture.process_all().await;
    let path = fixture
        .output()
        .join("jobs/job/receipts/00000000-0000.json");
    std::fs::write(path, r#"{"objects":[]}"#).unwrap();
    let error = fixture.try_check(&Fixture::job(), AMPLE).await.unwrap_err();
    assert!(matches!(error, Error::Ledger { .. }), "{error}");
}
