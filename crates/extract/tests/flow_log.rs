//! The files of a flow log: which record is in which, in any order of objects and with any memory.

use std::collections::BTreeMap;
use std::io;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rehose_extract::merge::{FlowLogFile, Home, Homeless, Merger, Sums, check_flow_log};
use rehose_extract::{Compression, Shape, Transcoder};
use rehose_testkit::output;
use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::event;
use serde_json::json;

/// More memory than any test needs.
const ENOUGH: usize = 64 * 1024 * 1024;

/// The bytes of a file of AWS.
const MOST: u64 = 75_000_000;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
                      end action log-status";

/// A file: where its records belong, and its lines.
type File = (FlowLogFile, Vec<String>);

fn merger(shape: &Shape, memory: usize, home: Home) -> Merger {
    let new_file = || tempfile::tempfile().map(|file| Box::new(file) as _);
    let mut merger = Merger::filing(shape, memory, Box::new(new_file)).unwrap();
    merger.set_home(home);
    merger
}

fn home(account: &str, region: &str) -> Home {
    Home {
        account: Some(account.to_owned()),
        region: Some(region.to_owned()),
    }
}

fn convert(merger: &mut Merger, shape: &Shape, object: &str) {
    let compression = Compression::default();
    let mut transcoder =
        Transcoder::merging("object", shape, &compression, merger, io::sink()).unwrap();
    transcoder.push(object.as_bytes()).unwrap();
    transcoder.finish().unwrap();
}

/// Writes the files, of at most so many bytes, and returns them with the sums over their rows.
fn files(merger: Merger, most: u64) -> (Vec<(File, u64)>, Sums) {
    let (mut files, mut sums) = (Vec::new(), Sums::default());
    let Some(mut logs) = merger
        .into_flow_logs(&Compression::default(), most)
        .unwrap()
    else {
        return (files, sums);
    };
    while let Some(file) = logs.next_file() {
        let mut bytes = Vec::new();
        let mut writer = logs.write_file(&mut bytes);
        // As a task does, which sends on what has been written.
        while writer.write(7).unwrap() {}
        let summary = writer.finish().unwrap();
        let mut lines = output::lines(&bytes);
        let header = lines.remove(0);
        assert_eq!(header, HEADER);
        assert_eq!(summary.rows, lines.len() as u64);
        assert_eq!(summary.bytes, bytes.len() as u64);
        sums.add(&summary.sums);
        files.push(((file, lines), summary.bytes));
    }
    (files, sums)
}

fn files_of(shape: &Shape, memory: usize, home: Home, objects: &[String]) -> (Vec<File>, Sums) {
    let mut merger = merger(shape, memory, home);
    let mut sums = Sums::default();
    for object in objects {
        convert(&mut merger, shape, object);
        assert_eq!(merger.homeless(), Homeless::default());
        sums.add(&merger.commit().unwrap().sums);
    }
    let (files, written) = files(merger, MOST);
    assert_eq!(written, sums, "nothing is lost");
    (files.into_iter().map(|(file, _)| file).collect(), sums)
}

/// The only file of one object.
fn file_of(shape: &Shape, home: Home, object: &str) -> File {
    let (mut files, _) = files_of(shape, ENOUGH, home, &[object.to_owned()]);
    assert_eq!(files.len(), 1, "{files:#?}");
    files.remove(0)
}

fn record(account: &str, source: &str, start: &str, end: &str) -> String {
    format!("2 {account} eni-0 {source} 10.0.0.9 443 5000 6 1 40 {start} {end} ACCEPT OK")
}

/// A record of one of a few accounts and windows.
fn any_record() -> impl Strategy<Value = String> {
    let account = select(vec!["123456789012", "000000000001", "unknown", "-"]);
    let source = select(vec!["10.0.0.1", "10.0.0.2", "-"]);
    (account, source, 0..1_000_i64, select(vec![0, 30, 299, 300])).prop_map(
        |(account, source, start, more)| {
            record(
                account,
                source,
                &start.to_string(),
                &(start + more).to_string(),
            )
        },
    )
}

/// The files of records by the rule that is documented, each sorted.
fn expected(records: &[String], home: &Home) -> BTreeMap<FlowLogFile, Vec<String>> {
    let mut files: BTreeMap<FlowLogFile, Vec<String>> = BTreeMap::new();
    for record in records {
        let fields: Vec<&str> = record.split(' ').collect();
        let account = match fields[1].parse::<u64>() {
            Ok(_) => fields[1].to_owned(),
            Err(_) => home.account.clone().unwrap(),
        };
        let end: i64 = fields[11].parse().unwrap();
        let file = FlowLogFile {
            account,
            region: home.region.clone().unwrap(),
            window: end - end % 300,
        };
        files.entry(file).or_default().push(record.clone());
    }
    files.values_mut().for_each(|lines| lines.sort_unstable());
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_record_is_in_the_file_of_its_account_and_window(
        objects in vec(vec(any_record(), 1..20), 1..9),
        memory in select(vec![1, 500, 2_000, ENOUGH]),
    ) {
        let shape = flow_logs();
        let home = home("999999999999", "eu-west-1");
        let mut texts: Vec<String> = objects.iter().map(|lines| lines.join("\n")).collect();
        let (found, _) = files_of(&shape, memory, home.clone(), &texts);
        let records: Vec<String> = objects.into_iter().flatten().collect();
        let mut sorted: BTreeMap<FlowLogFile, Vec<String>> = BTreeMap::new();
        for (file, mut lines) in found.clone() {
            lines.sort_unstable();
            prop_assert!(sorted.insert(file, lines).is_none(), "a window has one file");
        }
        prop_assert_eq!(sorted, expected(&records, &home));
        texts.reverse();
        prop_assert_eq!(files_of(&shape, ENOUGH, home, &texts).0, found, "in any order");
    }
}

#[test]
fn a_file_ends_before_it_is_too_large() {
    let shape = flow_logs();
    let most = 400_000;
    // Addresses and numbers that do not compress well.
    let records: Vec<String> = (0..40_000_u64)
        .map(|n| {
            let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
            let [a, b, c, d, e, f, g, _] = n.to_le_bytes();
            let port = u16::from_le_bytes([a, c]);
            format!(
                "2 123456789012 eni-{n:x} {a}.{b}.{c}.{d} {e}.{f}.{g}.{a} {port} {} 6 {} {n} 1000 1020 ACCEPT OK",
                u16::from_le_bytes([e, b]),
                n % 9_999,
            )
        })
        .collect();
    let mut merger = merger(&shape, ENOUGH, home("1", "eu-west-1"));
    convert(&mut merger, &shape, &records.join("\n"));
    merger.commit().unwrap();
    let (files, sums) = files(merger, most);
    assert!(files.len() > 2, "{} files", files.len());
    let (_, others) = files.split_last().unwrap();
    for (_, bytes) in &files {
        assert!(*bytes <= most, "{bytes} bytes");
    }
    for (_, bytes) in others {
        assert!(*bytes > most / 3, "{bytes} bytes are few");
    }
    let mut lines: Vec<String> = files
        .into_iter()
        .flat_map(|((_, lines), _)| lines)
        .collect();
    assert_eq!(sums.get("records"), 40_000);
    let mut records = records;
    lines.sort_unstable();
    records.sort_unstable();
    assert!(lines == records, "all records are in some file");
}

#[test]
fn a_file_has_a_record_even_if_that_is_too_large() {
    let shape = flow_logs();
    let mut merger = merger(&shape, ENOUGH, home("1", "eu-west-1"));
    let lines: Vec<String> = (0..3)
        .map(|n| record("123456789012", &format!("10.0.0.{n}"), "0", "60"))
        .collect();
    convert(&mut merger, &shape, &lines.join("\n"));
    merger.commit().unwrap();
    let (files, _) = files(merger, 1);
    assert_eq!(files.len(), 3);
}

#[test]
fn the_window_is_that_of_the_end_or_else_of_the_start_or_the_event() {
    let shape = flow_logs();
    let window = |start: &str, end: &str| {
        let record = event(1_580_515_200_000, &record("123456789012", "a", start, end));
        let object = format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[{record}]}}"#
        );
        let (file, lines) = file_of(&shape, home("1", "eu-west-1"), &object);
        assert_eq!(lines.len(), 1);
        file.window
    };
    assert_eq!(window("10", "299"), 0);
    assert_eq!(window("10", "300"), 300);
    assert_eq!(window("600", "-"), 600);
    assert_eq!(window("-", "-"), 1_580_515_200);
    // A time that no file can have.
    for end in ["9223372036854775807", "253402300799", "1580515260000"] {
        assert_eq!(window("600", end), 600, "{end}");
    }
}

#[test]
fn an_account_and_a_region_come_from_the_record_then_its_origin_then_the_object() {
    let shape = options(json!({"fields": ["account-id", "region", "start", "end"]}));
    let shape = shape.with_origin().unwrap();
    let home = home("999999999999", "us-east-1");
    let file = |owner: &str, stream: &str, account: &str, region: &str| {
        let record = event(0, &format!("{account} {region} 0 60"));
        let object = format!(
            r#"{{"messageType":"DATA_MESSAGE","logEvents":[{record}],"owner":"{owner}","logGroup":"g",
                "logStream":"{stream}"}}"#
        );
        let mut merger = merger(&shape, ENOUGH, home.clone());
        convert(&mut merger, &shape, &object);
        merger.commit().unwrap();
        let logs = merger
            .into_flow_logs(&Compression::default(), MOST)
            .unwrap();
        let file = logs.unwrap().next_file().unwrap();
        (file.account, file.region)
    };
    let found = |account: &str, region: &str| (account.to_owned(), region.to_owned());
    for (of_event, expected) in [
        (
            ("123456789012", "eni-1", "000000000001", "eu-west-1"),
            found("000000000001", "eu-west-1"),
        ),
        (
            ("123456789012", "flows/ap-south-1/eni-1", "unknown", "-"),
            found("123456789012", "ap-south-1"),
        ),
        (
            ("123", "eni-1", "-", "-"),
            found("999999999999", "us-east-1"),
        ),
        // What shapes a key has the form of an account and a region.
        (
            ("../../other", "x", "../../../12", "../../eu-west-1"),
            found("999999999999", "us-east-1"),
        ),
    ] {
        let (owner, stream, account, region) = of_event;
        assert_eq!(
            file(owner, stream, account, region),
            expected,
            "{of_event:?}"
        );
    }
}

#[test]
fn records_that_belong_nowhere_are_counted_and_discarded_with_their_object() {
    let shape = flow_logs();
    let mut merger = merger(&shape, 1, Home::default());
    let lines = [
        record("123456789012", "a", "0", "60"),
        record("unknown", "b", "0", "60"),
    ];
    convert(&mut merger, &shape, &lines.join("\n"));
    let homeless = Homeless {
        accounts: 1,
        regions: 2,
    };
    assert_eq!(merger.homeless(), homeless);
    merger.discard();
    assert_eq!(merger.homeless(), Homeless::default());
    merger.set_home(home("000000000001", "eu-west-1"));
    convert(&mut merger, &shape, &record("123456789012", "c", "0", "60"));
    assert_eq!(merger.homeless(), Homeless::default());
    merger.commit().unwrap();
    let (files, _) = files(merger, MOST);
    let [((file, lines), _)] = &files[..] else {
        panic!("one file of one object: {files:#?}");
    };
    assert_eq!(file.account, "123456789012");
    assert_eq!(lines, &[record("123456789012", "c", "0", "60")]);
}

#[test]
fn records_without_the_fields_of_a_flow_log_are_refused_in_words() {
    let reason = |shape: Shape| check_flow_log(&shape).unwrap_err();
    assert!(reason(messages()).contains("vpc-flow-logs"));
    for (fields, part) in [
        (json!({"fields": ["start", "bytes"]}), "no field end"),
        (
            json!({"fields": ["start", "end", "bytes", "bytes"]}),
            "bytes_2",
        ),
        (json!({"with": ["owner"]}), "with"),
        (json!({"format": "tgw-flow-logs"}), "vpc-flow-logs"),
    ] {
        let reason = reason(options(fields));
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(check_flow_log(&flow_logs()), Ok(()));
}
