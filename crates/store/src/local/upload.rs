//! Writing files that become visible complete or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::{NamedTempFile, PersistError};

use super::{BUFFER_BYTES, Durability, LocalStore, RESERVED, failure};
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
        place(&self.store, file, &self.path, |file| {
            file.persist(&self.path)
        })
        .map_err(|error| self.failure(error))?;
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
pub(super) fn put_if_absent(store: &LocalStore, path: &Path, body: &[u8]) -> io::Result<Put> {
    let mut file = temporary(&store.root)?;
    file.write_all(body)?;
    match place(store, file, path, |file| file.persist_noclobber(path)) {
        Ok(()) => Ok(Put::Created),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Exists),
        Err(error) => Err(error),
    }
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

/// Moves a file to its path, and syncs both if the store is synced.
fn place<T>(
    store: &LocalStore,
    file: NamedTempFile,
    path: &Path,
    persist: impl Fn(NamedTempFile) -> Result<T, PersistError>,
) -> io::Result<()> {
    match store.durability {
        Durability::Process => move_to(file, path, persist),
        Durability::Machine => {
            file.as_file().sync_all()?;
            move_to(file, path, persist)?;
            sync_folders(&store.root, path)
        }
    }
}

/// Syncs the folders of an object, up to the one that holds the root: each of them may be new.
fn sync_folders(root: &Path, path: &Path) -> io::Result<()> {
    let holds_root = root.parent().unwrap_or(root);
    let folders = path.ancestors().skip(1);
    for folder in folders.take_while(|folder| folder.starts_with(holds_root)) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Moves a file to its path. The folder is created only if it is missing, which only its first object
/// pays for.
fn move_to<T>(
    file: NamedTempFile,
    path: &Path,
    persist: impl Fn(NamedTempFile) -> Result<T, PersistError>,
) -> io::Result<()> {
    let Err(failed) = persist(file) else {
        return Ok(());
    };
    let outcome = match (failed.error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(folder)) => match fs::create_dir_all(folder) {
            // A file is in the place of the folder. To the caller, `AlreadyExists` would mean the
            // object itself.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::ErrorKind::NotADirectory.into())
            }
            Err(error) => Err(error),
            Ok(()) => persist(failed.file).map(drop).map_err(io::Error::from),
        },
        _ => Err(failed.error),
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
