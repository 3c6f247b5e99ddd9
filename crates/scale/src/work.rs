//! How long a core takes, as docs/PERFORMANCE.md and docs/COST.md measured it.

use std::time::Duration;

/// Seconds of a core for a GB of text, without requests: `c` of docs/COST.md.
pub(crate) const SECONDS_PER_GB: f64 = 2.4;

/// The work of a request in its function: signing, sending, parsing. An object of 0.44 MB takes 4.3
/// seconds a GB and makes two requests, so each takes half of the other 1.9 seconds a GB.
pub(crate) const REQUEST: Duration = Duration::from_micros(420);

/// The work of a key in a page of a listing. `start` takes 107 ms for 20,000 keys and 64 requests, of
/// which the requests are 27.
const KEY: Duration = Duration::from_micros(3);

/// Seconds for a byte of a ledger's JSON, read or written: some 200 MB a second.
const DOCUMENT_BYTE: f64 = 5e-9;

/// Transcoding this many bytes of text.
pub(crate) fn of_text(bytes: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 * SECONDS_PER_GB / 1e9)
}

/// Reading this many bytes of text, merging their rows and writing the file: 1.17 to 1.20 of what rewriting
/// takes (docs/PERFORMANCE.md, "Merging").
pub(crate) fn of_merged_text(bytes: u64) -> Duration {
    of_text(bytes).mul_f64(1.2)
}

/// The size of a merged file: 1.83 MB, where rewriting writes 16.5 MB, which are about as large as the
/// objects (docs/PERFORMANCE.md, "Merging").
pub(crate) fn merged_bytes(stored: u64) -> u64 {
    (stored as f64 * 0.11) as u64
}

/// Reading or writing a document.
pub(crate) fn of_document(bytes: usize) -> Duration {
    Duration::from_secs_f64(bytes as f64 * DOCUMENT_BYTE)
}

/// A page of a listing.
pub(crate) fn of_keys(keys: usize) -> Duration {
    KEY * keys as u32
}
