//! `rehose merge`, end to end: the files of an hour, against the rows that `rehose run` writes.

mod proof;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rehose_testkit::oracle::merge::merged_flows;
use rehose_testkit::output::{Files, assert_same, files, report, rows, timeless};
use rehose_testkit::parquet::as_csv;
use rehose_testkit::stash::gzip;
use rehose_tests::workspace::Workspace;
use serde_json::Value;
use tempfile::TempDir;

use crate::REHOSE;
use crate::command::{Finished, finish, start};

/// Times that a merge is killed.
const KILLS: u32 = 20;

const HEADER: &str = "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,\
                      packets,bytes,start,end,action,log-status";

/// Three hours with an object for each minute, in which most flows go on from minute to minute.
fn day() -> Workspace {
    let workspace = Workspace::new();
    for hour in 0..3_u64 {
        for minute in 0..60 {
            let begin = 1_580_515_200 + hour * 3600 + minute * 60;
            let flow = |n: u64| {
                let port = if n.is_multiple_of(7) {
                    1024 + minute
                } else {
                    5000 + n
                };
                let (packets, end) = (n + 1, begin + 59);
                format!(
                    "2 123456789012 eni-{} 10.0.0.{n} 10.0.1.9 {port} 443 6 {packets} {} {begin} {end} \
                     ACCEPT OK",
                    n % 3,
                    packets * 100
                )
            };
            let skipped = |n: &u64| !(n + minute).is_multiple_of(11);
            let lines: Vec<String> = (0..40).filter(skipped).map(flow).collect();
            let key = format!("2020/02/01/{hour:02}/stream-{minute:02}");
            workspace.put(&key, &gzip(lines.join("\n")));
        }
    }
    workspace
}

fn merge(workspace: &Workspace, output: &Path, options: &[&str]) -> Finished {
    finish(command(workspace, output).args(options))
}

fn command(workspace: &Workspace, output: &Path) -> Command {
    let mut command = REHOSE.command(["merge"]);
    command.arg(workspace.stash()).arg(output);
    command
}

/// The published files.
fn merged(output: &Path) -> Files {
    let mut files = match output.exists() {
        true => files(output),
        false => Files::new(),
    };
    files.retain(|key, _| key.starts_with("merged/") && !key.ends_with('/'));
    files
}

/// The rows of the published files by folder, sorted.
fn rows_by_folder(output: &Path) -> BTreeMap<String, Vec<String>> {
    let mut by_folder: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, file) in merged(output) {
        let (folder, _) = key.rsplit_once('/').unwrap();
        let csv = as_csv(&file, HEADER);
        let rows = by_folder.entry(folder.to_owned()).or_default();
        rows.extend(csv.lines().skip(1).map(str::to_owned));
    }
    by_folder.values_mut().for_each(|rows| rows.sort_unstable());
    by_folder
}

/// The rows of an hour's objects, as `rehose run` writes them.
fn rewritten(output: &Path, hour: u64) -> Vec<String> {
    let keys = (0..60).map(|minute| format!("2020/02/01/{hour:02}/stream-{minute:02}"));
    keys.flat_map(|key| rows(output, &key).into_iter().skip(1))
        .collect()
}

#[test]
fn an_output_with_nothing_but_merged_rows_prints_them() {
    let workspace = day();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    let cat = |path: &Path| finish(REHOSE.command(["cat"]).arg(path)).with_status(0).out;
    let printed = cat(&output);
    assert!(printed.lines().count() > 1);
    assert_eq!(printed, cat(&output.join("merged")));
    // Rewritten rows are the same ones again.
    let options = ["--to", "parquet"];
    REHOSE
        .run(&workspace.stash(), &output, &options)
        .with_status(0);
    assert_eq!(cat(&output), cat(&output.join("parquet")));
}

#[test]
fn an_hour_has_the_rows_of_its_objects_with_flows_that_go_on_in_one() {
    let workspace = day();
    let output = workspace.path("out");
    // In an output that has rows of CSV, too.
    REHOSE.run(&workspace.stash(), &output, &[]).with_status(0);
    merge(&workspace, &output, &["--job", "job"]).with_status(0);
    let found = rows_by_folder(&output);
    assert_eq!(found.len(), 3);
    for hour in 0..3 {
        let rows = rewritten(&output, hour);
        let expected = merged_flows(HEADER, &rows, Some(60));
        assert!(expected.len() * 3 < rows.len(), "flows go on");
        assert_eq!(
            found[&format!("merged/day=2020-02-01/hour={hour:02}")],
            expected
        );
    }
    assert_eq!(merged(&output).len(), 3, "a file for each hour");

    let report = report(&output, "job");
    let merged = &report["merged"];
    assert_eq!(merged["read"], merged["written"]);
    let records = (0..3)
        .map(|hour| rewritten(&output, hour).len() as u64)
        .sum::<u64>();
    assert_eq!(merged["read"]["records"], Value::from(records));
}

#[test]
fn it_is_the_same_at_any_concurrency_and_says_so_when_there_is_nothing_new() {
    let workspace = day();
    let (first, other) = (workspace.path("first"), workspace.path("other"));
    merge(&workspace, &first, &["--job", "job"]).with_status(0);
    merge(&workspace, &other, &["--job", "job", "--concurrency", "1"]).with_status(0);
    assert_same(
        &timeless(&first),
        &timeless(&other),
        "at another concurrency",
    );

    let again = merge(&workspace, &first, &[]).with_status(0);
    assert!(again.err.contains("nothing new to merge"), "{again:#?}");
    assert_eq!(merged(&first), merged(&other));
}

#[test]
fn late_objects_become_a_file_of_their_own_and_a_corrupt_one_is_reported() {
    let workspace = day();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    let before = merged(&output);
    workspace.put(
        "2020/02/01/01/late",
        b"2 1 eni-0 10.9.9.9 b 1 2 6 1 40 1580518800 1580518860 ACCEPT OK",
    );
    workspace.put("2020/02/01/01/torn", &gzip("cut short")[..12]);
    let finished = merge(&workspace, &output, &["--job", "late"]).with_status(3);
    assert!(
        finished.last_line().contains("replace the failed objects"),
        "{finished:#?}"
    );
    assert!(finished.err.contains("2020/02/01/01/torn"), "{finished:#?}");
    let mut after = merged(&output);
    let file = after
        .remove("merged/day=2020-02-01/hour=01/0002-0000.parquet")
        .unwrap();
    assert_eq!(after, before);
    assert_eq!(as_csv(&file, HEADER).lines().count(), 2);
    assert_eq!(report(&output, "late")["merged"]["generations"], 1);
}

#[test]
fn a_day_a_gap_and_a_size_can_be_chosen() {
    let workspace = day();
    let output = |name: &str, options: &[&str]| {
        let output = workspace.path(name);
        merge(&workspace, &output, options).with_status(0);
        output
    };
    let day = output("day", &["--per", "day"]);
    let folders: Vec<String> = rows_by_folder(&day).into_keys().collect();
    assert_eq!(folders, ["merged/day=2020-02-01"]);

    let none = output(
        "none",
        &[
            "--gap",
            "none",
            "--from",
            "2020/02/01/01",
            "--to",
            "2020/02/01/02",
        ],
    );
    let rewritten_output = workspace.path("rewritten");
    REHOSE
        .run(&workspace.stash(), &rewritten_output, &[])
        .with_status(0);
    let mut all: Vec<String> = rewritten(&rewritten_output, 1)
        .into_iter()
        .map(|row| format!("{row},1"))
        .collect();
    all.sort_unstable();
    assert_eq!(
        rows_by_folder(&none),
        BTreeMap::from([("merged/day=2020-02-01/hour=01".to_owned(), all)])
    );

    let small = output(
        "small",
        &["--target-size", "10K", "--prefix", "2020/02/01/00/"],
    );
    assert!(merged(&small).len() > 1, "several files");
    assert_eq!(rows_by_folder(&small).len(), 1);
}

#[test]
fn keys_as_aws_writes_them_have_their_hour_in_the_name() {
    let workspace = Workspace::new();
    for (account, hour) in [
        ("111122223333", "07"),
        ("444455556666", "07"),
        ("444455556666", "08"),
    ] {
        let name = format!("{account}_vpcflowlogs_eu-west-1_fl-1_20261024T{hour}05Z_0a.log.gz");
        let key = format!("AWSLogs/{account}/vpcflowlogs/eu-west-1/2026/10/24/{name}");
        let line = format!("2 {account} eni-0 a b 1 2 6 1 40 1 2 ACCEPT OK");
        workspace.put(&key, &gzip(line));
    }
    let output = workspace.path("out");
    let layout = [
        "--layout",
        "AWSLogs/{account}/vpcflowlogs/{region}/{yyyy}/{MM}/{dd}",
    ];
    merge(
        &workspace,
        &output,
        &[
            &layout[..],
            &["--from", "2026/10/24/07", "--to", "2026/10/24/08"],
        ]
        .concat(),
    )
    .with_status(0);
    let found = rows_by_folder(&output);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        ["merged/day=2026-10-24/hour=07"]
    );
    assert_eq!(found["merged/day=2026-10-24/hour=07"].len(), 2);
    merge(&workspace, &output, &layout).with_status(0);
    assert_eq!(rows_by_folder(&output).len(), 2);
}

#[test]
fn keys_without_folders_of_the_time_have_it_in_the_name() {
    let workspace = Workspace::sample_by(
        &REHOSE,
        &["--log", "cloudfront", "--objects", "25", "--events", "10"],
    );
    let output = workspace.path("out");
    merge(&workspace, &output, &["--format", "cloudfront"]).with_status(0);
    let found = rows_by_folder(&output);
    let hours: Vec<_> = found.keys().cloned().collect();
    let rows: usize = found.values().map(Vec::len).sum();
    assert_eq!((hours.len(), rows), (3, 250), "{hours:?}");

    let time = |folder: &String| {
        let (day, hour) = folder.rsplit_once("/hour=").unwrap();
        format!(
            "{}/{hour}",
            day.rsplit_once('=').unwrap().1.replace('-', "/")
        )
    };
    let one = workspace.path("one");
    let bounds = ["--from", &time(&hours[1]), "--to", &time(&hours[2])];
    let options = [&["--format", "cloudfront"], &bounds[..]].concat();
    merge(&workspace, &one, &options).with_status(0);
    let second = BTreeMap::from([(hours[1].clone(), found[&hours[1]].clone())]);
    assert_eq!(rows_by_folder(&one), second);
}

#[test]
fn killed_twenty_times_it_ends_with_the_same_files() {
    let workspace = day();
    let whole = workspace.path("whole");
    let job = ["--job", "job", "--target-size", "20K"];
    let begun = Instant::now();
    merge(&workspace, &whole, &job).with_status(0);
    let time = begun.elapsed();
    let whole = merged(&whole);
    let output = workspace.path("killed");
    let again = || {
        let mut command = command(&workspace, &output);
        command.args(job);
        command
    };
    kill_again_and_again(again, KILLS, time, || merged(&output), &whole);
}

/// Kills a merge that many times, each time later, and lets it end. Whatever is published at any time is of the
/// whole files, and at the end these are. No file of a killed process stays among the temporary ones.
pub(crate) fn kill_again_and_again(
    command: impl Fn() -> Command,
    kills: u32,
    time: Duration,
    published: impl Fn() -> Files,
    whole: &Files,
) {
    let temporary = TempDir::new().unwrap();
    let command = || {
        let mut command = command();
        command.env("TMPDIR", temporary.path());
        command
    };
    let mut child = start(&mut command());
    let mut killed = 0;
    for kill in 0..kills {
        std::thread::sleep(time * (kill + 1) / kills);
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for (key, file) in published() {
            assert!(whole[&key] == file, "{key} is whole");
        }
        child = start(&mut command());
    }
    child.wait().unwrap();
    assert!(killed > 0, "it was never killed");
    finish(&mut command()).with_status(0);
    assert!(published() == *whole, "killed {killed} times");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_merged_is_refused_by_name() {
    let workspace = day();
    let output = workspace.path("out");
    for (options, said) in [
        (
            &["--from", "2020/02/01/05", "--to", "2020/02/01/05"][..],
            "is not after",
        ),
        (&["--from", "yesterday"], "yyyy/MM/dd/HH"),
        (&["--gap", "-1"], "a number of seconds, or none"),
        (&["--target-size", "0"], "number of bytes"),
        (&["--layout", "{yyyy}/{dd}"], "{MM}"),
    ] {
        let refused = merge(&workspace, &output, options).with_status(2);
        assert!(refused.err.contains(said), "{refused:#?}");
    }
    assert!(!output.exists());
    let other_year = ["--from", "2019/02/01/00", "--to", "2019/02/02/00"];
    let empty = merge(&workspace, &workspace.path("other"), &other_year).with_status(0);
    assert!(
        empty.err.contains("no object has a key of this time"),
        "{empty:#?}"
    );
    let none = call("merged", &output, &[]).with_status(0);
    assert!(none.err.contains("nothing is merged there"), "{none:#?}");
    merge(&workspace, &output, &[]).with_status(0);
    let refused = merge(&workspace, &output, &["--gap", "30"]).with_status(2);
    assert!(refused.err.contains("gap"), "{refused:#?}");
}

fn call(subcommand: &str, output: &Path, options: &[&str]) -> Finished {
    finish(REHOSE.command([subcommand]).arg(output).args(options))
}
