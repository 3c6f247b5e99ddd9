//! Everything that the functions share.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard};

use tokio::time::Instant;

use crate::meter::Meter;
use crate::s3::contents::Contents;
use crate::s3::rates::Rates;
use crate::scenario::Scenario;
use crate::sqs::StandardQueue;
use crate::world::World;

/// The account of AWS in which the job runs.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) scenario: Scenario,
    pub(crate) world: World,
    pub(crate) begun: Instant,
    pub(crate) meter: Meter,
    /// The request rates of the stash and of the output.
    pub(crate) stash: Rates,
    pub(crate) output: Rates,
    contents: Mutex<Contents>,
    /// The queue of tasks.
    pub(crate) queue: StandardQueue,
    /// Whether `start` has planned all of the job.
    pub(crate) is_planned: AtomicBool,
}

impl Cloud {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.clone(),
            world: World::new(scenario),
            begun: Instant::now(),
            meter: Meter::default(),
            stash: Rates::new(scenario.partitions),
            output: Rates::new(scenario.partitions),
            contents: Mutex::new(Contents::new(scenario.objects)),
            queue: StandardQueue::default(),
            is_planned: AtomicBool::new(false),
        }
    }

    /// What the output holds.
    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        (self.contents.lock()).unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
