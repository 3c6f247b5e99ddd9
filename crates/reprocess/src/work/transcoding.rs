//! Where an object is transcoded.

use bytes::Bytes;
use rehose_extract::{Error, Settings, Summary};
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::pool::Threads;
use super::{in_place, streaming};

/// Where transcoders run.
#[derive(Debug)]
pub(crate) enum Transcoding {
    /// On threads, so that transfers go on while they work, unless their objects are small; and on a
    /// second one if it has nothing else to do.
    OnThreads(Threads),
    /// Where they are awaited, so that the order of things is the same at every run.
    InPlace,
}

/// What goes to a transcoder. Without the end, the object has not arrived whole.
pub(super) enum Chunk {
    Bytes(Bytes),
    End,
}

/// An object to transcode, as it comes, and where its rows and its rejected lines go.
pub(super) struct Work<'a> {
    pub(super) key: &'a str,
    pub(super) settings: &'a Settings,
    /// Says when nobody wants it any more.
    pub(super) stop: &'a CancellationToken,
    pub(super) chunks: mpsc::Receiver<Chunk>,
    pub(super) csv: mpsc::Sender<Bytes>,
    pub(super) rejected: mpsc::Sender<Bytes>,
}

/// What a transcoder says of an object.
pub(super) type Transcoded = Result<Summary, Error>;

impl Work<'_> {
    /// Does it.
    ///
    /// # Errors
    ///
    /// If the transcoder dies, which says nothing of the object.
    pub(super) async fn done(self, on: &Transcoding) -> Result<Transcoded, JoinError> {
        match on {
            Transcoding::OnThreads(threads) => streaming::transcode(self, threads).await,
            Transcoding::InPlace => Ok(in_place::transcode(self).await),
        }
    }
}
