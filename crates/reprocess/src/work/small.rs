//! A small object, transcoded where it is awaited: to wake a thread for it would take as long as the
//! work. It is an attempt: what does not end well and soon begins again on a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rehose_extract::{Error, Settings, Transcoder};

use super::transcoding::Transcoded;

/// The largest object that is tried. Some 0.6 MB of text, as stashes are: a millisecond or two.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// So long may it keep all else waiting. A gzip bomb takes longer.
const MAX_TIME: Duration = Duration::from_millis(10);

/// What became of an object, and both its outputs, where it has any.
pub(super) struct Done {
    pub(super) transcoded: Transcoded,
    pub(super) csv: Option<Bytes>,
    pub(super) rejected: Option<Bytes>,
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
    // A panic would take all else on this thread along. Of a transcoder's thread it takes one
    // object.
    let transcoded = catch_unwind(AssertUnwindSafe(attempt)).ok()?;
    if matches!(transcoded, Err(Error::Stopped)) {
        return None;
    }
    let whole = transcoded.is_ok();
    let output = |bytes: Vec<u8>| (whole && !bytes.is_empty()).then(|| bytes.into());
    Some(Done {
        transcoded,
        csv: output(csv),
        rejected: output(rejected),
    })
}
