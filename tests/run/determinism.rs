//! The same input with the same options gives the same bytes.

use crate::REHOSE;
use crate::output::{assert_same, timeless};
use crate::stash::{Place, failures};

#[test]
fn two_runs_leave_the_same_bytes_at_any_concurrency() {
    let place = Place::sample_by(
        &REHOSE,
        &["--dialects", "--objects", "6", "--events", "500"],
    );
    for (key, object, _) in failures() {
        place.put(&key, &object);
    }
    // Large enough to use a second core.
    let large = ["--objects", "2", "--events", "20000", "--seed", "9"];
    REHOSE.sample(&place.stash(), &large);
    let output = |name: &str, options: &[&str]| {
        let output = place.path(name);
        let options = [&["--job", "job"], options].concat();
        REHOSE.run(&place.stash(), &output, &options).with_status(3);
        timeless(&output)
    };
    let first = output("first", &[]);
    assert_same(&first, &output("again", &[]), "a second run");
    for concurrency in ["1", "4"] {
        let other = output(concurrency, &["--concurrency", concurrency]);
        assert_same(&first, &other, &format!("--concurrency {concurrency}"));
    }
}

#[test]
fn running_an_ended_job_again_changes_nothing() {
    let place = Place::sample_by(&REHOSE, &["--objects", "2", "--events", "50"]);
    let output = place.path("out");
    let first = REHOSE
        .run(&place.stash(), &output, &["--job", "job", "--json"])
        .with_status(0);
    let before = crate::output::files(&output);
    let second = REHOSE
        .run(&place.stash(), &output, &["--job", "job", "--json"])
        .with_status(0);
    assert_eq!(first.out, second.out);
    assert_same(
        &before,
        &crate::output::files(&output),
        "a second call of the same job",
    );
}
