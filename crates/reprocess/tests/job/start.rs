//! `start` plans every object once, whatever interrupts it.

use std::collections::BTreeSet;
use std::time::Duration;

use rehose_extract::Options;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::job::Mode;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::task::{MAX_BYTES, MAX_OBJECTS, TaskMessage, divide};
use rehose_store::Listed;
use rehose_store::queue::{MAX_BATCH, MAX_BATCH_BYTES};

use crate::world::{World, document};

fn keys(tasks: &[TaskMessage]) -> Vec<&str> {
    let objects = tasks.iter().flat_map(|task| &task.objects);
    objects.map(|object| object.key.as_str()).collect()
}

#[tokio::test]
async fn every_object_is_planned_once_over_many_pages() {
    let mut world = World::with_objects(95);
    world.page = 10;
    world.start().await;
    let tasks = world.queue.take_tasks();
    let planned = keys(&tasks);
    assert_eq!(planned.len(), 95);
    assert_eq!(planned.iter().collect::<BTreeSet<_>>().len(), 95);
    let slices = world
        .files()
        .into_keys()
        .filter(|key| key.contains("/manifest/"));
    assert_eq!(slices.count(), 10);
}

#[tokio::test]
async fn a_call_stops_at_its_pages_and_the_next_goes_on_with_its_cursor() {
    let mut world = World::with_objects(25);
    (world.page, world.pages) = (10, 1);
    let first = world.start_from(None).await.unwrap();
    assert!(!first.planned);
    assert_eq!(first.sent.objects, 10);
    let cursor = first.cursor.clone().unwrap();
    assert_eq!(
        (cursor.slice, cursor.after.as_deref()),
        (1, Some("object-0009"))
    );
    let second = world.start_from(first.cursor).await.unwrap();
    let third = world.start_from(second.cursor).await.unwrap();
    assert!(third.planned);
    assert_eq!(third.cursor, None);
    assert_eq!(keys(&world.queue.take_tasks()).len(), 25);
}

#[tokio::test]
async fn a_call_with_little_time_left_plans_one_page() {
    let mut world = World::with_objects(25);
    world.page = 10;
    let started = world
        .start_within(world.request(), Duration::from_secs(5))
        .await
        .unwrap();
    assert!(!started.planned);
    assert_eq!(started.sent.objects, 10);
}

#[tokio::test]
async fn a_call_repeated_sends_what_the_first_one_planned_although_the_stash_has_changed() {
    let world = World::with_objects(3);
    world.start().await;
    let first = world.queue.take();
    world.put("object-0000-late", &document(0));
    world.start().await;
    assert_eq!(world.queue.take(), first);
}

#[tokio::test(start_paused = true)]
async fn entries_that_the_queue_refuses_are_sent_until_it_takes_them() {
    let mut world = World::with_objects(40);
    world.page = 1;
    *world.queue.refusals.lock().unwrap() = 7;
    world.start().await;
    assert_eq!(keys(&world.queue.take_tasks()).len(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_refuses_for_ever_is_an_error_and_not_a_success() {
    let world = World::with_objects(1);
    *world.queue.refusals.lock().unwrap() = usize::MAX;
    let error = world.start_from(None).await.unwrap_err();
    assert!(matches!(error, Error::Unsent { count: 1, .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Passing);
}

#[tokio::test]
async fn batches_keep_to_the_queues_limits() {
    let mut world = World::with_objects(0);
    world.page = 1_000;
    let long = "k".repeat(200);
    for i in 0..900 {
        world.put(&format!("{long}/{long}/{long}/{long}/{i}"), "");
    }
    world.start().await;
    let batches = world.queue.batches();
    assert!(batches.iter().all(|batch| batch.len() <= MAX_BATCH));
    assert!(
        batches
            .iter()
            .all(|batch| batch.iter().sum::<usize>() <= MAX_BATCH_BYTES)
    );
    assert!(
        batches.iter().any(|batch| batch.len() < MAX_BATCH),
        "the byte limit was met"
    );
    assert_eq!(keys(&world.queue.take_tasks()).len(), 900);
}

#[test]
fn tasks_have_few_objects_and_few_bytes_unless_one_object_is_large() {
    let sizes = [MAX_BYTES + 1, 1, MAX_BYTES - 1, 1, 0]
        .into_iter()
        .chain(std::iter::repeat_n(0, 70));
    let listed = sizes.map(|bytes| Listed {
        key: "key".to_owned(),
        bytes,
    });
    let lengths: Vec<usize> = divide(listed).iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 2, MAX_OBJECTS, MAX_OBJECTS, 8]);
}

#[tokio::test]
async fn firehoses_failures_and_the_users_patterns_are_excluded_and_counted() {
    let world = World::with_objects(2);
    world.put("processing-failed/2020/02/01/00/x", "{}");
    world.put("logs/result=format-conversion-failed/x", "{}");
    world.put("logs/processing-failed", &document(0));
    world.put("tmp/a/b", "");
    let request = StartRequest {
        exclude: vec!["tmp/*".to_owned()],
        ..world.request()
    };
    world.start_with(request).await.unwrap();
    let tasks = world.queue.take_tasks();
    assert_eq!(
        keys(&tasks),
        ["logs/processing-failed", "object-0000", "object-0001"]
    );
    world.process_tasks(&tasks).await;
    assert_eq!(world.check().await.totals.objects.excluded, 3);
}

#[tokio::test]
async fn the_mode_missing_plans_what_has_no_output() {
    let world = World::with_objects(3);
    world.start().await;
    world.process_all().await;
    std::fs::remove_file(world.output().join("csv/object-0001.csv.gz")).unwrap();
    let request = StartRequest {
        job: "second".parse().unwrap(),
        mode: Mode::Missing,
        ..world.request()
    };
    world.start_with(request).await.unwrap();
    assert_eq!(keys(&world.queue.take_tasks()), ["object-0001"]);
}

#[tokio::test]
async fn the_mode_missing_plans_what_no_output_can_hold() {
    let world = World::with_objects(1);
    // A file name has room for 255 bytes, and the output's is longer.
    let long = "k".repeat(250);
    world.put(&long, &document(0));
    let request = StartRequest {
        mode: Mode::Missing,
        ..world.request()
    };
    world.start_with(request).await.unwrap();
    let tasks = world.queue.take_tasks();
    assert_eq!(keys(&tasks), [&long, "object-0000"]);
    world.process_tasks(&tasks).await;
    assert_eq!(world.check().await.totals.objects.failed, 1);
}

#[tokio::test]
async fn a_job_id_stands_for_one_job() {
    let world = World::with_objects(2);
    world.start().await;
    let request = StartRequest {
        prefix: "object-0001".to_owned(),
        ..world.request()
    };
    let error = world.start_with(request).await.unwrap_err();
    assert!(matches!(error, Error::OtherJob { .. }), "{error}");
}

#[tokio::test]
async fn an_output_holds_rows_of_one_shape() {
    let world = World::with_objects(1);
    world.start().await;
    let request = StartRequest {
        job: "other".parse().unwrap(),
        options: Options {
            fields: Some(vec!["srcaddr".to_owned()]),
            ..Options::default()
        },
        ..world.request()
    };
    let before = world.files();
    let error = world.start_with(request).await.unwrap_err();
    assert!(matches!(error, Error::OtherBinding { .. }), "{error}");
    assert!(error.to_string().ends_with("take another output"));
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused_before_anything_is_written() {
    let world = World::with_objects(1);
    let refused = [
        StartRequest {
            prefix: "nothing/here".to_owned(),
            ..world.request()
        },
        StartRequest {
            source: rehose_store::StoreName::of_bucket("elsewhere"),
            ..world.request()
        },
        StartRequest {
            exclude: vec!["[".to_owned()],
            ..world.request()
        },
        StartRequest {
            options: Options {
                event_regex: Some("no groups".to_owned()),
                ..Options::default()
            },
            ..world.request()
        },
    ];
    for request in refused {
        let error = world.start_with(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(world.files().is_empty());
    }
}

#[tokio::test]
async fn a_prefix_that_would_list_what_rehose_writes_is_refused() {
    // The output is the stash itself, so its own folders stand beside the objects.
    let world = World::in_its_own_stash();
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
            ..world.request()
        };
        let error = world.start_with(request).await.unwrap_err();
        assert!(
            matches!(error, Error::OutputUnderSource { .. }),
            "{prefix}: {error}"
        );
    }
    let request = StartRequest {
        prefix: "object".to_owned(),
        ..world.request()
    };
    assert!(world.start_with(request).await.unwrap().planned);
}

#[tokio::test]
async fn a_key_with_characters_that_a_queue_refuses_travels_escaped() {
    let world = World::with_objects(0);
    let key = "a\u{fffe}b\u{ffff}c";
    world.put(key, &document(0));
    world.start().await;
    let body = world.queue.take().remove(0);
    assert!(!body.contains(['\u{fffe}', '\u{ffff}']), "{body}");
    let task: TaskMessage = serde_json::from_str(&body).unwrap();
    assert_eq!(task.objects[0].key, key);
}
