//! The threads that transcode streamed objects, and the cores that they compute on.
//!
//! A thread has a core while it computes, and [gives it up](wait) while it waits for bytes to come or
//! to be sent. So there may be more threads than cores: each belongs to an object in flight, and
//! [`Transfers`] bounds those.
//!
//! A core that is given up goes to the first of these: a thread that has waited, the next job, nobody.
//! A thread that ends takes the next job itself, because waking another thread takes 1 to 4 ms. A job
//! that computes for long [takes turns](take_turns) with the others, so that a gzip bomb stops nobody.
//!
//! # Invariants
//!
//! - The threads that compute and the free cores together are as many as the cores.
//! - While a core is free, no thread and no job waits for one.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use super::transfers::Transfers;

/// The longest time that a job keeps a core from others. Nearly every object takes less.
const TURN: Duration = Duration::from_secs(1);

/// Something to compute, unless it is withdrawn.
type Job = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

thread_local! {
    /// The core of this thread, if it has one.
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

/// A pool of threads.
#[derive(Debug)]
pub(super) struct Pool {
    /// Only its blocking threads are used. Nothing drives the runtime, so a spawned future would
    /// never run.
    runtime: Option<Runtime>,
    cores: Cores,
}

/// The cores of a pool.
#[derive(Debug, Clone)]
pub(super) struct Cores {
    handle: Handle,
    number: usize,
    transfers: Arc<Transfers>,
    state: Arc<Mutex<State>>,
}

struct State {
    free: usize,
    /// Cores that compute for an object that has another one.
    spare: usize,
    /// Threads that wait to go on.
    resuming: VecDeque<SyncSender<()>>,
    /// Jobs without a thread.
    jobs: VecDeque<Job>,
}

/// A core in use.
struct Core {
    cores: Cores,
    since: Instant,
}

/// A job panicked, or the pool ended before it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Panicked(String);

impl Pool {
    /// A pool for objects in flight, of which this many compute at the same time.
    pub(super) fn new(cores: usize, transfers: Arc<Transfers>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(transfers.most() + cores)
            .thread_name("transcoder")
            .build()?;
        let cores = Cores {
            handle: runtime.handle().clone(),
            number: cores,
            transfers,
            state: Arc::new(Mutex::new(State {
                free: cores,
                spare: 0,
                resuming: VecDeque::new(),
                jobs: VecDeque::new(),
            })),
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
    /// Runs a job on a thread, as soon as a core is free.
    ///
    /// # Cancel safety
    ///
    /// A dropped call withdraws a job that has not begun. One that has begun goes on.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (done, result) = oneshot::channel();
        let job = a_job(move || {
            let ended = catch_unwind(AssertUnwindSafe(job));
            // Ignore send errors: the receiver was dropped.
            let _ = done.send(ended.map_err(|panic| Panicked(words(&*panic))));
        });
        let _withdraws_on_drop = Withdraw(Arc::clone(&job));
        self.start(job);
        let ended = result.await;
        ended.unwrap_or_else(|_| Err(Panicked("its thread has ended".to_owned())))
    }

    /// Starts a job beside an object that computes already, if a core is free and no object in flight
    /// needs it.
    pub(super) fn run_on_spare<J: FnOnce() + Send + 'static>(&self, job: impl FnOnce() -> J) {
        let mut state = self.lock();
        if state.free == 0 || self.transfers.in_flight() + state.spare >= self.number {
            return;
        }
        state.free -= 1;
        state.spare += 1;
        drop(state);
        let (job, cores) = (job(), self.clone());
        self.start_thread(a_job(move || {
            // A panic drops the job's channels, which tells the object's thread.
            let _ = catch_unwind(AssertUnwindSafe(job));
            cores.lock().spare -= 1;
        }));
    }

    fn start(&self, job: Job) {
        let mut state = self.lock();
        if state.free == 0 {
            state.jobs.push_back(job);
        } else {
            state.free -= 1;
            drop(state);
            self.start_thread(job);
        }
    }

    /// Starts a thread, which has a core.
    fn start_thread(&self, job: Job) {
        let cores = self.clone();
        self.handle.spawn_blocking(move || {
            let mut next = Some(job);
            while let Some(job) = next {
                if let Some(job) = take(&job) {
                    CORE.set(Some(Core::taken(cores.clone())));
                    job();
                    CORE.set(None);
                }
                next = cores.give_up();
            }
        });
    }

    /// Gives up a core. The caller must start the job that it returns: the core is for that.
    #[must_use]
    fn give_up(&self) -> Option<Job> {
        let mut state = self.lock();
        // A thread that waits always receives.
        while let Some(thread) = state.resuming.pop_front() {
            if thread.send(()).is_ok() {
                return None;
            }
        }
        let job = state.jobs.pop_front();
        if job.is_none() {
            state.free += 1;
        }
        job
    }

    /// Waits until this thread may go on.
    fn resume(&self) {
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            return;
        }
        let (resume, resumed) = sync_channel(1);
        state.resuming.push_back(resume);
        drop(state);
        // The sender is in the state, and is used before it is dropped.
        let _ = resumed.recv();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics halfway through a change, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn a_job(job: impl FnOnce() + Send + 'static) -> Job {
    Arc::new(Mutex::new(Some(Box::new(job))))
}

fn take(job: &Job) -> Option<Box<dyn FnOnce() + Send>> {
    job.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Withdraws a job that nobody waits for any more.
struct Withdraw(Job);

impl Drop for Withdraw {
    fn drop(&mut self) {
        take(&self.0);
    }
}

impl Core {
    fn taken(cores: Cores) -> Self {
        let since = Instant::now();
        Self { cores, since }
    }
}

/// Gives up this thread's core while it waits, and then takes one again.
///
/// # Blocking
///
/// It blocks the thread until a core is free.
pub(super) fn wait<T>(wait: impl FnOnce() -> T) -> T {
    let Some(Core { cores, .. }) = CORE.take() else {
        return wait();
    };
    if let Some(job) = cores.give_up() {
        cores.start_thread(job);
    }
    let waited = wait();
    cores.resume();
    CORE.set(Some(Core::taken(cores)));
    waited
}

/// Leaves this thread's core to a job that waits for one, if this thread has had it for long.
///
/// # Blocking
///
/// It blocks the thread until it is its turn again.
pub(super) fn take_turns() {
    let is_over = CORE.with_borrow(|core| {
        core.as_ref().is_some_and(|core| {
            core.since.elapsed() >= TURN && {
                let state = core.cores.lock();
                !state.resuming.is_empty() || !state.jobs.is_empty()
            }
        })
    });
    if is_over {
        wait(|| ());
    }
}

/// The message of a panic.
fn words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", words.unwrap_or("without a message"))
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("free", &self.free)
            .field("spare", &self.spare)
            .field("resuming", &self.resuming.len())
            .field("jobs", &self.jobs.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{TryRecvError, channel};
    use std::thread;

    use super::*;

    fn pool(cores: usize) -> (Pool, Arc<Transfers>) {
        let transfers = Arc::new(Transfers::new(8, 1));
        (Pool::new(cores, Arc::clone(&transfers)).unwrap(), transfers)
    }

    #[tokio::test]
    async fn a_core_is_spare_only_while_no_other_object_is_in_flight() {
        let (pool, transfers) = pool(2);
        let (run, runs) = channel();
        let try_spare = || {
            let run = run.clone();
            pool.cores().run_on_spare(|| move || run.send(()).unwrap());
        };
        let first = transfers.begin(Some(0)).await;
        let second = transfers.begin(Some(0)).await;
        try_spare();
        drop(second);
        assert_eq!(runs.try_recv(), Err(TryRecvError::Empty));
        try_spare();
        runs.recv().unwrap();
        drop(first);
    }

    #[tokio::test]
    async fn a_thread_that_waits_leaves_its_core_to_another() {
        let (pool, _) = pool(1);
        let (send, receive) = channel();
        let first = pool.cores().run(move || wait(|| receive.recv()));
        let second = pool.cores().run(move || send.send(()));
        let (first, second) = tokio::join!(first, second);
        first.unwrap().unwrap();
        second.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_job_that_computes_for_ever_leaves_turns_to_another() {
        let (pool, _) = pool(1);
        let (done, is_done) = channel::<()>();
        let first = pool.cores().run(move || {
            while is_done.try_recv() == Err(TryRecvError::Empty) {
                take_turns();
            }
        });
        let second = pool.cores().run(move || drop(done));
        let (first, second) = tokio::join!(first, second);
        first.unwrap();
        second.unwrap();
    }

    #[tokio::test]
    async fn jobs_never_outnumber_the_cores() {
        let (pool, _) = pool(2);
        let running = Arc::new(Mutex::new((0, 0)));
        let jobs = (0..20).map(|_| {
            let running = Arc::clone(&running);
            pool.cores().run(move || {
                let enter = |by: i32| {
                    let mut running = running.lock().unwrap();
                    running.0 += by;
                    running.1 = running.0.max(running.1);
                };
                enter(1);
                thread::yield_now();
                enter(-1);
                wait(thread::yield_now);
                enter(1);
                enter(-1);
            })
        });
        for ended in futures::future::join_all(jobs).await {
            ended.unwrap();
        }
        assert_eq!(running.lock().unwrap().0, 0);
        assert!((1..=2).contains(&running.lock().unwrap().1));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_frees_the_core() {
        let (pool, _) = pool(1);
        let ended: Result<(), _> = pool.cores().run(|| panic!("on purpose")).await;
        let expected = "it panicked: on purpose".to_owned();
        assert_eq!(ended, Err(Panicked(expected)));
        pool.cores().run(|| ()).await.unwrap();
    }
}
