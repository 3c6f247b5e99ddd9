//! The sample stash of the repository, `tests/data/stash`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::output::{Files, files};

/// The folder of the stash.
pub fn folder() -> PathBuf {
    parent().join("stash")
}

/// The folder above it. Keys relative to this folder begin with `stash/`, as in a bucket.
pub fn parent() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

/// The objects whose keys begin with `stash/` and this prefix.
pub fn objects(prefix: &str) -> Files {
    let prefix = format!("stash/{prefix}");
    let mut objects = files(&parent());
    objects.retain(|key, _| key.starts_with(&prefix));
    assert!(!objects.is_empty(), "no object under {prefix}");
    objects
}

/// One object. Its key does not begin with `stash/`.
pub fn object(key: &str) -> Vec<u8> {
    fs::read(folder().join(key)).unwrap()
}
