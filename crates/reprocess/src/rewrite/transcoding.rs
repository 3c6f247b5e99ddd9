//! Where an object is transcoded.

use std::sync::Arc;

use bytes::Bytes;
use rehose_extract::{Error, Settings, Summary};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::threads::Threads;
use super::{at_once, in_place, on_thread};

/// Objects that are read while others are transcoded, so that a thread has the next at once.
pub(crate) const AHEAD: u32 = 1;

/// Where transcoders run.
#[derive(Debug)]
pub(crate) enum Transcoding {
    /// Each on a thread of its own, so that transfers go on while it works, unless its object is
    /// small; and on a second one if a core has nothing else to do.
    OnThreads(Threads, Cores),
    /// Where they are awaited, so that the order of things is the same at every run.
    InPlace,
}

/// Cores that an object may have beside its first.
#[derive(Debug, Clone)]
pub(crate) struct Cores {
    /// Slots of objects. They are free only while no object waits for one.
    slots: Arc<Semaphore>,
    /// One for each core but the first.
    others: Arc<Semaphore>,
}

/// A core, until it is dropped.
#[derive(Debug)]
pub(super) struct Core {
    _slots: OwnedSemaphorePermit,
    _core: OwnedSemaphorePermit,
}

impl Cores {
    /// So many cores, for the objects that have these slots.
    pub(crate) fn new(slots: &Arc<Semaphore>, cores: usize) -> Self {
        Self {
            slots: Arc::clone(slots),
            others: Arc::new(Semaphore::new(cores.saturating_sub(1))),
        }
    }

    /// A core that no object has or waits for, if there is one.
    pub(super) fn free(&self) -> Option<Core> {
        let core = Arc::clone(&self.others).try_acquire_owned().ok()?;
        // One more than an object has: the object that is read ahead needs no core yet.
        let slots = Arc::clone(&self.slots)
            .try_acquire_many_owned(1 + AHEAD)
            .ok()?;
        Some(Core {
            _slots: slots,
            _core: core,
        })
    }
}

/// What goes to a transcoder. Without the end, the object has not arrived whole.
pub(super) enum Chunk {
    Bytes(Bytes),
    End,
}

/// An object to transcode, as it comes, and where its rows and its rejected lines go.
pub(super) struct Work<'a> {
    pub(super) key: &'a str,
    pub(super) settings: &'a Settings,
    /// Says when nobody wants it any more.
    pub(super) stop: &'a CancellationToken,
    pub(super) chunks: mpsc::Receiver<Chunk>,
    pub(super) csv: mpsc::Sender<Bytes>,
    pub(super) rejected: mpsc::Sender<Bytes>,
}

/// What a transcoder says of an object.
pub(super) type Transcoded = Result<Summary, Error>;

impl Work<'_> {
    /// Does it.
    ///
    /// # Errors
    ///
    /// If the transcoder dies, which says nothing of the object.
    pub(super) async fn done(mut self, on: &Transcoding) -> Result<Transcoded, JoinError> {
        let (threads, cores) = match on {
            Transcoding::OnThreads(threads, cores) => (threads, cores),
            Transcoding::InPlace => return Ok(in_place::transcode(self).await),
        };
        let begun = Begun::wait(&mut self.chunks).await;
        let small =
            (begun.whole()).and_then(|object| at_once::transcode(self.key, self.settings, object));
        match small {
            Some(done) => Ok(done.hand_on(self.csv, self.rejected).await),
            None => on_thread::transcode(self, begun.chunks(), threads, cores).await,
        }
    }
}

/// The first chunks of an object: two at most, and the second only to see whether a small first one
/// is all.
struct Begun {
    first: Option<Chunk>,
    second: Option<Chunk>,
}

impl Begun {
    async fn wait(chunks: &mut mpsc::Receiver<Chunk>) -> Self {
        let first = chunks.recv().await;
        let second = match &first {
            Some(Chunk::Bytes(bytes)) if bytes.len() <= at_once::MAX_BYTES => chunks.recv().await,
            _ => None,
        };
        Self { first, second }
    }

    /// The object, if it is small and all there.
    fn whole(&self) -> Option<&Bytes> {
        match (&self.first, &self.second) {
            (Some(Chunk::Bytes(object)), Some(Chunk::End)) => Some(object),
            _ => None,
        }
    }

    fn chunks(self) -> impl Iterator<Item = Chunk> + Send + 'static {
        self.first.into_iter().chain(self.second)
    }
}
