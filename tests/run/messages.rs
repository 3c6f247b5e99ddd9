//! Every message of an error, in one list to read: tests/data/errors.txt. A new one shows there.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates whose errors a user sees.
const CRATES: [&str; 8] = [
    "cli",
    "crates/api",
    "crates/catalog",
    "crates/colparquet",
    "crates/extract",
    "crates/reprocess",
    "crates/store",
    "functions",
];

/// The Rust files in a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The messages in a source. Those of another error that are passed on are not listed again.
fn messages(source: &str) -> impl Iterator<Item = String> {
    source.split("#[error(").skip(1).filter_map(|rest| {
        let (message, _) = rest.split_once(")]").unwrap();
        let message = message.replace("\\\n", "").trim().to_owned();
        let words: Vec<&str> = message.split_whitespace().collect();
        (message != "transparent").then(|| words.join(" "))
    })
}

/// `UPDATE_SNAPSHOT=1 cargo test -p rehose --test run messages` writes the list.
#[test]
fn the_list_has_every_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut list = String::new();
    for package in CRATES {
        let mut files = Vec::new();
        sources(&root.join(package).join("src"), &mut files);
        let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
        let all: BTreeSet<String> = texts
            .flat_map(|text| messages(&text).collect::<Vec<_>>())
            .collect();
        for message in all {
            writeln!(list, "{package}: {message}").unwrap();
        }
    }
    let path = root.join("tests/data/errors.txt");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        fs::write(&path, &list).unwrap();
    }
    let listed = fs::read_to_string(&path).unwrap();
    assert!(listed.lines().count() > 100);
    assert_eq!(listed, list, "on purpose? then UPDATE_SNAPSHOT=1");
}
