//! Hours of a stack that merges, through the whole simulation.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use rehose_scale::merging::{MeasuredMerging, run};
use rehose_scale::scenario::MergeScenario;
use rehose_scale::{Function, Request};

/// Two hours with 1,200 objects each, from four accounts.
fn two_hours() -> MergeScenario {
    MergeScenario {
        hours: 2,
        ..MergeScenario::of(28_800, 4)
    }
}

fn puts(measured: &MeasuredMerging) -> u64 {
    measured.counts.requests(Request::Put).answered
}

/// `run` itself fails unless each object of each closed hour is in one published generation.
#[test]
fn every_object_of_an_hour_is_merged_once_when_it_has_closed() {
    let measured = run(&two_hours()).unwrap();
    assert_eq!((measured.objects, measured.hours.len()), (2_400, 2));
    assert_eq!(
        (measured.generations, measured.files, measured.dead),
        (2, 2, 0)
    );
    // Each hour closes 15 minutes after its end, and the next schedule is 5 minutes later.
    let wait = Duration::from_secs(20 * 60);
    for hour in &measured.hours {
        let delay = hour.delay;
        assert!(
            wait < delay && delay < wait + Duration::from_secs(120),
            "{delay:?}"
        );
    }
    let merged: Vec<u64> = measured.jobs.iter().map(|job| job.objects).collect();
    assert_eq!(merged.len(), 12);
    assert_eq!(
        merged.iter().filter(|objects| **objects == 1_200).count(),
        2
    );
    assert_eq!(merged.iter().filter(|objects| **objects == 0).count(), 10);
    assert_eq!(measured.counts.invocations(Function::Process).number, 2);
    // A job enters six states, and three more if it has to wait for its tasks.
    assert_eq!(measured.counts.transitions, 12 * 6 + 2 * 3);
}

/// After midnight, the day before is listed too, and all of it: 7,200 objects of each account.
#[test]
fn a_job_lists_the_days_of_its_hours() {
    let measured = run(&two_hours()).unwrap();
    let pages = measured.counts.stash_pages as f64 / (12.0 * 4.0);
    assert!((7.0..9.0).contains(&pages), "{pages}");
}

#[test]
fn a_large_file_is_written_in_parts() {
    let small = run(&two_hours()).unwrap();
    let mut scenario = two_hours();
    scenario.stack.stored *= 2;
    let large = run(&scenario).unwrap();
    assert!(large.file_bytes > 2 * 8 * 1024 * 1024);
    // Beside its two parts, an upload is begun and completed.
    assert_eq!(puts(&large), puts(&small) + 2 * 3);
}

#[test]
fn the_same_seed_gives_the_same_hours() {
    assert_eq!(run(&two_hours()).unwrap(), run(&two_hours()).unwrap());
}
