//! Where an object is transcoded.

use std::sync::Arc;

use bytes::Bytes;
use rehose_extract::{Error, Settings, Summary};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::threads::Threads;
use super::{in_place, on_thread};

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
    pub(super) async fn done(self, on: &Transcoding) -> Result<Transcoded, JoinError> {
        match on {
            Transcoding::OnThreads(threads, cores) => {
                on_thread::transcode(self, threads, cores).await
            }
            Transcoding::InPlace => Ok(in_place::transcode(self).await),
        }
    }
}
