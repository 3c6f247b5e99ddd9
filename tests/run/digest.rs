//! `rehose digest`, end to end: against a digest in Python that shares no code, and the mistakes of its predecessor.

mod objects;
mod windows;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rehose_testkit::output::{self, Files, files};
use rehose_testkit::parquet::as_csv;
use rehose_testkit::stash::gzip;
use rehose_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::REHOSE;
use crate::command::{Finished, finish, start};

/// Half past nine in the evening of 2020-02-01, in seconds.
const EVENING: i64 = 1_580_592_600;

const LAYOUT: [&str; 2] = ["--layout", "{yyyy}/{MM}/{dd}"];

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                      bytes start end action log-status";

const ACCOUNTS: [&str; 2] = ["123456789012", "210987654321"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-gov-west-1"];

/// Kills of one digest.
const KILLS: u32 = 12;

/// The key that AWS gives to an object.
fn key(account: &str, region: &str, time: i64) -> String {
    let time = jiff::Timestamp::from_second(time).unwrap();
    let (folder, name) = (time.strftime("%Y/%m/%d"), time.strftime("%Y%m%dT%H%MZ"));
    format!(
        "AWSLogs/{account}/vpcflowlogs/{region}/{folder}/\
         {account}_vpcflowlogs_{region}_fl-0a1b_{name}_0123abcd.log.gz"
    )
}

/// Flow logs of two accounts and regions, from half past nine to half past two: an object every five minutes, with
/// records that started up to an hour before, some without data, some that are none, and some without a last line
/// break.
fn evening() -> Workspace {
    let workspace = Workspace::new();
    let mut random = fastrand::Rng::with_seed(17);
    for (account, region) in ACCOUNTS.iter().zip(REGIONS) {
        for five_minutes in 0..60 {
            let time = EVENING + five_minutes * 300;
            let mut lines = vec![HEADER.to_owned()];
            for _ in 0..random.usize(1..60) {
                let start = time - random.i64(0..600) - 3_000 * i64::from(random.u8(..10) / 9);
                let ports = [22, 123, 123, 443, 8_443, 50_000 + random.u16(..9)];
                let port = |random: &mut fastrand::Rng| ports[random.usize(..ports.len())];
                let (from, to) = (port(&mut random), port(&mut random));
                let packets = random.u32(1..100);
                lines.push(match random.u8(..20) {
                    0 => format!("2 {account} eni-1 - - - - - - - {start} {} - NODATA", start + 60),
                    1 => "no flow log".to_owned(),
                    2 => format!("2 {account} eni-1 10.0.0.1 10.0.0.2 x 443 6 1 40 {start} {start} ACCEPT OK"),
                    _ => format!(
                        "2 {account} eni-{} 10.0.0.{} 10.0.1.{} {from} {to} {} {packets} {} {start} {} {} OK",
                        random.u8(..3),
                        random.u8(..4),
                        random.u8(..4),
                        [6, 17, 6][random.usize(..3)],
                        packets * 40,
                        start + random.i64(0..120),
                        ["ACCEPT", "REJECT"][random.usize(..2)],
                    ),
                });
            }
            workspace.put(&key(account, region, time), &gzip(lines.join("\n")));
        }
    }
    // An object that no key of AWS has.
    workspace.put("AWSLogs/notes.txt", b"not a flow log");
    workspace
}

/// Cuts an object of the evening, so that it fails.
fn cut(workspace: &Workspace, time: i64) -> String {
    let key = key(ACCOUNTS[0], REGIONS[0], time);
    let object = std::fs::read(workspace.stash().join(&key)).unwrap();
    workspace.put(&key, &object[..object.len() - 9]);
    key
}

fn command(workspace: &Workspace, output: &Path, window: [&str; 2], options: &[&str]) -> Command {
    let mut command = REHOSE.command(["digest"]);
    command
        .arg(workspace.stash())
        .arg(output)
        .args([
            "--from",
            window[0],
            "--to",
            window[1],
            "--max-rejected",
            "50",
        ])
        .args(LAYOUT)
        .args(options);
    command
}

fn digest(workspace: &Workspace, output: &Path, window: [&str; 2], options: &[&str]) -> Finished {
    finish(&mut command(workspace, output, window, options))
}

/// The digest by Python.
fn by_python(workspace: &Workspace, window: [&str; 2], more: Value) -> Value {
    let second = |time: &str| time.parse::<jiff::Timestamp>().unwrap().as_second();
    let mut request = json!({"from": second(window[0]), "to": second(window[1]), "lateness": 3600});
    let more = more.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(more);
    let output = workspace.path("expected.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/digest.py");
    let mut python = Command::new("python3");
    python.arg(script).arg(workspace.stash());
    finish(python.arg(request.to_string()).arg(&output)).with_status(0);
    serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap()
}

/// The files under `digests/`, by what follows the id.
fn digests(output: &Path) -> Files {
    let all = match output.exists() {
        true => files(output),
        false => Files::new(),
    };
    let digests = all.into_iter().filter_map(|(key, file)| {
        let (_, name) = key.strip_prefix("digests/")?.split_once('/')?;
        (!name.is_empty()).then(|| (name.to_owned(), file))
    });
    digests.collect()
}

fn lines(output: &Path, name: &str) -> Vec<String> {
    output::lines(&digests(output)[name])
}

fn proof(output: &Path, version: u32) -> Value {
    serde_json::from_slice(&digests(output)[&format!("{version:04}.json")]).unwrap()
}

const HOUR: [&str; 2] = ["2020-02-01T22:00:00Z", "2020-02-01T23:00:00Z"];
const OVER_MIDNIGHT: [&str; 2] = ["2020-02-01T23:20:00Z", "2020-02-02T00:40:00Z"];

/// Of the predecessor: it took no notice of the window, of a second day, account or region (1), a line that is no
/// record or a number that is none ended everything, or panicked (7), an object with another name too (8), and a
/// file without a last line break was glued to the next (12).
#[test]
fn a_digest_is_that_of_the_oracle() {
    let workspace = evening();
    let cut = cut(&workspace, EVENING + 9_000);
    let cases: [([&str; 2], &[&str], Value); 7] = [
        (HOUR, &[], json!({})),
        (OVER_MIDNIGHT, &[], json!({})),
        (
            OVER_MIDNIGHT,
            &["--fold-ports", "none"],
            json!({"fold": false}),
        ),
        (
            OVER_MIDNIGHT,
            &["--by", "dstport,srcaddr"],
            json!({"by": ["srcaddr", "dstport"]}),
        ),
        (
            HOUR,
            &["--by", "interface-id"],
            json!({"by": ["interface-id"]}),
        ),
        (
            HOUR,
            &["--scope", ACCOUNTS[1]],
            json!({"accounts": [ACCOUNTS[1]]}),
        ),
        (
            OVER_MIDNIGHT,
            &["--scope", REGIONS[0]],
            json!({"regions": [REGIONS[0]]}),
        ),
    ];
    for (case, (window, options, request)) in cases.into_iter().enumerate() {
        let output = workspace.path(format!("out-{case}"));
        let expected = by_python(&workspace, window, request);
        let options = [options, &["--as", "csv,parquet"]].concat();
        let has_failed = expected["failed"] != json!([]);
        digest(&workspace, &output, window, &options).with_status(if has_failed { 3 } else { 0 });
        let lines = lines(&output, "0001.csv.gz");
        assert_eq!(json!(lines), expected["lines"], "case {case}");
        assert!(lines.len() > 3, "case {case}");
        let parquet = as_csv(&digests(&output)["0001.parquet"], &lines[0]);
        // Without a port, nothing is folded.
        let parquet = parquet.replace(",,", ",-,");
        assert_eq!(parquet.lines().collect::<Vec<_>>(), lines, "case {case}");
        let proof = proof(&output, 1);
        let (counts, objects) = (&expected["counts"], &proof["objects"]);
        let failed: Vec<&Value> = proof["failures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| &f["key"])
            .collect();
        assert_eq!(json!(failed), expected["failed"]);
        assert_eq!(proof["unplaced"], counts["unplaced"]);
        assert_eq!(
            json!(objects["done"].as_u64().unwrap() + objects["failed"].as_u64().unwrap()),
            counts["objects"]
        );
        assert_eq!(proof["records"]["inside"], counts["inside"]);
        assert_eq!(proof["records"]["outside"], counts["outside"]);
        assert_eq!(proof["events"]["rejected"], counts["rejected"]);
        assert_eq!(proof["read"], proof["written"]);
        assert_eq!(
            proof["state"],
            if has_failed { "incomplete" } else { "ready" }
        );
        assert!(!has_failed || failed == [&json!(cut)]);
    }
}

/// Of the predecessor: its rows had a random order, so that no two digests were alike (10).
#[test]
fn the_same_objects_give_the_same_bytes() {
    let workspace = evening();
    let kinds = ["--as", "text,csv,parquet"];
    let made = |name: &str, concurrency: &str| {
        let output = workspace.path(name);
        let options = [&kinds[..], &["--concurrency", concurrency]].concat();
        digest(&workspace, &output, OVER_MIDNIGHT, &options).with_status(0);
        let mut files = digests(&output);
        files.retain(|name, _| !name.ends_with(".json"));
        files
    };
    let first = made("one", "1");
    assert_eq!(first.len(), 3);
    assert_eq!(first, made("two", "4"));
}

#[test]
fn text_has_the_fields_of_the_default_record() {
    let workspace = evening();
    let output = workspace.path("out");
    digest(&workspace, &output, HOUR, &["--as", "text,csv"]).with_status(0);
    let csv = lines(&output, "0001.csv.gz");
    let without_the_last_columns = csv[1..].iter().map(|line| {
        let fields: Vec<&str> = line.split(',').take(14).collect();
        fields.join(" ")
    });
    let text = lines(&output, "0001.log.gz");
    assert_eq!(text, without_the_last_columns.collect::<Vec<_>>());
    let refused = digest(
        &workspace,
        &output,
        HOUR,
        &["--as", "text", "--by", "srcaddr"],
    )
    .with_status(2);
    assert!(refused.last_line().contains("14 fields"), "{refused:#?}");
}

/// Of the predecessor: nothing said which port was folded (9).
#[test]
fn the_folded_port_is_named() {
    let workspace = Workspace::new();
    let record = |ports: &str| {
        let time = EVENING;
        format!("2 1 eni-1 10.0.0.1 10.0.0.2 {ports} 6 1 40 {time} {time} ACCEPT OK")
    };
    let records = [
        "443 50000",
        "443 50001",
        "50000 443",
        "123 123",
        "60000 8443",
    ]
    .map(record);
    let text = format!("{HEADER}\n{}", records.join("\n"));
    workspace.put(&key(ACCOUNTS[0], REGIONS[0], EVENING), &gzip(text));
    let output = workspace.path("out");
    digest(
        &workspace,
        &output,
        ["2020-02-01T21:30:00Z", "2020-02-01T21:31:00Z"],
        &["--as", "csv"],
    )
    .with_status(0);
    let ports: Vec<String> = (lines(&output, "0001.csv.gz")[1..].iter())
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            [fields[5], fields[6], fields[14], fields[15]].join(" ")
        })
        .collect();
    assert_eq!(
        ports,
        [
            "0 123 srcport 1",
            "0 443 srcport 1",
            "0 8443 srcport 1",
            "443 0 dstport 2"
        ]
    );
}

/// Of the predecessor: a digest whose worker died was in progress until a time had passed, and then gone (3).
#[test]
fn a_killed_digest_continues_with_the_same_command() {
    let workspace = evening();
    let options = ["--as", "csv,parquet,text"];
    let whole = workspace.path("whole");
    let begin = Instant::now();
    digest(&workspace, &whole, OVER_MIDNIGHT, &options).with_status(0);
    let time = begin.elapsed();
    let output = workspace.path("out");
    let mut killed = 0;
    for kill in 0..KILLS {
        let mut child = start(&mut command(&workspace, &output, OVER_MIDNIGHT, &options));
        std::thread::sleep(time * kill / KILLS + Duration::from_millis(1));
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().signal().is_some());
        let files = digests(&output);
        // A proof has its files, and a file is whole.
        for (name, file) in &files {
            if !name.ends_with(".json") {
                assert_eq!(file, &digests(&whole)[name]);
            }
        }
        assert!(
            !files.contains_key("0001.json") || files.len() == 5,
            "{:?}",
            files.keys()
        );
    }
    assert!(killed > 0);
    digest(&workspace, &output, OVER_MIDNIGHT, &options).with_status(0);
    let names = |output: &Path| -> Vec<String> {
        let names = files(output).into_keys();
        names.filter(|key| !key.starts_with(".rehose/")).collect()
    };
    assert_eq!(names(&output), names(&whole));
    let same = |output: &Path| {
        let mut files = digests(output);
        files.retain(|name, _| !name.ends_with(".json"));
        files
    };
    assert_eq!(same(&output), same(&whole));
    let same = |output: &Path| {
        let mut proof = proof(output, 1);
        for time in ["started", "ended"] {
            proof[time] = Value::Null;
        }
        proof
    };
    assert_eq!(same(&output), same(&whole));
}
