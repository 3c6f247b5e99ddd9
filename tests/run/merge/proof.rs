//! `rehose merged` and `rehose verify`.

use super::*;

#[test]
fn what_is_merged_is_listed_by_hour() {
    let workspace = day();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    workspace.put(
        "2020/02/01/01/late",
        b"2 1 eni-0 10.9.9.9 b 1 2 6 1 40 1580518800 1580518860 ACCEPT OK",
    );
    merge(&workspace, &output, &[]).with_status(0);
    let markers = call("merged", &output, &["--json"]).with_status(0);
    let markers: Vec<Value> = markers
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let named = |marker: &Value| {
        (
            marker["partition"].to_string(),
            marker["generation"].as_u64(),
        )
    };
    assert_eq!(
        markers.iter().map(named).collect::<Vec<_>>(),
        [
            ("\"2020-02-01/00\"".to_owned(), Some(1)),
            ("\"2020-02-01/01\"".to_owned(), Some(1)),
            ("\"2020-02-01/01\"".to_owned(), Some(2)),
            ("\"2020-02-01/02\"".to_owned(), Some(1)),
        ]
    );
    let listed = call("merged", &output, &["--partition", "2020-02-01/01"]).with_status(0);
    let row = listed
        .out
        .lines()
        .find(|line| line.contains("2020-02-01/01"))
        .unwrap();
    let cells: Vec<&str> = row.split(['│', '┆']).map(str::trim).collect();
    assert_eq!(cells[1..7], ["2020-02-01/01", "2", "2", "61", "1", "0"]);
    assert!(!listed.out.contains("2020-02-01/00"));
}

#[test]
fn the_bytes_of_files_and_objects_prove_a_merge() {
    let workspace = day();
    let output = workspace.path("out");
    merge(&workspace, &output, &["--target-size", "20K"]).with_status(0);
    let proven = call("verify", &output, &[]).with_status(0);
    assert!(proven.out.contains("proven: 3 generations"), "{proven:#?}");
    assert!(proven.out.contains("of their 180 objects"), "{proven:#?}");
}

#[test]
fn an_object_that_failed_is_missing_until_it_is_merged() {
    let workspace = day();
    let output = workspace.path("out");
    let record = b"2 1 eni-0 10.9.9.9 b 1 2 6 1 40 1580518800 1580518860 ACCEPT OK";
    let whole = gzip(record);
    workspace.put("2020/02/01/01/torn", &whole[..12]);
    merge(&workspace, &output, &[]).with_status(3);
    let incomplete = call("verify", &output, &[]).with_status(3);
    assert!(
        incomplete.out.contains("of their 180 objects"),
        "{incomplete:#?}"
    );
    let missing = "2020-02-01/01/0001: \"2020/02/01/01/torn\" is in no file";
    assert!(incomplete.err.contains(missing), "{incomplete:#?}");
    assert!(
        incomplete.last_line().contains("1 object is in no file"),
        "{incomplete:#?}"
    );
    let sound = ["--partition", "2020-02-01/00"];
    call("verify", &output, &sound).with_status(0);

    workspace.put("2020/02/01/01/torn", &whole);
    merge(&workspace, &output, &[]).with_status(0);
    let proven = call("verify", &output, &[]).with_status(0);
    assert!(proven.out.contains("of their 181 objects"), "{proven:#?}");
}

#[test]
fn an_object_of_another_log_has_no_part_in_a_proof() {
    let workspace = day();
    let output = workspace.path("out");
    let of_a_gateway = b"version account-id tgw-id\n6 123456789012 tgw-1\n";
    workspace.put("2020/02/01/01/gateway", of_a_gateway);
    merge(&workspace, &output, &[]).with_status(0);
    let proven = call("verify", &output, &[]).with_status(0);
    assert!(proven.out.contains("proven: 3 generations"), "{proven:#?}");
    assert!(proven.out.contains("of their 180 objects"), "{proven:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_not_proven() {
    let workspace = day();
    let output = workspace.path("out");
    merge(&workspace, &output, &[]).with_status(0);
    let file = output.join("merged/day=2020-02-01/hour=00/0001-0000.parquet");
    let sound = std::fs::read(&file).unwrap();
    let mut damaged = 0;
    for place in (4..sound.len()).step_by(sound.len() / 60) {
        let mut bytes = sound.clone();
        bytes[place] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let printed = finish(REHOSE.command(["cat"]).arg(&file));
        if printed.status != Some(0) {
            damaged += 1;
            let refused = call("verify", &output, &[]).with_status(3);
            assert!(
                refused.err.contains("0001-0000.parquet"),
                "{place}: {refused:#?}"
            );
        }
    }
    assert!(damaged > 30, "{damaged}");
}

#[test]
fn a_merge_that_is_not_as_it_should_be_is_not_proven() {
    let folder = "merged/day=2020-02-01/hour=00/";
    let one = |workspace: &Workspace| workspace.stash().join("2020/02/01/00/stream-00");
    type Change = fn(&Workspace, &Path, &str, std::path::PathBuf);
    let changes: [(&str, Change); 5] = [
        ("is gone", |_, output, folder, _| {
            std::fs::remove_file(output.join(folder).join("0001-0000.parquet")).unwrap();
        }),
        ("records in its files add up to", |_, output, folder, _| {
            let other = output.join("merged/day=2020-02-01/hour=01/0001-0000.parquet");
            std::fs::copy(other, output.join(folder).join("0001-0000.parquet")).unwrap();
        }),
        ("stream-00 is gone", |_, _, _, one| {
            std::fs::remove_file(one).unwrap()
        }),
        ("stream-00 was replaced", |_, _, _, one| {
            std::fs::write(one, "x").unwrap()
        }),
        ("planned and not published", |_, output, _, _| {
            let marker = output.join("generations/2020-02-01/00/0001.published.json");
            std::fs::remove_file(marker).unwrap();
        }),
    ];
    for (said, change) in changes {
        let workspace = day();
        // The next hour has one record more.
        workspace.put(
            "2020/02/01/01/more",
            b"2 1 eni-0 10.9.9.9 b 1 2 6 1 40 1580518800 1580518860 ACCEPT OK",
        );
        let output = workspace.path("out");
        merge(&workspace, &output, &[]).with_status(0);
        change(&workspace, &output, folder, one(&workspace));
        let refused = call("verify", &output, &["--partition", "2020-02-01/00"]).with_status(3);
        assert!(refused.err.contains(said), "{said}: {refused:#?}");
        call("verify", &output, &["--partition", "2020-02-01/02"]).with_status(0);
    }
}
