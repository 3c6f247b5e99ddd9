//! The checks of the fuzz targets in `fuzz/`. The tests replay the corpora with them.

use std::fs;
use std::path::Path;

pub mod gunzip;
pub mod hadoop_snappy;
mod layer;
pub mod logs;
pub mod rowdeflate;
pub mod scanner;
pub mod snappy;
pub mod transcode;
pub mod unzip;
pub mod zstd;

/// Checks every input of a target's corpus. The last path that it prints is the input that fails.
pub fn replay(target: &str, check: fn(&[u8])) {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut inputs = 0;
    for entry in fs::read_dir(corpora.join(target)).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "there is no corpus of {target}");
}
