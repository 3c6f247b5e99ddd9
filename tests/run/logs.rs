//! AWS's own logs: what `rehose sample --log` writes is read whole, and compared with a parser in Python.

use std::path::Path;
use std::process::Command;

use regex::Regex;
use rehose_extract::FormatName;
use rehose_testkit::output::{files, report};
use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::finish;

const JOB: &str = "job";

#[test]
fn every_log_is_read_as_another_parser_reads_it() {
    let logs = FormatName::ALL
        .iter()
        .filter(|name| name.has_fixed_columns());
    for format in logs.map(|format| format.name()) {
        let arguments = ["--log", format, "--objects", "3", "--events", "240"];
        let workspace = Workspace::sample_by(&REHOSE, &arguments);
        let output = workspace.path("out");
        let finished = REHOSE.run(
            &workspace.stash(),
            &output,
            &["--job", JOB, "--format", format],
        );
        let printed = finished.with_status(0);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/logs.py");
        let mut python = Command::new("python3");
        python
            .arg(script)
            .arg(format)
            .args([workspace.stash(), output.clone()]);
        let compared = finish(&mut python).with_status(0).out;
        let (rows, others) = compared.trim().split_once(' ').unwrap();
        assert_eq!(rows, "720", "{format}");

        let report = report(&output, JOB);
        assert_eq!(report["rows"]["rejected"], 0, "{format}");
        assert_eq!(
            report["objects"]["excluded"].to_string(),
            others,
            "{format}"
        );
        let kinds = report["other_kinds"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let kinds: u64 = kinds.values().filter_map(|count| count.as_u64()).sum();
        assert_eq!(kinds.to_string(), others, "{format}");
        assert_eq!(
            printed.err.contains("of other logs left out"),
            kinds > 0,
            "{}",
            printed.err
        );
    }
}

#[test]
fn an_object_in_the_folder_of_its_day_is_not_missing() {
    for format in ["s3-access", "cloudfront"] {
        let arguments = ["--log", format, "--objects", "3", "--events", "30"];
        let workspace = Workspace::sample_by(&REHOSE, &arguments);
        let output = workspace.path("out");
        for (job, mode) in [("first", "all"), ("second", "missing")] {
            let options = ["--format", format, "--job", job, "--mode", mode];
            REHOSE
                .run(&workspace.stash(), &output, &options)
                .with_status(0);
        }
        let report = report(&output, "second");
        assert_eq!(report["objects"]["present"], 3, "{report}");
        assert_eq!(report["objects"]["done"], 0, "{report}");
    }
}

/// The partition of a key in a folder of the output, if the table that `rehose table` prints finds it.
fn partition(table: &str, key: &str) -> Option<Vec<String>> {
    let (_, template) = table
        .split_once("'storage.location.template' = 's3://b/out/")
        .unwrap();
    let (template, _) = template.split_once('\'').unwrap();
    let name = Regex::new(r"\\\$\\\{[a-z_]+\\\}").unwrap();
    let pattern = regex::escape(template)
        .replace(r"\$\{datehour\}", "([0-9/]+)")
        .replace(r"\$\{day\}", "([0-9-]+)");
    let pattern = name.replace_all(&pattern, "([^/]+)");
    let found = Regex::new(&format!("^{pattern}")).unwrap().captures(key)?;
    let values = found.iter().skip(1).flatten();
    Some(values.map(|value| value.as_str().to_owned()).collect())
}

#[test]
fn the_table_of_every_log_finds_what_its_keys_become() {
    let logs = FormatName::ALL
        .iter()
        .filter(|name| name.has_fixed_columns());
    for format in logs.map(|format| format.name()) {
        let arguments = ["--log", format, "--objects", "2", "--events", "30"];
        let workspace = Workspace::sample_by(&REHOSE, &arguments);
        let output = workspace.path("out");
        REHOSE
            .run(&workspace.stash(), &output, &["--format", format])
            .with_status(0);
        let mut command = REHOSE.command(["table", "--location", "s3://b/out/"]);
        let table = finish(command.args(["--format", format]))
            .with_status(0)
            .out;
        let rows = files(&output);
        let rows: Vec<_> = rows.keys().filter(|key| key.starts_with("csv/")).collect();
        assert_eq!(rows.len(), 2);
        for key in rows {
            let partition = partition(&table, key);
            let partition = partition.unwrap_or_else(|| panic!("{key} in {table}"));
            let time = match format {
                "s3-access" | "cloudfront" => "2020-02-01",
                "waf" | "network-firewall" => "2020/02/01/00",
                _ => "2020/02/01",
            };
            // WAF has a folder of the minute below the hour.
            let is_found = partition.iter().any(|value| value.starts_with(time));
            assert!(is_found, "{partition:?} of {key}");
        }
    }
}

#[test]
fn every_log_is_told_by_inspect_and_has_a_table() {
    let logs = FormatName::ALL
        .iter()
        .filter(|name| name.has_fixed_columns());
    for format in logs.map(|format| format.name()) {
        let arguments = ["--log", format, "--objects", "2", "--events", "40"];
        let workspace = Workspace::sample_by(&REHOSE, &arguments);
        let mut command = REHOSE.command(["inspect"]);
        let found = finish(command.arg(workspace.stash()).arg("--json"))
            .with_status(0)
            .json();
        let run = found["commands"][0].as_str().unwrap();
        assert!(run.contains(&format!("--format {format}")), "{found}");
        let groups = &found["sample"]["events"]["groups"][""];
        assert_eq!(groups["logs"][format], 80, "{found}");

        let mut command = REHOSE.command(["table", "--location", "s3://b/out/", "--to", "parquet"]);
        let table = finish(command.args(["--format", format]))
            .with_status(0)
            .out;
        let name = format!("`{}_logs`", format.replace('-', "_"));
        assert!(
            table.contains(&name) && table.contains("`timestamp` timestamp"),
            "{table}"
        );
    }
}
