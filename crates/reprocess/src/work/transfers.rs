//! The limits of what happens at once.
//!
//! | limit | bounds | held |
//! |---|---|---|
//! | a transfer | objects in flight, and the bytes that they hold | from before an object is read until it is done |
//! | a [core](super::pool) | what computes | while it computes, and not while it waits for bytes |
//!
//! S3 answers in 20 to 60 ms, and a small object takes a core for one or two, so many objects must be
//! in flight to keep one core busy.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Objects in flight where a request crosses a network: enough for two cores at 40 ms.
const DISTANT: usize = 128;

/// Objects that are read ahead while every core is busy, where a request takes no time.
const AHEAD: usize = 1;

/// The most bytes that all objects in flight hold, roughly.
const BYTES: u32 = 40 * MIB;

/// What a streamed object holds besides a part of its output: its transcoder, and the pieces in its
/// channels.
const STREAM: u32 = 2 * MIB;

/// The part of an output that an upload collects before it sends it.
const PART: u32 = 8 * MIB;

const MIB: u32 = 1024 * 1024;

/// What a processor may use at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Cores that transcode.
    pub cores: usize,
    /// Objects in flight: being read, transcoded or written.
    pub transfers: usize,
}

impl Limits {
    /// The limits for stores on this machine.
    pub fn near(cores: usize) -> Self {
        let transfers = cores + AHEAD;
        Self { cores, transfers }
    }

    /// The limits for stores behind a network.
    pub fn distant(cores: usize) -> Self {
        let transfers = DISTANT.max(cores + AHEAD);
        Self { cores, transfers }
    }

    /// The same with another number of objects in flight, if one is set.
    pub fn with_transfers(self, transfers: Option<usize>) -> Self {
        Self {
            transfers: transfers.unwrap_or(self.transfers),
            ..self
        }
    }
}

/// Bounds the objects in flight by their number and by the bytes that they hold.
#[derive(Debug)]
pub(super) struct Transfers {
    most: usize,
    objects: Semaphore,
    bytes: Semaphore,
    small_bytes: u64,
}

/// The permission to have an object in flight.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    _object: SemaphorePermit<'a>,
    _bytes: SemaphorePermit<'a>,
}

impl Transfers {
    pub(super) fn new(objects: usize, small_bytes: usize) -> Self {
        Self {
            most: objects,
            objects: Semaphore::new(objects),
            bytes: Semaphore::new(BYTES as usize),
            small_bytes: small_bytes as u64,
        }
    }

    /// The most objects in flight.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The objects in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.most - self.objects.available_permits()
    }

    /// Waits for room for an object of this many bytes, as stored. An unknown size counts as large.
    pub(super) async fn begin(&self, bytes: Option<u64>) -> Option<Transfer<'_>> {
        Some(Transfer {
            _object: self.objects.acquire().await.ok()?,
            _bytes: self.bytes.acquire_many(self.bytes_held(bytes)).await.ok()?,
        })
    }

    /// The bytes that an object holds. An output is about as large as its object.
    fn bytes_held(&self, bytes: Option<u64>) -> u32 {
        match bytes {
            Some(bytes) if bytes <= self.small_bytes => 2 * bytes as u32,
            Some(bytes) => STREAM + bytes.min(PART.into()) as u32,
            None => STREAM + PART,
        }
    }
}
