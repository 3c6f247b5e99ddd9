//! Where rows go: how they become a file.

mod gzip;

use std::io;

pub use gzip::{Compression, Gzip};

/// Makes a file of rows, or of rejected lines.
pub trait Sink {
    /// How many bytes it wants at a time. Fewer come only at the end, and more never.
    fn block(&self) -> usize;

    /// Takes the next block.
    fn write(&mut self, block: &[u8]) -> io::Result<()>;

    /// Completes the file and returns its bytes: none at all where no block came.
    fn finish(self) -> io::Result<u64>;
}

/// Lines that wait until they fill a block.
#[derive(Debug)]
pub(crate) struct Lines<S> {
    sink: S,
    buffer: Vec<u8>,
    mark: usize,
}

impl<S: Sink> Lines<S> {
    pub(crate) fn new(sink: S) -> Self {
        Self {
            sink,
            buffer: Vec::new(),
            mark: 0,
        }
    }

    /// Where to append. Nothing leaves before [`flush_blocks`](Self::flush_blocks).
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Remembers this place, for [`back_to_mark`](Self::back_to_mark) before the next flush.
    pub(crate) fn mark(&mut self) {
        self.mark = self.buffer.len();
    }

    /// Forgets what was appended since the mark.
    pub(crate) fn back_to_mark(&mut self) {
        self.buffer.truncate(self.mark);
    }

    /// Writes the blocks that are full.
    pub(crate) fn flush_blocks(&mut self) -> io::Result<()> {
        let size = self.sink.block();
        if self.buffer.len() < size {
            return Ok(());
        }
        let full = self.buffer.len() - self.buffer.len() % size;
        for block in self.buffer[..full].chunks(size) {
            self.sink.write(block)?;
        }
        self.buffer.drain(..full);
        Ok(())
    }

    /// Writes what is left and returns how many bytes the file has.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        for block in self.buffer.chunks(self.sink.block()) {
            self.sink.write(block)?;
        }
        self.sink.finish()
    }
}
