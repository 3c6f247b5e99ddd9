//! Layers of gzip, and the events of both dialects.

use rehose_extract::Shape;
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{USUAL_REGEX, flow_logs, messages, options};
use rehose_testkit::stash::{Header, control_document, document, envelope_of, event, flow, gzip};
use rehose_testkit::subject::{Output, SIZES, SOURCE, transcode, transcode_in_chunks};
use serde_json::json;

const HEADER: &str = "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log-status\n";

/// Returns the output for an object. Fails unless it is what the oracle expects.
fn output(shape: &Shape, object: &[u8]) -> Output {
    let whole = transcode_in_chunks(shape, object, &SIZES).unwrap();
    let expected = expect(shape.options(), SOURCE, object).unwrap();
    assert_eq!(whole.as_expected(), expected);
    whole
}

/// Returns three documents. The last one has no events.
fn documents() -> [String; 3] {
    [
        document(&[(1_580_515_200_000, &flow(1)), (1_580_515_200_001, &flow(2))]),
        document(&[(1_580_601_599_999, &flow(3))]),
        document(&[]),
    ]
}

fn rows_of_documents() -> String {
    let columns = |port| flow(port).replace(' ', ",");
    [
        HEADER,
        "2020-02-01T00:00:00.000Z,",
        &columns(1),
        "\n2020-02-01T00:00:00.001Z,",
        &columns(2),
        "\n2020-02-01T23:59:59.999Z,",
        &columns(3),
        "\n",
    ]
    .concat()
}

/// Returns objects with these documents, in every arrangement that is accepted.
fn objects() -> Vec<(&'static str, Vec<u8>)> {
    let documents = documents();
    let text = documents.concat();
    let lines = documents.join("\n") + "\n";
    let members = documents.each_ref().map(gzip);
    let cut = |size| {
        text.as_bytes()
            .chunks(size)
            .flat_map(gzip)
            .collect::<Vec<_>>()
    };
    vec![
        ("members back to back", members.concat()),
        ("one stream over many documents", gzip(&text)),
        ("gzip over gzip members", gzip(members.concat())),
        (
            "gzip over gzip over gzip members",
            gzip(gzip(members.concat())),
        ),
        (
            "documents that are not compressed",
            text.clone().into_bytes(),
        ),
        ("lines in one stream", gzip(&lines)),
        ("lines that are not compressed", lines.clone().into_bytes()),
        ("a newline between members", members.join(&b'\n')),
        (
            "a newline after each member",
            members.join(&b'\n').into_iter().chain([b'\n']).collect(),
        ),
        (
            "newlines between members inside gzip",
            gzip(members.join(&b"\r\n"[..])),
        ),
        (
            "white space before the first member",
            [b" \t\r\n".to_vec(), members.concat()].concat(),
        ),
        (
            "white space before the first document",
            [b" \t\r\n", text.as_bytes()].concat(),
        ),
        ("members cut inside documents", cut(100)),
        ("members cut at every byte", cut(1)),
        (
            "members cut inside members",
            gzip(&members.concat()[..90])
                .into_iter()
                .chain(gzip(&members.concat()[90..]))
                .collect(),
        ),
        (
            "an empty member first",
            [gzip(""), members.concat()].concat(),
        ),
        ("an empty member in between", members.join(&gzip("")[..])),
        (
            "zero padding after the last member",
            [members.concat(), vec![0; 512]].concat(),
        ),
        (
            "white space and zero padding",
            [&members.concat()[..], b"\n\0\0\n\0"].concat(),
        ),
    ]
}

#[test]
fn an_object_is_identified_by_its_bytes() {
    for (name, object) in objects() {
        let output = output(&flow_logs(), &object);
        assert_eq!(output.csv(), rows_of_documents(), "{name}");
        assert_eq!(output.summary.documents, 3, "{name}");
        assert_eq!(output.summary.events, 3, "{name}");
        assert_eq!(output.summary.bytes_in, object.len() as u64, "{name}");
    }
}

#[test]
fn both_dialects_give_the_same_bytes_for_usual_envelopes() {
    let regex = options(json!({"event_regex": USUAL_REGEX}));
    for (name, object) in objects() {
        let (cloudwatch, regex) = (output(&flow_logs(), &object), output(&regex, &object));
        assert_eq!(regex.rows, cloudwatch.rows, "{name}");
    }
}

#[test]
fn both_dialects_reject_the_same_events() {
    let regex = options(json!({"event_regex": USUAL_REGEX}));
    let object = gzip(document(&[
        (1, "too short"),
        (2, "a \"quoted\" \\ field,\n\u{1} é \u{10ffff} \u{2028}"),
        (253_402_300_800_000, &flow(1)),
    ]));
    let (cloudwatch, regex) = (output(&flow_logs(), &object), output(&regex, &object));
    assert_eq!(cloudwatch.summary.rejected, 3);
    assert_eq!(regex.rows, cloudwatch.rows);
    // The regex dialect does not know where an event comes from.
    let origin = r#","log_group":"flow-logs","log_stream":"eni-0-all""#;
    let rejected = cloudwatch.rejected_lines().replace(origin, "");
    assert_eq!(regex.rejected_lines(), rejected);
}

#[test]
fn an_object_without_events_is_a_success() {
    let nothing = [
        ("zero bytes", Vec::new()),
        ("white space", b" \n\t\r\n".to_vec()),
        ("an empty member", gzip("")),
        (
            "empty members in an empty member",
            gzip([gzip(""), gzip("")].concat()),
        ),
        (
            "an empty member and a newline",
            [gzip(""), b"\n".to_vec()].concat(),
        ),
        ("a document without events", gzip(document(&[]))),
    ];
    for (name, object) in nothing {
        let output = output(&flow_logs(), &object);
        assert_eq!(output.csv(), HEADER, "{name}");
        assert_eq!(output.summary.events, 0, "{name}");
    }
}

#[test]
fn every_part_of_a_members_header_is_skipped() {
    let text = document(&[(0, &flow(1))]);
    let headers = [
        Header {
            extra: Some(b"AB\x02\0\0\x1f"),
            ..Header::default()
        },
        Header {
            extra: Some(b""),
            ..Header::default()
        },
        Header {
            name: Some("stash"),
            ..Header::default()
        },
        Header {
            comment: Some("\u{e9}"),
            ..Header::default()
        },
        Header {
            crc: true,
            ..Header::default()
        },
        Header {
            extra: Some(b"x\0"),
            name: Some(""),
            comment: Some("c"),
            crc: true,
        },
    ];
    let object: Vec<u8> = headers
        .iter()
        .flat_map(|header| header.gzip(&text))
        .collect();
    assert_eq!(output(&flow_logs(), &object).summary.written, 6);
    for header in headers {
        assert_eq!(
            output(&flow_logs(), &header.gzip(&text)).summary.written,
            1,
            "{header:?}"
        );
    }
}

#[test]
fn keys_can_have_any_order() {
    let object = r#"{"logEvents":[{"message":"a","id":"1","timestamp":1},{"timestamp":2,"message":"b","id":"2"}],"owner":"1","messageType":"DATA_MESSAGE"}"#;
    assert_eq!(
        output(&messages(), object.as_bytes()).csv(),
        "timestamp,message\n1970-01-01T00:00:00.001Z,a\n1970-01-01T00:00:00.002Z,b\n"
    );
}

#[test]
fn known_keys_have_no_meaning_inside_unknown_ones() {
    let object = r#"{
        "logEvents ": [{"timestamp": 9, "message": "no"}], "timestamp": "no", "message": 9,
        "more": {"messageType": "CONTROL_MESSAGE", "logEvents": [{"timestamp": 9, "message": "no"}]},
        "list": ["messageType", "logEvents", [[{"message": "no"}]], {"timestamp": {}}],
        "messageType": "DATA_MESSAGE",
        "logEvents": [
            {"extractedFields": {"timestamp": 9, "message": "no", "logEvents": [{}]},
             "messageType": 1, "messages": ["message", {"message": "no"}], "timestamp": 1,
             "logEvents": [{"timestamp": 9, "message": "no"}], "message": "\"timestamp\":9,\"message\":\"no\""}
        ]
    }"#;
    assert_eq!(
        output(&messages(), object.as_bytes()).csv(),
        "timestamp,message\n1970-01-01T00:00:00.001Z,\"\"\"timestamp\"\":9,\"\"message\"\":\"\"no\"\"\"\n"
    );
}

#[test]
fn white_space_is_accepted_wherever_json_allows_it() {
    let object = " { \"messageType\"\t:\r\n\"DATA_MESSAGE\" , \"logEvents\" : [ { \"timestamp\" : 1 , \"message\" : \"a\" } , { \"message\" : \"b\" , \"timestamp\" : 2 } ] , \"x\" : [ ] , \"y\" : { } , \"z\" : [ 1 , -2.5e+3 , true , false , null ] } ";
    assert_eq!(output(&messages(), object.as_bytes()).summary.written, 2);
}

#[test]
fn every_escape_of_json_is_decoded() {
    let object = r#"{"message\u0054ype":"D\u0041TA_MESSAGE","log\u0045vents":[{"\u0074imestamp":1,"message":"\"\\\/\b\f\n\r\t\u0000\u001f\u00e9\u20AC\ud83d\uDE00\u007f"}]}"#;
    let output = output(&messages(), object.as_bytes());
    assert_eq!(
        output.csv(),
        "timestamp,message\n1970-01-01T00:00:00.001Z,\"\"\"\\\\/\u{8}\u{c}\\n\\r\t\0\u{1f}é€😀\u{7f}\"\n"
    );
}

#[test]
fn characters_of_any_length_are_accepted() {
    let object = gzip(document(&[
        (1, "é€😀"),
        (2, "ü"),
        (3, "\u{10ffff}\u{7f}\u{80}"),
    ]));
    assert_eq!(
        output(&messages(), &object).csv(),
        "timestamp,message\n1970-01-01T00:00:00.001Z,é€😀\n1970-01-01T00:00:00.002Z,ü\n1970-01-01T00:00:00.003Z,\u{10ffff}\u{7f}\u{80}\n"
    );
}

#[test]
fn control_documents_are_counted_and_not_written() {
    let object = [
        control_document(),
        document(&[(0, "data")]),
        control_document(),
    ]
    .concat();
    let output = output(&messages(), &gzip(object));
    assert_eq!(
        output.csv(),
        "timestamp,message\n1970-01-01T00:00:00.000Z,data\n"
    );
    assert_eq!(output.summary.documents, 3);
    assert_eq!((output.summary.events, output.summary.control), (3, 2));
}

#[test]
fn every_other_message_type_is_control() {
    for message_type in [
        "",
        "data_message",
        "DATA_MESSAGE_",
        "DATA_MESSAGE_OF_ANOTHER_KIND",
    ] {
        let object = envelope_of(message_type, &[event(0, "x")]);
        let output = output(&messages(), object.as_bytes());
        assert_eq!(
            (output.summary.control, output.summary.written),
            (1, 0),
            "{message_type}"
        );
    }
}

#[test]
fn a_message_type_that_comes_last_still_counts() {
    let late = |message_type| {
        format!(
            r#"{{"logEvents":[{{"timestamp":0,"message":"x"}},{{"timestamp":"never","message":"y"}}],"messageType":"{message_type}"}}"#
        )
    };
    let object = [
        late("DATA_MESSAGE"),
        late("CONTROL_MESSAGE"),
        document(&[(1, "z")]),
    ]
    .concat();
    let output = output(&messages(), object.as_bytes());
    assert_eq!(
        output.csv(),
        "timestamp,message\n1970-01-01T00:00:00.000Z,x\n1970-01-01T00:00:00.001Z,z\n"
    );
    assert_eq!(output.summary.events, 5);
    assert_eq!(output.summary.control, 2);
    assert_eq!(output.summary.rejected, 1);
}

#[test]
fn an_objects_events_are_written_rejected_or_control() {
    let object = [
        document(&[(0, &flow(1)), (0, "short"), (0, &flow(2))]),
        control_document(),
    ]
    .concat();
    let summary = output(&flow_logs(), object.as_bytes()).summary;
    assert_eq!(summary.written, 2);
    assert_eq!(summary.rejected, 1);
    assert_eq!(summary.control, 1);
    assert_eq!(summary.events, 4);
}

#[test]
fn the_summary_has_the_bytes_of_every_stage() {
    let text = document(&[(0, &flow(1))]);
    let object = gzip(gzip(&text));
    let output = output(&flow_logs(), &object);
    assert_eq!(output.summary.bytes_in, object.len() as u64);
    assert_eq!(output.summary.bytes_decoded, text.len() as u64);
    assert_eq!(output.summary.bytes_out, output.rows.len() as u64);
}

#[test]
fn the_output_of_many_blocks_depends_on_the_rows_alone() {
    let messages: Vec<_> = (0..30_000).map(flow).collect();
    let events: Vec<_> = messages.iter().map(|flow| (0, flow.as_str())).collect();
    let text = document(&events);
    let events = text[text.find("[{").unwrap()..].strip_suffix('}').unwrap();
    let late = format!(r#"{{"logEvents":{events},"messageType":"DATA_MESSAGE"}}"#);
    let whole = transcode(&flow_logs(), text.as_bytes(), &[usize::MAX]).unwrap();
    for object in [gzip(&text), gzip(gzip(&text)), late.into_bytes()] {
        for size in [1 << 10, 1 << 16, usize::MAX] {
            let output = transcode(&flow_logs(), &object, &[size]).unwrap();
            assert_eq!(output.rows, whole.rows);
        }
    }
}
