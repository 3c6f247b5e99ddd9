//! Writes the objects of the tests into a folder, for tests in other languages: the sample, every form,
//! every dialect, every awkward key, and objects that fail.
//!
//! ```text
//! cargo run --package rehose-testkit --example stash FOLDER
//! ```

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rehose_testkit::output::files;
use rehose_testkit::stash::{awkward, dialects, failures, gzip, sample};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("usage: stash FOLDER")?;
    let dialects = dialects().into_iter();
    let failures = failures().into_iter();
    let objects = files(&sample::folder())
        .into_iter()
        .chain(awkward())
        .chain(dialects.map(|(key, text)| (format!("dialects/{key}"), gzip(text))))
        .chain(failures.map(|(key, object, _)| (key, object)));
    for (key, object) in objects {
        let path = folder.join(key);
        fs::create_dir_all(path.parent().ok_or("a key is a file")?)?;
        fs::write(path, object)?;
    }
    Ok(())
}
