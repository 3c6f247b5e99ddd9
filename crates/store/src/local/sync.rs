//! Syncing files and folders to the disk, so that they survive a loss of power.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most folders that are remembered: two years of hours, in some megabytes. A folder that was
/// forgotten is synced again.
const REMEMBERED: usize = 20_000;

/// Syncs what becomes visible in a folder.
#[derive(Debug)]
pub(super) struct Syncer {
    root: Arc<Path>,
    /// Folders whose entry in the folder above them is on the disk. Every sync of a folder makes the
    /// disk flush its cache, changed or not, so each entry is synced once.
    entered: Mutex<HashSet<PathBuf>>,
}

impl Syncer {
    pub(super) fn new(root: Arc<Path>) -> Self {
        Self {
            root,
            entered: Mutex::default(),
        }
    }

    /// Syncs the entry of a file in its folder, and the entries of the folders above it. Any of them may
    /// be new: of this file, of another one that is being written, or of a process that was killed.
    pub(super) fn sync_entries(&self, path: &Path) -> io::Result<()> {
        let mut entered = Vec::new();
        for folder in path.ancestors().skip(1) {
            self.sync_folder(folder)?;
            if self.entered().contains(folder) {
                break;
            }
            entered.push(folder.to_owned());
        }
        let mut remembered = self.entered();
        if remembered.len() + entered.len() > REMEMBERED {
            remembered.clear();
        }
        remembered.extend(entered);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        match File::open(folder) {
            Ok(folder) => folder.sync_all(),
            // A folder above the root that cannot be read existed before: what creates a folder can
            // read it.
            Err(error)
                if error.kind() == io::ErrorKind::PermissionDenied
                    && !folder.starts_with(&self.root) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn entered(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
