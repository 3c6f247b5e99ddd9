//! Compression on a second core, if one is free.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rehose_extract::{BlockWriter, Gzip};

use super::pool::{self, Core, Cores};

/// Look for a spare core every `BLOCKS` blocks; waking a thread for less does not pay.
const BLOCKS: usize = 4;

/// The capacity of the channel, in blocks: enough that neither side waits at every block.
const WAITING: usize = 8;

/// A writer that compresses on its caller's thread until a core is spare, and then on a worker with
/// that core until the end.
#[derive(Debug)]
pub(super) struct ParallelGzip<W: Write> {
    encoder: Encoder<W>,
    block: usize,
    blocks: usize,
    cores: Cores,
}

#[derive(Debug)]
enum Encoder<W: Write> {
    Here(Gzip<W>),
    OnWorker(Worker),
    /// Being moved to the worker, or lost because the worker died.
    Gone,
}

#[derive(Debug)]
struct Worker {
    blocks: SyncSender<Vec<u8>>,
    written: Receiver<io::Result<u64>>,
}

impl<W: Write + Send + 'static> ParallelGzip<W> {
    pub(super) fn new(gzip: Gzip<W>, cores: Cores) -> Self {
        Self {
            block: gzip.block_size(),
            encoder: Encoder::Here(gzip),
            blocks: 0,
            cores,
        }
    }

    fn look_for_a_core(&mut self) {
        self.blocks += 1;
        if !self.blocks.is_multiple_of(BLOCKS) || !matches!(self.encoder, Encoder::Here(_)) {
            return;
        }
        let Some(core) = self.cores.take_spare() else {
            return;
        };
        if let Encoder::Here(gzip) = std::mem::replace(&mut self.encoder, Encoder::Gone) {
            self.encoder = Encoder::OnWorker(Worker::start(gzip, core));
        }
    }
}

impl<W: Write + Send + 'static> BlockWriter for ParallelGzip<W> {
    fn block_size(&self) -> usize {
        self.block
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.look_for_a_core();
        match &mut self.encoder {
            Encoder::Here(gzip) => return gzip.write(block),
            Encoder::OnWorker(worker) if worker.send(block.to_vec()).is_ok() => return Ok(()),
            _ => {}
        }
        match std::mem::replace(&mut self.encoder, Encoder::Gone) {
            Encoder::OnWorker(worker) => worker.finish().and(Err(gone())),
            _ => Err(gone()),
        }
    }

    fn finish(self) -> io::Result<u64> {
        match self.encoder {
            Encoder::Here(gzip) => gzip.finish(),
            Encoder::OnWorker(worker) => worker.finish(),
            Encoder::Gone => Err(gone()),
        }
    }
}

impl Worker {
    fn start<W: Write + Send + 'static>(gzip: Gzip<W>, core: Core) -> Self {
        let (blocks, waiting) = sync_channel(WAITING);
        let (sender, written) = sync_channel(1);
        core.spawn(move || {
            // Ignore send errors: the receiver was dropped.
            let _ = sender.send(encode(gzip, waiting));
        });
        Self { blocks, written }
    }

    /// Sends a block. While the channel is full, this thread's core is free.
    fn send(&self, block: Vec<u8>) -> io::Result<()> {
        let sent = match self.blocks.try_send(block) {
            Err(TrySendError::Full(block)) => pool::wait(|| self.blocks.send(block)).is_ok(),
            sent => sent.is_ok(),
        };
        sent.then_some(()).ok_or_else(gone)
    }

    /// Waits until the worker has compressed every block.
    fn finish(self) -> io::Result<u64> {
        drop(self.blocks);
        let written = pool::wait(|| self.written.recv());
        written.unwrap_or_else(|_| Err(gone()))
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
    fn threads_on(cores: usize) -> HashSet<ThreadId> {
        let pool = Pool::new(2, cores).unwrap();
        let _object = pool.cores().take_spare().unwrap();
        let threads = Threads::default();
        let gzip = Compression::default().to(threads.clone());
        let mut rows = ParallelGzip::new(gzip, pool.cores().clone());
        let block: Vec<u8> = (0..rows.block_size()).map(|_| fastrand::u8(..)).collect();
        for _ in 0..4 * BLOCKS {
            rows.write(&block).unwrap();
        }
        rows.finish().unwrap();
        let threads = threads.0.lock().unwrap();
        threads.clone()
    }

    #[test]
    fn rows_are_compressed_on_a_second_core_if_there_is_one() {
        let here = thread::current().id();
        assert_eq!(threads_on(1), HashSet::from([here]));
        let two = threads_on(2);
        assert!(two.contains(&here) && two.len() == 2, "{two:?}");
    }
}
