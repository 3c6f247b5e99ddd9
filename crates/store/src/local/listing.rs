//! A folder's files in the order of their keys.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::{RESERVED, is_missing, why_not_a_key};
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
        // No key begins so, and some such paths lead out of the root.
        Some((folder, _)) if why_not_a_key(folder).is_some() => return Ok(page),
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
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if has_gone(&error) => continue,
            Err(error) => return Err(error.into()),
        };
        // Bytes, because a name that is no UTF-8 has its place in the order, too, and only
        // matters if it has to be listed.
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let key = path.as_os_str().as_encoded_bytes();
        if entry.file_type().is_dir() {
            let folder = [key, b"/"].concat();
            let in_reach = folder.starts_with(prefix) || prefix.starts_with(&folder);
            let passed = folder.as_slice() < after && !after.starts_with(&folder);
            if !in_reach || passed || path == Path::new(RESERVED) {
                walk.skip_current_dir();
            }
            continue;
        }
        if !entry.file_type().is_file()
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
            let why = format!("the file name {path:?} is not UTF-8, so that it cannot be a key");
            io::Error::new(io::ErrorKind::InvalidFilename, why)
        })?;
        let bytes = match entry.metadata() {
            Ok(found) => found.len(),
            Err(error) if has_gone(&error) => continue,
            Err(error) => return Err(error.into()),
        };
        page.objects.push(Listed {
            key: key.to_owned(),
            bytes,
        });
    }
    Ok(page)
}

/// Compares two entries of a folder as the keys below them compare: `a.b` comes before the folder
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

/// Links are followed only after the entries are sorted, so the type of an entry is not enough.
fn is_folder(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_dir() || kind.is_symlink() && entry.path().is_dir()
}

/// Whether the file was removed while the listing came to it, as opposed to a link that leads
/// nowhere: that one would be missed, so it is an error.
fn has_gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(is_missing)
        && error
            .path()
            .is_some_and(|path| fs::symlink_metadata(path).is_err_and(|error| is_missing(&error)))
}
