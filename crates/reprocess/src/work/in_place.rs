//! The executor of the simulation: a transcoder on the thread that polls.

use std::io::{self, Write};
use std::sync::mpsc as buffer;

use bytes::Bytes;
use rehose_extract::{Error, Transcoder};
use tokio::sync::mpsc;

use super::executor::{Chunk, Object, Streamed, Transcoded};

/// Transcodes an object. It buffers the whole output of a chunk.
pub(super) async fn transcode(mut streamed: Streamed<'_>) -> Transcoded {
    let (rows_in, mut rows) = pipe(streamed.rows);
    let (rejected_in, mut rejected) = pipe(streamed.rejected);
    let Object {
        key,
        shape,
        compression,
    } = streamed.object;
    let mut transcoder = Transcoder::new(key, shape, compression, rows_in, rejected_in)?;
    while let Some(chunk) = streamed.chunks.recv().await {
        match chunk {
            Chunk::Bytes(bytes) => transcoder.push(&bytes)?,
            Chunk::End => {
                let summary = transcoder.finish()?;
                rows.send_on().await?;
                rejected.send_on().await?;
                return Ok(summary);
            }
        }
        rows.send_on().await?;
        rejected.send_on().await?;
    }
    // The feed has failed and reports why.
    Err(Error::Stopped)
}

fn pipe(to: mpsc::Sender<Bytes>) -> (Inlet, Outlet) {
    let (inlet, pieces) = buffer::channel();
    (Inlet(inlet), Outlet { pieces, to })
}

/// The writer that the transcoder gets.
#[derive(Debug)]
struct Inlet(buffer::Sender<Bytes>);

impl Write for Inlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)
            .send(Bytes::copy_from_slice(bytes))
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The transcoder's output, to be sent to an upload.
struct Outlet {
    pieces: buffer::Receiver<Bytes>,
    to: mpsc::Sender<Bytes>,
}

impl Outlet {
    async fn send_on(&mut self) -> io::Result<()> {
        while let Ok(piece) = self.pieces.try_recv() {
            let sent = self.to.send(piece).await;
            sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(())
    }
}
