//! Streamed objects are transcoded on threads of their own. Transfers continue meanwhile.

use std::io::{self, Write};
use std::iter;

use bytes::Bytes;
use rehose_extract::{Compression, Error, FileKind, Shape, Summary, Transcoder};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use super::movable_gzip::MovableGzip;
use super::pool::{self, Cores, Panicked, Pool};

/// Bytes of output that are sent at a time. Nearly every output is one piece.
const PIECE_BYTES: usize = 256 * 1024;

/// Where transcoders run.
#[derive(Debug)]
pub(super) enum Executor {
    /// On the pool's threads.
    Pool(Pool),
    /// On the thread that polls. Nothing overlaps, so the caller decides the order of events, and
    /// memory is not bounded.
    #[cfg(feature = "simulation")]
    InPlace,
}

/// An object, and its transcoding parameters.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) key: &'a str,
    pub(super) shape: &'a Shape,
    pub(super) compression: &'a Compression,
}

/// A streamed object.
pub(super) struct Streamed<'a> {
    pub(super) object: Object<'a>,
    /// Cancelled when the result is no longer wanted.
    pub(super) stop: &'a CancellationToken,
    /// The object's bytes.
    pub(super) chunks: mpsc::Receiver<Chunk>,
    /// Takes the rows.
    pub(super) rows: mpsc::Sender<Bytes>,
    /// Takes the rejected events.
    pub(super) rejected: mpsc::Sender<Bytes>,
}

/// A piece of an object. Without [`Chunk::End`], the object has not arrived whole.
pub(super) enum Chunk {
    Bytes(Bytes),
    End,
}

/// The result of a transcoder.
pub(super) type Transcoded = Result<Summary, Error>;

impl Executor {
    /// Transcodes an object.
    ///
    /// # Errors
    ///
    /// If the transcoder's thread panics. That is not a fault of the object.
    pub(super) async fn transcode(&self, streamed: Streamed<'_>) -> Result<Transcoded, Panicked> {
        match self {
            Self::Pool(pool) => on_pool(streamed, pool).await,
            #[cfg(feature = "simulation")]
            Self::InPlace => Ok(super::in_place::transcode(streamed).await),
        }
    }
}

async fn on_pool(streamed: Streamed<'_>, pool: &Pool) -> Result<Transcoded, Panicked> {
    let Streamed {
        object,
        stop,
        mut chunks,
        rows,
        rejected,
    } = streamed;
    let key = object.key.to_owned();
    let (shape, compression) = (object.shape.clone(), object.compression.clone());
    let (cores, stopped) = (pool.cores().clone(), stop.clone());
    let transcode = move || {
        let object = Object {
            key: &key,
            shape: &shape,
            compression: &compression,
        };
        let chunks = iter::from_fn(|| next(&mut chunks));
        let (rows, rejected) = (Pipe::new(rows), Pipe::new(rejected));
        run(object, cores, &stopped, chunks, rows, rejected)
    };
    tokio::select! {
        transcoded = pool.cores().run(transcode) => transcoded,
        () = stop.cancelled() => Ok(Err(Error::Stopped)),
    }
}

/// The next chunk. While there is none, the thread's core is free.
fn next(chunks: &mut mpsc::Receiver<Chunk>) -> Option<Chunk> {
    match chunks.try_recv() {
        Ok(chunk) => Some(chunk),
        Err(_) => pool::wait(|| chunks.blocking_recv()),
    }
}

fn run(
    object: Object<'_>,
    cores: Cores,
    stop: &CancellationToken,
    chunks: impl Iterator<Item = Chunk>,
    rows: Pipe,
    rejected: Pipe,
) -> Transcoded {
    let Object {
        key,
        shape,
        compression,
    } = object;
    let mut transcoder = match shape.file_kind() {
        FileKind::Csv => {
            let rows = MovableGzip::new(compression.writer(rows), cores);
            Transcoder::to_csv(key, shape, rows, compression.writer(rejected))?
        }
        FileKind::Parquet => Transcoder::new(key, shape, compression, rows, rejected)?,
    };
    let goes_on = || {
        pool::take_turns();
        !stop.is_cancelled()
    };
    for chunk in chunks {
        match chunk {
            Chunk::Bytes(bytes) => transcoder.push_while(&bytes, &goes_on)?,
            Chunk::End => return transcoder.finish(),
        }
    }
    // The feed has failed and reports why.
    Err(Error::Stopped)
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
        let sent = match self.to.try_send(piece) {
            Err(TrySendError::Full(piece)) => pool::wait(|| self.to.blocking_send(piece)).is_ok(),
            sent => sent.is_ok(),
        };
        match sent {
            true => Ok(()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}
