//! JSON documents other than envelopes.

use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::{FLOW, control_document, document};
use serde_json::json;

use super::{output, rows};

#[test]
fn a_document_with_a_message_is_an_event() {
    let text = format!(
        r#"{{"message":"{FLOW}"}} {{"timestamp":1580515200,"message":"{FLOW}"}}
           {{"message":"{FLOW}","timestamp":"2020-02-01T00:00:00Z","more":[1]}}"#
    );
    let times: Vec<_> = rows(&flow_logs(), &text)
        .iter()
        .map(|row| row[..24].to_owned())
        .collect();
    assert_eq!(
        times,
        [
            "1970-01-01T00:00:00.000Z",
            "2020-02-01T00:00:00.000Z",
            "2020-02-01T00:00:00.000Z"
        ],
        "the first one's is the record's own start"
    );
}

#[test]
fn any_other_document_is_a_record_for_formats_of_any_text() {
    let text = "{\"a\":1}\n{\"timestamp\":1580515200000,\"b\":\"x\"}\n";
    for shape in [
        messages(),
        options(json!({"format": "message", "dialect": "json"})),
    ] {
        let rows = rows(&shape, text);
        assert_eq!(rows[0], ",\"{\"\"a\"\":1}\"");
        assert!(rows[1].starts_with("2020-02-01T00:00:00.000Z,"), "{rows:?}");
    }
}

#[test]
fn each_document_of_an_object_decides_for_itself() {
    let text = [
        document(&[(1, "in an envelope")]),
        r#"{"message":"alone"}"#.to_owned(),
        control_document(),
    ];
    let output = output(&messages(), &text.concat());
    let summary = &output.summary;
    assert_eq!(
        (summary.written, summary.control, summary.documents),
        (2, 1, 3)
    );
}
