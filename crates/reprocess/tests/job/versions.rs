//! Every document and message has a version. Older versions are read, newer ones are refused.

use std::path::Path;

use rehose_reprocess::check::JobState;
use rehose_reprocess::error::{Error, ErrorKind};
use rehose_reprocess::ledger::VERSION;
use serde_json::{Value, json};

use crate::fixture::Fixture;

/// Every document of a ledger. `progress.json` is not written until a check finds a gap.
const DOCUMENTS: [&str; 6] = [
    "rehose.json",
    "jobs/job/job.json",
    "jobs/job/manifest/00000000.json",
    "jobs/job/receipts/00000000-0000.json",
    "jobs/job/progress.json",
    "jobs/job/report.json",
];

#[tokio::test]
async fn every_document_and_message_carries_the_version() {
    let mut fixture = Fixture::with_objects(2);
    fixture.start().await;
    let message = fixture.queue.take().remove(0);
    fixture.check().await;
    fixture.process(&message).await.unwrap();
    assert_eq!(fixture.check().await.state, JobState::Succeeded);
    fixture.pass_minutes(1);
    let version = |text: &str| serde_json::from_str::<Value>(text).unwrap()["v"].clone();
    assert_eq!(version(&message), json!(VERSION));
    for document in DOCUMENTS {
        #[allow(clippy::disallowed_methods, reason = "a test's own small file")]
        let text = std::fs::read_to_string(fixture.output().join(document)).unwrap();
        assert_eq!(version(&text), json!(VERSION), "{document}");
    }
}

#[tokio::test]
async fn a_newer_document_is_refused_and_nothing_is_written() {
    for document in DOCUMENTS {
        let fixture = Fixture::with_objects(2);
        fixture.start().await;
        let message = fixture.queue.take().remove(0);
        if document.contains("progress") || document.contains("receipt") {
            fixture.check().await;
        }
        if document.contains("receipt") || document.contains("report") {
            fixture.process(&message).await.unwrap();
        }
        if document.contains("report") {
            fixture.check().await;
        }
        fixture.make_newer(document);
        let before = fixture.files();

        let error = match document {
            "rehose.json" => fixture.start_from(None).await.unwrap_err(),
            _ if document.contains("job.json") || document.contains("manifest") => {
                fixture.process(&message).await.unwrap_err()
            }
            _ => (fixture
                .try_check(&Fixture::job(), crate::fixture::AMPLE)
                .await)
                .unwrap_err(),
        };
        assert!(
            matches!(error, Error::NewerLedger { .. }),
            "{document}: {error}"
        );
        let text = error.to_string();
        assert!(text.contains(document), "{text}");
        assert!(
            text.contains("version 1000") && text.contains("update rehose"),
            "{text}"
        );
        // A deployment under way may replace this version by one that can read it.
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert_eq!(fixture.files(), before);
    }
}

#[tokio::test]
async fn a_newer_message_is_a_transient_error() {
    let fixture = Fixture::with_objects(1);
    fixture.start().await;
    let before = fixture.files();
    for message in [
        json!({"v": 1000, "job": "job", "task": {"slice": 0, "task": 0}}),
        json!({"v": 1000, "job": {"in": "another form"}, "task": [0]}),
    ] {
        let error = fixture.process(&message.to_string()).await.unwrap_err();
        assert!(matches!(error, Error::NewerMessage(_)), "{error}");
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert_eq!(fixture.files(), before);
    }
}

/// The golden files hold an unfinished job of each version, and its messages.
#[tokio::test]
async fn a_job_of_every_older_version_is_finished() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for version in 0..=VERSION {
        let folder = golden.join(format!("v{version}"));
        let fixture = Fixture::with_objects(40);
        copy(&folder.join("out"), &fixture.output());
        let done = fixture.receipts();
        assert_eq!(done, ["00000000-0000.json"], "version {version}");
        // The name of the source contains its folder, which differs here.
        let source = fixture.request().source;
        fixture.edit("jobs/job/job.json", |job| job["source"] = json!(source));

        // As after an upgrade while the objects are listed.
        let before = fixture.files();
        fixture.start().await;
        assert_eq!(fixture.files(), before, "version {version}");

        let messages = std::fs::File::open(folder.join("messages.jsonl")).unwrap();
        let messages = std::io::BufRead::lines(std::io::BufReader::new(messages));
        for message in messages.map(Result::unwrap) {
            fixture.process(&message).await.unwrap();
        }
        let ended = fixture.check().await;
        assert_eq!(ended.state, JobState::Succeeded, "version {version}");
        assert_eq!(ended.totals.objects.done, 40);
        assert_eq!(ended.totals.rows.written, 40);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => _ = std::fs::copy(entry.path(), to).unwrap(),
        }
    }
}
