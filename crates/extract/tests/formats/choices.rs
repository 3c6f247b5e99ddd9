//! Options.

use super::*;

#[test]
fn options_have_defaults() {
    let default = Options::default().with_defaults();
    let said = json!({
        "format": "vpc-flow-logs",
        "fields": ["version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport",
            "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status"],
    });
    assert_eq!(serde_json::to_value(&default).unwrap(), said);
    assert_eq!(default.with_defaults(), default);
    assert_eq!(flow_logs().options(), &default);
}

#[test]
fn a_regex_chooses_its_dialect_or_format() {
    let shape = options(json!({
        "event_regex": "(?P<timestamp>1)(?P<message>2)",
        "message_regex": "(?P<a>a)",
    }));
    let said = serde_json::to_value(shape.options()).unwrap();
    assert_eq!([&said["dialect"], &said["format"]], ["regex", "regex"]);
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let event = "(?P<timestamp>1)(?P<message>2)";
    for (options, refused) in [
        (
            json!({"dialect": "regex"}),
            "the dialect regex needs event_regex",
        ),
        (
            json!({"dialect": "cloudwatch", "event_regex": event}),
            "event_regex goes with the dialect regex only",
        ),
        (
            json!({"format": "regex"}),
            "the format regex needs message_regex",
        ),
        (
            json!({"format": "regex", "fields": ["bytes"]}),
            "the format regex needs message_regex",
        ),
        (
            json!({"format": "message", "message_regex": "(?P<a>a)"}),
            "message_regex goes with the format regex only",
        ),
        (
            json!({"format": "vpc-flow-logs", "message_regex": "(?P<a>a)"}),
            "message_regex goes with the format regex only",
        ),
        (
            json!({"format": "message", "fields": ["bytes"]}),
            "fields goes with the formats vpc-flow-logs and tgw-flow-logs only",
        ),
        (
            json!({"message_regex": "(?P<a>a)", "fields": ["bytes"]}),
            "fields goes with the formats vpc-flow-logs and tgw-flow-logs only",
        ),
    ] {
        assert_eq!(refusal(options).to_string(), refused);
    }
}

#[test]
fn an_unsuitable_event_regex_is_refused() {
    for (pattern, reason) in [
        ("(?P<message>a)", "it has no group (?P<timestamp>...)"),
        ("(?P<timestamp>a)", "it has no group (?P<message>...)"),
        (
            "(?P<timestamp>a*)(?P<message>b?)",
            "it matches the empty text",
        ),
        (
            "(?P<timestamp>1)(?P<message>(?-u:.))",
            "it may cut a character in two: leave out the (?-u)",
        ),
        (
            r"(?P<timestamp>1)\b(?P<message>a)",
            r"in a stream there are no Unicode word boundaries: write (?-u:\b)",
        ),
    ] {
        let refusal = refusal(json!({"event_regex": pattern})).to_string();
        assert_eq!(refusal, format!("event_regex: {reason}"));
    }
}

#[test]
fn an_invalid_regex_is_refused_with_its_fault() {
    for option in ["event_regex", "message_regex"] {
        let refusal = refusal(json!({option: "(?P<timestamp>"})).to_string();
        assert!(refusal.starts_with(option), "{refusal}");
        assert!(refusal.contains("unclosed group"), "{refusal}");
    }
}

#[test]
fn a_regex_is_bounded_in_length_and_when_it_is_compiled() {
    let event =
        |pattern: &str| json!({"event_regex": format!("(?P<timestamp>1)(?P<message>{pattern}2)")});
    let message = |pattern: &str| json!({"message_regex": format!("(?P<a>{pattern})")});
    for shape in [event, message] {
        options(shape(&"a".repeat(8_000)));
        let refused = refusal(shape(&"a".repeat(8_192))).to_string();
        assert!(refused.contains("and 8192 are the most"), "{refused}");

        options(shape(r"\w{30}"));
        for blows_up in [r"\w{1000}", "(?:(?:a{100}){100}){100}"] {
            let refused = refusal(shape(blows_up)).to_string();
            assert!(refused.contains("more than 2097152 bytes"), "{refused}");
        }
    }
}

#[test]
fn unknown_options_are_refused() {
    for options in [
        json!({"field": []}),
        json!({"format": "csv"}),
        json!({"dialect": "yaml"}),
    ] {
        assert!(serde_json::from_value::<Options>(options).is_err());
    }
}
