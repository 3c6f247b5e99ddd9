//! The threads that transcode, and all limits of concurrency.
//!
//! | limit | bounds | held |
//! |---|---|---|
//! | a slot | objects in memory: one for each thread, and [`AHEAD`] more that are read meanwhile | from before an object is read until it is done |
//! | a thread | objects that are transcoded | while an object is transcoded |
//! | a core | threads in use beside each object's first | while a spare worker compresses |
//!
//! A spare worker takes a slot too, so that threads and spare workers together never exceed the
//! threads. Change [`AHEAD`] and [`SpareWorkers::take`] together.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// Objects that are read ahead while every thread is busy.
const AHEAD: u32 = 1;

/// A pool of threads. A finished thread picks up the object that was read ahead, which avoids a
/// wake-up of 1 to 4 ms.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Only its blocking threads are used. Nothing drives the runtime, so a spawned future would
    /// never run.
    runtime: Option<Runtime>,
    spare: SpareWorkers,
}

/// Threads that an object may use beside its first, while no other object needs them.
#[derive(Debug, Clone)]
pub(super) struct SpareWorkers {
    handle: Handle,
    slots: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

/// A thread that no object uses or waits for, with a core of its own.
#[derive(Debug)]
pub(super) struct SpareWorker {
    handle: Handle,
    slot: OwnedSemaphorePermit,
    ahead: OwnedSemaphorePermit,
    core: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool of threads that share one core.
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_name("transcoder")
            .build()?;
        let spare = SpareWorkers {
            handle: runtime.handle().clone(),
            slots: Arc::new(Semaphore::new(threads + AHEAD as usize)),
            cores: Arc::new(Semaphore::new(0)),
        };
        Ok(Self {
            runtime: Some(runtime),
            spare,
        })
    }

    /// Lets spare workers use all cores but one.
    pub(crate) fn use_cores(&mut self, cores: usize) {
        self.spare.cores = Arc::new(Semaphore::new(cores.saturating_sub(1)));
    }

    /// The slots. An object takes one before it is read, and keeps it until it is done.
    pub(crate) fn slots(&self) -> Arc<Semaphore> {
        Arc::clone(&self.spare.slots)
    }

    pub(super) fn spare_workers(&self) -> SpareWorkers {
        self.spare.clone()
    }

    /// Runs work as soon as a thread is free.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.spare.handle.spawn_blocking(work)
    }
}

impl Drop for Pool {
    /// # Blocking
    ///
    /// It does not wait for the threads, because it may run in a task of another runtime.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl SpareWorkers {
    /// Takes a spare worker, if a core and a slot are free.
    pub(super) fn take(&self) -> Option<SpareWorker> {
        let core = Arc::clone(&self.cores).try_acquire_owned().ok()?;
        let slots = Arc::clone(&self.slots);
        let mut slot = slots.try_acquire_many_owned(1 + AHEAD).ok()?;
        let ahead = slot.split(AHEAD as usize)?;
        Some(SpareWorker {
            handle: self.handle.clone(),
            slot,
            ahead,
            core,
        })
    }
}

impl SpareWorker {
    /// Runs work at once. The next object may be read meanwhile, and waits for a thread if this
    /// worker uses the last one.
    pub(super) fn run(self, work: impl FnOnce() + Send + 'static) {
        let (slot, core) = (self.slot, self.core);
        self.handle.spawn_blocking(move || {
            let _until_done = (slot, core);
            work();
        });
        drop(self.ahead);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// A pool with as many cores as threads, and objects that have a slot each.
    fn at_work(threads: usize, objects: u32) -> (Pool, OwnedSemaphorePermit) {
        let mut pool = Pool::new(threads).unwrap();
        pool.use_cores(threads);
        let slots = pool.slots().try_acquire_many_owned(objects).unwrap();
        (pool, slots)
    }

    #[test]
    fn each_of_two_objects_gets_a_spare_worker_of_four_threads() {
        let (pool, _objects) = at_work(4, 2);
        let (wait, waits) = channel::<()>();
        let (first, second) = (pool.spare_workers().take(), pool.spare_workers().take());
        first.unwrap().run(move || waits.recv().unwrap_or_default());
        assert!(
            second.is_none(),
            "one slot is left, for the object that is read ahead"
        );
        let second = pool.spare_workers().take();
        second.unwrap().run(|| ());
        drop(wait);
    }

    #[test]
    fn the_next_object_is_read_while_a_spare_worker_runs() {
        let (pool, _object) = at_work(2, 1);
        let (wait, waits) = channel::<()>();
        let spare = pool.spare_workers().take().unwrap();
        assert!(pool.slots().try_acquire_owned().is_err());
        spare.run(move || waits.recv().unwrap_or_default());
        let _ahead = pool.slots().try_acquire_owned().unwrap();
        assert!(pool.slots().try_acquire_owned().is_err());
        assert!(pool.spare_workers().take().is_none());
        drop(wait);
    }

    #[test]
    fn one_core_has_no_spare_worker() {
        let (mut pool, _object) = at_work(4, 1);
        pool.use_cores(1);
        assert!(pool.spare_workers().take().is_none());
    }
}
