//! `rehose merge --as flow-log`, end to end: files as AWS writes them, against the rows that `rehose run` makes of
//! the stash and of those files.

mod refused;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rehose_testkit::output::{Files, assert_same, files, lines, report, timeless};
use rehose_testkit::stash::gzip;
use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::{Finished, finish};
use crate::merge::kill_again_and_again;

/// Times that a merge is killed.
const KILLS: u32 = 12;

/// Seconds of a window.
const WINDOW: i64 = 300;

/// The begin of the stash.
const BEGIN: i64 = 1_580_515_200;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
                      end action log-status";

/// An envelope of records of an owner. Its own records name no other account, unless they name one.
fn envelope(owner: &str, stream: &str, records: &[String]) -> Vec<u8> {
    let events: Vec<String> = (0..)
        .zip(records)
        .map(|(id, record)| {
            let start: i64 = record.split(' ').nth(10).unwrap().parse().unwrap();
            format!(
                r#"{{"id":"{id}","timestamp":{},"message":"{record}"}}"#,
                1_000 * start
            )
        })
        .collect();
    let events = events.join(",");
    gzip(format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"{owner}","logGroup":"flows","logStream":"{stream}","logEvents":[{events}]}}"#
    ))
}

/// Two hours with an object for every fifth minute, of two accounts and two regions. The second account's records
/// do not say theirs.
fn stash() -> Workspace {
    let workspace = Workspace::new();
    for hour in 0..2 {
        for minute in (0..60).step_by(5) {
            let start = BEGIN + 3600 * hour + 60 * minute;
            let record = |account: &str, n: i64| {
                let (packets, end) = (n + 1, start + 13 * n);
                match n % 9 {
                    8 => format!("2 {account} eni-{n} - - - - - - - {start} {end} - NODATA"),
                    _ => format!(
                        "2 {account} eni-{} 10.0.0.{n} 10.0.1.9 {} 443 6 {packets} {} {start} {end} ACCEPT OK",
                        n % 3,
                        1024 + minute,
                        packets * 100
                    ),
                }
            };
            let of = |account: &str| (0..30).map(|n| record(account, n)).collect::<Vec<_>>();
            let place = format!("2020/02/01/{hour:02}");
            let (first, second) = (of("123456789012"), of("unknown"));
            let object = envelope("999999999999", "eni-0-all", &first);
            workspace.put(&format!("{place}/first-{minute:02}"), &object);
            let object = envelope("000000000001", "ap-south-1/eni-0-all", &second);
            workspace.put(&format!("{place}/second-{minute:02}"), &object);
        }
    }
    workspace
}

const REGION: &[&str] = &["--region", "eu-west-1"];

fn merge(workspace: &Workspace, output: &Path, options: &[&str]) -> Finished {
    finish(command(workspace, output).args(REGION).args(options))
}

fn command(workspace: &Workspace, output: &Path) -> Command {
    let mut command = REHOSE.command(["merge", "--as", "flow-log"]);
    command.arg(workspace.stash()).arg(output);
    command
}

/// The published files.
fn published(output: &Path) -> Files {
    let mut files = match output.exists() {
        true => files(output),
        false => Files::new(),
    };
    files.retain(|key, _| key.starts_with("AWSLogs/") && !key.ends_with('/'));
    files
}

/// The rows that `rehose run` makes of a folder, sorted. A record of AWS's files has no account but its own.
fn rows(folder: &Path, output: &Path) -> Vec<String> {
    let command = &mut REHOSE.command(["run"]);
    finish(
        command
            .arg(folder)
            .arg(output)
            .args(["--fields", &HEADER.replace(' ', ",")]),
    );
    let mut files = files(output);
    files.retain(|key, _| key.starts_with("csv/") && !key.ends_with('/'));
    let mut rows: Vec<String> = files
        .values()
        .flat_map(|file| lines(file).into_iter().skip(1))
        .collect();
    rows.sort_unstable();
    rows
}

/// A name as AWS writes it: account, region, time, and hash.
fn parts(key: &str) -> [String; 4] {
    let (folder, name) = key.rsplit_once('/').unwrap();
    let name: Vec<&str> = name.split('_').collect();
    let [account, "vpcflowlogs", region, id, time, hash] = name[..] else {
        panic!("{key} is a name of AWS's");
    };
    let digits = id.strip_prefix("fl-").unwrap();
    assert!(
        digits.len() == 17 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        "{id}"
    );
    let (year, month, day) = (&time[..4], &time[4..6], &time[6..8]);
    let expected = format!("AWSLogs/{account}/vpcflowlogs/{region}/{year}/{month}/{day}");
    assert_eq!(folder, expected);
    let hash = hash.strip_suffix(".log.gz").unwrap();
    [account, region, time, hash].map(str::to_owned)
}

/// The window of a name, in seconds since 1970. All are of the first of February 2020.
fn window(time: &str) -> i64 {
    let clock = time.strip_prefix("20200201T").unwrap();
    let number = |text: &str| text.parse::<i64>().unwrap();
    BEGIN + 3600 * number(&clock[..2]) + 60 * number(&clock[2..4])
}

#[test]
fn each_file_has_the_records_of_an_account_a_region_and_five_minutes() {
    let workspace = stash();
    let output = workspace.path("out");
    merge(&workspace, &output, &["--job", "job"]).with_status(0);
    let files = published(&output);
    let mut of_place: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut hashes = Vec::new();
    for (key, file) in &files {
        let [account, region, time, hash] = parts(key);
        let begin = window(&time);
        let lines = lines(file);
        assert_eq!(lines[0], HEADER);
        for line in &lines[1..] {
            let fields: Vec<&str> = line.split(' ').collect();
            let end: i64 = fields[11].parse().unwrap();
            assert!((begin..begin + WINDOW).contains(&end), "{key}: {line}");
            let own = if fields[1] == "unknown" {
                "000000000001"
            } else {
                fields[1]
            };
            assert_eq!(own, account, "{key}");
        }
        *of_place.entry((account, region)).or_default() += lines.len() - 1;
        hashes.push(hash);
    }
    let place = |account: &str, region: &str| (account.to_owned(), region.to_owned());
    let expected = BTreeMap::from([
        (place("000000000001", "ap-south-1"), 720),
        (place("123456789012", "eu-west-1"), 720),
    ]);
    assert_eq!(of_place, expected);
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);

    let report = report(&output, "job");
    assert_eq!(report["merged"]["read"], report["merged"]["written"]);
    assert_eq!(report["merged"]["files"], files.len());
    assert_eq!(report["merged"]["rows"], 1_440);
}

#[test]
fn read_again_the_files_give_the_rows_of_the_stash() {
    let workspace = stash();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    let of_files = rows(&output.join("AWSLogs"), &workspace.path("again"));
    assert_eq!(of_files.len(), 1_440);
    assert!(of_files == rows(&workspace.stash(), &workspace.path("rows")));
}

#[test]
fn a_sample_as_firehose_writes_it_gives_the_same_rows() {
    let workspace = Workspace::sample(&["--objects", "4"]);
    let output = workspace.path("out");
    merge(&workspace, &output, &["--target-size", "100K"]).with_status(0);
    let of_files = rows(&output.join("AWSLogs"), &workspace.path("again"));
    assert!(!of_files.is_empty());
    assert!(of_files == rows(&workspace.stash(), &workspace.path("rows")));
}

#[test]
fn it_is_the_same_at_any_concurrency_and_a_second_merge_does_nothing() {
    let workspace = stash();
    let (first, other) = (workspace.path("first"), workspace.path("other"));
    let job = ["--job", "job", "--target-size", "4K"];
    merge(&workspace, &first, &job).with_status(0);
    merge(
        &workspace,
        &other,
        &[&job[..], &["--concurrency", "1"]].concat(),
    )
    .with_status(0);
    assert_same(
        &timeless(&first),
        &timeless(&other),
        "at another concurrency",
    );
    let again = merge(&workspace, &first, &[]).with_status(0);
    assert!(again.err.contains("nothing new to merge"), "{again:#?}");
    assert_eq!(published(&first), published(&other));
}

#[test]
fn late_objects_are_files_of_their_own_and_a_corrupt_one_is_reported() {
    let workspace = stash();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    let before = published(&output);
    let late = format!(
        "2 123456789012 eni-9 10.9.9.9 b 1 2 6 1 40 {BEGIN} {} ACCEPT OK",
        BEGIN + 60
    );
    workspace.put("2020/02/01/00/late", late.as_bytes());
    workspace.put("2020/02/01/00/torn", &gzip("cut short")[..12]);
    let finished = merge(&workspace, &output, &[]).with_status(3);
    assert!(finished.err.contains("2020/02/01/00/torn"), "{finished:#?}");
    let mut after = published(&output);
    after.retain(|key, _| !before.contains_key(key));
    let [(key, file)] = &after.iter().collect::<Vec<_>>()[..] else {
        panic!("one more file: {:?}", after.keys());
    };
    assert_eq!(window(&parts(key)[2]), BEGIN);
    assert_eq!(lines(file), [HEADER, &late]);
}

#[test]
fn folders_may_have_names_as_hive_has_them() {
    let workspace = stash();
    let output = workspace.path("out");
    merge(&workspace, &output, &["--hive"]).with_status(0);
    let folder = "AWSLogs/aws-account-id=000000000001/aws-service=vpcflowlogs/aws-region=ap-south-1/\
                  year=2020/month=02/day=01";
    assert!(output.join(folder).is_dir());
    let refused = merge(&workspace, &output, &[]).with_status(2);
    assert!(refused.err.contains("bound otherwise"), "{refused:#?}");
}

#[test]
fn killed_it_ends_with_the_same_files() {
    let workspace = stash();
    let whole = workspace.path("whole");
    let job = [
        "--region",
        "eu-west-1",
        "--job",
        "job",
        "--target-size",
        "4K",
    ];
    let begun = Instant::now();
    merge(&workspace, &whole, &job[2..]).with_status(0);
    let time = begun.elapsed();
    let whole = published(&whole);
    let output = workspace.path("killed");
    let again = || {
        let mut command = command(&workspace, &output);
        command.args(job);
        command
    };
    kill_again_and_again(again, KILLS, time, || published(&output), &whole);
}

#[test]
fn the_files_are_listed_printed_and_proven() {
    let workspace = stash();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    let call = |command: &str, place: &Path, options: &[&str]| {
        finish(REHOSE.command([command]).arg(place).args(options))
    };
    let listed = call("merged", &output, &[]).with_status(0);
    assert!(listed.out.contains("1,440"), "{listed:#?}");
    let proven = call("verify", &output, &[]).with_status(0);
    assert!(
        proven
            .out
            .contains("have the 1,440 records of their 48 objects"),
        "{proven:#?}"
    );
    let logs = output.join("AWSLogs");
    let options = [
        "--columns",
        "srcaddr,bytes",
        "--where",
        "account-id=unknown",
    ];
    let printed = call("cat", &logs, &options).with_status(0);
    assert_eq!(printed.out.lines().count(), 721);
    assert_eq!(printed.out.lines().next(), Some("srcaddr,bytes"));
    let as_json = call("cat", &logs, &["--json"]).with_status(0);
    assert!(
        as_json.out.contains(r#""packets":1,"bytes":100,"#),
        "{}",
        &as_json.out[..500]
    );

    // A file with one line less.
    let (key, file) = published(&output).pop_first().unwrap();
    let mut lines = lines(&file);
    lines.pop();
    fs::write(output.join(&key), gzip(lines.join("\n") + "\n")).unwrap();
    let refused = call("verify", &output, &[]).with_status(3);
    assert!(
        refused.err.contains("records in its files add up to"),
        "{refused:#?}"
    );
}
