//! The sample stash that comes with the project, and objects that are made of it.

use std::path::{Path, PathBuf};

use crate::aws::Objects;

/// The folder over `stash/`, so that its keys are the same here and in a bucket.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// The objects of the stash whose keys begin with `stash/` and then so.
pub(crate) fn objects(prefix: &str) -> Objects {
    let objects = files(&folder(), &format!("stash/{prefix}"));
    assert!(!objects.is_empty(), "nothing under stash/{prefix}");
    objects
}

/// One object of the stash.
pub(crate) fn object(key: &str) -> Vec<u8> {
    read(&folder().join("stash").join(key))
}

/// All files in a folder whose relative paths begin so.
pub(crate) fn files(folder: &Path, prefix: &str) -> Objects {
    let entries = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|file| {
            let key = file.path().strip_prefix(folder).unwrap().to_str().unwrap();
            (key.to_owned(), file.into_path())
        })
        .filter(|(key, _)| key.starts_with(prefix))
        .map(|(key, path)| (key, read(&path)))
        .collect()
}

#[allow(clippy::disallowed_methods, reason = "tests keep few and small files")]
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}
