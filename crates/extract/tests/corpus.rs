//! Replays the inputs that fuzzing has collected.

#[path = "../../../fuzz/checks/gunzip.rs"]
mod gunzip;
mod oracle;
#[path = "../../../fuzz/checks/scanner.rs"]
mod scanner;
mod subject;
#[path = "../../../fuzz/checks/transcode.rs"]
mod transcode;

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Checks every input of a target's corpus, and prints its path before.
#[allow(clippy::unwrap_used, reason = "a test fails by a panic")]
fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let mut data = Vec::new();
        io::copy(&mut File::open(&path).unwrap(), &mut data).unwrap();
        println!("{}", path.display());
        check(&data);
        inputs += 1;
    }
    assert!(inputs > 0, "there is no corpus of {target}");
}

#[test]
fn the_corpus_of_gunzip_holds() {
    replay("gunzip", gunzip::check);
}

#[test]
fn the_corpus_of_scanner_holds() {
    replay("scanner", scanner::check);
}

#[test]
fn the_corpus_of_transcode_holds() {
    replay("transcode", transcode::check);
}
