//! Writing files that become visible complete or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::{NamedTempFile, PersistError};
use tokio::task::spawn_blocking;

use super::{BUFFER_BYTES, LocalStore, RESERVED, failure};
use crate::{Put, Store, StoreError, Upload};

/// A file being written, as a temporary file until it is complete.
pub(super) struct LocalUpload {
    store: LocalStore,
    key: String,
    path: PathBuf,
    /// Taken during a call: a call that fails or is dropped leaves `None`.
    draft: Option<Draft>,
}

impl LocalUpload {
    pub(super) fn new(store: LocalStore, key: &str, path: PathBuf) -> Self {
        Self {
            store,
            key: key.to_owned(),
            path,
            draft: Some(Draft::default()),
        }
    }

    fn take_draft(&mut self) -> Result<Draft, StoreError> {
        self.draft
            .take()
            .ok_or_else(|| self.failure(io::Error::other("an earlier write of it did not succeed")))
    }

    fn flush(&self, draft: &mut Draft) -> Result<NamedTempFile, StoreError> {
        (draft.flush(&self.store.root)).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: io::Error) -> StoreError {
        failure("write", self.store.url(&self.key), error)
    }
}

#[async_trait]
impl Upload for LocalUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let mut draft = self.take_draft()?;
        draft.held.push(bytes);
        if draft.held_bytes() >= BUFFER_BYTES {
            draft.file = Some(self.flush(&mut draft)?);
        }
        self.draft = Some(draft);
        Ok(())
    }

    async fn complete(mut self: Box<Self>) -> Result<u64, StoreError> {
        let mut draft = self.take_draft()?;
        let file = self.flush(&mut draft)?;
        let path = self.path.clone();
        let placed = place(&self.store, file, path, Existing::Replaced).await;
        placed.map_err(|error| self.failure(error))?;
        Ok(draft.written)
    }

    async fn abort(self: Box<Self>) {}
}

/// The bytes so far. A small object stays in memory until it is complete, and is written at once.
#[derive(Default)]
struct Draft {
    held: Vec<Bytes>,
    file: Option<NamedTempFile>,
    written: u64,
}

impl Draft {
    fn held_bytes(&self) -> usize {
        self.held.iter().map(Bytes::len).sum()
    }

    fn flush(&mut self, root: &Path) -> io::Result<NamedTempFile> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => temporary(root)?,
        };
        for bytes in self.held.drain(..) {
            file.write_all(&bytes)?;
            self.written += bytes.len() as u64;
        }
        Ok(file)
    }
}

/// Writes a file if it does not exist.
pub(super) async fn put_if_absent(
    store: &LocalStore,
    path: PathBuf,
    body: &[u8],
) -> io::Result<Put> {
    let mut file = temporary(&store.root)?;
    file.write_all(body)?;
    place(store, file, path, Existing::Kept).await
}

fn temporary(root: &Path) -> io::Result<NamedTempFile> {
    let reserved = root.join(RESERVED);
    let mut builder = tempfile::Builder::new();
    // A temporary file is readable by its user only; an object gets the default permissions.
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    match builder.tempfile_in(&reserved) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(&reserved)?;
            builder.tempfile_in(&reserved)
        }
        outcome => outcome,
    }
}

/// What becomes of a file that is already at the path.
#[derive(Debug, Clone, Copy)]
enum Existing {
    Replaced,
    Kept,
}

/// Makes a file visible at its path, and syncs it if the store is synced.
async fn place(
    store: &LocalStore,
    file: NamedTempFile,
    path: PathBuf,
    existing: Existing,
) -> io::Result<Put> {
    let Some(syncer) = store.syncer.clone() else {
        return place_now(file, &path, existing);
    };
    let placing = spawn_blocking(move || {
        file.as_file().sync_all()?;
        let put = place_now(file, &path, existing)?;
        if put == Put::Exists {
            // Its writer may have failed to sync it, or may not have done so yet.
            File::open(&path)?.sync_all()?;
        }
        syncer.sync_entries(&path)?;
        Ok(put)
    });
    (placing.await).unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn place_now(file: NamedTempFile, path: &Path, existing: Existing) -> io::Result<Put> {
    let failed = |PersistError { error, file }| (error, file);
    let placed = match existing {
        Existing::Replaced => move_to(path, file, |file| {
            file.persist(path).map(drop).map_err(failed)
        }),
        Existing::Kept => match move_to(path, file, |file| {
            file.persist_noclobber(path).map(drop).map_err(failed)
        }) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::Exists),
            placed => placed,
        },
    };
    placed.map(|()| Put::Created)
}

/// Moves a file to its path. The folder is created only if it is missing, which only its first object
/// pays for. A move that fails gives the file back.
pub(super) fn move_to<F>(
    path: &Path,
    file: F,
    rename: impl Fn(F) -> Result<(), (io::Error, F)>,
) -> io::Result<()> {
    let Err((error, file)) = rename(file) else {
        return Ok(());
    };
    let outcome = match (error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(folder)) => match fs::create_dir_all(folder) {
            // A file is in the place of the folder. To the caller, `AlreadyExists` would mean the
            // object itself.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::ErrorKind::NotADirectory.into())
            }
            Err(error) => Err(error),
            Ok(()) => rename(file).map_err(|(error, _)| error),
        },
        _ => Err(error),
    };
    outcome.map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => in_the_way("a file is in the place of its folder"),
        _ if path.is_dir() => in_the_way("a folder is in its place"),
        _ => error,
    })
}

fn in_the_way(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidFilename, why)
}
