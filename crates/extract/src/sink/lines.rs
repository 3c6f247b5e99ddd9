//! A buffer of lines that is written in blocks.

use std::io;

use super::BlockWriter;

/// Lines that have not filled a block yet.
#[derive(Debug)]
pub(crate) struct Lines<W> {
    writer: W,
    buffer: Vec<u8>,
}

impl<W: BlockWriter> Lines<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            writer,
            buffer: Vec::new(),
        }
    }

    /// Returns the buffer, to append lines to it.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub(crate) fn writer(&self) -> &W {
        &self.writer
    }

    /// Writes the full blocks of the buffer. The rest stays in it.
    pub(crate) fn write_full_blocks(&mut self) -> io::Result<()> {
        let size = self.writer.block_size();
        if self.buffer.len() < size {
            return Ok(());
        }
        let full = self.buffer.len() - self.buffer.len() % size;
        for block in self.buffer[..full].chunks(size) {
            self.writer.write(block)?;
        }
        self.buffer.drain(..full);
        Ok(())
    }

    /// Writes the rest of the buffer and completes the file. Returns the size of the file in bytes.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        for block in self.buffer.chunks(self.writer.block_size()) {
            self.writer.write(block)?;
        }
        self.writer.finish()
    }
}
