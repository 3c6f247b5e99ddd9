//! What is no flow log, and records that belong to none.

use super::*;

#[test]
fn an_object_whose_records_belong_nowhere_fails_and_its_neighbours_do_not() {
    let workspace = Workspace::new();
    let record =
        |account: &str| format!("2 {account} eni-1 a b 1 2 6 1 40 {BEGIN} {BEGIN} ACCEPT OK");
    // The first key names a region.
    workspace.put(
        "2020/02/01/00/a-eu-west-1-b",
        record("123456789012").as_bytes(),
    );
    workspace.put("2020/02/01/00/elsewhere", record("123456789012").as_bytes());
    workspace.put(
        "2020/02/01/00/nobody-eu-west-1",
        record("unknown").as_bytes(),
    );
    let output = workspace.path("out");
    let finished = finish(command(&workspace, &output).args(["--job", "job"])).with_status(3);
    assert!(finished.err.contains("--region"), "{finished:#?}");
    let report = report(&output, "job");
    let mut failures: Vec<(&str, &str)> = (report["failures"].as_array().unwrap().iter())
        .map(|failure| {
            let text = |name: &str| failure[name].as_str().unwrap();
            (text("key"), text("reason"))
        })
        .collect();
    failures.sort_unstable();
    let expected = [
        ("2020/02/01/00/elsewhere", "no-region"),
        ("2020/02/01/00/nobody-eu-west-1", "no-account"),
    ];
    assert_eq!(failures, expected);
    assert_eq!(published(&output).len(), 1);
    let all = workspace.path("all");
    let options = ["--region", "eu-west-2", "--account", "000000000001"];
    finish(command(&workspace, &all).args(options)).with_status(0);
    let places: Vec<[String; 2]> = published(&all)
        .keys()
        .map(|key| parts(key))
        .map(|[account, region, ..]| [account, region])
        .collect();
    let place = |account: &str, region: &str| [account.to_owned(), region.to_owned()];
    let expected = [
        place("000000000001", "eu-west-1"),
        place("123456789012", "eu-west-1"),
        place("123456789012", "eu-west-2"),
    ];
    assert_eq!(places, expected);
}

#[test]
fn what_is_no_flow_log_is_refused_by_name_before_anything_is_written() {
    let workspace = stash();
    let output = workspace.path("out");
    for (options, said) in [
        (&["--gap", "60"][..], "--gap"),
        (&["--with", "owner"], "with"),
        (&["--format", "message"], "vpc-flow-logs"),
        (&["--format", "tgw-flow-logs"], "vpc-flow-logs"),
        (&["--fields", "srcaddr,bytes"], "no field start"),
        (&["--account", "12"], "12 digits"),
    ] {
        let refused = merge(&workspace, &output, options).with_status(2);
        assert!(refused.err.contains(said), "{refused:#?}");
    }
    let refused = finish(&mut command(&workspace, &output)).with_status(2);
    assert!(refused.err.contains("region"), "{refused:#?}");
    let mut plain = REHOSE.command(["merge", "--region", "eu-west-1"]);
    let refused = finish(plain.arg(workspace.stash()).arg(&output)).with_status(2);
    assert!(refused.err.contains("--as flow-log"), "{refused:#?}");
    let mut run = REHOSE.command(["run", "--to", "flow-log"]);
    let refused = finish(run.arg(workspace.stash()).arg(&output)).with_status(2);
    assert!(
        refused.err.contains("rehose merge --as flow-log"),
        "{refused:#?}"
    );
    assert!(!output.exists());

    let parquet = workspace.path("parquet");
    finish(
        REHOSE
            .command(["merge"])
            .arg(workspace.stash())
            .arg(&parquet),
    )
    .with_status(0);
    let refused = merge(&workspace, &parquet, &[]).with_status(2);
    assert!(refused.err.contains("bound otherwise"), "{refused:#?}");
}
