//! A retry plans what failed or was lost, all of it and nothing else, whatever interrupts it.

use rehose_reprocess::check::Standing;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::task::TaskMessage;

use crate::world::{World, document};

/// The job `job` over 25 objects in three slices is over: two objects are malformed, and of the
/// second slice no message came back.
async fn with_failures() -> World {
    let mut world = World::with_objects(25);
    world.page = 10;
    world.put("object-0003", "{");
    world.put("object-0024", "{");
    world.start().await;
    let messages = world.queue.take();
    for message in [&messages[0], &messages[2]] {
        world.process(message).await.unwrap();
    }
    let ended = world.give_up("job").await;
    assert_eq!(ended.state, Standing::Incomplete);
    let objects = ended.totals.objects;
    assert_eq!((objects.failed, objects.lost), (2, 10));
    world
}

/// The keys of what is left of it.
fn left() -> Vec<String> {
    let numbers = [3].into_iter().chain(10..20).chain([24]);
    numbers.map(|i| format!("object-{i:04}")).collect()
}

fn mend(world: &World) {
    for key in ["object-0003", "object-0024"] {
        world.put(key, &document(0));
    }
}

fn keys(tasks: &[TaskMessage]) -> Vec<String> {
    let objects = tasks.iter().flat_map(|task| &task.objects);
    objects.map(|object| object.key.clone()).collect()
}

fn report(world: &World, job: &str) -> serde_json::Value {
    serde_json::from_str(&world.read(&format!("jobs/{job}/report.json"))).unwrap()
}

#[tokio::test]
async fn a_retry_plans_exactly_what_failed_or_was_lost_and_proves_it() {
    let world = with_failures().await;
    mend(&world);
    let first = world.read("jobs/job/report.json");
    world.retry("again", "job").await;
    let tasks = world.queue.take_tasks();
    assert_eq!(keys(&tasks), left());
    assert!(
        (tasks.iter().flat_map(|task| &task.objects)).all(|object| object.bytes > 0),
        "sizes come from the manifest"
    );

    assert_eq!(world.check_job("again").await.state, Standing::Running);
    world.process_tasks(&tasks).await;
    let ended = world.check_job("again").await;
    assert_eq!(ended.state, Standing::Succeeded);
    let objects = ended.totals.objects;
    assert_eq!((objects.listed, objects.done), (12, 12));
    let report = report(&world, "again");
    assert_eq!(report["retry"], "job");
    assert_eq!(report["failures"], serde_json::json!([]));
    let rows = world
        .files()
        .into_keys()
        .filter(|key| key.starts_with("csv/"));
    assert_eq!(rows.count(), 25);
    assert_eq!(world.read("jobs/job/report.json"), first);
}

#[tokio::test]
async fn calls_that_are_repeated_plan_the_same_whatever_has_been_mended_since() {
    let mut world = with_failures().await;
    world.pages = 1;
    let mut cursor = None;
    let mut slices = Vec::new();
    loop {
        // The first call sends and dies before its answer arrives.
        let lost = world.retry_from("again", "job", cursor.clone()).await;
        let sent = world.queue.take();
        mend(&world);
        let repeated = world.retry_from("again", "job", cursor).await.unwrap();
        assert_eq!(lost.unwrap(), repeated);
        assert_eq!(world.queue.take(), sent);
        slices.push(repeated.sent.objects);
        for message in sent.iter().chain(&sent) {
            world.process(message).await.unwrap();
        }
        cursor = repeated.cursor;
        if repeated.planned {
            break;
        }
    }
    assert_eq!(slices, [1, 10, 1]);
    let objects = world.check_job("again").await.totals.objects;
    assert_eq!((objects.listed, objects.done), (12, 12));
}

#[tokio::test]
async fn messages_of_both_jobs_in_any_order_and_twice_change_nothing() {
    let mut world = World::with_objects(4);
    world.put("object-0001", "{");
    world.start().await;
    let old = world.queue.take();
    world.process(&old[0]).await.unwrap();
    assert_eq!(world.check().await.state, Standing::Incomplete);
    world.put("object-0001", &document(1));
    world.retry("again", "job").await;
    let new = world.queue.take();
    for message in new.iter().chain(&old).chain(&new) {
        world.process(message).await.unwrap();
    }
    world.pass_minutes(60);
    assert_eq!(world.check_job("again").await.state, Standing::Succeeded);
    assert_eq!(world.check().await.state, Standing::Incomplete);
    assert_eq!(world.receipts(), ["00000000-0000.json"]);
}

#[tokio::test]
async fn what_is_lost_again_is_reported_and_can_be_retried_again() {
    let mut world = with_failures().await;
    world.retry("second", "job").await;
    let mut tasks = world.queue.take_tasks();
    // One message vanishes, and the malformed ones fail again.
    tasks.remove(1);
    world.process_tasks(&tasks).await;
    let ended = world.give_up("second").await;
    let objects = ended.totals.objects;
    assert_eq!((objects.failed, objects.lost), (2, 10));

    mend(&world);
    world.retry("third", "second").await;
    let tasks = world.queue.take_tasks();
    assert_eq!(keys(&tasks), left());
    world.process_tasks(&tasks[..2]).await;
    // What has no receipt is sent again, as in any job.
    world.patience.rounds = 1;
    world.check_job("third").await;
    world.pass_minutes(5);
    world.check_job("third").await;
    let again = world.queue.take_tasks();
    assert_eq!(keys(&again), ["object-0024"]);
    world.process_tasks(&again).await;
    assert_eq!(world.check_job("third").await.state, Standing::Succeeded);
    assert_eq!(report(&world, "third")["retry"], "second");
}

#[tokio::test]
async fn what_was_still_being_done_when_the_job_ended_is_not_done_again() {
    let mut world = World::with_objects(3);
    world.page = 1;
    world.start().await;
    let messages = world.queue.take();
    world.process(&messages[0]).await.unwrap();
    world.give_up("job").await;
    // Its receipt is written just after the report.
    let report = world.output().join("jobs/job/report.json");
    let aside = world.output().join("aside");
    std::fs::rename(&report, &aside).unwrap();
    world.process(&messages[1]).await.unwrap();
    std::fs::rename(&aside, &report).unwrap();

    world.retry("again", "job").await;
    assert_eq!(keys(&world.queue.take_tasks()), ["object-0002"]);
}

#[tokio::test]
async fn a_job_that_runs_or_left_nothing_or_is_not_there_is_not_retried() {
    let world = World::with_objects(2);
    world.start().await;
    let before = world.files();
    let error = world.retry_from("again", "job", None).await.unwrap_err();
    assert!(matches!(error, Error::NotOver { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(world.files(), before);

    world.process_all().await;
    world.check().await;
    let before = world.files();
    let error = world.retry_from("again", "job", None).await.unwrap_err();
    assert!(matches!(error, Error::NothingToRetry { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let error = world.retry_from("again", "nobody", None).await.unwrap_err();
    assert!(matches!(error, Error::NotPlanned { .. }), "{error}");
    assert_eq!(world.files(), before);
    assert_eq!(world.queue.take(), [""; 0]);
}

#[tokio::test]
async fn a_job_id_stands_for_one_retry() {
    let world = with_failures().await;
    world.retry("again", "job").await;
    let request = StartRequest {
        job: "again".parse().unwrap(),
        ..world.request()
    };
    let error = world.start_with(request).await.unwrap_err();
    assert!(matches!(error, Error::OtherJob { .. }), "{error}");
    let error = world.retry_from("job", "job", None).await.unwrap_err();
    assert!(matches!(error, Error::OtherJob { .. }), "{error}");
}
