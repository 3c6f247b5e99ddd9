//! Logs whose records are JSON: CloudTrail, WAF, Resolver, Network Firewall.

use proptest::prelude::*;
use rehose_extract::Reason;
use rehose_testkit::shapes::options;
use rehose_testkit::subject::transcode;
use serde_json::json;

use super::subject::{Rows, rows};

const EVENT: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","n":12345678901234567890,"n":1.0,"N":1e400},"eventTime":"2026-01-05T10:15:59Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-central-1","sourceIPAddress":"AWS Internal","userAgent":"say \"hi\" \u00e9\ud83d\ude00","requestParameters":{"a/b:c": [1, 2],"Host":"x"},"responseElements":null,"additionalEventData":"text","requestID":"1","eventID":"8d50073e","readOnly":true,"resources":[{"ARN":"arn:aws:s3:::b"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"011122223333","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3"},"sessionCredentialFromConsole":"true","brandNew": {"x":1},"newer":"\ud800"}"#;

fn check_event(rows: &Rows, row: usize) {
    for (column, value) in [
        ("timestamp", "2026-01-05T10:15:59.000Z"),
        ("eventtime", "2026-01-05T10:15:59Z"),
        (
            "useridentity",
            r#"{"type":"IAMUser","n":12345678901234567890,"n":1.0,"N":1e400}"#,
        ),
        ("useragent", "say \"hi\" é😀"),
        ("requestparameters", r#"{"a/b:c": [1, 2],"Host":"x"}"#),
        ("responseelements", ""),
        ("additionaleventdata", "\"text\""),
        ("readonly", "true"),
        ("managementevent", "false"),
        ("recipientaccountid", "011122223333"),
        ("more", r#"{"brandNew":{"x":1}}"#),
    ] {
        assert_eq!(rows.value(row, column), value, "{column}");
    }
}

/// The event without half of a surrogate pair, which no document of JSON may have.
fn event() -> String {
    EVENT.replace(r#","newer":"\ud800""#, "")
}

#[test]
fn the_free_parts_of_an_event_are_kept_byte_for_byte() {
    let pretty = event().replace(r#","eventName""#, ",\n  \"eventName\"");
    for text in [
        format!(r#"{{"Records":[{}]}}"#, event()),
        format!("{{\n  \"x\": {{\"Records\": 1}}, \"Records\" : [\n {pretty}\n ] }}\n"),
        event(),
        format!("[{}]", event()),
    ] {
        let rows = rows("cloudtrail", &text);
        assert_eq!((rows.rows.len(), rows.summary.rejected), (1, 0), "{text}");
        check_event(&rows, 0);
    }
    let half = rows_of_lines(&[EVENT]);
    assert_eq!(
        half.value(0, "more"),
        r#"{""brandNew"":{""x"":1},""newer"":""\\ud800""}"#.replace("\"\"", "\"")
    );
}

/// Lines of JSON are read by the dialect `lines` as they are.
fn rows_of_lines(lines: &[&str]) -> Rows {
    super::subject::rows_in("lines", "cloudtrail", &lines.join("\n"))
}

#[test]
fn an_array_of_records_may_have_anything_in_it() {
    let records = [
        event().as_str(),
        "{}",
        "1",
        "[]",
        "null",
        "\"text\"",
        r#"{"eventName":"\q"}"#,
        &event(),
    ]
    .join(", ");
    let rows = rows(
        "cloudtrail",
        &format!(r#"{{"Records":[{records}], "Other":[1]}}"#),
    );
    assert_eq!(rows.rows.len(), 2);
    let reasons: Vec<_> = rows
        .rejected
        .iter()
        .map(|(reason, _)| reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "field-missing",
            "event",
            "event",
            "event",
            "event",
            "escape"
        ]
    );
    assert_eq!(rows.summary.documents, 1);
}

#[test]
fn an_object_without_records_is_empty() {
    let shape = options(json!({"format": "cloudtrail"}));
    let output = transcode(&shape, br#"{"Records":[]}"#, &[1]).unwrap();
    assert_eq!((output.summary.documents, output.summary.events), (1, 0));
}

#[test]
fn the_dialect_records_reads_arrays_for_any_format() {
    let shape = options(json!({"format": "message", "dialect": "records"}));
    let output = transcode(&shape, br#"{"Records":[{"a":1}, {"b":2}]}"#, &[1]).unwrap();
    assert_eq!(
        output.csv(),
        "timestamp,message\n,\"{\"\"a\"\":1}\"\n,\"{\"\"b\"\":2}\"\n"
    );
    let other = options(json!({"format": "message"}));
    let output = transcode(&other, br#"{"Records":[{"a":1}]}"#, &[1]).unwrap();
    assert!(
        output.csv().contains("Records"),
        "without the dialect it is one document"
    );
}

#[test]
fn other_kinds_of_files_are_told_by_their_members() {
    let shape = options(json!({"format": "cloudtrail"}));
    for (text, kind) in [
        (
            r#"{"awsAccountId":"1","digestS3Bucket":"b","logFiles":[]}"#,
            "cloudtrail-digest",
        ),
        (
            r#"{"Records":[{"eventTime":"2026-01-05T10:15:59Z","insightDetails":{}}]}"#,
            "cloudtrail-insight",
        ),
        (
            r#"{"timestamp":1693457862729,"formatVersion":1,"webaclId":"arn","action":"ALLOW"}"#,
            "waf",
        ),
    ] {
        let fault = transcode(&shape, text.as_bytes(), &[5]).unwrap_err();
        assert_eq!(fault.reason, Reason::OtherKind(kind), "{text}");
    }
}

#[test]
fn a_record_of_any_size_up_to_the_limit() {
    let size = 1024 * 1024;
    let large = event().replace("\"text\"", &format!("\"{}\"", "x".repeat(size)));
    let shape = options(json!({"format": "cloudtrail"}));
    let text = format!(r#"{{"Records":[{large},{large}]}}"#);
    let output = transcode(&shape, text.as_bytes(), &[100_000]).unwrap();
    assert_eq!(output.summary.written, 2);
    let larger = format!(r#"{{"Records":[{},{large}]}}"#, large.replace('x', "xxx"));
    for sizes in [100_000, usize::MAX] {
        let output = transcode(&shape, larger.as_bytes(), &[sizes]).unwrap();
        assert_eq!((output.summary.written, output.summary.rejected), (1, 1));
    }
}

#[test]
fn a_member_that_comes_twice_or_has_another_type_rejects_the_record() {
    for (from, to, reason, detail) in [
        (
            r#""awsRegion""#,
            r#""eventName""#,
            "field-repeated",
            "eventname",
        ),
        ("2026-01-05T10:15:59Z", "then", "field-type", "eventtime"),
        (
            r#""eventName""#,
            r#""EventName""#,
            "field-missing",
            "eventname",
        ),
        (
            r#""eventTime":"2026-01-05T10:15:59Z""#,
            r#""eventTime":null"#,
            "field-missing",
            "eventtime",
        ),
        (r#""GetObject""#, "\"Get\\ud800\"", "escape", ""),
    ] {
        let changed = event().replacen(from, to, 1);
        let rows = rows_of_lines(&[&event(), &changed]);
        assert_eq!(
            rows.rejected,
            [(reason.to_owned(), detail.to_owned())],
            "{changed}"
        );
    }
    let rows = rows_of_lines(&[&event(), "{\"eventName\":1", "[]", "1", "text"]);
    assert!(
        rows.rejected.iter().all(|(reason, _)| reason == "json"),
        "{:?}",
        rows.rejected
    );
    assert_eq!(rows.rejected.len(), 4);
}

const WAF: &str = r#"{"timestamp":1767608159123,"formatVersion":1,"webaclId":"arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/1","terminatingRuleId":"block-bots","terminatingRuleType":"REGULAR","action":"BLOCK","terminatingRuleMatchDetails":[],"httpSourceName":"ALB","httpSourceId":"111122223333-app/shop/1","ruleGroupList":[{"ruleGroupId":"x","terminatingRule":null}],"rateBasedRuleList":[],"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"responseCodeSent":403,"httpRequest":{"clientIp":"192.0.2.7","country":"DE","headers":[{"name":"Host","value":"a"},{"name":"Host","value":"b"}],"uri":"/","args":"","httpVersion":"HTTP/2.0","httpMethod":"GET","requestId":"1-64f0"},"labels":[{"name":"bot"}],"ja3Fingerprint":"abc","clientAsn":64496,"requestBodySize":0}"#;

const RESOLVER: &str = r#"{"version":"1.100000","account_id":"011122223333","region":"eu-central-1","vpc_id":"vpc-1","query_timestamp":"2026-01-05T10:15:59Z","query_name":"example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}],"srcaddr":"10.0.0.9","srcport":"56067","transport":"UDP","srcids":{"instance":"i-1"}}"#;

const FIREWALL: &str = r#"{"firewall_name":"edge","availability_zone":"eu-central-1a","event_timestamp":"1767608159","event":{"timestamp":"2026-01-05T10:15:59.000001+0000","flow_id":18446744073709551,"event_type":"netflow","src_ip":"10.0.0.9","src_port":40000,"dest_ip":"192.0.2.7","dest_port":443,"proto":"TCP","app_proto":"tls","netflow":{"pkts":5,"bytes":260,"start":"2026-01-05T10:14:01.000000+0000","end":"2026-01-05T10:15:01.000000+0000","age":60},"tls":{"sni":"example.com"},"other":[1]}}"#;

#[test]
fn waf() {
    let rows = rows("waf", &format!("{WAF}\n{WAF}\n"));
    assert_eq!(rows.rows.len(), 2);
    for (column, value) in [
        ("timestamp", "2026-01-05T10:15:59.123Z"),
        ("time", "2026-01-05T10:15:59.123Z"),
        ("action", "BLOCK"),
        ("responsecodesent", "403"),
        ("clientip", "192.0.2.7"),
        (
            "headers",
            r#"[{"name":"Host","value":"a"},{"name":"Host","value":"b"}]"#,
        ),
        ("args", ""),
        ("clientasn", "64496"),
        ("requestheadersinserted", ""),
    ] {
        assert_eq!(rows.value(1, column), value, "{column}");
    }
    assert!(rows.value(0, "httprequest").starts_with(r#"{"clientIp""#));
}

#[test]
fn resolver() {
    let rows = rows("resolver", RESOLVER);
    assert_eq!(rows.value(0, "srcport"), "56067");
    assert_eq!(rows.value(0, "srcids_instance"), "i-1");
    assert_eq!(rows.value(0, "timestamp"), "2026-01-05T10:15:59.000Z");
}

#[test]
fn network_firewall() {
    let rows = rows("network-firewall", FIREWALL);
    for (column, value) in [
        ("event_timestamp", "2026-01-05T10:15:59.000Z"),
        ("event_flow_id", "18446744073709551"),
        ("event_dest_port", "443"),
        ("event_netflow_bytes", "260"),
        ("event_netflow_start", "2026-01-05T10:14:01.000000Z"),
        ("event_tls_sni", "example.com"),
        ("more", ""),
    ] {
        assert_eq!(rows.value(0, column), value, "{column}");
    }
    assert!(rows.value(0, "event").ends_with(r#""other":[1]}"#));
}

/// A part of a record, changed a little.
fn changed(record: &'static str) -> impl Strategy<Value = String> {
    let pieces: Vec<&str> = record.split_inclusive(',').collect();
    let piece = move |piece: &str| {
        let piece = piece.to_owned();
        prop_oneof![
            30 => Just(piece.clone()),
            1 => Just(piece.replace('"', "")),
            1 => Just(piece.replace(':', " : ")),
            1 => Just(format!("{piece}{piece}")),
            1 => Just(piece.replace('1', "-")),
            1 => Just(piece.replace('e', "\\u0065")),
            1 => Just("\"new\":{\"a\":[]},".to_owned()),
            1 => Just("\"insightDetails\":1,".to_owned()),
            1 => Just(String::new()),
        ]
    };
    let pieces: Vec<_> = pieces.into_iter().map(piece).collect();
    pieces.prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_record_is_what_the_oracle_says(
        (format, sound, record) in prop_oneof![
            changed(EVENT).prop_map(|record| ("cloudtrail", event(), record)),
            changed(WAF).prop_map(|record| ("waf", WAF.to_owned(), record)),
            changed(RESOLVER).prop_map(|record| ("resolver", RESOLVER.to_owned(), record)),
            changed(FIREWALL).prop_map(|record| ("network-firewall", FIREWALL.to_owned(), record)),
        ],
        in_array: bool,
    ) {
        match in_array && format == "cloudtrail" {
            true => {
                let text = format!(r#"{{"Records":[{sound},{record}]}}"#);
                rows_or_fault(format, &text);
            }
            false => {
                super::subject::rows_in("lines", format, &format!("{sound}\n{record}\n"));
            }
        }
    }
}

fn rows_or_fault(format: &str, text: &str) {
    super::subject::check(&json!({"format": format}), text);
}
