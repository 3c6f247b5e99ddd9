//! The window of a digest: what is one, and in which spellings.

use super::*;

/// Of the predecessor: an empty window was accepted, and then in progress (4); so was one in the future (6).
#[test]
fn a_window_that_cannot_be_is_refused_and_nothing_is_written() {
    let workspace = evening();
    let output = workspace.path("out");
    for (window, problem) in [
        (
            ["2020-02-01T22:00:00Z", "2020-02-01T22:00:00Z"],
            "is not after",
        ),
        (
            ["2020-02-01T22:00:00Z", "2020-02-01T21:00:00Z"],
            "is not after",
        ),
        (
            ["2020-02-01T22:00:00Z", "2020-02-01T22:00:30Z"],
            "no whole minute",
        ),
        (
            ["2020-02-01T22:00:00.5Z", "2020-02-01T22:30:00Z"],
            "no whole minute",
        ),
        (
            ["2020-02-01T22:00:00Z", "2999-02-01T22:00:00Z"],
            "in the future",
        ),
        (["2020-02-01T22:00:00", "2020-02-01T23:00:00"], "offset"),
        (["yesterday", "today"], "RFC 3339"),
    ] {
        let refused = digest(&workspace, &output, window, &[]).with_status(2);
        assert!(refused.err.contains(problem), "{problem}: {refused:#?}");
    }
    for (options, problem) in [
        (["--scope", "europe"], "neither an account"),
        (["--by", "flavour"], "there is no column flavour"),
        (["--by", "bytes"], "measure"),
        (["--by", ""], "'--by <COLUMNS>'"),
        (["--format", "alb"], "start"),
    ] {
        let refused = digest(&workspace, &output, HOUR, &options).with_status(2);
        assert!(refused.err.contains(problem), "{problem}: {refused:#?}");
    }
    assert!(!output.exists());
}

/// Of the predecessor: one window had as many ids as it has spellings (5).
#[test]
fn a_window_is_the_same_in_every_time_zone_and_spelling() {
    let workspace = evening();
    let output = workspace.path("out");
    let options = [
        "--as",
        "parquet,csv",
        "--by",
        "srcaddr,dstaddr",
        "--scope",
        "eu-west-1,123456789012",
    ];
    let first = digest(&workspace, &output, HOUR, &options).with_status(0);
    assert!(!first.err.contains("is there since"), "{first:#?}");
    let window = ["2020-02-01T23:00:00+01:00", "2020-02-01T18:00:00-05:00"];
    let options = [
        "--as",
        "csv,parquet,csv",
        "--by",
        "dstaddr,srcaddr",
        "--scope",
        "123456789012,eu-west-1",
    ];
    let second = digest(&workspace, &output, window, &options).with_status(0);
    assert!(second.err.contains("is there since"), "{second:#?}");
    assert_eq!(first.out, second.out);
}
