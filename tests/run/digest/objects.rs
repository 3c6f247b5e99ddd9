//! Objects that come late, or that a digest lacks.

use super::*;

/// Of the predecessor: a digest was final, and nothing said what was in it (6).
#[test]
fn late_objects_make_a_digest_stale_until_it_is_refreshed() {
    let workspace = evening();
    let output = workspace.path("out");
    let csv = ["--as", "csv"];
    digest(&workspace, &output, HOUR, &csv).with_status(0);
    let before = digests(&output);
    let time = EVENING + 2_000;
    let late = format!(
        "{HEADER}\n2 123456789012 eni-9 10.9.9.9 10.0.0.1 443 5000 6 1 40 {time} {time} ACCEPT OK\n"
    );
    workspace.put(
        &key(ACCOUNTS[0], REGIONS[0], EVENING + 2_400).replace("fl-0a1b", "fl-1a7e"),
        &gzip(late),
    );
    let there = digest(&workspace, &output, HOUR, &csv).with_status(0);
    assert!(there.last_line().contains("1 arrived"), "{there:#?}");
    assert_eq!(digests(&output), before);
    let refreshed = digest(
        &workspace,
        &output,
        HOUR,
        &[&csv[..], &["--refresh"]].concat(),
    )
    .with_status(0);
    assert!(!refreshed.err.contains("stale"), "{refreshed:#?}");
    assert!(
        lines(&output, "0002.csv.gz")
            .iter()
            .any(|line| line.contains("10.9.9.9"))
    );
    assert_eq!(digests(&output)["0001.csv.gz"], before["0001.csv.gz"]);
    let expected = by_python(&workspace, HOUR, json!({}));
    assert_eq!(
        proof(&output, 2)["records"]["inside"],
        expected["counts"]["inside"]
    );
    let there = digest(&workspace, &output, HOUR, &csv).with_status(0);
    assert!(there.out.contains("0002.csv.gz"), "{there:#?}");
}

/// Of the predecessor: an error could give a short digest that looked complete (12).
#[test]
fn a_digest_that_lacks_objects_says_so_until_they_are_replaced() {
    let workspace = evening();
    let output = workspace.path("out");
    let key = cut(&workspace, EVENING + 3_000);
    let incomplete = digest(&workspace, &output, HOUR, &[]).with_status(3);
    assert!(incomplete.err.contains(&key), "{incomplete:#?}");
    digest(&workspace, &output, HOUR, &[]).with_status(3);
    let time = EVENING + 2_900;
    let whole = format!(
        "{HEADER}\n2 123456789012 eni-1 10.0.0.1 10.0.0.2 443 5000 6 1 40 {time} {time} ACCEPT OK\n"
    );
    workspace.put(&key, &gzip(whole));
    let stale = digest(&workspace, &output, HOUR, &[]).with_status(3);
    assert!(stale.err.contains("1 changed"), "{stale:#?}");
    digest(&workspace, &output, HOUR, &["--refresh"]).with_status(0);
    assert_eq!(proof(&output, 2)["state"], "ready");
}
