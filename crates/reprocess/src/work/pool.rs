//! Threads for transcoders, and for encoders beside them.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// Objects that have a slot beside those that have a thread: they are read meanwhile.
const AHEAD: u32 = 1;

/// So many threads. One that has done with an object goes on with the one that was read ahead: where
/// another thread had to be woken for that, a core would be idle until it is, which may take
/// milliseconds.
#[derive(Debug)]
pub(crate) struct Threads {
    /// Nothing of it is used but its threads for what blocks. Nobody drives it, so nothing that is
    /// spawned from such a thread would ever run.
    runtime: Option<Runtime>,
    spares: Spares,
}

/// Threads that objects may have beside their first.
#[derive(Debug, Clone)]
pub(super) struct Spares {
    handle: Handle,
    /// One for each object that has a thread or is read ahead, and for each spare thread in use.
    slots: Arc<Semaphore>,
    /// One for each core but the first.
    cores: Arc<Semaphore>,
}

/// A thread that no object has or waits for, with a core to itself.
#[derive(Debug)]
pub(super) struct Spare {
    handle: Handle,
    slot: OwnedSemaphorePermit,
    ahead: OwnedSemaphorePermit,
    core: OwnedSemaphorePermit,
}

impl Threads {
    /// Threads on one core.
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_name("transcoder")
            .build()?;
        let spares = Spares {
            handle: runtime.handle().clone(),
            slots: Arc::new(Semaphore::new(threads + AHEAD as usize)),
            cores: Arc::new(Semaphore::new(0)),
        };
        Ok(Self {
            runtime: Some(runtime),
            spares,
        })
    }

    /// Lets spare threads run on all but one of so many cores.
    pub(crate) fn on_cores(&mut self, cores: usize) {
        self.spares.cores = Arc::new(Semaphore::new(cores.saturating_sub(1)));
    }

    /// What an object takes one of before it is read, and keeps until it is done.
    pub(crate) fn slots(&self) -> Arc<Semaphore> {
        Arc::clone(&self.spares.slots)
    }

    pub(super) fn spares(&self) -> Spares {
        self.spares.clone()
    }

    /// Does it once a thread has time.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.spares.handle.spawn_blocking(work)
    }
}

impl Drop for Threads {
    /// Does not wait for them, as no task of another runtime may.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Spares {
    /// One, if there is one.
    pub(super) fn take(&self) -> Option<Spare> {
        let core = Arc::clone(&self.cores).try_acquire_owned().ok()?;
        let slots = Arc::clone(&self.slots);
        let mut slot = slots.try_acquire_many_owned(1 + AHEAD).ok()?;
        let ahead = slot.split(AHEAD as usize)?;
        Some(Spare {
            handle: self.handle.clone(),
            slot,
            ahead,
            core,
        })
    }
}

impl Spare {
    /// Does it at once. The next object may be read meanwhile, but gets no thread while this one is
    /// the last.
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

    /// Threads on as many cores, with so many objects at work.
    fn at_work(threads: usize, objects: u32) -> (Threads, OwnedSemaphorePermit) {
        let mut pool = Threads::new(threads).unwrap();
        pool.on_cores(threads);
        let slots = pool.slots().try_acquire_many_owned(objects).unwrap();
        (pool, slots)
    }

    #[test]
    fn each_of_two_objects_gets_a_spare_one_of_four_threads_and_a_third_none() {
        let (threads, _objects) = at_work(4, 2);
        let (wait, waits) = channel::<()>();
        let (first, second) = (threads.spares().take(), threads.spares().take());
        first.unwrap().run(move || waits.recv().unwrap_or_default());
        assert!(second.is_none(), "what is read ahead has no slot yet");
        let second = threads.spares().take();
        second.unwrap().run(|| ());
        drop(wait);
    }

    #[test]
    fn the_next_object_is_read_while_a_spare_thread_is_used_but_has_none() {
        let (threads, _object) = at_work(2, 1);
        let (wait, waits) = channel::<()>();
        let spare = threads.spares().take().unwrap();
        assert!(threads.slots().try_acquire_owned().is_err());
        spare.run(move || waits.recv().unwrap_or_default());
        let _ahead = threads.slots().try_acquire_owned().unwrap();
        assert!(threads.slots().try_acquire_owned().is_err());
        assert!(threads.spares().take().is_none());
        drop(wait);
    }

    #[test]
    fn one_core_has_no_spare_thread() {
        let (mut threads, _object) = at_work(4, 1);
        threads.on_cores(1);
        assert!(threads.spares().take().is_none());
    }
}
