//! Compares every output with that of the oracle.

use std::collections::BTreeMap;
use std::fs;

use rehose_tests::oracle::Expected;

use crate::REHOSE;
use crate::output::report;
use crate::stash::{Place, awkward, data, failures};

const JOB: &str = "job";

#[test]
fn the_stash_of_the_repository_gives_the_output_of_the_oracle() {
    let place = Place::new();
    let (source, output) = (data(), place.path("out"));
    REHOSE.run(&source, &output, &["--job", JOB]).with_status(0);
    let expected = Expected::of(&source, &place.path(""));
    assert_eq!(expected.failed, BTreeMap::new());
    assert!(expected.sum("rejected") > 0 && expected.sum("control") > 0);
    expected.check(&source, &output, JOB);
}

#[test]
fn a_stash_with_every_form_and_failure_gives_the_output_of_the_oracle() {
    let place = Place::sample_by(
        &REHOSE,
        &["--dialects", "--objects", "3", "--events", "400"],
    );
    for (key, object) in awkward() {
        place.put(&key, &object);
    }
    let good = place.path("good");
    REHOSE
        .run(&place.stash(), &good, &["--job", JOB])
        .with_status(0);
    let expected = Expected::of(&place.stash(), &place.path(""));
    assert_eq!(expected.failed, BTreeMap::new());
    expected.check(&place.stash(), &good, JOB);

    let reasons: BTreeMap<String, String> = (failures().into_iter())
        .map(|(key, object, reason)| {
            place.put(&key, &object);
            (key, reason.to_owned())
        })
        .collect();
    let mixed = place.path("mixed");
    let finished = REHOSE
        .run(&place.stash(), &mixed, &["--job", JOB])
        .with_status(3);
    assert!(
        finished.last_line().contains("--mode missing"),
        "{finished:#?}"
    );
    let expected = Expected::of(&place.stash(), &place.path(""));
    assert_eq!(expected.failed, reasons);
    expected.check(&place.stash(), &mixed, JOB);
}

#[test]
fn a_failure_says_which_object_which_reason_and_which_byte() {
    let place = Place::small();
    let mut object = fs::read(place.stash().join("one")).unwrap();
    object.extend_from_slice(b"garbage");
    place.put("two", &object);
    let finished = REHOSE
        .run(&place.stash(), &place.path("out"), &["--job", JOB])
        .with_status(3);
    let place_of_garbage = format!("byte {} of the object", object.len() - "garbage".len());
    let line = finished
        .err
        .lines()
        .find(|line| line.contains("two: trailing-bytes"))
        .unwrap();
    assert!(line.contains(&place_of_garbage), "{line}");
    let failures = &report(&place.path("out"), JOB)["failures"];
    assert!(
        failures[0]["detail"]
            .as_str()
            .unwrap()
            .contains(&place_of_garbage),
        "{failures}"
    );
}

#[test]
fn a_key_too_long_for_an_output_fails_only_its_object() {
    let place = Place::small();
    let object = fs::read(place.stash().join("one")).unwrap();
    let (fits, too_long) = ("n".repeat(255 - ".csv.gz".len()), "n".repeat(255));
    place.put(&fits, &object);
    place.put(&too_long, &object);
    REHOSE
        .run(&place.stash(), &place.path("out"), &["--job", JOB])
        .with_status(3);
    let report = report(&place.path("out"), JOB);
    assert_eq!(report["objects"]["done"], 2);
    assert_eq!(report["failures"][0]["key"], too_long);
    assert_eq!(report["failures"][0]["reason"], "invalid-key");
}
