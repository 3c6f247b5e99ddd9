//! The threads that transcode streamed objects, and the cores that they may use.
//!
//! A thread holds a core while it computes, and [gives it up](wait) while it waits for bytes to come or
//! to be sent. So there may be more threads than cores: each belongs to an object in flight, and
//! [`Transfers`](super::transfers::Transfers) bounds those. A thread that computes for long
//! [takes turns](take_turns), so that a gzip bomb does not stop the other objects.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// The longest time that a thread keeps a core from others. Nearly every object takes less.
const TURN: Duration = Duration::from_secs(1);

thread_local! {
    /// The core of this thread, if it is one of a pool.
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

/// A pool of threads.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Only its blocking threads are used. Nothing drives the runtime, so a spawned future would
    /// never run.
    runtime: Option<Runtime>,
    cores: Cores,
}

/// The cores of a pool.
#[derive(Debug, Clone)]
pub(super) struct Cores {
    handle: Handle,
    free: Arc<Semaphore>,
}

/// A core in use.
#[derive(Debug)]
pub(super) struct Core {
    cores: Cores,
    since: Instant,
    _held: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool for this many streamed objects, of which `cores` compute at the same time.
    pub(crate) fn new(objects: usize, cores: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(objects + cores)
            .thread_name("transcoder")
            .build()?;
        let cores = Cores {
            handle: runtime.handle().clone(),
            free: Arc::new(Semaphore::new(cores)),
        };
        Ok(Self {
            runtime: Some(runtime),
            cores,
        })
    }

    pub(super) fn cores(&self) -> &Cores {
        &self.cores
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

impl Cores {
    /// Waits for a core. `None` does not happen: the semaphore is never closed.
    pub(super) async fn acquire(&self) -> Option<Core> {
        let held = Arc::clone(&self.free).acquire_owned().await;
        held.ok().map(|held| self.core(held))
    }

    /// Takes a core, if one is free and no object waits for it.
    pub(super) fn take_spare(&self) -> Option<Core> {
        let held = Arc::clone(&self.free).try_acquire_owned();
        held.ok().map(|held| self.core(held))
    }

    fn core(&self, held: OwnedSemaphorePermit) -> Core {
        Core {
            cores: self.clone(),
            since: Instant::now(),
            _held: held,
        }
    }
}

impl Core {
    /// Runs work on a thread of the pool. The core is free again when the work is done.
    pub(super) fn spawn<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let handle = self.cores.handle.clone();
        handle.spawn_blocking(move || {
            let _until_done = Held::by_this_thread(self);
            work()
        })
    }
}

/// Removes the core from its thread, also after a panic: the thread is used again.
struct Held;

impl Held {
    fn by_this_thread(core: Core) -> Self {
        CORE.set(Some(core));
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        CORE.set(None);
    }
}

/// Gives up this thread's core while it waits, and then takes one again.
///
/// # Blocking
///
/// It blocks the thread until a core is free.
pub(super) fn wait<T>(wait: impl FnOnce() -> T) -> T {
    let Some(core) = CORE.take() else {
        return wait();
    };
    let cores = core.cores.clone();
    drop(core);
    let waited = wait();
    CORE.set(cores.handle.block_on(cores.acquire()));
    waited
}

/// Leaves this thread's core to the object that has waited longest, if this thread has had it for long.
///
/// # Blocking
///
/// It blocks the thread until it is its turn again.
pub(super) fn take_turns() {
    let since = CORE.with_borrow(|core| core.as_ref().map(|core| core.since));
    if since.is_some_and(|since| since.elapsed() >= TURN) {
        wait(|| ());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_core_that_computes_is_not_spare() {
        let pool = Pool::new(4, 2).unwrap();
        let _object = pool.cores().acquire().await;
        let spare = pool.cores().take_spare().unwrap();
        assert!(pool.cores().take_spare().is_none());
        let (wait, waits) = channel::<()>();
        let worker = spare.spawn(move || waits.recv().unwrap_or_default());
        assert!(pool.cores().take_spare().is_none());
        drop(wait);
        worker.await.unwrap();
        assert!(pool.cores().take_spare().is_some());
    }

    #[tokio::test]
    async fn a_thread_that_waits_leaves_its_core_to_another() {
        let pool = Pool::new(2, 1).unwrap();
        let (send, receive) = channel();
        let first = pool.cores().acquire().await.unwrap();
        let first = first.spawn(move || wait(|| receive.recv()));
        let second = pool.cores().acquire().await.unwrap();
        second.spawn(|| ()).await.unwrap();
        send.send(()).unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_thread_that_computes_for_ever_leaves_turns_to_another() {
        let pool = Pool::new(2, 1).unwrap();
        let (done, is_done) = channel::<()>();
        let first = pool.cores().acquire().await.unwrap();
        let first = first.spawn(move || {
            while is_done.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                take_turns();
            }
        });
        let second = pool.cores().acquire().await.unwrap();
        second.spawn(move || drop(done)).await.unwrap();
        first.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_frees_the_core() {
        let pool = Pool::new(1, 1).unwrap();
        let core = pool.cores().acquire().await.unwrap();
        let panics: JoinHandle<()> = core.spawn(|| panic!("on purpose"));
        assert!(panics.await.unwrap_err().is_panic());
        assert!(pool.cores().take_spare().is_some());
    }
}
