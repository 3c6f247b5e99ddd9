//! The same input with the same options gives the same bytes.

use rehose_testkit::output::{assert_same, timeless};
use rehose_testkit::stash::failures;
use rehose_tests::workspace::Workspace;

use crate::REHOSE;

#[test]
fn two_runs_leave_the_same_bytes_at_any_concurrency() {
    let workspace = Workspace::sample_by(
        &REHOSE,
        &["--dialects", "--objects", "6", "--events", "500"],
    );
    for (key, object, _) in failures() {
        workspace.put(&key, &object);
    }
    // Large enough to use a second core.
    let large = ["--objects", "2", "--events", "20000", "--seed", "9"];
    REHOSE.sample(&workspace.stash(), &large);
    let output = |name: &str, options: &[&str]| {
        let output = workspace.path(name);
        let options = [&["--job", "job"], options].concat();
        REHOSE
            .run(&workspace.stash(), &output, &options)
            .with_status(3);
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
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "2", "--events", "50"]);
    let output = workspace.path("out");
    let first = REHOSE
        .run(&workspace.stash(), &output, &["--job", "job", "--json"])
        .with_status(0);
    let before = rehose_testkit::output::files(&output);
    let second = REHOSE
        .run(&workspace.stash(), &output, &["--job", "job", "--json"])
        .with_status(0);
    assert_eq!(first.out, second.out);
    assert_same(
        &before,
        &rehose_testkit::output::files(&output),
        "a second call of the same job",
    );
}
