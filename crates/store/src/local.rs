//! A store of the files in a folder.

mod listing;
mod lock;
mod publish;
mod sync;
mod upload;

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::{Body, Head, Page, Put, Store, StoreError, StoreErrorKind, Upload};
pub use lock::LocalLock;
use sync::Syncer;
use upload::LocalUpload;

/// The folder at the root for objects that are not complete yet. It is not part of the store: it is
/// not a valid key, and no listing shows it.
const RESERVED: &str = ".rehose";

/// Bytes that are read or written at a time: enough that the cost of a system call does not matter,
/// and few enough that it takes microseconds.
const BUFFER_BYTES: usize = 256 * 1024;

/// The longest name that the usual file systems take, in bytes
/// (<https://man7.org/linux/man-pages/man7/path_resolution.7.html>).
const MAX_NAME_BYTES: usize = 255;

/// A folder as a store. A key is the path of a file in it, with `/` between the names.
///
/// Symbolic links are followed; sockets, pipes and devices are not objects. The first write creates
/// the folder. Unless the store is [`synced`](Self::synced), objects survive a crash of the process, but
/// maybe not one of the machine.
///
/// # Blocking
///
/// Every operation except `list`, a synced `publish` and the last step of a synced write does blocking I/O
/// on the caller's thread, because most of it takes microseconds, and waking another thread takes longer.
/// A runtime that shares its threads with other work needs one thread for each concurrent operation.
#[derive(Debug, Clone)]
pub struct LocalStore {
    root: Arc<Path>,
    /// The root as text, with a trailing slash.
    name: Arc<str>,
    /// Without it, nothing is synced.
    syncer: Option<Arc<Syncer>>,
}

impl LocalStore {
    /// Opens a folder, which need not exist yet.
    ///
    /// # Errors
    ///
    /// If the path exists and is not a folder, or cannot be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        let failed = |error| failure("open", folder.display().to_string(), error);
        match fs::metadata(folder) {
            Ok(found) if !found.is_dir() => {
                return Err(failed(io::Error::from(io::ErrorKind::NotADirectory)));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        // A later change of the working directory must not move the store.
        let root = std::path::absolute(folder).map_err(failed)?;
        // Without a slash at the end.
        let root: Arc<Path> = root.components().collect::<PathBuf>().into();
        let name = format!("{}/", root.display()).into();
        Ok(Self {
            root,
            name,
            syncer: None,
        })
    }

    /// Syncs each object and its folders to the disk before it counts as written, so that it survives a
    /// loss of power. Another thread waits for the disk, which takes milliseconds.
    pub fn synced(self) -> Self {
        Self {
            syncer: Some(Arc::new(Syncer::new(Arc::clone(&self.root)))),
            ..self
        }
    }

    /// Locks the folder for one job, and removes unfinished objects of a killed one. The lock is
    /// advisory: it excludes other jobs, not other programs.
    ///
    /// # Errors
    ///
    /// If another job has the lock, or the folder cannot be created or cleared.
    pub fn lock(&self) -> Result<LocalLock, StoreError> {
        LocalLock::take(&self.root).map_err(|error| failure("lock", self.url(""), error))
    }

    fn path(&self, operation: &'static str, key: &str) -> Result<PathBuf, StoreError> {
        match key_fault(key) {
            None => Ok(self.root.join(key)),
            Some(why) => {
                let error = io::Error::new(io::ErrorKind::InvalidFilename, why);
                Err(failure(operation, self.url(key), error))
            }
        }
    }
}

#[async_trait]
impl Store for LocalStore {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let root = Arc::clone(&self.root);
        let (owned_prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        tokio::task::spawn_blocking(move || {
            listing::page(&root, &owned_prefix, after.as_deref(), limit)
        })
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|error| failure("list", self.url(prefix), error))
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        let path = self.path("read", key)?;
        let opened = open(&path).map_err(|error| failure("read", self.url(key), error))?;
        Ok(match opened {
            Opened::Small(bytes) if bytes.is_empty() => stream::empty().boxed(),
            Opened::Small(bytes) => stream::iter([Ok(bytes)]).boxed(),
            Opened::Large(file) => {
                stream::try_unfold((file, self.url(key)), |(mut file, url)| async move {
                    match piece(&mut file) {
                        Ok(piece) => Ok(piece.map(|piece| (piece, (file, url)))),
                        Err(error) => Err(failure("read", url, error)),
                    }
                })
                .boxed()
            }
        })
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        let path = self.path("read", key)?;
        read_range(&path, range).map_err(|error| failure("read", self.url(key), error))
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        let path = self.path("write", key)?;
        Ok(Box::new(LocalUpload::new(self.clone(), key, path)))
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        let path = self.path("put", key)?;
        upload::put_if_absent(self, path, &body)
            .await
            .map_err(|error| failure("put", self.url(key), error))
    }

    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let source = self.path("publish", from)?;
        let target = self.path("publish", to)?;
        publish::publish(self, source, target)
            .await
            .map_err(|error| {
                let is_missing = error.kind() == io::ErrorKind::NotFound;
                let key = if is_missing { from } else { to };
                failure("publish", self.url(key), error)
            })
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        let path = self.path("head", key)?;
        head(&path).map_err(|error| failure("head", self.url(key), error))
    }

    fn url(&self, key: &str) -> String {
        [&self.name, key].concat()
    }
}

/// An opened file.
enum Opened {
    /// The bytes of a small file, which is read at once.
    Small(Bytes),
    Large(File),
}

fn open(path: &Path) -> io::Result<Opened> {
    let (mut file, length) = open_object(path)?;
    let length = match usize::try_from(length) {
        Ok(length) if length < BUFFER_BYTES => length,
        _ => return Ok(Opened::Large(file)),
    };
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(Opened::Small(bytes.into()))
}

fn read_range(path: &Path, range: Range<u64>) -> io::Result<Bytes> {
    let (mut file, length) = open_object(path)?;
    let length = range.end.min(length).saturating_sub(range.start);
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

/// Opens a file, and returns its length too.
fn open_object(path: &Path) -> io::Result<(File, u64)> {
    object(path)?.ok_or(io::ErrorKind::NotFound)?;
    let file = File::open(path)?;
    // Not the length that the check has found: another file may have been renamed to the path since.
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// The next piece of a file, if there is one.
fn piece(file: &mut File) -> io::Result<Option<Bytes>> {
    let mut piece = vec![0; BUFFER_BYTES];
    let length = file.read(&mut piece)?;
    piece.truncate(length);
    Ok((length > 0).then(|| piece.into()))
}

/// The metadata of the file at a path, if it exists. This check comes before opening the file,
/// because opening a pipe would block.
fn object(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found).filter(Metadata::is_file)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn head(path: &Path) -> io::Result<Option<Head>> {
    let Some(found) = object(path)? else {
        return Ok(None);
    };
    Ok(Some(Head {
        bytes: found.len(),
        modified: found.modified()?,
    }))
}

/// Whether a path does not exist. `a/b` does not exist if `a` is a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Why a key cannot be a file name, or `None` if it can.
fn key_fault(key: &str) -> Option<&'static str> {
    if key.contains('\0') {
        return Some("a file name cannot hold a NUL character");
    }
    if key.split('/').next() == Some(RESERVED) {
        return Some("the folder .rehose is reserved for objects that are not whole yet");
    }
    key.split('/').find_map(|name| match name {
        "" => Some("a key for a folder needs a name before and after every slash"),
        "." | ".." => Some("a folder cannot hold a file called . or .."),
        _ if name.len() > MAX_NAME_BYTES => Some("a file name has at most 255 bytes"),
        _ => None,
    })
}

fn failure(operation: &'static str, url: String, error: io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => StoreErrorKind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreErrorKind::Denied
        }
        io::ErrorKind::InvalidFilename => StoreErrorKind::InvalidKey,
        io::ErrorKind::FileTooLarge => StoreErrorKind::TooLarge,
        _ => StoreErrorKind::Transient,
    };
    StoreError {
        operation,
        url,
        kind,
        reason: error.to_string(),
        source: Some(error.into()),
    }
}
