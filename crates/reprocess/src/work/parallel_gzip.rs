//! Rows that are compressed on a core of their own, where one is free.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rehose_extract::{Gzip, Sink};

use super::pool::{Spare, Spares};

/// So often is a free core looked for: not before there is more work for it than to wake it takes.
const BLOCKS: usize = 4;

/// Blocks that wait for the encoder: enough that neither side waits for the other at every one.
const WAITING: usize = 8;

/// A sink that compresses where its rows come from until a core is free, and from then on there.
#[derive(Debug)]
pub(super) struct Beside<W: Write> {
    encoder: Encoder<W>,
    block: usize,
    blocks: usize,
    spares: Spares,
}

#[derive(Debug)]
enum Encoder<W: Write> {
    Here(Gzip<W>),
    There(Thread),
    /// On its way there, or lost there.
    Gone,
}

#[derive(Debug)]
struct Thread {
    blocks: SyncSender<Vec<u8>>,
    written: Receiver<io::Result<u64>>,
}

impl<W: Write + Send + 'static> Beside<W> {
    pub(super) fn new(gzip: Gzip<W>, spares: Spares) -> Self {
        Self {
            block: gzip.block(),
            encoder: Encoder::Here(gzip),
            blocks: 0,
            spares,
        }
    }

    fn look_for_a_thread(&mut self) {
        self.blocks += 1;
        if !self.blocks.is_multiple_of(BLOCKS) || !matches!(self.encoder, Encoder::Here(_)) {
            return;
        }
        let Some(spare) = self.spares.take() else {
            return;
        };
        if let Encoder::Here(gzip) = std::mem::replace(&mut self.encoder, Encoder::Gone) {
            self.encoder = Encoder::There(Thread::start(gzip, spare));
        }
    }
}

impl<W: Write + Send + 'static> Sink for Beside<W> {
    fn block(&self) -> usize {
        self.block
    }

    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.look_for_a_thread();
        match &mut self.encoder {
            Encoder::Here(gzip) => return gzip.write(block),
            Encoder::There(thread) if thread.blocks.send(block.to_vec()).is_ok() => return Ok(()),
            _ => {}
        }
        match std::mem::replace(&mut self.encoder, Encoder::Gone) {
            Encoder::There(thread) => thread.finish().and(Err(gone())),
            _ => Err(gone()),
        }
    }

    fn finish(self) -> io::Result<u64> {
        match self.encoder {
            Encoder::Here(gzip) => gzip.finish(),
            Encoder::There(thread) => thread.finish(),
            Encoder::Gone => Err(gone()),
        }
    }
}

impl Thread {
    fn start<W: Write + Send + 'static>(gzip: Gzip<W>, spare: Spare) -> Self {
        let (blocks, waiting) = sync_channel(WAITING);
        let (tell, written) = sync_channel(1);
        spare.run(move || {
            // Who does not wait for it has given up.
            let _ = tell.send(encode(gzip, waiting));
        });
        Self { blocks, written }
    }

    /// Waits until it has compressed all that it was given.
    fn finish(self) -> io::Result<u64> {
        drop(self.blocks);
        self.written.recv().unwrap_or_else(|_| Err(gone()))
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
