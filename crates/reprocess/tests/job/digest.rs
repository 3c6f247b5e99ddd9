//! Digests: who makes one, what becomes of tasks that do not come back, and what is published.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use rehose_reprocess::check::{Checked, JobState};
use rehose_reprocess::digest::{
    Claim, DigestOutcome, DigestRequest, DigestState, DigestVersion, Digests, Proof, Requested,
};
use rehose_reprocess::error::{Error, ErrorKind, Result};
use rehose_reprocess::job::Digest;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::task::{TaskId, TaskMessage};
use rehose_store::location::Source;
use rehose_testkit::parquet::as_csv;

use crate::fixture::Fixture;
use crate::merge::{flow, hour_of};

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(60 * minute).unwrap()
}

/// A digest of the first ten minutes.
fn wanted(fixture: &Fixture) -> DigestRequest {
    let request = fixture.request();
    DigestRequest {
        source: request.source,
        prefix: request.prefix,
        exclude: request.exclude,
        errors: request.errors,
        max_rejected: request.max_rejected,
        digest: Digest::of(minute(0), minute(10)),
        options: request.options,
    }
}

fn digests(fixture: &Fixture) -> Digests {
    let store = fixture.stash_store();
    let prefix = String::new();
    Digests::new(fixture.store(), vec![Source { store, prefix }])
}

async fn request(fixture: &Fixture, refresh: bool) -> Requested {
    let (digests, wanted) = (digests(fixture), wanted(fixture));
    let requested = digests.request(&wanted, refresh, minute(120));
    requested.await.unwrap()
}

async fn claim(fixture: &Fixture) -> Claim {
    match request(fixture, false).await {
        Requested::Claimed(claim) => claim,
        other => panic!("it is not claimed: {other:?}"),
    }
}

async fn plan(fixture: &Fixture, claim: &Claim) -> Vec<TaskMessage> {
    let started = fixture.start_with(claim.start()).await.unwrap();
    assert!(started.planned);
    fixture.queue.take_tasks()
}

async fn check(fixture: &Fixture, claim: &Claim) -> Checked {
    fixture.check_job(claim.job.as_str()).await
}

/// Processes all parts, and returns the last task, which is sent then.
async fn make_parts(fixture: &Fixture, claim: &Claim) -> Vec<TaskMessage> {
    let tasks = plan(fixture, claim).await;
    fixture.process_tasks(&tasks).await;
    assert_eq!(check(fixture, claim).await.state, JobState::Running);
    fixture.queue.take_tasks()
}

async fn proof(fixture: &Fixture, version: DigestVersion) -> Option<Proof> {
    digests(fixture).proof(version).await.unwrap()
}

/// The sources of the flows in a digest.
fn sources(fixture: &Fixture, version: DigestVersion) -> Vec<String> {
    let file = &fixture.files()[&format!("digests/{version}.parquet")];
    let rows = as_csv(file, "");
    let rows = rows.lines().skip(1);
    rows.map(|row| row.split(',').nth(3).unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn of_two_hundred_requests_one_gets_the_digest() {
    let fixture = hour_of(&["a"]);
    let requests = (0..200).map(|_| request(&fixture, false));
    let answers = join_all(requests).await;
    let is_claimed = |answer: &&Requested| matches!(answer, Requested::Claimed(_));
    assert_eq!(answers.iter().filter(is_claimed).count(), 1);
    let others = answers.iter().filter(|answer| !is_claimed(answer));
    assert!(others.clone().all(|answer| matches!(
        answer,
        Requested::InProgress {
            is_started: false,
            ..
        }
    )));
    assert_eq!(fixture.files().len(), 1, "nothing but the claim is written");
}

#[tokio::test]
async fn a_claim_without_a_job_can_be_taken_up() {
    let fixture = hour_of(&["a", "b"]);
    // Whoever got it has died.
    claim(&fixture).await;
    let Requested::InProgress { claim, is_started } = request(&fixture, false).await else {
        panic!("it is claimed");
    };
    assert!(!is_started);
    let last = make_parts(&fixture, &claim).await;
    let again = request(&fixture, false).await;
    assert!(matches!(
        again,
        Requested::InProgress {
            is_started: true,
            ..
        }
    ));
    // The one that was thought dead starts the job too.
    assert!(fixture.start_with(claim.start()).await.unwrap().planned);
    fixture.process_tasks(&fixture.queue.take_tasks()).await;
    fixture.process_tasks(&last).await;
    assert_eq!(check(&fixture, &claim).await.state, JobState::Succeeded);
    assert_eq!(sources(&fixture, claim.version()), ["a", "b"]);
    assert!(matches!(
        request(&fixture, false).await,
        Requested::Present(_)
    ));
}

#[tokio::test]
async fn states_follow_one_another() {
    let mut fixture = hour_of(&["a"]);
    let digests = digests(&fixture);
    let id = wanted(&fixture).checked(minute(120)).unwrap().id().unwrap();
    assert_eq!(digests.state(id).await.unwrap(), DigestState::Absent);
    let claim = claim(&fixture).await;
    let state = digests.state(id).await.unwrap();
    assert!(matches!(
        state,
        DigestState::InProgress {
            is_started: false,
            before: None,
            ..
        }
    ));
    let last = make_parts(&fixture, &claim).await;
    fixture.process_tasks(&last).await;
    check(&fixture, &claim).await;
    let DigestState::Ready(ready) = digests.state(id).await.unwrap() else {
        panic!("it is ready");
    };
    assert_eq!(
        (ready.state, ready.rows, ready.records.inside),
        (DigestOutcome::Ready, 1, 1)
    );
    fixture.put("1970/01/01/01/b", &flow("b"));
    let DigestState::Stale { changes, .. } = digests.state(id).await.unwrap() else {
        panic!("it is stale");
    };
    assert_eq!((changes.arrived, changes.changed, changes.gone), (1, 0, 0));
    let Requested::Claimed(second) = request(&fixture, true).await else {
        panic!("a refresh is claimed");
    };
    assert_eq!(second.digest.version, 2);
    let state = digests.state(id).await.unwrap();
    assert!(matches!(
        state,
        DigestState::InProgress {
            before: Some(_),
            ..
        }
    ));
    let last = make_parts(&fixture, &second).await;
    fixture.process_tasks(&last).await;
    check(&fixture, &second).await;
    assert!(matches!(
        digests.state(id).await.unwrap(),
        DigestState::Ready(_)
    ));
    assert_eq!(sources(&fixture, second.version()), ["a", "b"]);
    assert_eq!(sources(&fixture, claim.version()), ["a"]);
    fixture.pass_minutes(1);
}

#[tokio::test]
async fn the_last_task_is_sent_when_all_parts_are_decided_and_refused_before() {
    let fixture = hour_of(&["a", "b"]);
    let claim = claim(&fixture).await;
    let parts = plan(&fixture, &claim).await;
    let last = TaskMessage::new(&claim.job, TaskId::new(1, 0));
    assert!(!parts.contains(&last));
    let early = fixture.process(&last.to_body()).await;
    assert!(matches!(early, Err(Error::NotPlanned { .. })), "{early:?}");
    check(&fixture, &claim).await;
    assert_eq!(fixture.queue.take_tasks(), []);
    fixture.process_tasks(&parts).await;
    check(&fixture, &claim).await;
    assert_eq!(fixture.queue.take_tasks(), [last]);
}

#[tokio::test]
async fn a_part_that_comes_late_changes_nothing() {
    let mut fixture = hour_of(&["a", "b"]);
    let claim = claim(&fixture).await;
    let whole = plan(&fixture, &claim).await;
    // The whole task seems lost, and its halves are sent.
    check(&fixture, &claim).await;
    fixture.pass_minutes(5);
    check(&fixture, &claim).await;
    let halves = fixture.queue.take_tasks();
    assert_eq!(halves.len(), 2);
    fixture.process_tasks(&halves).await;
    check(&fixture, &claim).await;
    let last = fixture.queue.take_tasks();
    fixture.process_tasks(&whole).await;
    fixture.process_tasks(&last).await;
    fixture.process_tasks(&last).await;
    assert_eq!(check(&fixture, &claim).await.state, JobState::Succeeded);
    let proof = proof(&fixture, claim.version()).await.unwrap();
    assert_eq!((proof.rows, proof.records.inside), (2, 2));
}

/// Ends a digest whose last task does not come back.
async fn lose_the_last_task(fixture: &mut Fixture, claim: &Claim) -> Checked {
    make_parts(fixture, claim).await;
    for _ in 0..6 {
        let checked = check(fixture, claim).await;
        if checked.state != JobState::Running {
            return checked;
        }
        // The messages vanish.
        fixture.queue.take_tasks();
        fixture.pass_minutes(5);
    }
    panic!("it does not end");
}

#[tokio::test]
async fn a_digest_whose_last_task_is_lost_has_failed() {
    let mut fixture = hour_of(&["a"]);
    let first = claim(&fixture).await;
    let checked = lose_the_last_task(&mut fixture, &first).await;
    assert_eq!(checked.state, JobState::Incomplete);
    let state = digests(&fixture).state(first.id).await.unwrap();
    let DigestState::Failed(proof) = state else {
        panic!("it has failed: {state:?}");
    };
    assert!(proof.reason.unwrap().contains("last task"));
    // It is made again when somebody asks.
    let second = claim(&fixture).await;
    assert_eq!(second.digest.version, 2);
    let last = make_parts(&fixture, &second).await;
    fixture.process_tasks(&last).await;
    assert_eq!(check(&fixture, &second).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_digest_whose_sums_differ_has_failed() {
    let fixture = hour_of(&["a", "b"]);
    let claim = claim(&fixture).await;
    let tasks = plan(&fixture, &claim).await;
    fixture.process_tasks(&tasks).await;
    let receipt = format!("jobs/{}/receipts/00000000-0000.json", claim.job);
    fixture.edit(&receipt, |receipt| {
        receipt["artifacts"][0]["sums"]["packets"] = 1.into()
    });
    assert_eq!(check(&fixture, &claim).await.state, JobState::Incomplete);
    let proof = proof(&fixture, claim.version()).await.unwrap();
    assert_eq!(proof.state, DigestOutcome::Failed);
    assert!(proof.reason.unwrap().contains("packets"));
    assert!(
        !fixture
            .files()
            .keys()
            .any(|key| key.ends_with(".parquet") && key.starts_with("digests/"))
    );
}

#[tokio::test]
async fn a_digest_with_other_sums_than_its_parts_is_not_published() {
    let fixture = hour_of(&["a", "b"]);
    let claim = claim(&fixture).await;
    let last = make_parts(&fixture, &claim).await;
    fixture.process_tasks(&last).await;
    let receipt = format!("jobs/{}/receipts/00000001-0000.json", claim.job);
    fixture.edit(&receipt, |receipt| {
        receipt["artifacts"][0]["sums"]["bytes"] = 1.into()
    });
    assert_eq!(check(&fixture, &claim).await.state, JobState::Incomplete);
    let proof = proof(&fixture, claim.version()).await.unwrap();
    assert!(proof.reason.unwrap().contains("bytes of its parts"));
    assert!(
        !fixture
            .files()
            .contains_key(&format!("digests/{}.parquet", claim.version()))
    );
}

#[tokio::test]
async fn a_corrupt_object_makes_a_digest_incomplete() {
    let fixture = hour_of(&["a", "b"]);
    fixture.put("1970/01/01/00/broken", "\u{1f}");
    fixture.put("1970/01/01/00/gzip", "{\"messageType\":");
    let claim = claim(&fixture).await;
    let last = make_parts(&fixture, &claim).await;
    fixture.process_tasks(&last).await;
    assert_eq!(check(&fixture, &claim).await.state, JobState::Incomplete);
    let proof = proof(&fixture, claim.version()).await.unwrap();
    assert_eq!(proof.state, DigestOutcome::Incomplete);
    assert_eq!((proof.objects.done, proof.objects.failed), (2, 2));
    assert_eq!(sources(&fixture, claim.version()), ["a", "b"]);
}

#[tokio::test]
async fn a_window_without_objects_gives_an_empty_digest() {
    let fixture = hour_of(&[]);
    fixture.put("1970/01/02/00/other", &flow("a"));
    let claim = claim(&fixture).await;
    assert_eq!(plan(&fixture, &claim).await, []);
    check(&fixture, &claim).await;
    fixture.process_tasks(&fixture.queue.take_tasks()).await;
    assert_eq!(check(&fixture, &claim).await.state, JobState::Succeeded);
    assert_eq!(sources(&fixture, claim.version()), [""; 0]);
}

#[tokio::test]
async fn a_job_has_the_name_of_its_digest() {
    let fixture = hour_of(&["a"]);
    let request = wanted(&fixture).first(minute(120)).unwrap();
    let name = request.job.clone();
    let other = StartRequest {
        job: "other".parse().unwrap(),
        ..request
    };
    let refused = fixture.start_with(other).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.to_string().contains(name.as_str()), "{refused}");
}

#[tokio::test]
async fn a_digest_that_nothing_will_continue_can_be_failed() {
    let fixture = hour_of(&["a"]);
    let first = claim(&fixture).await;
    let digests = digests(&fixture);
    let failed = digests.fail(&first, "access denied", minute(121));
    assert_eq!(
        failed.await.unwrap().reason.as_deref(),
        Some("access denied")
    );
    assert_eq!(claim(&fixture).await.digest.version, 2);
}

#[tokio::test]
async fn a_digest_has_a_queue_of_its_own_if_merges_have() {
    let mut fixture = hour_of(&["a"]);
    fixture.merge_queue = Some(Arc::default());
    let claim = claim(&fixture).await;
    assert_eq!(plan(&fixture, &claim).await, []);
    assert_eq!(fixture.merge_queue.as_ref().unwrap().take_tasks().len(), 1);
}

#[test]
fn every_part_of_a_request_is_in_its_id() -> Result<()> {
    let fixture = Fixture::with_objects(1);
    let now = minute(120);
    let first = wanted(&fixture).checked(now)?;
    let other = |change: &dyn Fn(&mut DigestRequest)| -> Result<_> {
        let mut other = wanted(&fixture);
        change(&mut other);
        other.checked(now)?.id()
    };
    let id = first.id()?;
    assert_eq!(other(&|_| {})?, id);
    assert_eq!(other(&|request| request.digest.version = 7)?, id);
    let changes: [&dyn Fn(&mut DigestRequest); 8] = [
        &|request| request.prefix = "a/".to_owned(),
        &|request| request.digest.to = minute(11),
        &|request| request.digest.from = minute(1),
        &|request| request.digest.scope = "eu-west-1".parse().unwrap(),
        &|request| request.digest.lateness = 0,
        &|request| request.digest.by = vec!["srcaddr".to_owned()],
        &|request| request.exclude = vec!["*.skip".to_owned()],
        &|request| request.options.owner = Some("1".to_owned()),
    ];
    for change in changes {
        assert_ne!(other(change)?, id);
    }
    Ok(())
}
