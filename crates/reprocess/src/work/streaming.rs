//! A transcoder on a thread that has nothing else to do meanwhile, so that transfers go on.

use std::io::{self, Write};
use std::iter;

use bytes::Bytes;
use rehose_extract::{Error, Settings, Transcoder};
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::parallel_gzip::Beside;
use super::pool::{Spares, Threads};
use super::transcoding::{Chunk, Transcoded, Work};

/// Bytes of output that are handed on at a time, so that nearly every output is one piece.
const PIECE_BYTES: usize = 256 * 1024;

/// Transcodes what comes.
pub(super) async fn transcode(work: Work<'_>, threads: &Threads) -> Result<Transcoded, JoinError> {
    let Work {
        key,
        settings,
        stop,
        mut chunks,
        csv,
        rejected,
    } = work;
    let (key, settings) = (key.to_owned(), settings.clone());
    let (spares, stopped) = (threads.spares(), stop.clone());
    let mut transcoder = threads.run(move || {
        let chunks = iter::from_fn(|| chunks.blocking_recv());
        let (csv, rejected) = (Pipe::new(csv), Pipe::new(rejected));
        run(&key, &settings, spares, &stopped, chunks, csv, rejected)
    });
    let ended = tokio::select! {
        ended = &mut transcoder => ended,
        () = stop.cancelled() => {
            // One that has begun sees for itself; one that waits for a thread need not get it.
            transcoder.abort();
            transcoder.await
        }
    };
    match ended {
        Err(error) if error.is_cancelled() => Ok(Err(Error::Stopped)),
        ended => ended,
    }
}

fn run(
    key: &str,
    settings: &Settings,
    spares: Spares,
    stop: &CancellationToken,
    chunks: impl Iterator<Item = Chunk>,
    csv: Pipe,
    rejected: Pipe,
) -> Transcoded {
    let Settings { shape, compression } = settings;
    let csv = Beside::new(compression.to(csv), spares);
    let rejected = compression.to(rejected);
    let mut transcoder = Transcoder::to_sinks(key, shape, csv, rejected)?;
    for chunk in chunks {
        match chunk {
            Chunk::Bytes(bytes) => transcoder.push_while(&bytes, &|| !stop.is_cancelled())?,
            Chunk::End => return transcoder.finish(),
        }
    }
    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
}

/// The transcoder's end of a channel.
#[derive(Debug)]
struct Pipe {
    to: mpsc::Sender<Bytes>,
    held: Vec<u8>,
}

impl Pipe {
    fn new(to: mpsc::Sender<Bytes>) -> Self {
        let held = Vec::new();
        Self { to, held }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.held).into();
        (self.to.blocking_send(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
