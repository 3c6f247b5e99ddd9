//! Standard logs of CloudFront.

use proptest::prelude::*;
use rehose_extract::Reason;
use rehose_testkit::shapes::options;
use rehose_testkit::subject::transcode;
use serde_json::json;

use super::subject::{line, rows};

const FIELDS: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem \
    sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type \
    x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol \
    ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields \
    c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
    sc-range-start sc-range-end";

const LINE: &str = "2026-01-05 10:15:59 FRA56-P3 1045619 192.0.2.7 GET d111111abcdef8.cloudfront.net \
    /view/my%20file.html 000 https://www.example.com/ Mozilla/4.0%2520(compatible;%2520X) a=b%26c - Hit \
    SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ== d111111abcdef8.cloudfront.net https 23 \
    0.001 10.0.0.1,\\x2010.0.0.2 TLSv1.3 TLS_AES_128_GCM_SHA256 Hit HTTP/2.0 Processed 12 11040 0.001 \
    Hit text/html 78 - -";

fn fields() -> Vec<String> {
    LINE.split_whitespace().map(str::to_owned).collect()
}

fn tabs() -> String {
    fields().join("\t")
}

fn header(fields: &str) -> String {
    format!("#Version: 1.0\n#Fields: {fields}\n")
}

#[test]
fn every_field_has_its_column() {
    for text in [tabs(), header(FIELDS) + &tabs()] {
        let rows = rows("cloudfront", &text);
        for (column, value) in [
            ("timestamp", "2026-01-05T10:15:59.000Z"),
            ("time", "2026-01-05T10:15:59Z"),
            ("sc_bytes", "1045619"),
            ("cs_host", "d111111abcdef8.cloudfront.net"),
            ("cs_user_agent", "Mozilla/4.0%2520(compatible;%2520X)"),
            ("sc_status", "000"),
            ("cs_cookie", ""),
            ("time_taken", "0.001"),
            ("x_forwarded_for", r"10.0.0.1,\\x2010.0.0.2"),
            ("fle_encrypted_fields", "12"),
            ("sc_content_len", "78"),
            ("sc_range_end", ""),
            ("more", ""),
        ] {
            assert_eq!(rows.value(0, column), value, "{column}");
        }
        assert_eq!((rows.summary.events, rows.summary.rejected), (1, 0));
    }
}

#[test]
fn the_header_gives_the_order() {
    let text = header("c-ip time asn date sc-status new cs(Host)")
        + "192.0.2.7\t10:15:59\t64496\t2026-01-05\t404\tx\tshop\n";
    let rows = rows("cloudfront", &text);
    assert_eq!(rows.value(0, "time"), "2026-01-05T10:15:59Z");
    assert_eq!(rows.value(0, "asn"), "64496");
    assert_eq!(rows.value(0, "cs_host"), "shop");
    assert_eq!(rows.value(0, "more"), "x");
}

#[test]
fn a_field_that_is_named_twice_loses_no_value() {
    let text = header("date time c-ip sc-status c-ip time")
        + "2026-01-05\t10:15:59\t192.0.2.7\t200\t192.0.2.9\t10:00:00\n";
    let rows = rows("cloudfront", &text);
    assert_eq!(rows.value(0, "time"), "2026-01-05T10:15:59Z");
    assert_eq!(rows.value(0, "c_ip"), "192.0.2.7");
    assert_eq!(rows.value(0, "more"), "192.0.2.9\t10:00:00");
}

#[test]
fn every_length_that_aws_has_used_is_a_row() {
    for (length, header) in
        (1..33).flat_map(|length| [(length, String::new()), (length, header(FIELDS))])
    {
        let short = fields()[..length].join("\t");
        let rows = rows("cloudfront", &format!("{header}{}\n{short}\n", tabs()));
        match [18, 19, 23, 24, 26, 31].contains(&length) {
            true => assert_eq!(rows.rows.len(), 2, "{length}"),
            false => assert_eq!(rows.rejected[0], ("field-count".into(), length.to_string())),
        }
    }
    let rows = rows("cloudfront", &format!("{}\tnew\t-\n", tabs()));
    assert_eq!(rows.value(0, "more"), "new\t-");
}

#[test]
fn a_line_has_as_many_fields_as_its_header() {
    for line in ["2026-01-05\t10:15:59\t404\tx", "2026-01-05\t10:15:59"] {
        let rows = rows(
            "cloudfront",
            &(header("date time sc-status") + line + "\n2026-01-05\t10:15:59\t200\n"),
        );
        assert_eq!(rows.rejected[0].0, "field-count", "{line}");
        assert_eq!(rows.value(0, "sc_status"), "200");
    }
}

#[test]
fn lines_of_rtmp_among_others_are_rejected() {
    let rtmp = header("date time x-edge-location c-ip x-event sc-bytes") + "2010-03-12 23:51:20\n";
    let rows = rows(
        "cloudfront",
        &format!("{}\n{rtmp}{}{}\n", tabs(), header(FIELDS), tabs()),
    );
    assert_eq!(rows.rows.len(), 2);
    assert_eq!(
        rows.rejected,
        [("other-kind".into(), "cloudfront-rtmp".into())]
    );
}

#[test]
fn logs_of_rtmp_are_of_another_kind() {
    let text = header("date time x-edge-location c-ip x-event sc-bytes") + "2010-03-12 23:51:20\n";
    let shape = options(json!({"format": "cloudfront"}));
    let fault = transcode(&shape, text.as_bytes(), &[3]).unwrap_err();
    assert_eq!(fault.reason, Reason::OtherKind("cloudfront-rtmp"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_line_is_what_the_oracle_says(line in line(fields()), has_header: bool) {
        let header = if has_header { header(FIELDS) } else { String::new() };
        rows("cloudfront", &format!("{header}{}\n{}\n", tabs(), line.replace(' ', "\t")));
    }
}
