//! Formats, timestamps, rejected lines, and options.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use rehose_extract::{DEFAULT_FIELDS, FIELDS, Field, FieldKind, Options, OptionsError, Shape};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{event_regex, flow_logs, messages, options};
use rehose_testkit::stash::{FLOW, document, flow};
use rehose_testkit::subject::{Output, SOURCE, transcode};
use serde_json::{Value, json};

/// Returns the output for a document with these events.
fn output(shape: &Shape, events: &[(i64, &str)]) -> Output {
    let object = document(events);
    let output = transcode(shape, object.as_bytes(), &[5]).unwrap();
    let expected = expect(shape.options(), SOURCE, object.as_bytes()).unwrap();
    assert_eq!(output.as_expected(), expected);
    output
}

/// Returns the row of a message.
fn row(shape: &Shape, message: &str) -> String {
    let csv = output(shape, &[(0, message)]).csv();
    let row = csv.strip_prefix(&(shape.header() + "\n")).unwrap();
    let row = row.strip_prefix("1970-01-01T00:00:00.000Z,").unwrap();
    row.strip_suffix('\n').unwrap().to_owned()
}

/// Returns the output for a message, of a shape that the oracle does not know.
fn output_of(shape: &Shape, message: &str) -> Output {
    transcode(shape, document(&[(0, message)]).as_bytes(), &[5]).unwrap()
}

/// Returns the row in it.
fn row_of(shape: &Shape, message: &str) -> String {
    let csv = output_of(shape, message).csv();
    let (_, row) = csv.split_once("Z,").unwrap();
    row.trim_end().to_owned()
}

/// Returns the reason why a message is rejected.
fn rejection(shape: &Shape, message: &str) -> String {
    let output = output(shape, &[(0, message)]);
    assert_eq!(output.csv(), shape.header() + "\n");
    assert_eq!(output.summary.rejected, 1);
    let line: Value = serde_json::from_str(&output.rejected_lines()).unwrap();
    assert_eq!(line["message"], message);
    line["reason"].as_str().unwrap().to_owned()
}

/// Returns the reason why options are refused.
fn refusal(options: Value) -> OptionsError {
    let options: Options = serde_json::from_value(options).unwrap();
    options.compile().unwrap_err()
}

mod flow_logs {
    use super::*;

    #[test]
    fn the_default_header() {
        assert_eq!(
            flow_logs().header(),
            "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log-status"
        );
    }

    #[test]
    fn any_number_of_spaces_separates_fields() {
        let spaced = format!("  {}   ", flow(80).replace(' ', "  "));
        assert_eq!(row(&flow_logs(), &spaced), flow(80).replace(' ', ","));
    }

    #[test]
    fn nodata_and_skipdata_are_rows() {
        assert_eq!(
            row(
                &flow_logs(),
                "2 123456789012 eni-1 - - - - - - - 1 2 - NODATA"
            ),
            "2,123456789012,eni-1,-,-,-,-,-,-,-,1,2,-,NODATA"
        );
        assert_eq!(
            row(
                &flow_logs(),
                "2 123456789012 eni-1 - - - - - - - 1 2 - SKIPDATA"
            ),
            "2,123456789012,eni-1,-,-,-,-,-,-,-,1,2,-,SKIPDATA"
        );
    }

    #[test]
    fn more_or_fewer_fields_are_rejected() {
        for message in [
            "",
            "   ",
            "2",
            &format!("{} more", flow(1)),
            flow(1).rsplit_once(' ').unwrap().0,
        ] {
            assert_eq!(rejection(&flow_logs(), message), "field-count");
        }
    }

    #[test]
    fn only_spaces_separate_fields() {
        for space in ["\t", "\u{a0}", "\u{3000}"] {
            let message = flow(1).replace(' ', space);
            assert_eq!(rejection(&flow_logs(), &message), "field-count");
        }
    }

    #[test]
    fn a_character_that_could_shift_columns_is_rejected() {
        for character in [",", "\"", "\\", "\n", "\r"] {
            let inside = flow(1).replace("ACCEPT", &format!("AC{character}CEPT"));
            assert_eq!(rejection(&flow_logs(), &inside), "character");
            let after = format!("{} {character}", flow(1));
            assert_eq!(rejection(&flow_logs(), &after), "character");
        }
    }

    #[test]
    fn configured_fields_keep_their_order() {
        let shape = options(json!({"fields": ["instance-tag", "srcaddr", "version", "tcp-flags"]}));
        assert_eq!(
            shape.header(),
            "timestamp,instance-tag,srcaddr,version,tcp-flags"
        );
        assert_eq!(row(&shape, "web ::1 11 3"), "web,::1,11,3");
        assert_eq!(rejection(&shape, &flow(1)), "field-count");
    }

    #[test]
    fn all_documented_fields_together_are_accepted() {
        let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
        let shape = options(json!({"fields": names}));
        let value = |field: &Field| match field.kind {
            FieldKind::Text => field.name,
            _ => "7",
        };
        let values: Vec<_> = FIELDS.iter().map(value).collect();
        assert_eq!(row(&shape, &values.join(" ")), values.join(","));
    }

    #[test]
    fn an_unknown_field_is_refused_with_a_list_of_all_fields() {
        let refusal = refusal(json!({"fields": ["srcaddr", "src-addr"]})).to_string();
        let begin = r#"fields: there is no field "src-addr"; the fields are version, account-id, "#;
        assert!(refusal.starts_with(begin), "{refusal}");
        assert!(refusal.ends_with("next-hop-interface-type"), "{refusal}");
    }

    #[test]
    fn a_field_that_is_named_again_is_another_column() {
        let shape = options(json!({"fields": ["bytes", "srcaddr", "bytes", "bytes"]}));
        assert_eq!(shape.header(), "timestamp,bytes,srcaddr,bytes_2,bytes_3");
        assert_eq!(row_of(&shape, "1 a 2 3"), "1,a,2,3");
    }

    #[test]
    fn fields_are_understood_as_people_have_them() {
        let expected = options(json!({"fields": ["version", "account-id", "log-status"]}));
        for written in [
            json!("version account-id log-status"),
            json!("${version} ${account-id} ${log-status}"),
            json!("'${version} ${account-id} ${log-status}'"),
            json!("\"${version}\t${account-id}\n${log-status}\""),
            json!("$${version} $${account-id} $${log-status}"),
            json!("version, account_id, log_status"),
            json!("VERSION ACCOUNT_ID Log_Status"),
            json!("`version`,`account_id`,\n`log_status`,"),
            json!(["version account_id log-status"]),
            json!([["VERSION", "account_id", "${log-status}"]]),
            json!(["version", "account_id", "${log-status}"]),
        ] {
            let shape = options(json!({"fields": written}));
            assert_eq!(shape.options(), expected.options(), "{written}");
        }
    }

    #[test]
    fn a_number_is_digits_or_a_dash() {
        let flow = |port: &str| FLOW.replace(" 49152 ", &format!(" {port} "));
        for port in ["0", "65535", "-", "007"] {
            assert_eq!(row(&flow_logs(), &flow(port)), flow(port).replace(' ', ","));
        }
        for port in [
            "--", "-1", "+1", "1.0", "1e3", "0x1", "https", "é", "1\u{0}", "１",
        ] {
            let output = output_of(&flow_logs(), &flow(port));
            let count = &output.summary.rejections[0];
            assert_eq!(count.reason, "field-type", "{port}");
            assert_eq!(count.detail.as_deref(), Some("dstport"), "{port}");
        }
    }

    #[test]
    fn a_number_that_its_column_cannot_hold_is_rejected() {
        let with = |field: &str, value: &str| {
            let place = DEFAULT_FIELDS
                .iter()
                .position(|name| *name == field)
                .unwrap();
            let message = flow(1);
            let mut fields: Vec<&str> = message.split(' ').collect();
            fields[place] = value;
            fields.join(" ")
        };
        for (field, value) in [
            ("dstport", "2147483647"),
            ("dstport", "00000000002147483647"),
            ("bytes", "9223372036854775807"),
            (
                "bytes",
                "000000000000000000000000000000000000000000000000000000000000000000001",
            ),
            ("account-id", "99999999999999999999"),
        ] {
            let message = with(field, value);
            assert_eq!(row(&flow_logs(), &message), message.replace(' ', ","));
        }
        for (field, value) in [
            ("version", "2147483648"),
            ("dstport", "2147483648"),
            ("dstport", "9999999999"),
            ("bytes", "9223372036854775808"),
            (
                "end",
                "99999999999999999999999999999999999999999999999999999999999999999999999",
            ),
        ] {
            let output = output_of(&flow_logs(), &with(field, value));
            let count = &output.summary.rejections[0];
            assert_eq!(count.reason, "field-type", "{value}");
            assert_eq!(count.detail.as_deref(), Some(field), "{value}");
        }
    }

    #[test]
    fn a_strangers_message_with_the_right_number_of_words_is_no_row() {
        let words = "2 jobs of the queue were started and all but one of them failed";
        assert_eq!(words.split(' ').count(), 14);
        assert_eq!(output_of(&flow_logs(), words).summary.written, 0);
    }

    #[test]
    fn two_layouts_share_the_columns_that_they_both_have() {
        let shape = options(json!({"fields": [
            ["srcaddr", "dstaddr", "bytes"],
            ["version", "bytes", "srcaddr", "action"],
        ]}));
        assert_eq!(
            shape.header(),
            "timestamp,srcaddr,dstaddr,bytes,version,action"
        );
        assert_eq!(row_of(&shape, "a b 1"), "a,b,1,-,-");
        assert_eq!(row_of(&shape, "2 1 a ACCEPT"), "a,-,1,2,ACCEPT");
        assert_eq!(
            output_of(&shape, "2 x a ACCEPT").summary.rejections[0].reason,
            "field-type"
        );
        assert_eq!(
            output_of(&shape, "a b").summary.rejections[0].reason,
            "field-count"
        );
        assert_eq!(
            output_of(&shape, "a \\\"b\\\"").summary.rejections[0].reason,
            "character",
            "as with one layout"
        );
    }

    #[test]
    fn two_layouts_that_one_record_could_match_are_refused() {
        let refusal = refusal(json!({"fields": [["srcaddr", "bytes"], ["bytes", "srcaddr"]]}));
        assert_eq!(
            refusal.to_string(),
            "fields: two layouts have 2 fields, so a record could be of either; convert the objects \
             of each into an output of its own"
        );
    }

    #[test]
    fn transit_gateway_flow_logs_have_a_format_of_their_own() {
        let shape = options(json!({"format": "tgw-flow-logs"}));
        assert_eq!(shape.columns().len(), 1 + 36);
        let record = "6 TransitGateway 123456789012 tgw-0 tgw-attach-0 123456789012 - vpc-0 vpc-1 \
                      subnet-0 subnet-1 eni-0 eni-1 use1-az1 use1-az2 tgw-attach-1 10.0.0.4 10.0.0.5 \
                      443 49152 6 1 40 0 59 OK IPv4 0 0 0 0 2 us-east-1 egress - -";
        assert_eq!(row_of(&shape, record), record.replace(' ', ","));
        assert_eq!(output_of(&shape, FLOW).summary.rejected, 1);
        assert_eq!(output_of(&flow_logs(), record).summary.rejected, 1);
    }

    #[test]
    fn an_empty_list_of_fields_is_refused() {
        assert_eq!(
            refusal(json!({"fields": []})).to_string(),
            "fields: no field is named"
        );
    }
}

mod captures {
    use super::*;

    fn shape() -> Shape {
        options(
            json!({"message_regex": r#"^(?P<verb>\S+) "(?P<path>[^"]*)"(?: (?P<rest>(?s:.*)))?$"#}),
        )
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
}

mod whole {
    use super::*;

    #[test]
    fn a_reader_of_csv_gets_the_message_back() {
        let written = [
            "",
            " ",
            "plain",
            "a,b",
            "\"",
            "\"\"",
            "say \"a\"",
            "\n",
            "\r\n",
            "a\nb",
            ",",
            "é€😀",
            "\u{0}\t\u{7f}",
            "\\",
            "'",
            "a\"",
            "\u{2028}",
        ];
        let events = written.map(|message| (0, message));
        let shape = options(json!({"format": "message", "line_breaks": "keep"}));
        let csv = output(&shape, &events).csv();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.headers().unwrap(), vec!["timestamp", "message"]);
        let read: Vec<_> = reader.records().map(|record| record.unwrap()).collect();
        let read: Vec<_> = read.iter().map(|record| &record[1]).collect();
        assert_eq!(read, written);

        let csv = output(&messages(), &events).csv();
        assert_eq!(
            csv.lines().count(),
            1 + written.len(),
            "a line for each row"
        );
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let unescaped = |field: &str| {
            let marked = field.replace(r"\\", "\u{e000}");
            let broken = marked.replace(r"\n", "\n").replace(r"\r", "\r");
            broken.replace('\u{e000}', r"\")
        };
        let read: Vec<_> = reader
            .records()
            .map(|record| unescaped(&record.unwrap()[1]))
            .collect();
        assert_eq!(read, written);
    }
}

mod timestamps {
    use super::*;

    /// Returns the timestamp in the row of an event, or its rejected line.
    fn written(timestamp: &str) -> Result<String, String> {
        let object = document(&[(0, "x")])
            .replace(r#""timestamp":0"#, &format!(r#""timestamp":{timestamp}"#));
        let output = transcode(&messages(), object.as_bytes(), &[5]).unwrap();
        let expected = expect(messages().options(), SOURCE, object.as_bytes()).unwrap();
        assert_eq!(output.as_expected(), expected);
        match output.csv().lines().nth(1) {
            Some(row) => Ok(row.strip_suffix(",x").unwrap().to_owned()),
            None => Err(output.rejected_lines()),
        }
    }

    #[test]
    fn timestamps_of_the_years_1_to_9999_are_written() {
        for (milliseconds, time) in [
            ("0", "1970-01-01T00:00:00.000Z"),
            ("-0", "1970-01-01T00:00:00.000Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
            ("1580515200000", "2020-02-01T00:00:00.000Z"),
            ("1582988399999", "2020-02-29T14:59:59.999Z"),
            ("951782400001", "2000-02-29T00:00:00.001Z"),
            ("-2203891200000", "1900-03-01T00:00:00.000Z"),
            ("-62135596800000", "0001-01-01T00:00:00.000Z"),
            ("253402207200000", "9999-12-30T22:00:00.000Z"),
            ("253402300799999", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(written(milliseconds).as_deref(), Ok(time));
        }
    }

    #[test]
    fn any_other_number_is_rejected_as_written() {
        for number in [
            "-62135596800001",
            "253402300800000",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "12345678901234567890",
            "1e99",
        ] {
            let line = r#"{"source":"2020/02/01/00/a \"stash\"","reason":"timestamp","log_group":"flow-logs","log_stream":"eni-0-all","timestamp":NUMBER,"message":"x"}"#;
            assert_eq!(written(number), Err(line.replace("NUMBER", number) + "\n"));
        }
    }

    #[test]
    fn the_day_changes_from_event_to_event() {
        let day = 24 * 60 * 60 * 1000;
        let events: Vec<_> = [0, 1, -1, 2, 2, 0].map(|days| (days * day, "x")).to_vec();
        let csv = output(&messages(), &events).csv();
        let days: Vec<_> = csv.lines().skip(1).map(|row| &row[..10]).collect();
        assert_eq!(
            days,
            [
                "1970-01-01",
                "1970-01-02",
                "1969-12-31",
                "1970-01-03",
                "1970-01-03",
                "1970-01-01"
            ]
        );
    }
}

mod rejected {
    use super::*;

    #[test]
    fn an_event_is_kept_as_a_line_of_json() {
        let events = [(5, "a \"b\" \\ \n\u{1f} é😀"), (-6, "too short")];
        let output = output(&flow_logs(), &events);
        assert_eq!(
            output.rejected_lines(),
            concat!(
                r#"{"source":"2020/02/01/00/a \"stash\"","reason":"character","log_group":"flow-logs","log_stream":"eni-0-all","timestamp":5,"message":"a \"b\" \\ \n\u001f é😀"}"#,
                "\n",
                r#"{"source":"2020/02/01/00/a \"stash\"","reason":"field-count","detail":"2","log_group":"flow-logs","log_stream":"eni-0-all","timestamp":-6,"message":"too short"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn a_timestamp_that_is_not_a_number_is_kept_as_a_string() {
        let shape = event_regex("(?P<timestamp>[0-9x]*):(?P<message>[a-z]+)");
        let output = transcode(&shape, b"007:a x:b :c", &[1]).unwrap();
        assert_eq!(
            output.csv(),
            "timestamp,message\n1970-01-01T00:00:00.007Z,a\n"
        );
        let kept: Vec<Value> = output
            .rejected_lines()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!([&kept[0]["timestamp"], &kept[1]["timestamp"]], ["x", ""]);
    }

    #[test]
    fn without_rejected_events_nothing_is_written() {
        assert_eq!(output(&messages(), &[(0, "x")]).rejected_gz, b"");
    }
}

mod choices {
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
        let event = |pattern: &str| json!({"event_regex": format!("(?P<timestamp>1)(?P<message>{pattern}2)")});
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
}
