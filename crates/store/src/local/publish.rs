//! Publishing a file by renaming it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::upload::move_to;
use super::{LocalStore, object};

/// Renames a file, and syncs it if the store is synced.
///
/// # Errors
///
/// `NotFound`, if neither file exists.
pub(super) async fn publish(store: &LocalStore, from: PathBuf, to: PathBuf) -> io::Result<()> {
    let Some(syncer) = store.syncer.clone() else {
        return rename(&from, &to, |_| Ok(()));
    };
    let publishing = spawn_blocking(move || {
        rename(&from, &to, |path| File::open(path)?.sync_all())?;
        syncer.sync_entries(&to)
    });
    (publishing.await).unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Renames a file if it exists. `sync` gets its path before, because a crash must not leave half a file
/// in the place of a whole one.
fn rename(from: &Path, to: &Path, sync: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    // The check keeps a folder from being renamed with all that is in it.
    let renamed = match object(from)? {
        Some(_) => sync(from).and_then(|()| {
            let rename = |()| fs::rename(from, to).map_err(|error| (error, ()));
            move_to(to, (), rename)
        }),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    match renamed {
        // Another call has renamed it, before or just now. It may have failed to sync it.
        Err(error) if error.kind() == io::ErrorKind::NotFound && object(to)?.is_some() => sync(to),
        renamed => renamed,
    }
}
