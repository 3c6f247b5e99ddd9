//! The rows of merged objects: which records become one, in any order of objects and with any memory.

use std::io;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rehose_extract::merge::{MergeSettings, Merger, Summary, Sums};
use rehose_extract::{Compression, Shape, Transcoder};
use rehose_testkit::oracle::merge::merged_flows;
use rehose_testkit::parquet::{as_csv, sorted_and_filtered};
use rehose_testkit::shapes::{flow_logs, messages, options};
use serde_json::json;

/// More memory than any test needs.
const ENOUGH: usize = 64 * 1024 * 1024;

struct Merge {
    file: Vec<u8>,
    summary: Summary,
    objects: Sums,
}

/// Merges objects of lines.
fn merge(shape: &Shape, gap: Option<u32>, memory: usize, objects: &[String]) -> Merge {
    let mut merger = merger(shape, gap, memory);
    let mut sums = Sums::default();
    for object in objects {
        convert(&mut merger, shape, object.as_bytes());
        sums.add(&merger.commit().unwrap().sums);
    }
    finish(merger, sums)
}

fn merger(shape: &Shape, gap: Option<u32>, memory: usize) -> Merger {
    let new_file = || tempfile::tempfile().map(|file| Box::new(file) as _);
    Merger::new(shape, MergeSettings { gap, memory }, Box::new(new_file)).unwrap()
}

fn convert(merger: &mut Merger, shape: &Shape, object: &[u8]) {
    let mut transcoder =
        Transcoder::merging("object", shape, &Compression::default(), merger, io::sink()).unwrap();
    transcoder.push(object).unwrap();
    transcoder.finish().unwrap();
}

fn finish(merger: Merger, objects: Sums) -> Merge {
    let mut file = Vec::new();
    let merged = merger.into_file(&mut file).unwrap();
    let summary = merged.map_or_else(Summary::default, |mut merged| {
        // As a task does, which sends on what has been written.
        while merged.write(7).unwrap() {}
        merged.finish().unwrap()
    });
    assert_eq!(summary.bytes, file.len() as u64);
    Merge {
        file,
        summary,
        objects,
    }
}

impl Merge {
    /// The rows in the order of the file.
    fn rows(&self, shape: &Shape) -> Vec<String> {
        if self.file.is_empty() {
            return Vec::new();
        }
        let csv = as_csv(&self.file, &shape.header());
        csv.lines().skip(1).map(str::to_owned).collect()
    }
}

/// Merges one object of these lines.
fn rows_of(shape: &Shape, gap: Option<u32>, lines: &[&str]) -> Vec<String> {
    merge(shape, gap, ENOUGH, &[lines.join("\n")]).rows(shape)
}

/// A record of the default format.
fn flow(source: &str, packets: u64, start: u64, end: u64) -> String {
    format!("2 1 eni-0 {source} 10.0.0.9 443 5000 6 {packets} {packets}0 {start} {end} ACCEPT OK")
}

mod which_records_become_one {
    use super::*;

    #[test]
    fn those_of_a_flow_that_continue_each_other() {
        let records = [flow("10.0.0.1", 1, 0, 59), flow("10.0.0.1", 2, 60, 119)];
        let rows = rows_of(
            &flow_logs(),
            Some(60),
            &records.each_ref().map(|row| &**row),
        );
        assert_eq!(
            rows,
            [
                "1970-01-01T00:00:00.000Z,2,1,eni-0,10.0.0.1,10.0.0.9,443,5000,6,3,30,0,119,ACCEPT,OK,2"
            ]
        );
    }

    #[test]
    fn those_within_the_gap_and_no_others() {
        let records = [
            flow("a", 1, 0, 60),
            flow("a", 1, 120, 180),
            flow("a", 1, 241, 300),
        ];
        let records = records.each_ref().map(|row| &**row);
        let count = |gap| rows_of(&flow_logs(), gap, &records).len();
        assert_eq!(count(Some(60)), 2);
        assert_eq!(count(Some(61)), 1);
        assert_eq!(count(Some(59)), 3);
        assert_eq!(count(Some(0)), 3);
        assert_eq!(count(None), 3);
    }

    #[test]
    fn with_a_gap_of_zero_those_that_touch() {
        let records = [
            flow("a", 1, 0, 60),
            flow("a", 1, 60, 120),
            flow("a", 1, 121, 180),
        ];
        let rows = rows_of(&flow_logs(), Some(0), &records.each_ref().map(|row| &**row));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn not_those_that_differ_in_any_other_column() {
        let record = "2 1 eni-0 10.0.0.1 10.0.0.9 443 5000 6 1 10 0 60 ACCEPT OK";
        let fields: Vec<&str> = record.split(' ').collect();
        for (column, other) in [
            (0, "3"),
            (1, "2"),
            (2, "eni-1"),
            (3, "10.0.0.2"),
            (4, "10.0.0.8"),
            (5, "80"),
            (6, "5001"),
            (7, "17"),
            (12, "REJECT"),
            (13, "SKIPDATA"),
        ] {
            let mut changed = fields.clone();
            changed[column] = other;
            let rows = rows_of(&flow_logs(), Some(60), &[record, &changed.join(" ")]);
            assert_eq!(rows.len(), 2, "column {column}");
        }
        assert_eq!(rows_of(&flow_logs(), Some(60), &[record, record]).len(), 1);
    }

    #[test]
    fn records_without_data_too() {
        let no_data = |start, end| format!("2 1 eni-0 - - - - - - - {start} {end} - NODATA");
        let records = [no_data(0, 60), no_data(60, 120), flow("a", 1, 60, 120)];
        let rows = rows_of(
            &flow_logs(),
            Some(60),
            &records.each_ref().map(|row| &**row),
        );
        assert_eq!(
            rows[0],
            "1970-01-01T00:00:00.000Z,2,1,eni-0,-,-,-,-,-,-,-,0,120,-,NODATA,2"
        );
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn flags_are_those_of_all_records() {
        let shape = options(json!({"fields": ["srcaddr", "start", "end", "tcp-flags", "bytes"]}));
        let rows = rows_of(&shape, Some(60), &["a 0 60 2 5", "a 60 120 1 6"]);
        assert_eq!(rows, ["1970-01-01T00:00:00.000Z,a,0,120,3,11,2"]);
    }

    #[test]
    fn a_record_that_ends_before_it_starts_stays_alone() {
        let records = [
            flow("a", 1, 60, 0),
            flow("a", 1, 60, 0),
            flow("a", 1, 0, 60),
        ];
        let rows = rows_of(
            &flow_logs(),
            Some(60),
            &records.each_ref().map(|row| &**row),
        );
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn sums_that_could_exceed_their_column_are_never_made() {
        let shape = options(json!({"fields": ["srcaddr", "start", "end", "bytes"]}));
        let largest = format!("a 0 60 {}", i64::MAX);
        let rows = rows_of(&shape, Some(60), &[&largest, &largest, "a 0 60 1"]);
        assert_eq!(rows.len(), 3);
        assert_eq!(
            rows.iter()
                .filter(|row| row.contains(&i64::MAX.to_string()))
                .count(),
            2
        );
    }

    #[test]
    fn without_start_and_end_none() {
        let shape = options(json!({"fields": ["srcaddr", "bytes"]}));
        let rows = rows_of(&shape, Some(60), &["b 1", "a 1", "a 1"]);
        assert_eq!(rows, [",a,1,1", ",a,1,1", ",b,1,1"]);
    }

    #[test]
    fn messages_of_other_formats_are_sorted_by_time() {
        let events = json!([
            {"id": "1", "timestamp": 2000, "message": "a"},
            {"id": "2", "timestamp": 1000, "message": "c\u{0}"},
            {"id": "3", "timestamp": 1000, "message": "b"},
        ]);
        let object = json!({"messageType": "DATA_MESSAGE", "logEvents": events}).to_string();
        for memory in [1, ENOUGH] {
            let merged = merge(
                &messages(),
                Some(60),
                memory,
                &[object.clone(), object.clone()],
            );
            let rows = merged.rows(&messages());
            let first = "1970-01-01T00:00:01.000Z,b,1";
            assert_eq!(rows[..2], [first, first]);
            assert_eq!(rows[2], "1970-01-01T00:00:01.000Z,c\u{0},1");
            assert_eq!(rows[5], "1970-01-01T00:00:02.000Z,a,1");
            let (sorted, filtered) = sorted_and_filtered(&merged.file);
            assert_eq!((sorted, filtered.len()), (vec!["timestamp".to_owned()], 0));
        }
    }
}

mod an_object_with_a_fault {
    use super::*;

    #[test]
    fn leaves_nothing() {
        for memory in [1, 2000, ENOUGH] {
            let shape = flow_logs();
            let mut merger = merger(&shape, Some(60), memory);
            let good = flow("a", 1, 0, 60);
            convert(&mut merger, &shape, good.as_bytes());
            let sums = merger.commit().unwrap().sums;
            let bad: Vec<String> = (0..50)
                .map(|n| flow(&format!("b{n}"), 5, 60, 120))
                .collect();
            convert(&mut merger, &shape, bad.join("\n").as_bytes());
            merger.discard();
            convert(&mut merger, &shape, flow("a", 2, 60, 120).as_bytes());
            let mut all = sums;
            all.add(&merger.commit().unwrap().sums);
            let merged = finish(merger, all);
            assert_eq!(merged.summary.sums, merged.objects);
            assert_eq!(merged.objects.get("packets"), 3);
            let rows = merged.rows(&shape);
            assert_eq!(rows.len(), 1, "{rows:?}");
        }
    }

    #[test]
    fn alone_makes_no_file() {
        let shape = flow_logs();
        let mut merger = merger(&shape, Some(60), ENOUGH);
        convert(&mut merger, &shape, flow("a", 1, 0, 60).as_bytes());
        merger.discard();
        assert!(finish(merger, Sums::default()).file.is_empty());
    }
}

/// A record in the columns of [`shape`], often of the same flow as others.
fn record() -> impl Strategy<Value = String> {
    let number = prop_oneof![8 => (0..100_u64).prop_map(|n| n.to_string()), 1 => Just("-".to_owned()),
                             1 => Just(i64::MAX.to_string()), 1 => Just((1_u64 << 40).to_string())];
    (
        select(vec!["10.0.0.1", "10.0.0.2", "é", "-"]),
        select(vec!["443", "80", "-"]),
        select(vec!["6", "17"]),
        number,
        0..300_u64,
        prop_oneof![9 => 0..90_i64, 1 => -3..0_i64],
        option::weighted(0.9, 0..4_u8),
    )
        .prop_map(|(source, port, protocol, bytes, start, duration, flags)| {
            let end = start as i64 + duration;
            let flags = flags.map_or("-".to_owned(), |flags| flags.to_string());
            format!(
                "{source} {port} {protocol} {bytes} {start} {} {flags}",
                end.max(0)
            )
        })
}

fn shape() -> Shape {
    options(json!({"fields":
        ["srcaddr", "dstport", "protocol", "bytes", "start", "end", "tcp-flags"]}))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rows_are_those_of_the_oracle_in_any_order_and_memory(
        objects in vec(vec(record(), 1..20), 1..6),
        gap in option::weighted(0.9, select(vec![0, 1, 10, 60])),
        memory in select(vec![1, 500, 2_000, ENOUGH]),
    ) {
        let shape = shape();
        let texts: Vec<String> = objects.iter().map(|lines| lines.join("\n")).collect();
        let merged = merge(&shape, gap, memory, &texts);
        prop_assert_eq!(&merged.summary.sums, &merged.objects);

        let csv: Vec<String> = objects.iter().flatten().map(|line| {
            let start: i64 = line.split(' ').nth(4).unwrap().parse().unwrap();
            let time = format!("1970-01-01T00:{:02}:{:02}.000Z", start / 60, start % 60);
            format!("{time},{}", line.replace(' ', ","))
        }).collect();
        let mut rows = merged.rows(&shape);
        prop_assert_eq!(merged.summary.rows, rows.len() as u64);
        let sources = rows.iter().map(|row| row.split(',').nth(1));
        prop_assert!(sources.is_sorted(), "a file says so");
        let source = vec!["srcaddr".to_owned()];
        prop_assert_eq!(sorted_and_filtered(&merged.file), (source.clone(), source));
        rows.sort_unstable();
        prop_assert_eq!(rows, merged_flows(&shape.header(), &csv, gap));

        let backwards: Vec<String> = texts.iter().rev().cloned().collect();
        let again = merge(&shape, gap, ENOUGH, &backwards);
        prop_assert!(again.file == merged.file, "other bytes in another order");
    }
}
