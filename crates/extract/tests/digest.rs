//! The rows of a digest: the records of a window, in any order of objects and parts and with any memory.

use std::io::{self, Cursor};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rehose_extract::merge::{
    DigestFile, DigestRows, FoldPorts, Merger, NewScratchFile, Selection, Summary, Sums,
};
use rehose_extract::{Compression, Shape, Transcoder};
use rehose_testkit::oracle::digest::digest_of_flows;
use rehose_testkit::output;
use rehose_testkit::shapes::flow_logs;

/// More memory than any test needs.
const ENOUGH: usize = 64 * 1024 * 1024;

const WINDOW: std::ops::Range<i64> = 60..180;

fn new_files() -> NewScratchFile {
    Box::new(|| tempfile::tempfile().map(|file| Box::new(file) as _))
}

fn merger(shape: &Shape, memory: usize) -> Merger {
    Merger::digesting(shape, &DigestRows::default(), memory, new_files()).unwrap()
}

/// Makes a part of objects of lines. Returns it with the sums over the records of the window.
fn part(shape: &Shape, memory: usize, objects: &[String]) -> (Option<Vec<u8>>, Sums) {
    let mut merger = merger(shape, memory);
    merger.select(
        shape,
        Selection {
            start: WINDOW,
            accounts: Vec::new(),
            regions: Vec::new(),
        },
    );
    let mut sums = Sums::default();
    for object in objects {
        let compression = Compression::default();
        let mut transcoder =
            Transcoder::merging("object", shape, &compression, &mut merger, io::sink()).unwrap();
        transcoder.push(object.as_bytes()).unwrap();
        transcoder.finish().unwrap();
        sums.add(&merger.commit().unwrap().sums);
    }
    let mut file = Vec::new();
    let Some(mut rows) = merger.into_part(&mut file).unwrap() else {
        return (None, sums);
    };
    while rows.write(7).unwrap() {}
    let summary = rows.finish().unwrap();
    assert_eq!(summary.bytes, file.len() as u64);
    assert_eq!(summary.sums, sums);
    (Some(file), sums)
}

/// Folds parts into CSV.
fn fold(shape: &Shape, parts: impl Iterator<Item = Vec<u8>>) -> (Vec<u8>, Summary) {
    let mut merger = merger(shape, ENOUGH);
    for part in parts {
        merger.add_part(Box::new(Cursor::new(part))).unwrap();
    }
    let mut file = Vec::new();
    let files = vec![(DigestFile::Csv, &mut file)];
    let rows = merger.into_digest(&Compression::default(), files).unwrap();
    let summary = rows.finish().unwrap();
    (file, summary)
}

/// A record, often with the key of others.
fn record() -> impl Strategy<Value = String> {
    let port = || select(vec!["443", "80", "50000", "0", "-"]);
    (select(vec!["10.0.0.1", "10.0.0.2"]), port(), port(), 0..100_u64, 0..240_i64, -5..90_i64)
        .prop_map(|(source, from, to, packets, start, duration)| {
            let end = (start + duration).max(0);
            format!("2 1 eni-0 {source} 10.0.0.9 {from} {to} 6 {packets} {packets}0 {start} {end} ACCEPT OK")
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rows_are_those_of_the_oracle_in_any_order_and_memory(
        objects in vec(vec(record(), 1..20), 1..9),
        parts in 1..5_usize,
        memory in select(vec![1, 500, 2_000, ENOUGH]),
    ) {
        let shape = flow_logs();
        let texts: Vec<String> = objects.iter().map(|lines| lines.join("\n")).collect();
        let (mut made, mut sums) = (Vec::new(), Sums::default());
        for objects in texts.chunks(texts.len().div_ceil(parts)) {
            let (part, of_part) = part(&shape, memory, objects);
            made.extend(part);
            sums.add(&of_part);
        }
        let (file, summary) = fold(&shape, made.into_iter().rev());
        let rows: Vec<String> = (objects.iter().flatten())
            .map(|line| format!("time,{}", line.replace(' ', ",")))
            .collect();
        let expected = digest_of_flows(&shape.header(), &rows, WINDOW);
        let lines = output::lines(&file);
        let mut found: Vec<String> = lines[1..].iter().map(|line| {
            let mut fields: Vec<&str> = line.split(',').collect();
            if fields[14] == "-" {
                fields[14] = "";
            }
            fields.join(",")
        }).collect();
        found.sort_unstable();
        prop_assert_eq!(summary.rows, expected.len() as u64);
        prop_assert_eq!(&found, &expected);
        if !expected.is_empty() {
            prop_assert_eq!(&summary.sums, &sums);
        }

        let backwards: Vec<String> = texts.iter().rev().cloned().collect();
        let (part, _) = part(&shape, ENOUGH, &backwards);
        let (again, _) = fold(&shape, part.into_iter());
        prop_assert!(again == file, "other bytes in another order and other parts");
    }
}

#[test]
fn many_parts_are_merged_a_few_at_once() {
    let shape = flow_logs();
    let line = |n: usize| {
        format!(
            "2 1 eni-0 10.0.0.{} 10.0.0.9 443 50000 6 1 10 {} {n} ACCEPT OK",
            n % 3,
            60 + n % 100
        )
    };
    let parts = (0..200).map(|n| part(&shape, ENOUGH, &[line(n)]).0.unwrap());
    let (file, summary) = fold(&shape, parts);
    assert_eq!(summary.rows, 3);
    assert_eq!(summary.sums.get("records"), 200);
    assert_eq!(output::lines(&file).len(), 4);
}

#[test]
fn what_is_no_part_or_is_damaged_is_an_error() {
    let shape = flow_logs();
    let line = "2 1 eni-0 10.0.0.1 10.0.0.9 443 50000 6 1 10 60 60 ACCEPT OK";
    let (part, _) = part(&shape, ENOUGH, &[line.to_owned()]);
    let part = part.unwrap();
    assert!(
        merger(&shape, ENOUGH)
            .add_part(Box::new(Cursor::new(b"CSV,of,something".to_vec())))
            .is_err()
    );
    let is_read = |part: &[u8]| {
        let mut merger = merger(&shape, ENOUGH);
        merger.add_part(Box::new(Cursor::new(part.to_vec())))?;
        let files = vec![(DigestFile::Csv, Vec::new())];
        merger.into_digest(&Compression::default(), files)?.finish()
    };
    assert!(is_read(&part).is_ok());
    for end in 0..part.len() {
        // Only the rows before the cut are left, or it is an error. It never panics.
        let cut = is_read(&part[..end]);
        assert!(cut.map_or(true, |summary| summary.rows == 0), "{end}");
    }
    let mut claims_much = part[..14].to_vec();
    claims_much.extend([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert!(is_read(&claims_much).is_err());
}

#[test]
fn a_record_of_other_accounts_and_regions_is_counted() {
    let shape = flow_logs();
    let mut merger = merger(&shape, ENOUGH);
    let selection = Selection {
        start: WINDOW,
        accounts: vec!["1".to_owned()],
        regions: Vec::new(),
    };
    merger.select(&shape, selection);
    let line = |account: u8, start: u8| {
        format!("2 {account} eni-0 10.0.0.1 10.0.0.9 443 50000 6 1 10 {start} 200 ACCEPT OK")
    };
    let lines = [line(1, 60), line(2, 60), line(2, 10), line(1, 180)].join("\n");
    let compression = Compression::default();
    let mut transcoder =
        Transcoder::merging("object", &shape, &compression, &mut merger, io::sink()).unwrap();
    transcoder.push(lines.as_bytes()).unwrap();
    assert_eq!(transcoder.finish().unwrap().written, 4);
    let committed = merger.commit().unwrap();
    assert_eq!(
        (committed.sums.get("records"), committed.out_of_scope),
        (1, 1)
    );
}

#[test]
fn a_key_has_only_columns_that_there_are() {
    let shape = flow_logs();
    let rows = |by: &[&str]| DigestRows {
        by: by.iter().map(|name| (*name).to_owned()).collect(),
        fold_ports: FoldPorts::Larger,
    };
    assert_eq!(
        rows(&["dstport", "srcaddr"]).key(&shape).unwrap(),
        ["srcaddr", "dstport"]
    );
    assert_eq!(rows(&["account_id"]).key(&shape).unwrap(), ["account-id"]);
    assert_eq!(rows(&[]).key(&shape).unwrap().len(), 10);
    assert!(
        rows(&["bytes"])
            .key(&shape)
            .unwrap_err()
            .contains("measure")
    );
    assert!(
        rows(&["flavour"])
            .key(&shape)
            .unwrap_err()
            .contains("flavour")
    );
    assert!(rows(&[]).check_file(&shape, DigestFile::Text).is_ok());
    assert!(
        rows(&["srcaddr"])
            .check_file(&shape, DigestFile::Text)
            .is_err()
    );
}
