//! Buckets that are filled from folders.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use walkdir::WalkDir;

/// The files in a folder with their keys: their paths in it.
pub fn read(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut objects = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path();
            let key = path.strip_prefix(folder).unwrap_or(path).to_str();
            let key = key.ok_or_else(|| io::Error::other(format!("{path:?} is not UTF-8")))?;
            objects.push((key.to_owned(), contents(path)?));
        }
    }
    Ok(objects)
}

fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut contents = vec![0; file.metadata()?.len() as usize];
    file.read_exact(&mut contents)?;
    Ok(contents)
}
