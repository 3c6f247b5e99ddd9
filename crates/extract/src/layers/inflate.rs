//! Deflate data (RFC 1951, <https://www.rfc-editor.org/rfc/rfc1951>), which gzip and ZIP contain.

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::Error;

/// Decoded bytes that are passed on at a time. Passing on fewer would cost more calls. More would no
/// longer be in the core's cache for the next stages.
pub(super) const BUFFER: usize = 64 * 1024;

/// A resumable inflate and its output buffer.
#[derive(Debug)]
pub(super) struct Inflate {
    state: Decompress,
    decoded: Box<[u8]>,
}

/// How far the deflate data has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inflated {
    /// All input is read, and the data goes on.
    More,
    /// The data has ended. The input may not have.
    End,
    /// The input is not deflate.
    Corrupt,
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self {
            state: Decompress::new(false),
            decoded: vec![0; BUFFER].into_boxed_slice(),
        }
    }

    /// Begins other deflate data.
    pub(super) fn reset(&mut self) {
        self.state.reset(false);
    }

    /// Inflates the input, and passes the output to `next`.
    pub(super) fn push(
        &mut self,
        input: &mut &[u8],
        mut next: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Inflated, Error> {
        let Self { state, decoded } = self;
        loop {
            let (read, written) = (state.total_in(), state.total_out());
            let status = state.decompress(input, decoded, FlushDecompress::None);
            let read = (state.total_in() - read) as usize;
            let written = (state.total_out() - written) as usize;
            *input = &input[read..];
            // Passed on even if the deflate data is faulty after it. A fault in this output comes
            // first, and must be the one that is reported wherever the chunks were cut.
            next(&decoded[..written])?;
            match status {
                Err(_) => return Ok(Inflated::Corrupt),
                Ok(Status::StreamEnd) => return Ok(Inflated::End),
                Ok(_) if input.is_empty() && written < decoded.len() => return Ok(Inflated::More),
                Ok(_) if read == 0 && written == 0 => return Ok(Inflated::Corrupt),
                Ok(_) => {}
            }
        }
    }
}
