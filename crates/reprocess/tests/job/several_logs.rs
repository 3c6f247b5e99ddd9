//! Several logs that share a ledger, each with a folder for its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use rehose_extract::Options;
use rehose_reprocess::check::JobState;
use rehose_reprocess::check::watch::Watch;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{Merge, Mode};
use rehose_reprocess::logs::{Log, Logs, LogsError};
use rehose_reprocess::plan::StartRequest;
use rehose_store::LocalStore;
use rehose_store::location::Source;

use crate::fixture::{Fixture, document};
use crate::merge::flow;

/// A log of objects with these prefixes.
fn log(fixture: &Fixture, prefixes: &[&str], folder: &str, options: &str) -> Log {
    let store = Arc::new(LocalStore::open(fixture.stash()).unwrap());
    let source = |prefix: &&str| Source {
        store: store.clone(),
        prefix: (*prefix).to_owned(),
    };
    let options: Options = serde_json::from_str(options).unwrap();
    Log {
        sources: prefixes.iter().map(source).collect(),
        folder: folder.parse().unwrap(),
        shape: options.compile().unwrap(),
        exclude: Vec::new(),
        errors: ErrorRecords::default(),
    }
}

/// Flow logs under `vpc/`, whose rows are in the root, and messages under `app/` and `web/`, in `text/`.
fn two_logs() -> Fixture {
    let mut fixture = Fixture::with_objects(0);
    for (i, key) in (0..).zip(["vpc/a", "vpc/b", "app/a", "app/b", "web/a"]) {
        fixture.put(key, &document(i));
    }
    let logs = vec![
        log(&fixture, &["vpc/"], "", "{}"),
        log(
            &fixture,
            &["app/", "web/"],
            "text/",
            r#"{"format":"message"}"#,
        ),
    ];
    fixture.logs = Some(Logs::new(logs).unwrap());
    fixture
}

/// A job over a prefix, as the log of it is deployed.
fn over(fixture: &Fixture, job: &str, prefix: &str) -> StartRequest {
    let request = fixture.request();
    let logs = fixture.logs.as_ref().unwrap();
    let (log, _) = logs.of_prefix(&request.source, prefix).unwrap();
    StartRequest {
        job: job.parse().unwrap(),
        prefix: prefix.to_owned(),
        options: log.shape.options().clone(),
        ..request
    }
}

async fn run(fixture: &Fixture, request: StartRequest) -> JobState {
    let job = request.job.clone();
    fixture.start_with(request).await.unwrap();
    fixture.process_all().await;
    fixture.check_job(job.as_str()).await.state
}

/// The keys of the output that begin with a prefix.
fn keys(fixture: &Fixture, prefix: &str) -> Vec<String> {
    let keys = fixture.files().into_keys();
    keys.filter(|key| key.starts_with(prefix)).collect()
}

#[tokio::test]
async fn each_log_has_its_rows_and_binding_in_its_folder_and_its_jobs_in_the_one_ledger() {
    let fixture = two_logs();
    for (job, prefix) in [("flows", "vpc/"), ("messages", "app/"), ("more", "web/a")] {
        let state = run(&fixture, over(&fixture, job, prefix)).await;
        assert_eq!(state, JobState::Succeeded, "{job}");
    }
    assert_eq!(
        keys(&fixture, "csv/"),
        ["csv/vpc/a.csv.gz", "csv/vpc/b.csv.gz"]
    );
    let text = ["app/a", "app/b", "web/a"].map(|key| format!("text/csv/{key}.csv.gz"));
    assert_eq!(keys(&fixture, "text/csv/"), text);
    for (key, format) in [
        ("rehose.json", "vpc-flow-logs"),
        ("text/rehose.json", "message"),
    ] {
        let binding: serde_json::Value = serde_json::from_str(&fixture.read(key)).unwrap();
        assert_eq!(binding["options"]["format"], format, "{key}");
    }
    assert_eq!(keys(&fixture, "text/jobs/"), [""; 0]);
    let folder = |job: &str| {
        let definition = fixture.read(&format!("jobs/{job}/job.json"));
        let definition: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&definition).unwrap();
        definition.get("folder").cloned()
    };
    assert_eq!(folder("flows"), None);
    assert_eq!(folder("messages"), Some("text/".into()));
    let receipt = fixture.read("jobs/messages/receipts/00000000-0000.json");
    assert!(receipt.contains(r#""key":"csv/app/a.csv.gz""#), "{receipt}");
}

#[tokio::test]
async fn mode_missing_and_a_retry_look_into_the_folder_of_their_log() {
    let fixture = two_logs();
    run(&fixture, over(&fixture, "first", "app/")).await;
    fixture.put("app/c", "{");
    let missing = StartRequest {
        mode: Mode::Missing,
        ..over(&fixture, "second", "app/")
    };
    assert_eq!(run(&fixture, missing).await, JobState::Incomplete);
    let objects = fixture.ledger("second").report().await.unwrap().unwrap();
    let objects = objects.totals.objects;
    assert_eq!((objects.present, objects.failed), (2, 1));

    fixture.put("app/c", &document(7));
    fixture.retry("third", "second").await;
    fixture.process_all().await;
    assert_eq!(fixture.check_job("third").await.state, JobState::Succeeded);
    assert_eq!(keys(&fixture, "text/csv/app/c"), ["text/csv/app/c.csv.gz"]);
}

#[tokio::test]
async fn a_merge_publishes_in_the_folder_of_its_log() {
    let mut fixture = Fixture::with_objects(0);
    for object in ["a", "b"] {
        fixture.put(&format!("app/1970/01/01/00/{object}"), &flow(object));
    }
    fixture.pass_minutes(120);
    let logs = vec![
        log(&fixture, &["vpc/"], "", "{}"),
        log(&fixture, &["app/"], "app/", "{}"),
    ];
    fixture.logs = Some(Logs::new(logs).unwrap());
    let request = StartRequest {
        merge: Some(Merge::default()),
        ..over(&fixture, "job", "app/")
    };
    let mut watch = Watch::new(fixture.ledger("job"));
    assert_eq!(watch.look().await.unwrap().planned, 0);
    fixture.start_with(request.clone()).await.unwrap();
    fixture.process_all().await;
    assert_eq!(watch.look().await.unwrap().totals.objects.done, 0);
    assert_eq!(fixture.check().await.state, JobState::Succeeded);
    let file = "app/merged/day=1970-01-01/hour=00/0001-0000.parquet";
    assert_eq!(keys(&fixture, "app/merged/"), [file]);
    for place in ["merged/", "generations/", "merge.json", "rehose.json"] {
        assert_eq!(keys(&fixture, place), [""; 0]);
    }

    // The next merge finds nothing new in the generations of the folder.
    let again = StartRequest {
        job: "again".parse().unwrap(),
        ..request
    };
    assert_eq!(run(&fixture, again).await, JobState::Succeeded);
    assert_eq!(keys(&fixture, "app/merged/"), [file]);
}

#[tokio::test]
async fn a_prefix_of_no_log_or_of_several_is_refused_with_those_that_there_are() {
    let fixture = two_logs();
    let stash = fixture.request().source;
    for (prefix, expected) in [
        ("elsewhere/", ["vpc/", "app/", "web/"].as_slice()),
        ("vp", &["vpc/", "app/", "web/"]),
        ("", &["vpc/", "app/", "web/"]),
    ] {
        let request = StartRequest {
            prefix: prefix.to_owned(),
            ..fixture.request()
        };
        let error = fixture.start_with(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let (Error::NoLog { prefixes, .. } | Error::SeveralLogs { prefixes, .. }) = &error else {
            panic!("{prefix:?}: {error}");
        };
        let is_several = matches!(error, Error::SeveralLogs { .. });
        assert_eq!(is_several, prefix.is_empty(), "{error}");
        let all: Vec<_> = expected.iter().map(|one| format!("{stash}{one}")).collect();
        assert_eq!(*prefixes, all.join(" or "));
    }
    assert!(fixture.files().is_empty());
}

#[tokio::test]
async fn a_task_of_a_log_that_is_no_longer_deployed_is_refused() {
    let mut fixture = two_logs();
    fixture
        .start_with(over(&fixture, "job", "app/"))
        .await
        .unwrap();
    let [task] = fixture.queue.take().try_into().unwrap();
    let before = fixture.files();
    // The objects are those of another log now, whose rows are elsewhere.
    let all = log(&fixture, &[""], "", "{}");
    fixture.logs = Some(Logs::from(all));
    let error = fixture.process(&task).await.unwrap_err();
    assert!(
        matches!(&error, Error::Outside { url } if url.ends_with("/text/")),
        "{error}"
    );
    assert_eq!(fixture.files(), before);
}

#[test]
fn logs_that_could_take_objects_or_files_of_one_another_are_refused() {
    let fixture = Fixture::with_objects(0);
    let logs = |logs: &[(&[&str], &str)]| {
        let logs = logs
            .iter()
            .map(|(prefixes, folder)| log(&fixture, prefixes, folder, "{}"));
        Logs::new(logs.collect())
    };
    for good in [
        [(&["a/"][..], ""), (&["b/"], "b/")],
        [(&["a/", "b/"], "x/"), (&["b", "c/"][1..], "x/y/")],
        [(&["a/"], "a/"), (&["ab/"], "csv-of-b/")],
    ] {
        logs(&good).unwrap();
    }
    let bad = |one: (&[&str], &str), other: (&[&str], &str)| {
        let refused = |both: &[(&[&str], &str)]| logs(both).unwrap_err();
        let error = refused(&[one, other]);
        // The order does not matter.
        assert_eq!(
            std::mem::discriminant(&refused(&[other, one])),
            std::mem::discriminant(&error)
        );
        error
    };
    for (one, other) in [("a/", "a/"), ("a/b/", "a/"), ("a", "ab/"), ("", "a/")] {
        let error = bad((&[one], "x/"), (&["z/", other], "y/"));
        assert!(
            matches!(error, LogsError::Nested { .. }),
            "{one} {other}: {error}"
        );
    }
    for folder in ["", "x/"] {
        let error = bad((&["a/"], folder), (&["b/"], folder));
        assert!(matches!(error, LogsError::Shared(_)), "{error}");
    }
    for (one, other) in [
        ("", "csv/"),
        ("y/", "jobs/of/x/"),
        ("y/", "y/merged/"),
        ("", "athena/"),
    ] {
        let error = bad((&["a/"], one), (&["b/"], other));
        assert!(
            matches!(error, LogsError::Written { .. }),
            "{one} {other}: {error}"
        );
    }
    assert_eq!(Logs::new(Vec::new()).unwrap_err(), LogsError::None);
}
