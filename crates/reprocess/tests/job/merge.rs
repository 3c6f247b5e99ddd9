//! Merges: which objects are in which generation, what becomes of tasks that do not come back, and what is
//! published.

use rehose_extract::Options;
use rehose_reprocess::check::{Checked, JobState};
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::job::Merge;
use rehose_reprocess::ledger::report::Report;
use rehose_reprocess::ledger::tally::Merged;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::task::{TaskId, TaskMessage};
use rehose_testkit::parquet::as_csv;

use crate::fixture::{AMPLE, Fixture};

/// A stash with these objects in the first hour, each with a flow of its own, after that hour has closed.
pub(crate) fn hour_of(objects: &[&str]) -> Fixture {
    let mut fixture = Fixture::with_objects(0);
    for object in objects {
        fixture.put(&format!("1970/01/01/00/{object}"), &flow(object));
    }
    fixture.pass_minutes(120);
    fixture
}

pub(crate) fn flow(source: &str) -> String {
    flow_at(source, 0)
}

fn flow_at(source: &str, start: u64) -> String {
    let end = start + 60;
    format!("2 1 eni-0 {source} 10.0.0.9 443 5000 6 1 40 {start} {end} ACCEPT OK\n")
}

pub(crate) fn merge(fixture: &Fixture, job: &str) -> StartRequest {
    StartRequest {
        job: job.parse().unwrap(),
        merge: Some(Merge::default()),
        ..fixture.request()
    }
}

pub(crate) async fn plan(fixture: &Fixture, job: &str) -> Vec<TaskMessage> {
    let started = fixture.start_with(merge(fixture, job)).await.unwrap();
    assert!(started.planned);
    fixture.queue.take_tasks()
}

/// Merges what is new.
async fn run(fixture: &Fixture, job: &str) -> Report {
    let tasks = plan(fixture, job).await;
    fixture.process_tasks(&tasks).await;
    let checked = fixture.check_job(job).await;
    assert_ne!(checked.state, JobState::Running);
    report(fixture, job)
}

fn report(fixture: &Fixture, job: &str) -> Report {
    serde_json::from_str(&fixture.read(&format!("jobs/{job}/report.json"))).unwrap()
}

fn merged(report: &Report) -> &Merged {
    report.merged.as_ref().unwrap()
}

/// The published files, and the sources of the flows in them.
pub(crate) fn published(fixture: &Fixture) -> Vec<(String, Vec<String>)> {
    let header = Options::default().compile().unwrap().header();
    let files = fixture.files();
    let files = files.iter().filter(|(key, _)| key.starts_with("merged/"));
    let sources = |file: &[u8]| {
        let csv = as_csv(file, &header);
        let rows = csv.lines().skip(1);
        rows.map(|row| row.split(',').nth(4).unwrap().to_owned())
            .collect()
    };
    files
        .map(|(key, file)| (key.clone(), sources(file)))
        .collect()
}

pub(crate) fn sources(fixture: &Fixture) -> Vec<String> {
    let mut all: Vec<String> = published(fixture)
        .into_iter()
        .flat_map(|(_, rows)| rows)
        .collect();
    all.sort_unstable();
    all
}

const FIRST: &str = "merged/day=1970-01-01/hour=00/0001-0000.parquet";

#[tokio::test]
async fn an_hour_becomes_a_file_with_a_marker() {
    let fixture = hour_of(&["a", "b"]);
    fixture.put("1970/01/01/00/c", &flow_at("a", 60));
    let report = run(&fixture, "job").await;
    assert_eq!(
        published(&fixture),
        [(FIRST.to_owned(), vec!["a".to_owned(), "b".to_owned()])]
    );
    let merged = merged(&report);
    assert_eq!((merged.generations, merged.files, merged.rows), (1, 1, 2));
    assert_eq!(merged.incomplete, 0);
    assert_eq!(merged.read, merged.written);
    let sums: Vec<_> = merged.written.iter().collect();
    assert_eq!(sums, [("bytes", 120), ("packets", 3), ("records", 3)]);
    assert_eq!(report.totals.objects.done, 3);
    let marker: serde_json::Value =
        serde_json::from_str(&fixture.read("generations/1970-01-01/00/0001.published.json"))
            .unwrap();
    assert_eq!(marker["files"], serde_json::json!([FIRST]));
    let published = marker["published"].as_str().unwrap();
    assert!(published.starts_with("1970-01-01T02:00:00"), "{published}");
    assert_eq!(
        (&marker["objects"], &marker["rows"]),
        (&3.into(), &2.into())
    );
}

#[tokio::test]
async fn a_merge_of_merged_hours_does_nothing() {
    let fixture = hour_of(&["a", "b"]);
    run(&fixture, "job").await;
    let before = published(&fixture);
    assert_eq!(plan(&fixture, "again").await, []);
    let checked = fixture.check_job("again").await;
    assert_eq!(checked.state, JobState::Succeeded);
    let objects = checked.totals.objects;
    assert_eq!((objects.listed, objects.present, objects.done), (2, 2, 0));
    assert_eq!(published(&fixture), before);
}

#[tokio::test]
async fn objects_that_come_late_form_the_next_generation() {
    let fixture = hour_of(&["b"]);
    run(&fixture, "job").await;
    fixture.put("1970/01/01/00/a", &flow("a"));
    let report = run(&fixture, "again").await;
    let objects = report.totals.objects;
    assert_eq!((objects.listed, objects.present, objects.done), (2, 1, 1));
    let second = "merged/day=1970-01-01/hour=00/0002-0000.parquet";
    assert_eq!(
        published(&fixture),
        [
            (FIRST.to_owned(), vec!["b".to_owned()]),
            (second.to_owned(), vec!["a".to_owned()])
        ]
    );
}

#[tokio::test]
async fn a_corrupt_object_is_left_out_until_it_changes() {
    let fixture = hour_of(&["a", "c"]);
    fixture.put("1970/01/01/00/b", "\u{1f}");
    let report_of_first = run(&fixture, "job").await;
    assert_eq!(report_of_first.totals.objects.failed, 1);
    assert_eq!(report_of_first.failures[0].key, "1970/01/01/00/b");
    assert_eq!(sources(&fixture), ["a", "c"]);

    assert_eq!(plan(&fixture, "second").await, [], "it has not changed");
    fixture.check_job("second").await;
    assert_eq!(merged(&report(&fixture, "second")).missing, 1);

    fixture.put("1970/01/01/00/b", &flow("b"));
    let report = run(&fixture, "third").await;
    assert_eq!(report.totals.objects.done, 1);
    assert_eq!(sources(&fixture), ["a", "b", "c"]);
}

#[tokio::test]
async fn an_object_that_changes_after_being_merged_is_reported_and_not_merged_again() {
    let fixture = hour_of(&["a", "b"]);
    run(&fixture, "job").await;
    fixture.put("1970/01/01/00/a", &flow("other"));
    let report = run(&fixture, "again").await;
    assert_eq!(merged(&report).replaced, ["1970/01/01/00/a"]);
    assert_eq!(sources(&fixture), ["a", "b"]);
}

#[tokio::test]
async fn hours_that_are_open_and_keys_without_an_hour_are_left_out_and_counted() {
    let fixture = hour_of(&["a"]);
    // The hour ended a moment ago.
    fixture.put("1970/01/01/01/b", &flow("b"));
    fixture.put("1970/01/01/05/c", &flow("c"));
    fixture.put("somewhere/d", &flow("d"));
    let report = run(&fixture, "job").await;
    assert_eq!(sources(&fixture), ["a"]);
    assert_eq!((merged(&report).open, merged(&report).unplaced), (2, 1));
    let objects = report.totals.objects;
    assert_eq!((objects.listed, objects.excluded, objects.done), (4, 3, 1));
}

#[tokio::test]
async fn two_jobs_over_an_hour_share_its_generation_and_end_alike() {
    let fixture = hour_of(&["a", "b"]);
    let of_first = plan(&fixture, "first").await;
    fixture.put("1970/01/01/00/late", &flow("late"));
    let of_second = plan(&fixture, "second").await;
    assert_eq!((of_first.len(), of_second.len()), (1, 2));
    fixture.process_tasks(&of_second).await;
    assert_eq!(fixture.check_job("second").await.state, JobState::Succeeded);
    // None of its own tasks has a receipt.
    let checked = fixture.check_job("first").await;
    assert_eq!(checked.state, JobState::Succeeded);
    assert_eq!(checked.totals.objects.done, 2);
    let files = published(&fixture);
    fixture.process_tasks(&of_first).await;
    fixture.check_job("first").await;
    assert_eq!(published(&fixture), files);
    assert_eq!(sources(&fixture), ["a", "b", "late"]);
}

#[tokio::test]
async fn other_settings_than_those_of_earlier_merges_are_refused() {
    let fixture = hour_of(&["a"]);
    run(&fixture, "job").await;
    let mut request = merge(&fixture, "again");
    request.merge = Some(Merge {
        gap: Some(5),
        ..Merge::default()
    });
    let error = fixture.start_with(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("gap"), "{error}");
}

#[tokio::test]
async fn nothing_is_published_before_every_task_has_its_receipt() {
    let fixture = hour_of(&["a", "b"]);
    let mut request = merge(&fixture, "job");
    request.merge = Some(Merge {
        target_bytes: 1,
        ..Merge::default()
    });
    fixture.start_with(request).await.unwrap();
    let tasks = fixture.queue.take_tasks();
    assert_eq!(tasks.len(), 2);
    fixture.process_tasks(&tasks[..1]).await;
    assert_eq!(fixture.check_job("job").await.state, JobState::Running);
    assert_eq!(published(&fixture), []);
    fixture.process_tasks(&tasks[1..]).await;
    assert_eq!(fixture.check_job("job").await.state, JobState::Succeeded);
    assert_eq!(published(&fixture).len(), 2);
}

/// Processes messages until the job ends, except those with an object that kills every function.
async fn run_with_a_killer(fixture: &mut Fixture, job: &str, killer: &str) -> (Checked, usize) {
    let mut tasks = plan(fixture, job).await;
    let mut rounds = 0;
    loop {
        for task in &tasks {
            let keys = fixture.planned_keys(std::slice::from_ref(task)).await;
            if !keys.iter().any(|key| key.ends_with(killer)) {
                fixture.process_tasks(std::slice::from_ref(task)).await;
            }
        }
        fixture.pass_minutes(6);
        let checked = fixture.check_job(job).await;
        if checked.state != JobState::Running {
            return (checked, rounds);
        }
        tasks = fixture.queue.take_tasks();
        rounds += usize::from(!tasks.is_empty());
    }
}

#[tokio::test]
async fn a_task_that_kills_its_function_is_halved_until_one_object_is_lost() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let mut fixture = hour_of(&names);
    let first_task = TaskMessage::new(&"job".parse().unwrap(), TaskId::new(0, 0));
    let (checked, rounds) = run_with_a_killer(&mut fixture, "job", "/c").await;
    assert_eq!(checked.state, JobState::Incomplete);
    let objects = checked.totals.objects;
    assert_eq!((objects.done, objects.lost), (6, 1));
    assert_eq!(sources(&fixture), ["a", "b", "d", "e", "f", "g"]);
    assert!((3..=5).contains(&rounds), "{rounds} rounds");
    let files = published(&fixture);
    assert_eq!(
        files.len(),
        3,
        "a half, a quarter, and one object beside the lost one"
    );

    // The whole task comes back very late, and its object does not kill any more.
    fixture.process_tasks(&[first_task]).await;
    fixture.check_job("job").await;
    assert_eq!(published(&fixture), files);
    assert_eq!(report(&fixture, "job").failures[0].failure.reason, "lost");
}

#[tokio::test]
async fn a_whole_task_that_comes_back_before_the_decision_counts_instead_of_its_halves() {
    let mut fixture = hour_of(&["a", "b", "c", "d"]);
    let tasks = plan(&fixture, "job").await;
    fixture.check_job("job").await;
    fixture.pass_minutes(6);
    fixture.check_job("job").await;
    let halves = fixture.queue.take_tasks();
    assert_eq!(halves.len(), 2);
    fixture.process_tasks(&halves[..1]).await;
    fixture.process_tasks(&tasks).await;
    assert_eq!(fixture.check_job("job").await.state, JobState::Succeeded);
    fixture.process_tasks(&halves[1..]).await;
    fixture.check_job("job").await;
    assert_eq!(published(&fixture).len(), 1);
    assert_eq!(sources(&fixture), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_lost_task_of_one_object_is_sent_again_and_done() {
    let mut fixture = hour_of(&["10.0.0.1"]);
    let lost = plan(&fixture, "first").await;
    fixture.check_job("first").await;
    fixture.pass_minutes(6);
    fixture.check_job("first").await;
    let again = fixture.queue.take_tasks();
    assert_eq!(again.len(), lost.len());
    fixture.process_tasks(&again).await;
    let checked = fixture.check_job("first").await;
    assert_eq!(checked.state, JobState::Succeeded);
    assert_eq!(sources(&fixture), ["10.0.0.1"]);
}

#[tokio::test]
async fn a_task_that_is_done_again_without_an_object_leaves_the_file_of_its_receipt() {
    let fixture = hour_of(&["10.0.0.1", "10.0.0.2"]);
    let tasks = plan(&fixture, "first").await;
    fixture.process_tasks(&tasks).await;
    let name = "jobs/first/receipts/00000000-0000.json";
    let (receipt, first) = (fixture.output().join(name), fixture.read(name));

    // A second delivery began before there was a receipt, and read an object after it was deleted.
    std::fs::remove_file(&receipt).unwrap();
    std::fs::remove_file(fixture.stash().join("1970/01/01/00/10.0.0.2")).unwrap();
    fixture.process_tasks(&tasks).await;
    std::fs::write(&receipt, first).unwrap();

    fixture.check_job("first").await;
    assert_eq!(report(&fixture, "first").totals.objects.done, 2);
    assert_eq!(sources(&fixture), ["10.0.0.1", "10.0.0.2"]);
}

#[tokio::test]
async fn a_part_that_no_halving_gives_is_refused() {
    let fixture = hour_of(&["a", "b", "c", "d"]);
    plan(&fixture, "job").await;
    let id = TaskId::new(0, 0);
    for part in [1..3, 0..3, 3..9] {
        let message = TaskMessage::new(&"job".parse().unwrap(), id.of_part(part.clone()));
        let refused = fixture.process(&message.to_body()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{part:?}");
    }
    assert_eq!(fixture.receipts(), [""; 0]);
}

#[tokio::test]
async fn a_task_whose_sums_differ_is_not_published() {
    let fixture = hour_of(&["a", "b"]);
    let tasks = plan(&fixture, "job").await;
    fixture.process_tasks(&tasks).await;
    fixture.edit("jobs/job/receipts/00000000-0000.json", |receipt| {
        receipt["objects"][0]["sums"]["packets"] = 7.into();
    });
    let error = fixture.try_check(&Fixture::job(), AMPLE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(matches!(error, Error::SumsDiffer { .. }), "{error:?}");
    let said = error.to_string();
    assert!(
        said.contains("packets of its objects add up to 8, and those of its file to 2"),
        "{said}"
    );
    assert_eq!(published(&fixture), []);
}

#[tokio::test]
async fn a_merge_is_not_retried() {
    let fixture = hour_of(&["a"]);
    fixture.put("1970/01/01/00/b", "\u{1f}");
    run(&fixture, "job").await;
    let error = fixture.retry_from("again", "job", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
