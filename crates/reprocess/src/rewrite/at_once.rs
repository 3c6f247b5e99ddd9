//! A small object, transcoded where it is awaited: to wake a thread for it would take as long as the
//! work. It is an attempt: what does not end well and soon begins again on a thread.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rehose_extract::{Error, Settings, Transcoder};
use tokio::sync::mpsc;

use super::transcoding::Transcoded;

/// The largest object that is tried. Some 0.6 MB of text, as stashes are: a millisecond or two.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// So long may it keep all else waiting. A gzip bomb takes longer.
const MAX_TIME: Duration = Duration::from_millis(10);

/// What became of an object, and both its outputs.
pub(super) struct Done {
    transcoded: Transcoded,
    csv: Bytes,
    rejected: Bytes,
}

/// Transcodes a whole object, or says nothing of it.
pub(super) fn transcode(key: &str, settings: &Settings, object: &[u8]) -> Option<Done> {
    let begun = Instant::now();
    let (mut csv, mut rejected) = (Vec::new(), Vec::new());
    let attempt = || {
        let mut transcoder = Transcoder::new(key, settings, &mut csv, &mut rejected)?;
        transcoder.push_while(object, &|| begun.elapsed() < MAX_TIME)?;
        transcoder.finish()
    };
    // A panic would take all else on this thread along; a thread of its own may die of it.
    match catch_unwind(AssertUnwindSafe(attempt)).ok()? {
        Err(Error::Stopped) => None,
        transcoded => Some(Done {
            transcoded,
            csv: csv.into(),
            rejected: rejected.into(),
        }),
    }
}

impl Done {
    /// Sends the outputs of an object that has any.
    pub(super) async fn hand_on(
        self,
        csv: mpsc::Sender<Bytes>,
        rejected: mpsc::Sender<Bytes>,
    ) -> Transcoded {
        let summary = self.transcoded?;
        for (piece, to) in [(self.csv, csv), (self.rejected, rejected)] {
            if !piece.is_empty() {
                let sent = to.send(piece).await;
                sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            }
        }
        Ok(summary)
    }
}
