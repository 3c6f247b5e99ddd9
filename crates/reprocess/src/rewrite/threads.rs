//! Threads for transcoders.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// So many threads. One that has done with an object goes on with the next that waits: where
/// another had to be woken for that, a core would be idle until it is, which may take milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Threads {
    handle: Handle,
    _pool: Arc<Pool>,
}

/// A runtime of which nothing is used but its threads for what blocks.
#[derive(Debug)]
struct Pool(Option<Runtime>);

impl Threads {
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_name("transcoder")
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            _pool: Arc::new(Pool(Some(runtime))),
        })
    }

    /// Does it once a thread has time.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn_blocking(work)
    }
}

impl Drop for Pool {
    /// Does not wait for its threads, as no task of another runtime may.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
