//! Which layouts are refused, and why.

use rehose_catalog::{Layout, LayoutError, Table};
use serde_json::json;

use super::location;
use crate::shape;

/// Layouts and values that are refused, with words of the reason.
pub(super) const REFUSED: [(&str, &str, &[&str]); 32] = [
    ("", "", &["no {yyyy}"]),
    ("{account}", "", &["no {yyyy}"]),
    ("vpc", "", &["no {yyyy}"]),
    ("{MM}/{dd}", "", &["{MM} without {yyyy} before it"]),
    ("{yyyy}/{dd}", "", &["{dd} without {MM} before it"]),
    ("{yyyy}/{MM}/{HH}", "", &["{HH} without {dd} before it"]),
    (
        "{dd}-{MM}-{yyyy}",
        "",
        &["{dd} without {yyyy} before it", "from the year on"],
    ),
    ("{yyyy}/{MM}/{MM}", "", &["{MM} twice"]),
    ("{account}/{account}/{yyyy}", "", &["{account} twice"]),
    (
        "{yyyy}/{region}/{MM}",
        "",
        &["{region} within the time", "one column"],
    ),
    (
        "vpc/!{timestamp:yyyy/MM}/",
        "",
        &["!{timestamp:yyyy/MM}", "Firehose", "{yyyy}"],
    ),
    ("{yyyy}/!{firehose", "", &["\"!{firehose\"", "Firehose"]),
    ("{yyyy", "", &["brace"]),
    ("yyyy}", "", &["brace"]),
    ("{{yyyy}}", "", &["brace"]),
    ("/{yyyy}", "", &["slash"]),
    ("{yyyy}/", "", &["slash"]),
    ("a//{yyyy}", "", &["slash"]),
    ("{YYYY}/{MM}", "", &["{YYYY}", "the time is {yyyy}"]),
    ("{yyyy}/{mm}", "", &["{mm}", "no placeholder"]),
    ("{yyyy}/{month}", "", &["{month}", "no placeholder"]),
    ("{yyyy}/{a b}", "", &["{a b}", "lower-case"]),
    ("{yyyy}/{}", "", &["{}"]),
    (
        "{yyyy}/{datehour}",
        "",
        &["{datehour}", "choose another name"],
    ),
    (
        "{yyyy}/{message}",
        "",
        &["{message}", "choose another name"],
    ),
    (
        "{log_group}/{yyyy}",
        "",
        &["{log_group}", "choose another name"],
    ),
    ("{yyyy}, {MM}", "", &["\",\""]),
    ("{yyyy}/${MM}", "", &["\"$\""]),
    ("{yyyy}'{MM}", "", &["\"'\""]),
    ("{yyyy}/{account}", "region=a", &["no {region}"]),
    ("{yyyy}/{account}", "account=a b", &["\"a b\" as {account}"]),
    (
        "{yyyy}/{account}",
        "account=a,a",
        &["\"a\" as {account} twice"],
    ),
];

/// What is wrong with a layout, or with its values, as in `account=a,b`.
pub(super) fn reason(text: &str, values: &str) -> String {
    let parsed: Result<Layout, LayoutError> = text.parse();
    let refused = match (parsed, values.split_once('=')) {
        (Err(error), _) => error,
        (Ok(layout), Some((name, values))) => {
            let values = values.split(',').map(str::to_owned);
            layout.with_values(name, values).unwrap_err()
        }
        (Ok(layout), None) => panic!("{layout} is a layout"),
    };
    refused.to_string()
}

#[test]
fn what_is_no_layout_is_refused_with_the_reason() {
    for (text, values, words) in REFUSED {
        let reason = reason(text, values);
        for word in words {
            assert!(
                reason.contains(word),
                "{text} {values}: no {word} in {reason}"
            );
        }
    }
}

#[test]
fn a_name_of_a_column_of_the_rows_is_refused() {
    let layout: Layout = "{region}/{yyyy}".parse().unwrap();
    let location = location(&layout, "UTC", "2015");
    Table::rows(&shape(json!({})), location).unwrap();
    assert_eq!(
        Table::rows(&shape(json!({"fields": ["region"]})), location),
        Err(LayoutError::Taken("region".to_owned()))
    );
}
