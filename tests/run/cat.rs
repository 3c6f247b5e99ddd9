//! `rehose cat`: rows of files, folders and outputs, and what keeps them from being printed.

mod faults;

use std::fs;
use std::io::Read;
use std::path::Path;

use rehose_testkit::output::{files, lines};
use rehose_testkit::stash::{FLOW, document, flow, gzip};
use rehose_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::REHOSE;
use crate::command::{Finished, finish, start};

const HEADER: &str = "timestamp,version,account_id,interface_id,srcaddr,dstaddr,srcport,dstport,\
                      protocol,packets,bytes,start,end,action,log_status";

fn cat(paths: &[&Path], options: &[&str]) -> Finished {
    finish(REHOSE.command(["cat"]).args(paths).args(options))
}

/// Converts the stash into `csv` and `parquet`, and returns both.
fn convert(workspace: &Workspace, options: &[&str]) -> [std::path::PathBuf; 2] {
    ["csv", "parquet"].map(|to| {
        let output = workspace.path(to);
        let options = [options, &["--to", to]].concat();
        let finished = REHOSE.run(&workspace.stash(), &output, &options);
        assert!(matches!(finished.status, Some(0 | 4)), "{finished:?}");
        output
    })
}

fn one(messages: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    let events = messages.iter().map(|message| (0, *message));
    let document = document(&events.collect::<Vec<_>>());
    workspace.put("2020/one", &gzip(document));
    workspace
}

/// Asserts that a command has failed with one line on standard error, which contains these words.
#[track_caller]
fn assert_fails(finished: Finished, status: i32, words: &[&str]) {
    let finished = finished.with_status(status);
    assert_eq!(finished.err.lines().count(), 1, "{finished:#?}");
    for word in words {
        assert!(finished.err.contains(word), "no {word:?} in {finished:#?}");
    }
}

#[test]
fn both_kinds_of_output_print_what_the_files_of_csv_have() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "3", "--dialects"]);
    let [csv, parquet] = convert(&workspace, &[]);
    let printed = cat(&[&csv], &[]).with_status(0);
    assert_eq!(printed.err, "");
    let mut expected = vec![HEADER.to_owned()];
    for (path, content) in files(&csv) {
        if path.starts_with("csv/") {
            expected.extend(lines(&content).into_iter().skip(1));
        }
    }
    assert!(expected.len() > 6_000, "{} rows", expected.len());
    assert!(
        printed.out.lines().eq(&expected),
        "other rows than the files have"
    );

    // Keys end in another suffix, which can change their order.
    let sorted = |finished: Finished| {
        let rows = finished.with_status(0).out;
        let mut rows: Vec<_> = rows.lines().map(str::to_owned).collect();
        rows.sort_unstable();
        rows
    };
    expected.sort_unstable();
    assert!(sorted(cat(&[&parquet], &[])) == expected);
    let json = sorted(cat(&[&parquet], &["--json"]));
    assert!(sorted(cat(&[&csv], &["--json"])) == json);
    assert_eq!(json.len(), expected.len() - 1);
}

#[test]
fn times_have_their_microseconds() {
    let workspace = Workspace::new();
    let line = |time: &str| {
        format!(
            r#"https {time} app/my/50 192.0.2.1:2817 10.0.0.1:80 0.5 0.1 0.03 200 200 0 57 "GET https://a:443/ HTTP/1.1" "curl" ECDHE TLSv1.2 arn "Root=1""#
        )
    };
    let times = ["2018-07-02T22:23:00.186641Z", "2018-07-02T22:23:00.186Z"];
    workspace.put("a", times.map(line).join("\n").as_bytes());
    for output in convert(&workspace, &["--format", "alb"]) {
        let printed = |options: &[&str]| {
            let options = [options, &["--columns", "time"]].concat();
            cat(&[&output], &options).with_status(0).out
        };
        assert_eq!(printed(&[]), format!("time\n{}\n{}\n", times[0], times[1]));
        for time in times {
            let chosen = printed(&["--where", &format!("time={time}")]);
            assert_eq!(chosen, format!("time\n{time}\n"));
        }
    }
}

#[test]
fn files_folders_and_outputs_can_be_mixed() {
    let workspace = Workspace::new();
    for (key, port) in [("a/2", 2), ("a/1", 1), ("b", 3)] {
        workspace.put(key, &gzip(document(&[(0, &flow(port))])));
    }
    let [csv, parquet] = convert(&workspace, &[]);
    let ports = |paths: &[&Path]| {
        let finished = cat(paths, &["--columns", "dstport"]).with_status(0);
        finished.out.replace('\n', " ")
    };
    assert_eq!(ports(&[&csv]), "dstport 1 2 3 ");
    assert_eq!(ports(&[&csv.join("csv")]), "dstport 1 2 3 ");
    assert_eq!(ports(&[&csv.join("csv/a")]), "dstport 1 2 ");
    let file = parquet.join("parquet/b.parquet");
    assert_eq!(
        ports(&[&file, &csv.join("csv/a/"), &parquet]),
        "dstport 3 1 2 1 2 3 "
    );
    // The name of a file does not matter.
    fs::rename(&file, workspace.path("renamed.csv.gz")).unwrap();
    assert_eq!(ports(&[&workspace.path("renamed.csv.gz")]), "dstport 3 ");
    let mut here = REHOSE.command(["cat", "renamed.csv.gz", "--json", "--columns", "end"]);
    let finished = finish(here.current_dir(workspace.path("")));
    assert_eq!(finished.with_status(0).out, "{\"end\":59}\n");
}

#[test]
fn columns_and_conditions_choose() {
    let nothing = "2 123456789012 eni-1 - - - - - - - 1 60 - NODATA";
    let workspace = one(&[
        FLOW,
        &flow(22),
        &flow(22).replace("ACCEPT", "REJECT"),
        nothing,
    ]);
    for output in convert(&workspace, &[]) {
        let rows = |options: &[&str]| {
            let finished = cat(&[&output], options).with_status(0);
            let rows = finished.out.lines().skip(1).map(str::to_owned);
            (rows.collect::<Vec<_>>(), finished.err)
        };
        let columns = ["--columns", "log_status,dstport,log-status"];
        assert_fails(
            cat(&[&output], &columns),
            2,
            &["log-status and log_status are the same"],
        );
        let columns = |columns| ["--columns", columns];
        assert_eq!(
            rows(&columns("log-status,bytes")).0[2..],
            ["OK,40", "NODATA,-"]
        );
        let conditions = ["--where", "dstport=22", "--where", "action=REJECT"];
        let (found, err) = rows(&conditions);
        assert_eq!((found.len(), &*err), (1, ""));
        assert_eq!(found[0].matches(",22,").count(), 1, "{found:?}");
        assert_eq!(rows(&["--where", "bytes=-"]).0.len(), 1);
        assert_eq!(
            rows(&["--where", "timestamp=1970-01-01T00:00:00.000Z"])
                .0
                .len(),
            4
        );
        for nothing in [
            "srcaddr=10.9.9.9",
            "dstport=0022",
            "action=reject",
            "bytes=x",
        ] {
            let (found, err) = rows(&["--where", nothing]);
            assert_eq!(
                (found.len(), &*err),
                (0, "rehose: no row matches; 1 file was read\n")
            );
        }
        let words = ["--where", "\"port\"", "dstaddr, srcport, dstport", "one"];
        assert_fails(cat(&[&output], &["--where", "port=22"]), 2, &words);
        let words = ["--columns", "\"\"", "the columns are"];
        assert_fails(cat(&[&output], &["--columns", "action,"]), 2, &words);
        for wrong in ["dstport", "=22"] {
            let words = ["--where", "action=REJECT"];
            assert_fails(cat(&[&output], &["--where", wrong]), 2, &words);
        }
    }
}

#[test]
fn awkward_text_is_printed_as_csv_and_json_have_it() {
    let texts = [
        "a,b",
        "say \"x\"",
        "two\nlines\r",
        "C:\\new",
        "日本 🦀",
        "",
        " ",
        "=1+1",
    ];
    let workspace = one(&texts);
    let [csv, parquet] = convert(&workspace, &["--format", "message"]);
    let written = [
        "\"a,b\"",
        "\"say \"\"x\"\"\"",
        "two\\nlines\\r",
        "C:\\\\new",
        "日本 🦀",
        "",
        " ",
        "=1+1",
    ];
    for output in [&csv, &parquet] {
        let printed = cat(&[output], &["--columns", "message,timestamp"])
            .with_status(0)
            .out;
        let rows = printed
            .lines()
            .skip(1)
            .map(|row| row.rsplit_once(',').unwrap().0);
        assert!(rows.eq(written), "{printed}");
        let options = ["--where", "message=C:\\\\new"];
        assert_eq!(
            cat(&[output], &options).with_status(0).out.lines().count(),
            2
        );
    }
    let json = cat(&[&parquet], &["--json"]).with_status(0).out;
    let rows = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(
        rows.map(|row| row["message"].clone())
            .eq(texts.map(Value::from)),
        "{json}"
    );

    // A file says not whether its line breaks are escaped, so it is printed as it is.
    let kept = workspace.path("kept");
    let options = ["--format", "message", "--line-breaks", "keep"];
    REHOSE
        .run(&workspace.stash(), &kept, &options)
        .with_status(0);
    let printed = cat(&[&kept], &[]).with_status(0).out;
    assert!(printed.contains(",\"two\nlines\r\"\n"), "{printed}");
}

#[test]
fn a_value_that_is_not_there_is_null_in_json() {
    let workspace = one(&["WARN x", "y"]);
    let options = [
        "--message-regex",
        "^(?P<level>[A-Z]+)?(?P<rest>.*)$",
        "--with",
        "owner,id",
    ];
    let [csv, parquet] = convert(&workspace, &options);
    let [of_csv, of_parquet] = [&csv, &parquet].map(|output| {
        let finished = cat(&[output], &["--json", "--columns", "level,rest,owner"]);
        let json = finished.with_status(0).out;
        let last = json.lines().last().unwrap();
        serde_json::from_str::<Value>(last).unwrap()
    });
    assert_eq!(
        of_parquet,
        json!({"level": null, "rest": "y", "owner": "123456789012"})
    );
    // CSV has no NULL of text.
    assert_eq!(
        of_csv,
        json!({"level": "", "rest": "y", "owner": "123456789012"})
    );
    let csv = cat(&[&csv], &[]).with_status(0).out;
    assert_eq!(cat(&[&parquet], &[]).with_status(0).out, csv);
}

#[test]
fn columns_of_other_files_are_arranged_or_refused() {
    let workspace = one(&["10.0.0.1 443 840"]);
    let converted = |fields: &str, to: &str| {
        let output = workspace.path(format!("{to}-{}", fields.replace(' ', "-")));
        let options = ["--fields", fields, "--to", to];
        REHOSE
            .run(&workspace.stash(), &output, &options)
            .with_status(0);
        output
    };
    let first = converted("srcaddr dstport bytes", "csv");
    let arranged = converted("dstaddr srcport bytes", "parquet");
    let words = [
        "parquet/2020/one.parquet: the columns are not those of",
        "csv/2020/one.csv.gz: dstaddr, srcport is more, and srcaddr, dstport is missing",
        "a command each",
        "--columns",
    ];
    let finished = cat(&[&first, &arranged], &[]);
    assert_eq!(finished.out.lines().count(), 2, "{finished:?}");
    assert_fails(finished, 1, &words);
    let shared = cat(&[&first, &arranged], &["--columns", "bytes"]).with_status(0);
    assert_eq!(shared.out, "bytes\n840\n840\n");

    workspace.put("2020/one", &gzip(document(&[(0, "840 443 10.0.0.1")])));
    let other = converted("bytes dstport srcaddr", "parquet");
    let both = cat(&[&first, &other], &["--json"]).with_status(0).out;
    let row = r#"{"timestamp":"1970-01-01T00:00:00.000Z","srcaddr":"10.0.0.1","dstport":443,"bytes":840}"#;
    assert!(both.lines().eq([row, row]), "{both}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "2", "--events", "5000"]);
    for output in convert(&workspace, &[]) {
        for options in [&[][..], &["--json"]] {
            let mut child = start(REHOSE.command(["cat"]).arg(&output).args(options));
            let mut beginning = [0; 100];
            let mut out = child.stdout.take().unwrap();
            out.read_exact(&mut beginning).unwrap();
            drop(out);
            let finished = Finished::from(child.wait_with_output().unwrap());
            assert_eq!(finished.with_status(0).err, "");
        }
    }
}
