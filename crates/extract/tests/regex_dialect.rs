//! The dialect `regex` finds in a stream what the regex finds in the whole text.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use rehose_extract::{Reason, Shape};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{USUAL_REGEX, event_regex, options};
use rehose_testkit::stash::gzip;
use rehose_testkit::subject::{SIZES, SOURCE, check_result, in_text, transcode};
use serde_json::json;

/// Event regexes, each with letters for texts in which it has many matches.
const PATTERNS: [(&str, &str); 16] = [
    (USUAL_REGEX, r#""timesapg:0,\""#),
    // Loops at the beginning.
    (r"(?P<timestamp>[0-9]*):(?P<message>[a-z]*)", "01:ab \n"),
    (r"(?P<timestamp>[0-9]*)(?P<message>[a-z]+)", "01ab "),
    // More input changes the match.
    (r"(?P<timestamp>1)(?P<message>2.*3|2)", "123\n"),
    (r"(?P<timestamp>1)(?P<message>2|2.*3)", "123\n"),
    (r"(?P<timestamp>1.*2|1)(?P<message>3?)", "123\n"),
    (r"(?P<timestamp>1+)(?P<message>(?:23)*)(?:23456)?", "123456"),
    (r"(?P<timestamp>[0-9])(?P<message>.*?)(?:;|,.*;)", "0,;\n"),
    // An earlier match that is not final hides a later one that is.
    (r"1(?P<timestamp>0).*2(?P<message>)|(?:1|0)3", "01230\n"),
    (r"(?s)(?P<message>[a-z]+.*)?(?P<timestamp>[0-9])", "a0 \n"),
    // Assertions.
    (r"(?m)^(?P<timestamp>[0-9]+) (?P<message>.*)$", "01 a\n"),
    (r"(?mR)^(?P<timestamp>[0-9]+)(?P<message>.*)$", "0a\r\n"),
    (r"\A(?P<timestamp>[0-9]+) ?(?P<message>.*)", "01 a\n"),
    (r"(?P<timestamp>[0-9]+)(?P<message> *)\z", "01 "),
    (
        r"(?-u:\b)(?P<timestamp>[0-9]+)(?-u:\B)(?P<message>\pL*)",
        "01 aé",
    ),
    // Characters of several bytes, and messages that are not JSON strings.
    (r"(?P<timestamp>[0-9]+)(?P<message>[^0-9]+)", "01é€😀\\nu\""),
];

#[test]
fn a_match_can_cross_any_chunk_boundary() {
    let text = r#"{"timestamp":1,"message":"a \"quoted\" word","timestamp":22,"message":""}"#;
    let shape = event_regex(USUAL_REGEX);
    for first in 0..text.len() {
        for second in 1..text.len() - first {
            let output = transcode(&shape, text.as_bytes(), &[first, second, usize::MAX]).unwrap();
            assert_eq!(
                output.csv(),
                "timestamp,message\n1970-01-01T00:00:00.001Z,\"a \"\"quoted\"\" word\"\n1970-01-01T00:00:00.022Z,\n"
            );
        }
    }
}

#[test]
fn more_input_can_change_a_match() {
    let shape = event_regex(r"(?P<timestamp>1)(?P<message>foo.*bar|foo)");
    for (text, rows) in [
        ("1foo", "1970-01-01T00:00:00.001Z,foo\n"),
        (
            "1foo then bar and 1foo",
            "1970-01-01T00:00:00.001Z,foo then bar\n1970-01-01T00:00:00.001Z,foo\n",
        ),
        ("1foo then\nbar", "1970-01-01T00:00:00.001Z,foo\n"),
        (
            "1foo 1foo",
            "1970-01-01T00:00:00.001Z,foo\n1970-01-01T00:00:00.001Z,foo\n",
        ),
    ] {
        for size in SIZES {
            let output = transcode(&shape, text.as_bytes(), &[size]).unwrap();
            assert_eq!(output.csv(), format!("timestamp,message\n{rows}"), "{text}");
        }
    }
}

#[test]
fn anchors_match_only_at_the_ends_of_the_text() {
    for (pattern, text, events) in [
        (r"(?P<timestamp>[0-9])(?P<message>x?)\z", "1 2 3", 1),
        (r"(?P<timestamp>[0-9])(?P<message>x?)$", "1\n2\n3", 1),
        (r"\A(?P<timestamp>[0-9])(?P<message>x?)", "123", 1),
        (r"^(?P<timestamp>[0-9])(?P<message>x?)", "1\n2", 1),
        (r"(?m)^(?P<timestamp>[0-9])(?P<message>x?)$", "1\n2\n3", 3),
    ] {
        for size in SIZES {
            let output = transcode(&event_regex(pattern), text.as_bytes(), &[size]).unwrap();
            assert_eq!(
                output.summary.events, events,
                "{pattern} in chunks of {size}"
            );
        }
    }
}

#[test]
fn assertions_see_the_byte_before_a_search_in_a_long_text() {
    let shape = event_regex("(?m)^(?P<timestamp>[0-9])(?P<message>[a-z])");
    let long = "\n".repeat(3 << 20);
    for cut in 1..8 {
        let text = format!("{long}1x3y\n2z");
        let sizes = [long.len() + cut, usize::MAX];
        let output = transcode(&shape, text.as_bytes(), &sizes).unwrap();
        assert_eq!(
            output.csv(),
            "timestamp,message\n1970-01-01T00:00:00.001Z,x\n1970-01-01T00:00:00.002Z,z\n"
        );
    }
}

#[test]
fn any_envelope_is_accepted() {
    let shape = options(json!({
        "event_regex": r"(?m)^(?P<timestamp>[0-9]{13})\t(?P<message>.*)$",
        "fields": ["srcaddr", "dstaddr"],
    }));
    let object = gzip("1580515200000\t10.0.0.1 10.0.0.2\n1580515200001\t::1 ::2\n");
    let output = transcode(&shape, &object, &[1]).unwrap();
    assert_eq!(
        output.csv(),
        "timestamp,srcaddr,dstaddr\n2020-02-01T00:00:00.000Z,10.0.0.1,10.0.0.2\n2020-02-01T00:00:00.001Z,::1,::2\n"
    );
    assert_eq!(output.summary.documents, 0);
}

#[test]
fn a_message_that_is_not_a_json_string_is_rejected_as_written() {
    let shape = event_regex(r"(?P<timestamp>[0-9]+) (?P<message>.*)");
    let text = "1 C:\\temp\n2 \\ud800\n3 a\ttab\n4 cut \\u00\n5 \\u00e9\n";
    for size in SIZES {
        let output = transcode(&shape, text.as_bytes(), &[size]).unwrap();
        assert_eq!(output.summary.rejected, 3);
        let expected = expect(shape.options(), SOURCE, text.as_bytes()).unwrap();
        assert_eq!(output.as_expected(), expected);
    }
}

#[test]
fn an_object_with_text_and_no_match_fails() {
    let shape = event_regex(r"t=(?P<timestamp>1) (?P<message>2)");
    let anchored = event_regex(r"\A(?P<timestamp>[0-9])(?P<message>x?)");
    let fault = transcode(&anchored, b" 1", &[1]).unwrap_err();
    assert_eq!(fault, in_text(Reason::NothingReadable, 1));
    for (text, begin) in [("{}", 0), (" \n{\"t\":1}\n{\"t\":2}\n", 2)] {
        for size in SIZES {
            let fault = transcode(&shape, text.as_bytes(), &[size]).unwrap_err();
            assert_eq!(fault, in_text(Reason::NothingReadable, begin), "{text}");
        }
    }
    for text in ["", " \n\n"] {
        assert_eq!(
            transcode(&shape, text.as_bytes(), &[1])
                .unwrap()
                .summary
                .events,
            0
        );
    }
}

#[test]
fn an_unmatched_group_is_empty() {
    let shape = event_regex(r"(?P<timestamp>1)|(?P<message>2)");
    let output = transcode(&shape, b"12", &[1]).unwrap();
    assert_eq!(
        output.csv(),
        "timestamp,message\n1970-01-01T00:00:00.001Z,\n"
    );
    assert_eq!(output.summary.rejected, 1);
}

/// The index of a pattern, and a text for it.
fn pattern_and_text() -> impl Strategy<Value = (usize, String)> {
    (0..PATTERNS.len()).prop_flat_map(|number| {
        let (pattern, letters) = PATTERNS[number];
        let letters: Vec<char> = letters.chars().collect();
        let event = Just(r#""timestamp":1,"message":"a"#.to_owned());
        let letter = prop::sample::select(letters).prop_map(String::from);
        let events = u32::from(pattern == USUAL_REGEX);
        let piece = prop_oneof![events => event, 4 => letter];
        (
            Just(number),
            vec(piece, 0..80).prop_map(|pieces| pieces.concat()),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_gives_what_the_regex_finds_in_the_whole_text(
        (number, text) in pattern_and_text(),
        sizes in vec(1..20_usize, 1..5),
    ) {
        static SHAPES: LazyLock<Vec<Shape>> =
            LazyLock::new(|| PATTERNS.iter().map(|(pattern, _)| event_regex(pattern)).collect());
        let shape = &SHAPES[number];
        let expected = expect(shape.options(), SOURCE, text.as_bytes());
        check_result(transcode(shape, text.as_bytes(), &sizes), expected);
    }
}
