//! A compressor that moves to a second core, if one is spare.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rehose_extract::{BlockWriter, Gzip};

use super::pool::{self, Cores};

/// Look for a spare core every so many blocks; waking a thread for less does not pay.
const BLOCKS_BETWEEN_LOOKS: usize = 4;

/// The capacity of the channel, in blocks: enough that neither side waits at every block.
const QUEUED_BLOCKS: usize = 8;

/// A writer that compresses on its caller's thread until a core is spare, and then on a worker with
/// that core until the end.
#[derive(Debug)]
pub(super) struct MovableGzip<W: Write> {
    /// The compressor, until it moves.
    here: Option<Gzip<W>>,
    worker: Option<Worker>,
    block_size: usize,
    blocks_written: usize,
    cores: Cores,
}

/// The thread to which the compressor has moved.
#[derive(Debug)]
struct Worker {
    queue: SyncSender<Vec<u8>>,
    /// The size of the file, at the end.
    result: Receiver<io::Result<u64>>,
}

impl<W: Write + Send + 'static> MovableGzip<W> {
    pub(super) fn new(gzip: Gzip<W>, cores: Cores) -> Self {
        Self {
            block_size: gzip.block_size(),
            here: Some(gzip),
            worker: None,
            blocks_written: 0,
            cores,
        }
    }

    /// Moves the compressor, if a core is spare.
    fn look_for_a_core(&mut self) {
        self.blocks_written += 1;
        if self.here.is_none() || !self.blocks_written.is_multiple_of(BLOCKS_BETWEEN_LOOKS) {
            return;
        }
        let (here, worker) = (&mut self.here, &mut self.worker);
        self.cores.run_on_spare(|| {
            let (queue, blocks) = sync_channel(QUEUED_BLOCKS);
            let (sender, result) = sync_channel(1);
            *worker = Some(Worker { queue, result });
            let gzip = here.take();
            move || {
                let written = gzip.map(|gzip| encode(gzip, blocks));
                // Ignore send errors: the receiver was dropped.
                let _ = sender.send(written.unwrap_or_else(|| Err(gone())));
            }
        });
    }
}

impl<W: Write + Send + 'static> BlockWriter for MovableGzip<W> {
    fn block_size(&self) -> usize {
        self.block_size
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.look_for_a_core();
        match (&mut self.here, self.worker.take()) {
            (Some(gzip), _) => gzip.write(block),
            (None, Some(worker)) => {
                self.worker = Some(worker.send(block.to_vec())?);
                Ok(())
            }
            (None, None) => Err(gone()),
        }
    }

    fn finish(self) -> io::Result<u64> {
        match (self.here, self.worker) {
            (Some(gzip), _) => gzip.finish(),
            (None, Some(worker)) => worker.finish(),
            (None, None) => Err(gone()),
        }
    }
}

impl Worker {
    /// Sends a block. While the channel is full, this thread's core is free.
    fn send(self, block: Vec<u8>) -> io::Result<Self> {
        let sent = match self.queue.try_send(block) {
            Err(TrySendError::Full(block)) => pool::wait(|| self.queue.send(block)).is_ok(),
            sent => sent.is_ok(),
        };
        match sent {
            true => Ok(self),
            // The worker has ended, and says why.
            false => self.finish().and(Err(gone())),
        }
    }

    /// Waits until the worker has compressed every block.
    fn finish(self) -> io::Result<u64> {
        drop(self.queue);
        let result = pool::wait(|| self.result.recv());
        result.unwrap_or_else(|_| Err(gone()))
    }
}

fn encode<W: Write>(mut gzip: Gzip<W>, blocks: Receiver<Vec<u8>>) -> io::Result<u64> {
    for block in blocks {
        gzip.write(&block)?;
    }
    gzip.finish()
}

fn gone() -> io::Error {
    io::Error::other("the thread that compressed its rows died")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};
    use std::thread::{self, ThreadId};

    use rehose_extract::Compression;

    use super::super::pool::Pool;
    use super::super::transfers::Transfers;
    use super::*;

    /// Remembers the threads that wrote to it.
    #[derive(Clone, Default)]
    struct Threads(Arc<Mutex<HashSet<ThreadId>>>);

    impl Write for Threads {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().insert(thread::current().id());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The threads that compress rows of many blocks on this many cores.
    async fn threads_on(cores: usize) -> HashSet<ThreadId> {
        let transfers = Arc::new(Transfers::new(2, 1));
        let pool = Pool::new(cores, Arc::clone(&transfers)).unwrap();
        let _object = transfers.begin(None).await;
        let threads = Threads::default();
        let gzip = Compression::default().writer(threads.clone());
        let mut rows = MovableGzip::new(gzip, pool.cores().clone());
        let block: Vec<u8> = (0..rows.block_size()).map(|_| fastrand::u8(..)).collect();
        for _ in 0..4 * BLOCKS_BETWEEN_LOOKS {
            rows.write(&block).unwrap();
        }
        rows.finish().unwrap();
        let threads = threads.0.lock().unwrap();
        threads.clone()
    }

    #[tokio::test]
    async fn rows_are_compressed_on_a_second_core_if_there_is_one() {
        let here = thread::current().id();
        assert_eq!(threads_on(1).await, HashSet::from([here]));
        let two = threads_on(2).await;
        assert!(two.contains(&here) && two.len() == 2, "{two:?}");
    }
}
