//! One record per line.

use rehose_extract::{DEFAULT_FIELDS, Reason};
use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::{FLOW, document};
use rehose_testkit::subject::{SIZES, in_text, transcode, transcode_in_chunks};
use serde_json::json;

use super::{fault, output, rows, started};

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
fn a_header_with_an_unknown_name_fails_and_no_column_moves() {
    for names in [
        "version account-id interface-id dstaddr srcaddr new-field",
        "new-field version account-id",
        "VERSION New_Field",
    ] {
        let fault = fault(&flow_logs(), &format!("{FLOW}\n{names}\n{FLOW}\n"));
        let unknown = Reason::UnknownFields(vec!["new-field".to_owned()]);
        assert_eq!(fault, in_text(unknown, FLOW.len() + 1), "{names}");
        assert!(
            fault
                .to_string()
                .contains("use the format regex or message")
        );
    }
}

#[test]
fn a_header_may_be_spelled_as_an_option() {
    let shape = options(json!({"fields": ["srcaddr", "tcp-flags", "start"]}));
    for header in [
        "START tcp_flags SRCADDR",
        "${start} ${tcp-flags} ${srcaddr}",
        "start,tcp_flags,srcaddr",
        "\u{feff}start tcp-flags srcaddr",
    ] {
        let text = format!("10.0.0.4 0 60\n{header}\n61 2 10.0.0.5\n");
        let expected = [
            "1970-01-01T00:01:00.000Z,10.0.0.4,0,60",
            "1970-01-01T00:01:01.000Z,10.0.0.5,2,61",
        ];
        assert_eq!(rows(&shape, &text), expected, "{header}");
    }
}

#[test]
fn lines_after_a_header_of_another_kind_are_rejected_and_no_others() {
    const TGW: &str = "version account-id tgw-id srcaddr";
    let names = DEFAULT_FIELDS.join(" ");
    let text = format!("{FLOW}\n{TGW}\n6 1 tgw-1 10.0.0.1\n{FLOW}\n{names}\n{FLOW}\n");
    let output = output(&flow_logs(), &text);
    assert_eq!((output.summary.written, output.summary.rejected), (2, 2));
    assert_eq!(output.summary.rejections[0].reason, "other-kind");
    let fault = fault(&flow_logs(), &format!("{TGW}\n6 1 tgw-1 10.0.0.1\n"));
    assert_eq!(fault.reason, Reason::OtherKind("tgw-flow-logs"));
}

#[test]
fn line_breaks_after_a_record_are_not_its_own() {
    let text = document(&[(0, &format!("{FLOW}\n")), (0, &format!("{FLOW}\r\n\n"))]);
    let expected = format!("1970-01-01T00:00:00.000Z,{}", FLOW.replace(' ', ","));
    assert_eq!(rows(&flow_logs(), &text), [expected.clone(), expected]);
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
        ("%s", "1580515200"),
        ("%F %T %Q", "2020-02-01 01:00:00 Europe/Paris"),
        ("%d/%b/%y %I:%M:%S %p %z", "01/Feb/20 02:00:00 AM +0200"),
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

/// No double is any of these numbers, and the nearest one may be less.
#[test]
fn seconds_with_a_fraction_keep_each_millisecond() {
    for format in ["s", "us"] {
        let shape = options(json!({
            "event_regex": "(?P<timestamp>[0-9.]+)\\|(?P<message>.*)", "time_format": format,
            "format": "message",
        }));
        let fractions = 0..1_000;
        let text: String = fractions
            .clone()
            .map(|milliseconds| match format {
                "s" => format!("1095017997.{milliseconds:03}|x\n"),
                _ => format!("1095017997{milliseconds:03}000|x\n"),
            })
            .collect();
        let output = transcode(&shape, text.as_bytes(), &[64]).unwrap().csv();
        let written: Vec<&str> = output.lines().skip(1).map(|row| &row[17..24]).collect();
        let expected: Vec<String> = fractions
            .map(|milliseconds| format!("57.{milliseconds:03}Z"))
            .collect();
        assert_eq!(written, expected);
    }
}

#[test]
fn a_line_with_a_nul_is_no_record() {
    let output = output(&messages(), "good\nb\0d\n");
    assert_eq!((output.summary.written, output.summary.rejected), (1, 1));
}
