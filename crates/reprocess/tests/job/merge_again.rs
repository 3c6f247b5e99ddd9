//! Merges as schedules start them: one after the other over the same hours, and in several calls.

use std::sync::Arc;

use rehose_reprocess::check::JobState;
use rehose_reprocess::plan::StartRequest;

use crate::fixture::Fixture;
use crate::merge::{flow, hour_of, merge, plan, published, sources};

#[tokio::test]
async fn the_first_call_decides_what_has_closed_for_all_others() {
    for is_cut_short in [false, true] {
        let mut fixture = hour_of(&["a"]);
        fixture.put("1970/01/01/01/b", &flow("b"));
        fixture.pages = 1;
        let first = fixture.start_with(merge(&fixture, "job")).await.unwrap();
        assert!(!first.planned);
        // The second hour closes meanwhile.
        fixture.pass_minutes(60);
        let mut cursor = first.cursor.filter(|_| !is_cut_short);
        loop {
            let request = StartRequest {
                cursor,
                ..merge(&fixture, "job")
            };
            let started = fixture.start_with(request).await.unwrap();
            cursor = started.cursor;
            if started.planned {
                break;
            }
        }
        fixture.process_all().await;
        assert_eq!(fixture.check_job("job").await.state, JobState::Succeeded);
        assert_eq!(sources(&fixture), ["a"], "cut short: {is_cut_short}");
        fixture.pages = usize::MAX;
        assert_eq!(plan(&fixture, "next").await.len(), 1);
    }
}

#[tokio::test]
async fn a_task_is_not_merged_again_once_another_job_has_merged_its_generation() {
    let fixture = hour_of(&["a", "b"]);
    let slow = plan(&fixture, "slow").await;
    let fast = plan(&fixture, "fast").await;
    fixture.process_tasks(&fast).await;
    fixture.check_job("fast").await;
    let before = fixture.files();
    let body = serde_json::to_string(&slow[0]).unwrap();
    let processed = fixture.process(&body).await.unwrap();
    assert_eq!((processed.settled, processed.done.len()), (2, 0));
    assert_eq!(fixture.files(), before, "no file and no receipt is written");
    assert_eq!(fixture.check_job("slow").await.state, JobState::Succeeded);
}

/// The other job has planned two generations, or plans one, and publishes all of them between two calls.
#[tokio::test]
async fn what_another_job_publishes_between_two_calls_is_still_counted() {
    let mut fixture = hour_of(&["a"]);
    let mut other = plan(&fixture, "other").await;
    fixture.put("1970/01/01/00/b", &flow("b"));
    other.extend(plan(&fixture, "other-again").await);
    fixture.put("1970/01/01/00/c", &flow("c"));
    fixture.pages = 1;
    let first = fixture.start_with(merge(&fixture, "job")).await.unwrap();
    assert!(!first.planned);
    fixture.pages = usize::MAX;
    other.extend(plan(&fixture, "third").await);
    fixture.process_tasks(&other).await;
    for job in ["other", "other-again", "third"] {
        fixture.check_job(job).await;
    }
    assert_eq!(sources(&fixture), ["a", "b", "c"]);
    let rest = StartRequest {
        cursor: first.cursor,
        ..merge(&fixture, "job")
    };
    assert!(fixture.start_with(rest).await.unwrap().planned);
    fixture.process_all().await;
    let checked = fixture.check_job("job").await;
    assert_eq!(checked.state, JobState::Succeeded);
    assert_eq!(checked.totals.objects.listed, 3);
    assert_eq!(sources(&fixture), ["a", "b", "c"]);
}

#[tokio::test]
async fn an_hour_is_overdue_if_nothing_of_it_is_published_an_hour_after_it_has_closed() {
    let overdue = async |fixture: &Fixture, job: &str| {
        let started = fixture.start_with(merge(fixture, job)).await.unwrap();
        started.overdue
    };
    // It has closed 45 minutes ago.
    let mut fixture = hour_of(&["a"]);
    assert_eq!(overdue(&fixture, "soon").await, 0);
    fixture.pass_minutes(14);
    assert_eq!(overdue(&fixture, "almost").await, 0);
    fixture.pass_minutes(1);
    assert_eq!(overdue(&fixture, "late").await, 1);
    fixture.process_all().await;
    fixture.check_job("late").await;
    assert_eq!(overdue(&fixture, "after").await, 0);
    fixture.put("1970/01/01/00/b", &flow("b"));
    assert_eq!(overdue(&fixture, "late-object").await, 0);
}

#[tokio::test]
async fn merges_have_a_queue_of_their_own() {
    let mut fixture = hour_of(&["a"]);
    let merges = Arc::new(crate::fake_queue::FakeQueue::default());
    fixture.merge_queue = Some(Arc::clone(&merges));
    fixture.start_with(merge(&fixture, "merge")).await.unwrap();
    assert_eq!(fixture.queue.take(), [""; 0]);
    assert_eq!(merges.take().len(), 1);
    fixture.start().await;
    assert_eq!((fixture.queue.take().len(), merges.take().len()), (1, 0));

    // What is lost is sent again to the same queue, whose counters alone decide when.
    fixture.queue.fix_counters(5);
    fixture.check_job("merge").await;
    fixture.pass_minutes(5);
    fixture.check_job("merge").await;
    assert_eq!(fixture.queue.take(), [""; 0]);
    assert_eq!(merges.take().len(), 1);
    assert_eq!(published(&fixture), []);
}

#[tokio::test]
async fn a_generation_without_an_object_is_counted_as_incomplete() {
    let fixture = hour_of(&["a"]);
    fixture.put("1970/01/01/00/corrupt", "\u{1f}");
    let tasks = plan(&fixture, "job").await;
    assert_eq!(fixture.check_job("job").await.incomplete, 0);
    fixture.process_tasks(&tasks).await;
    let checked = fixture.check_job("job").await;
    assert_eq!(
        (checked.state, checked.incomplete),
        (JobState::Incomplete, 1)
    );
    assert_eq!(plan(&fixture, "again").await, []);
    assert_eq!(fixture.check_job("again").await.incomplete, 0);
}
