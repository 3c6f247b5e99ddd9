//! The sample stash that comes with the project, and objects that are made of it.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

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

/// A gzip member.
pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::default());
    member.write_all(content.as_ref()).unwrap();
    member.finish().unwrap()
}

/// An object of so many bytes at least, whose messages do not compress.
pub(crate) fn incompressible(bytes: usize) -> Vec<u8> {
    const MESSAGE: usize = 1_000;
    let mut random = fastrand::Rng::with_seed(1);
    let events = (0..bytes.div_ceil(MESSAGE)).map(|_| {
        let message: String = (0..MESSAGE).map(|_| random.alphanumeric()).collect();
        json!({"id": "1", "timestamp": 1_580_515_200_000_u64, "message": message}).to_string()
    });
    let events: Vec<String> = events.collect();
    let events = events.join(",");
    // The type comes first: the rows of an envelope are held back until it is known.
    format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{events}]}}"#).into_bytes()
}
