//! The executor of the simulation: a transcoder on the thread that polls.

use std::io;

use bytes::Bytes;
use rehose_extract::{Error, Transcoder};
use tokio::sync::mpsc;

use super::executor::{Chunk, Object, Streamed, Transcoded};
use super::pipe::{Outlet, pipe};

/// Transcodes an object. It buffers the whole output of a chunk.
pub(super) async fn transcode(mut streamed: Streamed<'_>) -> Transcoded {
    let (rows_in, mut rows) = pipe();
    let (rejected_in, mut rejected) = pipe();
    let (to_rows, to_rejected) = (streamed.rows, streamed.rejected);
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
                send_on(&mut rows, &to_rows).await?;
                send_on(&mut rejected, &to_rejected).await?;
                return Ok(summary);
            }
        }
        send_on(&mut rows, &to_rows).await?;
        send_on(&mut rejected, &to_rejected).await?;
    }
    // The feed has failed and reports why.
    Err(Error::Stopped)
}

async fn send_on(outlet: &mut Outlet, to: &mpsc::Sender<Bytes>) -> io::Result<()> {
    while let Some(piece) = outlet.next() {
        let sent = to.send(piece).await;
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
    }
    Ok(())
}
