//! Everything that the functions share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::meter::Meter;
use crate::s3::contents::Contents;
use crate::s3::rates::Rates;
use crate::scenario::Stack;
use crate::sqs::StandardQueue;
use crate::world::World;

/// The account of AWS in which jobs run.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) stack: Stack,
    pub(crate) world: World,
    pub(crate) begun: Instant,
    /// The time of day when the simulation began.
    begun_at: Timestamp,
    pub(crate) meter: Meter,
    /// The request rates of the stash and of the output.
    pub(crate) stash: Rates,
    pub(crate) output: Rates,
    contents: Mutex<Contents>,
    /// The queue of tasks.
    pub(crate) queue: StandardQueue,
    /// The jobs that run, and those of them that `start` still plans.
    pub(crate) running: AtomicUsize,
    pub(crate) planning: AtomicUsize,
}

impl Cloud {
    pub(crate) fn new(stack: &Stack, world: World, begun_at: Timestamp) -> Self {
        Self {
            stack: stack.clone(),
            begun: Instant::now(),
            begun_at,
            meter: Meter::default(),
            stash: Rates::new(stack.partitions),
            output: Rates::new(stack.partitions),
            contents: Mutex::new(Contents::new(world.objects())),
            world,
            queue: StandardQueue::default(),
            running: AtomicUsize::new(0),
            planning: AtomicUsize::new(0),
        }
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.begun_at + self.begun.elapsed()
    }

    /// What the output holds.
    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        (self.contents.lock()).unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
