//! Every dialect besides envelopes and regexes: lines, exports, other JSON, error records. All results
//! are those of the oracle, in chunks of every size.

mod error_records;
mod export;
mod json_documents;
mod lines;
mod origin;

use proptest::prelude::*;
use rehose_extract::{Fault, Shape};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::{FLOW, document, gzip};
use rehose_testkit::subject::{
    Output, SIZES, SOURCE, check_result, transcode, transcode_in_chunks,
};
use serde_json::json;

/// Returns the output for a text, as it is and gzipped. Fails unless it is what the oracle expects.
#[track_caller]
fn output(shape: &Shape, text: &str) -> Output {
    let outputs = [text.as_bytes().to_vec(), gzip(text)].map(|object| {
        let output = transcode_in_chunks(shape, &object, &SIZES).unwrap();
        let expected = expect(shape.options(), SOURCE, &object);
        assert_eq!(Some(output.as_expected()), expected, "{text}");
        output
    });
    let [plain, _] = outputs;
    plain
}

#[track_caller]
fn rows(shape: &Shape, text: &str) -> Vec<String> {
    let csv = output(shape, text).csv();
    csv.lines().skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn fault(shape: &Shape, text: &str) -> Fault {
    assert_eq!(expect(shape.options(), SOURCE, text.as_bytes()), None);
    transcode_in_chunks(shape, text.as_bytes(), &SIZES).unwrap_err()
}

/// A flow log that starts at a second.
fn started(start: i64) -> String {
    FLOW.replace(" 0 59 ", &format!(" {start} {} ", start + 59))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_what_the_oracle_expects(
        shape in prop_oneof![
            Just(flow_logs()),
            Just(messages()),
            Just(options(json!({"format": "message", "dialect": "lines"}))),
            Just(options(json!({"format": "message", "dialect": "export", "with": ["source"]}))),
            Just(options(json!({"fields": ["srcaddr", "bytes", "start"]}))),
            Just(options(json!({"format": "message", "with": ["owner", "log-group", "id"]}))),
        ],
        pieces in prop::collection::vec(piece(), 0..8),
        sizes in prop::collection::vec(1..60_usize, 1..4),
    ) {
        let text = pieces.concat();
        let expected = expect(shape.options(), SOURCE, text.as_bytes());
        check_result(transcode(&shape, text.as_bytes(), &sizes), expected);
    }
}

/// A piece of a text of some dialect.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(format!("{FLOW}\n")),
        Just("srcaddr start bytes\n".to_owned()),
        Just("10.0.0.4 840 60\n".to_owned()),
        Just("version vpc-id\n".to_owned()),
        Just("2020-02-01T00:00:00.000Z words\n".to_owned()),
        Just("2020-02-01T00:00:00Z\n".to_owned()),
        Just(" at a line\r\n".to_owned()),
        Just(document(&[(1, FLOW), (2, "x")])),
        Just(r#"{"message":"x","timestamp":3}"#.to_owned()),
        Just(r#"{"a":[1,"b"]}"#.to_owned()),
        Just("\u{feff}".to_owned()),
        Just(",".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        "[ -~\n\r\0é]{0,12}",
    ]
}
