//! Small jobs through the whole simulation.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rehose_scale::formula::Formula;
use rehose_scale::measured::{Measured, Stage};
use rehose_scale::scenario::{Scenario, Stack};
use rehose_scale::{Function, Request, run};

/// A job whose requests stay below S3's rates.
fn quiet(objects: u64) -> Scenario {
    with(objects, |stack| stack.concurrency = 5)
}

/// A job in a stack that differs from the default.
fn with(objects: u64, change: impl FnOnce(&mut Stack)) -> Scenario {
    let mut scenario = Scenario::of(objects);
    change(&mut scenario.stack);
    scenario
}

fn billed(measured: &Measured) -> u64 {
    measured.invocations(Function::Process).billed_ms
}

/// `run` itself fails unless every object has rows and the report counts it once.
#[test]
fn every_object_is_converted_once_at_the_cost_of_the_formula() {
    let measured = run(&quiet(2_000)).unwrap();
    assert_eq!((measured.tasks, measured.again, measured.dead), (8, 0, 0));
    // Two slices: their documents, tasks and receipts, and the objects.
    assert!((2_000..2_050).contains(&measured.requests(Request::Get).answered));
    assert!((2_000..2_020).contains(&measured.requests(Request::Put).answered));
    assert_eq!(measured.requests(Request::Delete).answered, 8);
    let (costs, formula) = (measured.costs(), Formula::of(&measured.scenario));
    let ratio = costs.sum() / formula.sum();
    assert!((0.9..1.1).contains(&ratio), "{costs:?} against {formula:?}");
}

/// docs/PERFORMANCE.md measured 1.5 for two tasks of 320 objects at 40 ms, cold start included.
#[test]
fn the_wait_is_that_of_the_measured_function() {
    let measured = run(&with(320, |stack| {
        stack.concurrency = 5;
        stack.constant = true;
    }));
    let waiting = measured.unwrap().waiting();
    assert!((1.4..1.6).contains(&waiting), "{waiting}");
}

#[test]
fn a_longer_distance_is_billed_and_the_core_does_the_same() {
    let near = run(&quiet(2_000)).unwrap();
    let mut scenario = near.scenario.clone();
    scenario.stack.latency *= 2.0;
    let far = run(&scenario).unwrap();
    assert!(billed(&far) > billed(&near) * 5 / 4);
    assert!(far.duration > near.duration);
    // Not quite: how many slices are read again depends on which function gets which task.
    let busy = |measured: &Measured| measured.invocations(Function::Process).busy.as_secs_f64();
    assert!((0.99..1.01).contains(&(busy(&far) / busy(&near))));
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let scenario = quiet(2_000);
    assert_eq!(run(&scenario).unwrap(), run(&scenario).unwrap());
}

/// Too many functions for the `PUT` rate of the output: with the SDK's own quota tasks fail, come again
/// after their visibility timeout, and still every object is done.
#[test]
fn a_throttled_job_takes_longer_and_ends() {
    let mut scenario = with(40_000, |stack| {
        stack.attempts = 5;
        stack.retry_quota = 500;
    });
    let throttled = run(&scenario).unwrap();
    let process = throttled.invocations(Function::Process);
    assert!(throttled.requests(Request::Put).throttled > 1_000);
    assert!(process.failed > 0 && throttled.again > 0);
    assert_eq!(throttled.stages[0].0, Stage::Hidden);
    let (waiting, again) = (throttled.waiting(), throttled.converted_again());
    let formula = Formula::with(&scenario, waiting, again);
    let ratio = throttled.costs().sum() / formula.sum();
    assert!((0.9..1.1).contains(&ratio), "{ratio} times {formula:?}");
    scenario.stack.partitions = 10;
    let split = run(&scenario).unwrap();
    assert_eq!(split.requests(Request::Put).throttled, 0);
    assert!(split.duration < throttled.duration / 10);
    assert!(split.costs().sum() < throttled.costs().sum());
}

/// With the quota of `rehose-store`, requests wait and no task fails.
#[test]
fn requests_that_are_throttled_wait() {
    let measured = run(&Scenario::of(40_000)).unwrap();
    assert!(measured.requests(Request::Put).throttled > 1_000);
    assert_eq!(measured.invocations(Function::Process).failed, 0);
    assert_eq!(measured.again, 0);
}
