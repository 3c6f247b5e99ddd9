//! Files that cannot be printed: missing, of another kind, damaged.

use std::fs;
use std::path::Path;

use rehose_testkit::output::files;
use rehose_testkit::stash::{FLOW, gzip};
use rehose_tests::workspace::Workspace;

use super::{assert_fails, cat, convert, one};
use crate::REHOSE;

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let workspace = Workspace::small();
    let [csv, _] = convert(&workspace, &[]);
    let missing = workspace.path("missing");
    assert_fails(
        cat(&[&missing], &[]),
        1,
        &["missing does not exist", "name a file"],
    );
    // The files before it are printed.
    let finished = cat(&[&csv, &missing], &[]);
    assert_eq!(finished.out.lines().count(), 2);
    assert_fails(finished, 1, &["missing does not exist"]);
    fs::create_dir(&missing).unwrap();
    assert_fails(
        cat(&[&missing], &[]),
        1,
        &["no file of rows under", "missing"],
    );
    assert_fails(cat(&[], &[]), 2, &["FILE"]);
}

#[test]
fn a_file_of_another_kind_is_an_error_that_says_what_it_is() {
    let workspace = one(&[FLOW, "no flow log"]);
    let [csv, _] = convert(&workspace, &["--max-rejected", "100"]);
    let rejected = csv.join("rejected/2020/one.jsonl.gz");
    let path = rejected.to_str().unwrap();
    assert_fails(
        cat(&[&rejected], &[]),
        1,
        &[path, "rejected events", "zcat", "csv/"],
    );
    let object = workspace.stash().join("2020/one");
    assert_fails(
        cat(&[&object], &[]),
        1,
        &["messageType", "not rehose's CSV", "`rehose run`", "digest"],
    );
    let file = workspace.path("file");
    for (content, words) in [
        (&b""[..], ["empty", "copy it again"]),
        (
            b"timestamp,srcaddr\n",
            ["neither CSV.gz nor Parquet", "timestamp,srcaddr"],
        ),
        (&gzip(""), ["not rehose's CSV", "begins with \"\""]),
        (
            &gzip("timestamps,a\n"),
            ["not rehose's CSV", "timestamps,a"],
        ),
        (
            &gzip("timestamp,a\n1,2\n3,4,5\n"),
            ["row 2 has 3 fields", "the header has 2"],
        ),
        (
            &gzip(b"timestamp,a\n1,\xff\n"),
            ["row 1", "not UTF-8 in the column a"],
        ),
        (b"PAR1", ["ends at byte 4 without its footer", "cut"]),
        (b"PAR1\xff\xff\xff\x7fPAR1", ["without its footer", "cut"]),
        (b"PAR1abcd\x04\0\0\0PAR1", ["footer", "begins at byte 4"]),
    ] {
        fs::write(&file, content).unwrap();
        assert_fails(cat(&[&file], &[]), 1, &words);
    }
}

#[test]
fn a_damaged_file_is_an_error_that_says_where() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "1", "--events", "50000"]);
    let [csv, parquet] = convert(&workspace, &[]);
    let only = |output: &Path, folder: &str| {
        let path = files(output)
            .into_keys()
            .find(|path| path.starts_with(folder));
        output.join(path.unwrap())
    };
    let (csv, parquet) = (only(&csv, "csv/"), only(&parquet, "parquet/"));

    let rows = cat(&[&csv], &[]).with_status(0).out.lines().count();
    let sound = fs::read(&csv).unwrap();
    fs::write(&csv, &sound[..sound.len() / 2]).unwrap();
    let at = format!("at byte {} of the object", sound.len() / 2);
    let path = csv.to_str().unwrap();
    let finished = cat(&[&csv], &[]);
    assert!(
        finished.out.lines().count() > 1_000,
        "the rows before the end are printed"
    );
    assert_fails(
        finished,
        1,
        &[path, "inside a gzip member", &at, "copy it again"],
    );
    let mut damaged = sound.clone();
    let end = damaged.len() - 5;
    damaged[end] ^= 1;
    fs::write(&csv, damaged).unwrap();
    assert_fails(cat(&[&csv], &[]), 1, &[path, "wrong", "copy it again"]);

    let sound = fs::read(&parquet).unwrap();
    let path = parquet.to_str().unwrap();
    fs::write(&parquet, &sound[..sound.len() - 100]).unwrap();
    let at = format!("at byte {}", sound.len() - 100);
    assert_fails(cat(&[&parquet], &[]), 1, &[path, "without its footer", &at]);
    let mut damaged = sound.clone();
    damaged[4..2_000].fill(0);
    fs::write(&parquet, damaged).unwrap();
    let words = [
        path,
        "column timestamp",
        "row group 1",
        "begin at byte 4",
        "copy it again",
    ];
    assert_fails(cat(&[&parquet], &[]), 1, &words);
    // A column that is not needed is not read.
    let options = ["--columns", "log-status"];
    let printed = cat(&[&parquet], &options).with_status(0).out;
    assert_eq!(printed.lines().count(), rows);
}
