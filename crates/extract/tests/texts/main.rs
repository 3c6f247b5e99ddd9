//! Every dialect besides envelopes and regexes: lines, exports, other JSON, error records. All results
//! are those of the oracle, in chunks of every size.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use rehose_extract::{Fault, Reason, Shape};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::{FLOW, control_document, document, envelope, event, flow, gzip};
use rehose_testkit::subject::{
    Output, SIZES, SOURCE, check_result, in_text, transcode, transcode_in_chunks,
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

mod lines {
    use super::*;

    #[test]
    fn a_line_is_a_record_with_a_time_of_its_own() {
        let text = [started(1_580_515_200), started(1_580_515_201)].join("\n");
        let expected = [
            format!(
                "2020-02-01T00:00:00.000Z,{}",
                started(1_580_515_200).replace(' ', ",")
            ),
            format!(
                "2020-02-01T00:00:01.000Z,{}",
                started(1_580_515_201).replace(' ', ",")
            ),
        ];
        for text in [
            text.clone(),
            text.clone() + "\n",
            text.replace('\n', "\r\n"),
            format!("\n\n{text}\n \n"),
            format!("\u{feff}{text}"),
        ] {
            assert_eq!(rows(&flow_logs(), &text), expected, "{text:?}");
            let shape = options(json!({"dialect": "lines"}));
            assert_eq!(rows(&shape, &text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_header_gives_the_order_of_the_fields() {
        let shape = options(json!({"fields": ["srcaddr", "bytes", "start"]}));
        let text = "start srcaddr bytes\n60 10.0.0.4 840\n61 10.0.0.5 -\n\
                    bytes start\n7 62\n";
        assert_eq!(
            rows(&shape, text),
            [
                "1970-01-01T00:01:00.000Z,10.0.0.4,840,60",
                "1970-01-01T00:01:01.000Z,10.0.0.5,-,61",
                "1970-01-01T00:01:02.000Z,-,7,62",
            ]
        );
    }

    #[test]
    fn a_header_with_a_name_that_the_output_lacks_fails_and_says_which_option_to_use() {
        let text = format!("{FLOW}\nversion vpc-id subnet-id\n2 a b\n");
        let fault = fault(&flow_logs(), &text);
        let names = ["vpc-id", "subnet-id"].map(str::to_owned).to_vec();
        assert_eq!(
            fault,
            in_text(Reason::UnknownColumns(names), FLOW.len() + 1)
        );
        let said = fault.to_string();
        assert!(
            said.contains("vpc-id, subnet-id") && said.contains("option fields"),
            "{said}"
        );
    }

    #[test]
    fn without_a_time_there_is_none_and_never_1970() {
        assert_eq!(rows(&messages(), "hello\nworld"), [",hello", ",world"]);
        let shape = options(json!({"fields": ["srcaddr", "bytes"]}));
        assert_eq!(rows(&shape, "a 1\nb 2\n"), [",a,1", ",b,2"]);
        let output = output(
            &flow_logs(),
            &format!("{FLOW}\n{}", FLOW.replace(" 0 59 ", " - - ")),
        );
        assert_eq!(output.summary.rejections[0].reason, "timestamp");
    }

    #[test]
    fn a_time_regex_finds_the_time_of_a_line() {
        let regex = r"^\[(?P<timestamp>[^\]]*)\]";
        let text = "[01/Feb/2020:00:00:00 +0000] a\n[01/Feb/2020:01:00:00 +0100] b\nnone\n";
        let shape = options(json!({
            "format": "message", "time_regex": regex, "time_format": "%d/%b/%Y:%H:%M:%S %z",
        }));
        let output = transcode_in_chunks(&shape, text.as_bytes(), &SIZES).unwrap();
        let times: Vec<_> = output
            .csv()
            .lines()
            .skip(1)
            .map(|row| row[..24].to_owned())
            .collect();
        assert_eq!(times, ["2020-02-01T00:00:00.000Z"; 2]);
        assert_eq!(output.summary.rejections[0].reason, "timestamp");
    }

    #[test]
    fn times_can_be_written_in_every_notation() {
        for (format, text) in [
            ("ms", "1580515200000"),
            ("s", "1580515200"),
            ("s", "1580515200.0"),
            ("us", "1580515200000000"),
            ("ns", "1580515200000000000"),
            ("iso", "2020-02-01T00:00:00Z"),
            ("iso", "2020-02-01T02:00:00+02:00"),
            ("%Y-%m-%d %H:%M:%S", "2020-02-01 00:00:00"),
        ] {
            let shape = options(json!({
                "event_regex": "(?P<timestamp>[^|]+)\\|(?P<message>.*)", "time_format": format,
                "format": "message",
            }));
            let output = transcode(&shape, format!("{text}|x").as_bytes(), &[1]).unwrap();
            let expected = "timestamp,message\n2020-02-01T00:00:00.000Z,x\n";
            assert_eq!(output.csv(), expected, "{format}");
        }
    }

    #[test]
    fn a_line_with_a_nul_is_no_record() {
        let output = output(&messages(), "good\nb\0d\n");
        assert_eq!((output.summary.written, output.summary.rejected), (1, 1));
    }
}

mod export {
    use super::*;

    #[test]
    fn a_line_without_a_time_continues_the_message_before_it() {
        let text = "2020-02-01T00:00:00.000Z first\n  at line 2\n\n2020-02-01T00:00:00.5Z second\n\
                    2020-02-01T00:00:01Z \n";
        assert_eq!(
            rows(&messages(), text),
            [
                r"2020-02-01T00:00:00.000Z,first\n  at line 2\n",
                "2020-02-01T00:00:00.500Z,second",
                "2020-02-01T00:00:01.000Z,",
            ]
        );
    }

    #[test]
    fn flow_logs_of_an_export_are_rows() {
        let text = format!("2020-02-01T00:00:00.000Z {FLOW}\n2020-02-01T00:00:01.000Z words\n");
        let output = output(&flow_logs(), &text);
        assert_eq!((output.summary.written, output.summary.rejected), (1, 1));
    }
}

mod json_documents {
    use super::*;

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
}

mod error_records {
    use super::*;

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
}

mod origin {
    use super::*;

    const ALL: [&str; 6] = [
        "source",
        "extracted-fields",
        "id",
        "log-stream",
        "log-group",
        "owner",
    ];

    fn extracted(message: &str, fields: &str) -> String {
        format!(r#"{{"id":"7","timestamp":1,"message":"{message}","extractedFields":{fields}}}"#)
    }

    #[test]
    fn columns_of_the_origin_follow_those_of_the_format_in_one_order() {
        let shape = options(json!({"format": "message", "with": ALL}));
        assert_eq!(
            shape.header(),
            "timestamp,message,owner,log-group,log-stream,id,extracted-fields,source"
        );
        let fields = r#"{"a":{"message":"inner"},"timestamp":2}"#;
        let text = envelope(&[event(0, "one"), extracted("two", fields)]);
        let source = SOURCE.replace('"', "\"\"");
        assert_eq!(
            rows(&shape, &text),
            [
                format!(
                    "1970-01-01T00:00:00.000Z,one,123456789012,flow-logs,eni-0-all,0,,\"{source}\""
                ),
                format!(
                    "1970-01-01T00:00:00.001Z,two,123456789012,flow-logs,eni-0-all,7,\"{}\",\"{source}\"",
                    fields.replace('"', "\"\"")
                ),
            ]
        );
    }

    #[test]
    fn events_wait_for_an_origin_that_comes_after_them() {
        let shape = options(json!({"format": "message", "with": ["log-group"]}));
        let text = r#"{"logEvents":[{"timestamp":1,"message":"x"}],"logStream":"s","messageType":"DATA_MESSAGE","owner":"1","logGroup":"late"}"#;
        assert_eq!(rows(&shape, text), ["1970-01-01T00:00:00.001Z,x,late"]);
        // An envelope need not have one.
        let text = r#"{"messageType":"DATA_MESSAGE","logEvents":[{"timestamp":1,"message":"x"}]}"#;
        assert_eq!(rows(&shape, text), ["1970-01-01T00:00:00.001Z,x,"]);
    }

    #[test]
    fn events_of_other_documents_are_filtered() {
        let of = |group: &str, owner: &str| {
            document(&[(1, group)])
                .replace("\"flow-logs\"", &format!("\"{group}\""))
                .replace("123456789012", owner)
        };
        let text = [
            of("vpc/a", "1"),
            of("vpc/b", "2"),
            of("app", "1"),
            control_document(),
        ]
        .concat();
        for (filter, written) in [
            (json!({"log_group": ["vpc*"]}), 2),
            (json!({"log_group": ["vpc/a", "app"]}), 2),
            (json!({"owner": "1"}), 2),
            (json!({"owner": "1", "log_group": ["vpc*"]}), 1),
            (json!({"log_group": ["nothing"]}), 0),
        ] {
            let mut all = json!({"format": "message"});
            all.as_object_mut()
                .unwrap()
                .extend(filter.as_object().unwrap().clone());
            let shape = options(all);
            let output = transcode_in_chunks(&shape, text.as_bytes(), &SIZES).unwrap();
            let summary = output.summary;
            assert_eq!((summary.written, summary.control), (written, 1), "{filter}");
            assert_eq!(summary.filtered, 3 - written, "{filter}");
            assert_eq!(summary.events, 4);
        }
    }
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
