//! Listing a folder in the order of keys.

use std::cmp::Ordering;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use walkdir::{DirEntry, WalkDir};

use super::{RESERVED, is_missing, key_fault};
use crate::{Listed, Page};

/// Lists one page. A folder that does not exist holds no objects.
pub(super) fn page(
    root: &Path,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> io::Result<Page> {
    let mut page = Page {
        objects: Vec::new(),
        more: false,
    };
    let start = match prefix.rsplit_once('/') {
        None => root.to_path_buf(),
        // No key has such a prefix, and `..` would lead out of the root.
        Some((folder, _)) if key_fault(folder).is_some() => return Ok(page),
        Some((folder, _)) => root.join(folder),
    };
    match fs::metadata(&start) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Ok(page),
        Err(error) if is_missing(&error) => return Ok(page),
        Err(error) => return Err(error),
    }

    let prefix = prefix.as_bytes();
    let after = after.unwrap_or_default().as_bytes();
    let mut walk = WalkDir::new(start)
        .min_depth(1)
        .follow_links(true)
        .sort_by(order)
        .into_iter();
    while let Some(entry) = walk.next() {
        let found = match entry {
            Ok(entry) => Found::Entry(entry),
            Err(error) if was_removed(&error) => continue,
            Err(error) => match broken_link(&error) {
                Some(path) => Found::BrokenLink(path),
                None => return Err(error.into()),
            },
        };
        // Bytes, because a name that is not UTF-8 has a place in the order too. It is an error only
        // if it would be listed.
        let path = found.path().strip_prefix(root).unwrap_or(found.path());
        let key = path.as_os_str().as_encoded_bytes();
        if found.is_folder() {
            let folder = [key, b"/"].concat();
            let in_reach = folder.starts_with(prefix) || prefix.starts_with(&folder);
            let passed = folder.as_slice() < after && !after.starts_with(&folder);
            if !in_reach || passed || path == Path::new(RESERVED) {
                walk.skip_current_dir();
            }
            continue;
        }
        if !found.is_object()
            || key <= after
            || !key.starts_with(prefix)
            || path == Path::new(RESERVED)
        {
            continue;
        }
        if page.objects.len() == limit {
            page.more = true;
            break;
        }
        let key = path.to_str().ok_or_else(|| {
            let why = format!("the file name {path:?} is not UTF-8, and cannot be a key");
            io::Error::new(io::ErrorKind::InvalidFilename, why)
        })?;
        let metadata = match found.metadata() {
            Ok(metadata) => metadata,
            Err(error) if is_missing(&error) && is_gone(found.path()) => continue,
            Err(error) => return Err(error),
        };
        page.objects.push(Listed {
            key: key.to_owned(),
            bytes: metadata.len(),
            tag: tag(&metadata)?,
            modified: changed(&metadata, found.link())?,
        });
    }
    Ok(page)
}

/// The size, the time of the last change in nanoseconds, and the inode number.
///
/// Linux stamps files by a clock that ticks every few milliseconds
/// (<https://docs.kernel.org/filesystems/multigrain-ts.html>), so two writes within a tick may have one
/// time. But this store replaces a file by renaming another one, which exists beside it until then: their
/// inode numbers differ. Only a third write within the tick may get the number of the first.
#[cfg(unix)]
fn tag(found: &Metadata) -> io::Result<String> {
    use std::os::unix::fs::MetadataExt;
    let (seconds, nanoseconds) = (found.mtime(), found.mtime_nsec());
    let time = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    Ok(format!("{}-{time}-{}", found.len(), found.ino()))
}

/// The size and the time of the last change in nanoseconds. Two writes of the same size within one tick
/// of the clock give one tag.
#[cfg(not(unix))]
fn tag(found: &Metadata) -> io::Result<String> {
    use std::time::UNIX_EPOCH;
    let time = match found.modified()?.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos().to_string(),
        Err(before) => format!("-{}", before.duration().as_nanos()),
    };
    Ok(format!("{}-{time}", found.len()))
}

/// When a file got its content: the latest of the time that it says, which copies may keep, of its last change of
/// any kind, and of that of a link to it.
#[cfg(unix)]
fn changed(found: &Metadata, link: Option<&Path>) -> io::Result<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let of_change = |found: &Metadata| {
        let since_1970 = Duration::new(
            found.ctime().try_into().unwrap_or_default(),
            found.ctime_nsec().try_into().unwrap_or_default(),
        );
        SystemTime::UNIX_EPOCH + since_1970
    };
    let latest = found.modified()?.max(of_change(found));
    let link = link.and_then(|link| fs::symlink_metadata(link).ok());
    Ok(link.map_or(latest, |link| latest.max(of_change(&link))))
}

#[cfg(not(unix))]
fn changed(found: &Metadata, _: Option<&Path>) -> io::Result<SystemTime> {
    found.modified()
}

/// Compares two entries of a folder in the order of the keys below them. `a.b` comes before the folder
/// `a`, whose keys begin with `a/`.
fn order(left: &DirEntry, right: &DirEntry) -> Ordering {
    let names = [left, right].map(|entry| entry.file_name().as_encoded_bytes());
    let shared = names[0].len().min(names[1].len());
    let next = |name: &[u8], entry: &DirEntry| {
        let after_name = || is_folder(entry).then_some(b'/');
        name.get(shared).copied().or_else(after_name)
    };
    names[0][..shared]
        .cmp(&names[1][..shared])
        .then_with(|| next(names[0], left).cmp(&next(names[1], right)))
}

/// Whether an entry is a folder or a link to one. `walkdir` follows links only after sorting.
fn is_folder(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_dir() || kind.is_symlink() && entry.path().is_dir()
}

/// What the walk has found.
enum Found {
    Entry(DirEntry),
    /// A link to nothing, or to itself. A listing without it would be silent about an object that should be
    /// there, so it has it; reading it fails.
    BrokenLink(PathBuf),
}

impl Found {
    fn path(&self) -> &Path {
        match self {
            Self::Entry(entry) => entry.path(),
            Self::BrokenLink(path) => path,
        }
    }

    /// The path, if it is that of a link.
    fn link(&self) -> Option<&Path> {
        match self {
            Self::Entry(entry) => entry.path_is_symlink().then(|| entry.path()),
            Self::BrokenLink(path) => Some(path),
        }
    }

    fn is_folder(&self) -> bool {
        matches!(self, Self::Entry(entry) if entry.file_type().is_dir())
    }

    fn is_object(&self) -> bool {
        match self {
            Self::Entry(entry) => entry.file_type().is_file(),
            Self::BrokenLink(_) => true,
        }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        match self {
            Self::Entry(entry) => Ok(entry.metadata()?),
            Self::BrokenLink(path) => fs::symlink_metadata(path),
        }
    }
}

/// Whether a file was removed during the listing.
fn was_removed(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(is_missing) && error.path().is_some_and(is_gone)
}

/// The path of a link to nothing, or to itself, if the walk failed at one.
fn broken_link(error: &walkdir::Error) -> Option<PathBuf> {
    error.io_error()?;
    let path = error.path()?;
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    (is_link && fs::metadata(path).is_err()).then(|| path.to_owned())
}

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| is_missing(&error))
}
