//! `check` never says that a job is complete before it is, and always says so in the end.

use std::time::Duration;

use rehose_reprocess::check::Standing;
use rehose_reprocess::error::Error;

use crate::world::{AMPLE, World};

#[tokio::test]
async fn a_job_is_complete_when_every_task_has_its_receipt() {
    let mut world = World::with_objects(25);
    world.page = 10;
    world.start().await;
    let messages = world.queue.take();
    assert_eq!(messages.len(), 3);
    for message in &messages {
        assert_eq!(world.check().await.state, Standing::Running);
        world.process(message).await.unwrap();
    }
    let ended = world.check().await;
    assert_eq!(ended.state, Standing::Succeeded);
    let totals = ended.totals;
    assert_eq!((totals.objects.listed, totals.objects.done), (25, 25));
    assert_eq!((totals.rows.events, totals.rows.written), (25, 25));
    assert!(ended.report.ends_with("jobs/job/report.json"));
}

#[tokio::test]
async fn receipts_in_any_order_add_up_to_the_same_report() {
    let mut reports = Vec::new();
    for reverse in [false, true] {
        let mut world = World::with_objects(25);
        world.page = 5;
        world.start().await;
        let mut messages = world.queue.take();
        if reverse {
            messages.reverse();
        }
        for message in messages {
            world.process(&message).await.unwrap();
            world.check().await;
        }
        let path = format!("{}", world.output().with_file_name("").display());
        reports.push(world.read("jobs/job/report.json").replace(&path, ""));
    }
    assert_eq!(reports[0], reports[1]);
}

#[tokio::test]
async fn a_queue_that_seems_empty_completes_nothing() {
    let mut world = World::with_objects(1);
    world.start().await;
    world.queue.pretend(0);
    for _ in 0..4 {
        assert_eq!(world.check().await.state, Standing::Running);
        world.pass_minutes(1);
    }
    world.process_all().await;
    assert_eq!(world.check().await.state, Standing::Succeeded);
}

#[tokio::test]
async fn a_queue_that_seems_full_holds_nothing_up() {
    let world = World::with_objects(1);
    world.start().await;
    world.process_all().await;
    world.queue.pretend(1_000_000);
    assert_eq!(world.check().await.state, Standing::Succeeded);
}

#[tokio::test]
async fn what_was_lost_is_sent_again_one_object_a_message() {
    let mut world = World::with_objects(3);
    world.start().await;
    world.queue.take();
    world.check().await;
    world.pass_minutes(5);
    let checked = world.check().await;
    assert_eq!((checked.state, checked.wait), (Standing::Running, 30));
    let again = world.queue.take_tasks();
    let objects = again.iter().map(|task| task.objects.len());
    assert_eq!(objects.collect::<Vec<_>>(), [1, 1, 1]);
    world.process_tasks(&again).await;
    assert_eq!(world.check().await.state, Standing::Succeeded);
}

#[tokio::test]
async fn what_stays_lost_is_reported_alone() {
    let mut world = World::with_objects(3);
    world.start().await;
    world.queue.take();
    world.check().await;
    world.pass_minutes(5);
    world.check().await;
    let mut again = world.queue.take_tasks();
    let poison = again.remove(1);
    world.process_tasks(&again).await;
    assert_eq!(world.check().await.state, Standing::Running);
    world.pass_minutes(5);
    let ended = world.check().await;
    assert_eq!(ended.state, Standing::Incomplete);
    assert_eq!(
        (ended.totals.objects.done, ended.totals.objects.lost),
        (2, 1)
    );
    let report = world.read("jobs/job/report.json");
    assert!(
        report.contains(r#""failures":[{"key":"object-0001","reason":"lost""#),
        "{report}"
    );

    // It comes after all. The job has ended, and nothing changes.
    let before = world.files();
    world.process_tasks(&[poison]).await;
    assert_eq!(world.check().await.state, Standing::Incomplete);
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn counters_that_never_fall_do_not_hold_a_job_for_ever() {
    let mut world = World::with_objects(1);
    world.start().await;
    world.queue.take();
    world.queue.pretend(1);
    let mut calls = 0;
    while world.check().await.state == Standing::Running {
        world.queue.take();
        world.pass_minutes(30);
        calls += 1;
        assert!(calls < 20, "the job has not ended");
    }
    assert_eq!(world.check().await.totals.objects.lost, 1);
}

#[tokio::test]
async fn receipts_that_keep_coming_keep_a_job_from_being_asked() {
    let mut world = World::with_objects(30);
    world.page = 1;
    world.start().await;
    let messages = world.queue.take();
    world.queue.pretend(0);
    // The first message is slow; the others come in one every four minutes.
    for message in &messages[1..] {
        world.process(message).await.unwrap();
        assert_eq!(world.check().await.state, Standing::Running);
        assert_eq!(world.queue.take(), Vec::<String>::new());
        world.pass_minutes(4);
    }
    world.process(&messages[0]).await.unwrap();
    assert_eq!(world.check().await.state, Standing::Succeeded);
}

#[tokio::test]
async fn a_call_with_little_time_goes_on_in_the_next_at_once() {
    let mut world = World::with_objects(5);
    world.page = 1;
    world.start().await;
    world.process_all().await;
    let mut calls = 1;
    loop {
        let checked = world.check_within(Duration::from_secs(1)).await;
        if checked.state == Standing::Succeeded {
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
    let mut world = World::with_objects(1);
    world.start().await;
    world.queue.pretend(1);
    let mut waits = Vec::new();
    for minutes in [0, 1, 9, 50, 0] {
        world.pass_minutes(minutes);
        waits.push(world.check().await.wait);
    }
    assert_eq!(waits, [5, 6, 60, 300, 300]);
}

#[tokio::test]
async fn two_checks_at_once_end_with_one_report() {
    let world = World::with_objects(3);
    world.start().await;
    world.process_all().await;
    let (one, other) = tokio::join!(world.check(), world.check());
    assert_eq!(one, other);
    assert_eq!(one.state, Standing::Succeeded);
}

#[tokio::test]
async fn a_job_that_nobody_planned_is_an_error() {
    let world = World::with_objects(1);
    let unknown = "unknown".parse().unwrap();
    let error = world.try_check(&unknown, AMPLE).await.unwrap_err();
    assert!(matches!(error, Error::NotPlanned { .. }), "{error}");
}

#[tokio::test]
async fn a_receipt_about_other_objects_proves_nothing() {
    let world = World::with_objects(1);
    world.start().await;
    world.process_all().await;
    let path = world.output().join("jobs/job/receipts/00000000-0000.json");
    std::fs::write(path, r#"{"objects":[]}"#).unwrap();
    let error = world.try_check(&World::job(), AMPLE).await.unwrap_err();
    assert!(matches!(error, Error::Ledger { .. }), "{error}");
}
