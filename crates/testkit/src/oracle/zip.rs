//! Reads a layer of ZIP in memory, from the directory at its end.

use std::io::{self, Cursor};

use zip::ZipArchive;

/// Returns the only entry of an archive, or `None` if there is not one, or if it is faulty.
pub fn entry(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    if archive.len() != 1 {
        return None;
    }
    let mut text = Vec::new();
    io::copy(&mut archive.by_index(0).ok()?, &mut text).ok()?;
    Some(text)
}
