//! The named groups of a regex.

use super::*;

fn shape() -> Shape {
    options(json!({"message_regex": r#"^(?P<verb>\S+) "(?P<path>[^"]*)"(?: (?P<rest>(?s:.*)))?$"#}))
}

#[test]
fn named_groups_are_the_columns() {
    assert_eq!(shape().header(), "timestamp,verb,path,rest");
    assert_eq!(row(&shape(), r#"GET "/" 200"#), "GET,/,200");
}

#[test]
fn an_empty_or_unmatched_group_is_an_empty_field() {
    assert_eq!(row(&shape(), r#"GET """#), "GET,,");
    assert_eq!(row(&shape(), r#"GET "" "#), "GET,,");
}

#[test]
fn unnamed_groups_are_not_columns() {
    let shape = options(json!({"message_regex": "(a)(?P<b>b)(?:c)"}));
    assert_eq!(shape.header(), "timestamp,b");
    assert_eq!(row(&shape, "abc"), "b");
}

#[test]
fn fields_are_quoted_if_they_need_it() {
    assert_eq!(
        row(&shape(), "a,b \"c\nd\" say \"e\"\r"),
        "\"a,b\",c\\nd,\"say \"\"e\"\"\\r\""
    );
}

#[test]
fn a_message_that_does_not_match_is_rejected() {
    assert_eq!(rejection(&shape(), "GET /"), "no-match");
}

#[test]
fn a_regex_without_named_groups_is_refused() {
    assert_eq!(
        refusal(json!({"message_regex": "(a)"})).to_string(),
        "message_regex: it has no named group (?P<column>...)"
    );
}

#[test]
fn a_group_named_timestamp_is_refused() {
    assert_eq!(
        refusal(json!({"message_regex": "(?P<a>a)(?P<timestamp>b)"})).to_string(),
        "message_regex: the column timestamp is the event's: give the group another name"
    );
}
