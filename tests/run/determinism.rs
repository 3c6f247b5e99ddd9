//! The same input and options give the same bytes.

use crate::command::{rehose, run, said};
use crate::output::{assert_same, timeless};
use crate::stash::{Place, failures};

#[test]
fn two_runs_leave_the_same_bytes_at_any_concurrency() {
    let place = Place::sample(&["--dialects", "--objects", "6", "--events", "500"]);
    for (key, object, _) in failures() {
        place.put(&key, &object);
    }
    // Large enough for a second core.
    let large = ["--objects", "2", "--events", "20000", "--seed", "9"];
    said(rehose(["sample"]).arg(place.stash()).args(large)).with_status(0);
    let output = |name: &str, options: &[&str]| {
        let output = place.path(name);
        let options = [&["--job", "job"], options].concat();
        run(&place.stash(), &output, &options).with_status(3);
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
fn a_job_that_has_ended_stays_as_it_is() {
    let place = Place::sample(&["--objects", "2", "--events", "50"]);
    let output = place.path("out");
    let first = run(&place.stash(), &output, &["--job", "job", "--json"]).with_status(0);
    let before = crate::output::files(&output);
    let second = run(&place.stash(), &output, &["--job", "job", "--json"]).with_status(0);
    assert_eq!(first.out, second.out);
    assert_same(
        &before,
        &crate::output::files(&output),
        "a second call of the same job",
    );
}
