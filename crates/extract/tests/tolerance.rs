//! A fault of one event or document rejects that one, and no other.

use rehose_extract::Shape;
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::{document, envelope, event, flow, gzip};
use rehose_testkit::subject::{Output, SIZES, SOURCE, transcode_in_chunks};
use rehose_testkit::texts::{HERE, INVALID_STRINGS};
use serde_json::{Value, json};

/// Returns the output for an object. Fails unless it is what the oracle expects.
#[track_caller]
fn output(shape: &Shape, object: &[u8]) -> Output {
    let whole = transcode_in_chunks(shape, object, &SIZES).unwrap();
    assert_eq!(
        Some(whole.as_expected()),
        expect(shape.options(), SOURCE, object)
    );
    whole
}

/// Returns the reason and the message of each rejected event.
fn rejected(output: &Output) -> Vec<(String, String)> {
    let lines = output.rejected_lines();
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|line| (text(&line, "reason"), text(&line, "message")))
        .collect()
}

/// Fails unless this element of `logEvents` is rejected for the reason, and its neighbours are rows.
#[track_caller]
fn is_rejected_alone(element: &str, reason: &str) {
    let events = [event(1, "before"), element.to_owned(), event(2, "after")];
    for object in [
        envelope(&events).into_bytes(),
        gzip(envelope(&events)),
        // The kind of the document comes after its events.
        format!(
            r#"{{"logEvents":[{}],"messageType":"DATA_MESSAGE"}}"#,
            events.join(",")
        )
        .into_bytes(),
    ] {
        let output = output(&messages(), &object);
        assert_eq!(
            output.csv(),
            "timestamp,message\n1970-01-01T00:00:00.001Z,before\n1970-01-01T00:00:00.002Z,after\n"
        );
        let expected = vec![(reason.to_owned(), element.to_owned())];
        assert_eq!(rejected(&output), expected);
    }
}

#[test]
fn an_invalid_string_rejects_its_event() {
    for (content, _) in INVALID_STRINGS {
        let content = content.replace(HERE, "").replace('"', "");
        for element in [
            format!(r#"{{"id":"0","timestamp":1,"message":"{content}"}}"#),
            format!(r#"{{"id":"{content}","timestamp":1,"message":"x"}}"#),
            format!(r#"{{"timestamp":1,"{content}":0,"message":"x"}}"#),
            format!(r#"{{"timestamp":1,"message":"x","y":[{{"z":"{content}"}}]}}"#),
        ] {
            is_rejected_alone(&element, "escape");
        }
    }
}

#[test]
fn an_element_that_is_no_event_is_rejected() {
    for element in [
        "1",
        "null",
        "\"x\"",
        "[{\"timestamp\":1,\"message\":\"x\"}]",
        "{}",
        "{\"message\":\"x\"}",
        "{\"timestamp\":1}",
        "{\"timestamp\":1,\"timestamp\":1,\"message\":\"x\"}",
        "{\"timestamp\":1,\"message\":\"x\",\"message\":\"x\"}",
    ] {
        is_rejected_alone(element, "event");
    }
}

#[test]
fn a_message_that_is_not_text_is_rejected() {
    for message in ["{\"a\":1}", "[]", "1", "null", "true"] {
        is_rejected_alone(
            &format!("{{\"timestamp\":1,\"message\":{message}}}"),
            "message",
        );
    }
}

#[test]
fn a_timestamp_means_the_same_as_text_and_with_a_fraction() {
    for (timestamp, expected) in [
        ("1580515200000", "2020-02-01T00:00:00.000Z"),
        ("\"1580515200000\"", "2020-02-01T00:00:00.000Z"),
        ("1580515200000.9", "2020-02-01T00:00:00.000Z"),
        ("1.5805152e12", "2020-02-01T00:00:00.000Z"),
        ("\"2020-02-01T01:00:00+01:00\"", "2020-02-01T00:00:00.000Z"),
        ("\"2020-02-01T00:00:00\"", "2020-02-01T00:00:00.000Z"),
        ("0", "1970-01-01T00:00:00.000Z"),
        ("-1", "1969-12-31T23:59:59.999Z"),
    ] {
        let element = format!("{{\"timestamp\":{timestamp},\"message\":\"x\"}}");
        let object = envelope(&[element]);
        assert_eq!(
            output(&messages(), object.as_bytes()).csv(),
            format!("timestamp,message\n{expected},x\n"),
            "{timestamp}"
        );
    }
    for timestamp in ["null", "{}", "\"\"", "\"soon\"", "1e99", "253402300800000"] {
        let element = format!("{{\"timestamp\":{timestamp},\"message\":\"x\"}}");
        let output = output(&messages(), envelope(&[element]).as_bytes());
        assert_eq!(
            rejected(&output),
            [("timestamp".to_owned(), "x".to_owned())]
        );
    }
}

#[test]
fn documents_can_have_a_mark_commas_and_an_array_around_them() {
    let one = document(&[(1, "x")]);
    for text in [
        format!("\u{feff}{one}{one}"),
        format!("{one},{one}"),
        format!("{one}\r\n,\r\n{one}\r\n"),
        format!("[{one},{one}]"),
        format!(" [ {one} , {one} ] \n"),
        format!("[{one}]\n[{one}]"),
    ] {
        for object in [text.clone().into_bytes(), gzip(&text)] {
            assert_eq!(output(&messages(), &object).summary.written, 2, "{text}");
        }
    }
}

#[test]
fn a_document_unlike_its_neighbours_is_one_rejected_event() {
    let flows = document(&[(1, &flow(1))]);
    for stray in [
        "{}",
        r#"{"some":["other","document"]}"#,
        r#"{"messageType":"DATA_MESSAGE"}"#,
        r#"{"messageType":1,"logEvents":[{"timestamp":1,"message":"x"}]}"#,
        r#"{"bad":"\ud800"}"#,
        r#"{"messageType\ud800":"DATA_MESSAGE","logEvents":[{"timestamp":1,"message":"x"}]}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents\x":[{"timestamp":1,"message":"x"}]}"#,
    ] {
        let object = [&flows, stray, &flows].concat();
        for shape in [flow_logs(), options(json!({"dialect": "cloudwatch"}))] {
            let output = output(&shape, object.as_bytes());
            assert_eq!(output.summary.written, 2);
            assert_eq!(
                rejected(&output),
                [("document".to_owned(), stray.to_owned())]
            );
        }
    }
}

#[test]
fn a_long_stray_document_is_kept_in_part() {
    let stray = format!("{{\"x\":\"{}é\"}}", "x".repeat(16 * 1024 - 7));
    let object = [document(&[(1, &flow(1))]), stray].concat();
    let output = output(&flow_logs(), object.as_bytes());
    let (_, kept) = &rejected(&output)[0];
    assert_eq!(kept.len(), 16 * 1024 - 1);
}

#[test]
fn rejections_are_counted_by_kind_with_the_place_of_the_first() {
    let words = flow(1).replace("eni-0", "eni-0 eni-1");
    let text = flow(1).replace(" 443 ", " https ");
    let object = document(&[(1, &words), (2, &text), (3, &words), (4, "short")]);
    let counts = output(&flow_logs(), object.as_bytes()).summary.rejections;
    let place = |message: &str| {
        let offset = object.find(message).unwrap();
        object[..offset].rfind("{\"id\"").unwrap()
    };
    assert_eq!(
        serde_json::to_value(counts).unwrap(),
        json!([
            {"reason": "field-count", "detail": "15", "count": 2, "offset": place(&words)},
            {"reason": "field-type", "detail": "srcport", "count": 1, "offset": place(&text)},
            {"reason": "field-count", "detail": "1", "count": 1, "offset": place("short")},
        ])
    );
}

#[test]
fn a_timestamp_that_is_too_long_is_kept_in_part() {
    for text in [
        "1".repeat(65),
        "é".repeat(40),
        format!("{}é", "x".repeat(63)),
    ] {
        let element = format!(r#"{{"timestamp":"{text}","message":"x"}}"#);
        let output = output(&messages(), envelope(&[element]).as_bytes());
        let line: Value = serde_json::from_str(&output.rejected_lines()).unwrap();
        assert_eq!(line["reason"], "timestamp");
        let kept = line["timestamp"].to_string();
        assert!(kept.len() <= 66 && !kept.contains('\u{fffd}'), "{kept}");
    }
}
