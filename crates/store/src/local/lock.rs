//! The lock of a folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::RESERVED;

/// Excludes other jobs from a folder until it is dropped, or until its process ends.
#[derive(Debug)]
#[must_use = "dropping it lets other jobs in"]
pub struct LocalLock {
    reserved: PathBuf,
    // A lock on the folder's own handle leaves no lock file behind.
    _root: File,
}

impl LocalLock {
    pub(super) fn take(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let handle = File::open(root)?;
        handle.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                "another rehose is at work on it; wait for it to end, or take another folder",
            ),
            TryLockError::Error(error) => error,
        })?;
        let reserved = root.join(RESERVED);
        match fs::remove_dir_all(&reserved) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self {
            reserved,
            _root: handle,
        })
    }
}

impl Drop for LocalLock {
    fn drop(&mut self) {
        // This fails while an upload still uses the folder. The next lock clears it then.
        let _ = fs::remove_dir(&self.reserved);
    }
}
