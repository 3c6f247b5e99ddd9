//! Firehose's error records.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rehose_testkit::shapes::{flow_logs, options};
use rehose_testkit::stash::{control_document, document, flow, gzip};
use serde_json::json;

use super::{output, started};

fn record(bytes: &[u8]) -> String {
    let raw = STANDARD.encode(bytes);
    format!(r#"{{"attemptsMade":1,"errorCode":"x","rawData":"{raw}","timestamp":"no"}}"#)
}

#[test]
fn the_bytes_of_a_record_are_read_like_an_object() {
    let flows = document(&[(1, &flow(1)), (2, &flow(2))]);
    let shapes = [flow_logs(), options(json!({"dialect": "firehose-errors"}))];
    for content in [
        flows.clone().into_bytes(),
        gzip(&flows),
        gzip(gzip(&flows)),
        [started(1), started(2)].join("\n").into_bytes(),
    ] {
        for shape in &shapes {
            let text = [record(&content), record(&gzip(control_document()))].join("\n");
            let output = output(shape, &text);
            assert_eq!((output.summary.written, output.summary.control), (2, 1));
        }
    }
}

#[test]
fn a_record_whose_bytes_cannot_be_read_is_one_rejected_event() {
    let good = record(document(&[(1, &flow(1))]).as_bytes());
    let half = format!("{}{{\"cut", document(&[(1, &flow(1))]));
    for bad in [
        r#"{"rawData":""}"#.to_owned(),
        r#"{"rawData":"!"}"#.to_owned(),
        r#"{"rawData":7}"#.to_owned(),
        record(b"\xff"),
        record(&gzip("x")[..12]),
        record(half.as_bytes()),
    ] {
        let output = output(&flow_logs(), &[good.as_str(), &bad].join("\n"));
        assert_eq!(
            (output.summary.written, output.summary.rejected),
            (1, 1),
            "{bad}"
        );
        assert_eq!(output.summary.rejections[0].reason, "raw-data", "{bad}");
    }
}

#[test]
fn a_record_in_a_record_is_not_read() {
    let inner = record(document(&[(1, &flow(1))]).as_bytes());
    let text = [record(inner.as_bytes()), record(&gzip(flow_text()))].concat();
    assert_eq!(output(&flow_logs(), &text).summary.rejected, 1);
}

fn flow_text() -> String {
    document(&[(1, &flow(1))])
}
