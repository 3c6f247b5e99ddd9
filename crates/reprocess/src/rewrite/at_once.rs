//! A small object, transcoded where it is awaited: to wake a thread for it would take as long as the
//! work.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rehose_extract::{Error, Settings, Summary, Transcoder};

/// The largest object that is tried. Some 0.6 MB of text, as stashes are: a millisecond or two.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// So long may it keep all else waiting. A gzip bomb takes longer, and goes to a thread.
const MAX_TIME: Duration = Duration::from_millis(10);

/// What became of an object, and both its outputs.
pub(super) struct AtOnce {
    pub(super) summary: Summary,
    pub(super) csv: Bytes,
    pub(super) rejected: Bytes,
}

/// Transcodes a whole object, or says nothing of it where that takes too long.
pub(super) fn transcode(
    key: &str,
    settings: &Settings,
    object: &[u8],
) -> Option<Result<AtOnce, Error>> {
    let begun = Instant::now();
    match attempt(key, settings, object, &|| begun.elapsed() < MAX_TIME) {
        Err(Error::Stopped) => None,
        done => Some(done),
    }
}

fn attempt(
    key: &str,
    settings: &Settings,
    object: &[u8],
    go_on: &dyn Fn() -> bool,
) -> Result<AtOnce, Error> {
    let (mut csv, mut rejected) = (Vec::new(), Vec::new());
    let mut transcoder = Transcoder::new(key, settings, &mut csv, &mut rejected)?;
    transcoder.push_while(object, go_on)?;
    let summary = transcoder.finish()?;
    Ok(AtOnce {
        summary,
        csv: csv.into(),
        rejected: rejected.into(),
    })
}
