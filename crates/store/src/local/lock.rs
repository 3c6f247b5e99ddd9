//! One job at a time on a folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::RESERVED;

/// Keeps other jobs out of a folder until it is dropped. The end of the process releases it too.
#[derive(Debug)]
#[must_use = "dropping it lets other jobs in"]
pub struct LocalLock {
    reserved: PathBuf,
    // The lock is on the folder's own handle, so that no lock file stays behind.
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
        // Fails while an upload still uses it. The next lock clears it then.
        let _ = fs::remove_dir(&self.reserved);
    }
}
