//! The logs of load balancers.

use proptest::prelude::*;

use super::subject::{line, rows};

/// A line of ALB with all fields, of which some stand in for others in the tests.
fn alb() -> Vec<String> {
    let line = r#"https|2026-01-05T10:15:59.123456Z|app/shop/0123456789abcdef|192.0.2.7:40000|10.0.0.9:8443|0.001|0.250|0.000|200|200|310|5120|"GET https://shop.example:443/basket?item=4 HTTP/2.0"|"Mozilla/5.0 (X11; Linux x86_64)"|ECDHE-RSA-AES128-GCM-SHA256|TLSv1.3|arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/ffff000011112222|"Root=1-65a00000-aaaabbbbccccddddeeeeffff"|"shop.example"|"session-reused"|17|2026-01-05T10:15:58.873000Z|"waf,forward"|"-"|"-"|"10.0.0.9:8443"|"200"|"-"|"-"|TID_00112233445566778899aabbccddeeff|"shop.internal"|"/v2/basket?item=4"|"success"|10.0.0.1"#;
    line.split('|').map(str::to_owned).collect()
}

fn alb_with(changes: &[(usize, &str)]) -> String {
    let mut fields = alb();
    for (number, text) in changes {
        fields[number - 1] = (*text).to_owned();
    }
    fields.join(" ")
}

#[test]
fn every_field_has_its_column() {
    let rows = rows("alb", &(alb().join(" ") + "\n"));
    let row = rows.row(0);
    for (column, value) in [
        ("timestamp", "2026-01-05T10:15:59.123Z"),
        ("time", "2026-01-05T10:15:59.123456Z"),
        ("type", "https"),
        ("client_ip", "192.0.2.7"),
        ("client_port", "40000"),
        ("target_ip", "10.0.0.9"),
        ("target_port", "8443"),
        ("target_processing_time", "0.250"),
        ("elb_status_code", "200"),
        ("request_verb", "GET"),
        ("request_url", "https://shop.example:443/basket?item=4"),
        ("request_proto", "HTTP/2.0"),
        ("matched_rule_priority", "17"),
        ("request_creation_time", "2026-01-05T10:15:58.873000Z"),
        ("request_transform_status", "success"),
        ("ip_address", "10.0.0.1"),
    ] {
        assert_eq!(row.get(column), Some(&value), "{column}");
    }
    // Five fields are no value, in quotes or not.
    assert_eq!(row.len(), rows.columns.len() - 5, "{row:?}");
}

#[test]
fn every_length_that_aws_has_used_is_a_row() {
    for (format, line, lengths) in [
        ("alb", alb(), vec![18, 19, 20, 25, 29, 30, 33, 34]),
        ("alb-connection", words(CONNECTION), vec![11, 12]),
        ("nlb", words(NLB), vec![17, 21, 22]),
        ("elb", classic(), vec![12, 15]),
    ] {
        for length in 1..=line.len() {
            // A sound line, because an object without any fails.
            let text = format!("{}\n{}\n", line.join(" "), line[..length].join(" "));
            let rows = rows(format, &text);
            match lengths.contains(&length) {
                true => assert_eq!(rows.rows.len(), 2, "{format} {length}"),
                false => assert_eq!(
                    rows.rejected,
                    [("field-count".to_owned(), length.to_string())],
                    "{format}"
                ),
            }
        }
    }
}

#[test]
fn what_comes_after_the_known_fields_is_kept() {
    for (format, line) in [
        ("alb", alb()),
        ("alb-connection", words(CONNECTION)),
        ("nlb", words(NLB)),
        ("elb", classic()),
    ] {
        let text = format!("{}  new \"and newer\" -", line.join(" "));
        let rows = rows(format, &text);
        assert_eq!(rows.value(0, "more"), "new \"and newer\" -", "{format}");
    }
}

#[test]
fn quotes_inside_a_field_do_not_end_it() {
    for (field, agent) in [
        (r#""say \x22hi\x22""#, r"say \x22hi\x22"),
        (r#""\"quoted agent\"""#, r#"\"quoted agent\""#),
        (r#""ends with a backslash\""#, r"ends with a backslash\"),
        (r#""two backslashes\\""#, r"two backslashes\\"),
        (r#""""#, ""),
        (r#""-""#, ""),
    ] {
        let rows = rows("alb", &alb_with(&[(14, field)]));
        assert_eq!(rows.value(0, "user_agent"), agent.replace('\\', r"\\"));
        assert_eq!(rows.value(0, "ip_address"), "10.0.0.1", "{field}");
    }
    for field in [r#""open"#, r#""a"b""#] {
        let text = alb().join(" ") + "\n" + &alb_with(&[(14, field)]);
        assert_eq!(rows("alb", &text).rejected[0].0, "quotes", "{field}");
    }
}

#[test]
fn a_request_is_split_at_its_first_and_its_last_space() {
    for (request, [verb, url, proto]) in [
        (
            "GET http://a:80/b c d HTTP/1.1",
            ["GET", "http://a:80/b c d", "HTTP/1.1"],
        ),
        ("- http://a:80- ", ["", "http://a:80-", ""]),
        ("- http://a:80-/ ", ["", "http://a:80-/", ""]),
        ("- - - ", ["", "", ""]),
        ("-", ["", "", ""]),
        ("GET http://a:80/", ["GET", "http://a:80/", ""]),
        (
            "GET http://[2001:db8::1]:80/ HTTP/1.1",
            ["GET", "http://[2001:db8::1]:80/", "HTTP/1.1"],
        ),
        ("nonsense", ["", "nonsense", ""]),
    ] {
        let rows = rows("alb", &alb_with(&[(13, &format!("\"{request}\""))]));
        let parts = ["request_verb", "request_url", "request_proto"];
        assert_eq!(parts.map(|part| rows.value(0, part)), [verb, url, proto]);
        assert_eq!(rows.value(0, "ssl_protocol"), "TLSv1.3");
    }
}

#[test]
fn an_address_ends_at_the_last_colon() {
    for (field, [ip, port]) in [
        ("192.0.2.7:80", ["192.0.2.7", "80"]),
        ("[2001:db8::7]:443", ["2001:db8::7", "443"]),
        ("2001:db8::7:443", ["2001:db8::7", "443"]),
        ("-", ["", ""]),
        ("192.0.2.7:-", ["192.0.2.7", ""]),
        ("lambda", ["lambda", ""]),
    ] {
        let rows = rows("alb", &alb_with(&[(5, field)]));
        assert_eq!(
            ["target_ip", "target_port"].map(|part| rows.value(0, part)),
            [ip, port]
        );
    }
}

#[test]
fn lists_of_targets_are_one_field_without_quotes_too() {
    let targets = "10.0.0.9:80 10.0.1.9:80 [2001:db8::1]:80";
    for (targets, statuses) in [
        (format!("\"{targets}\""), "\"500 500 200\""),
        (targets.to_owned(), "500 500 200"),
        (targets.to_owned(), "\"500 500 200\""),
        (format!("\"{targets}\""), "500 500 200"),
    ] {
        let rows = rows("alb", &alb_with(&[(26, &targets), (27, statuses)]));
        assert_eq!(rows.value(0, "target_port_list"), targets.trim_matches('"'));
        assert_eq!(rows.value(0, "target_status_code_list"), "500 500 200");
        assert_eq!(rows.value(0, "ip_address"), "10.0.0.1");
    }
}

#[test]
fn a_value_of_another_type_is_rejected_with_its_column() {
    for (number, text, column) in [
        (2, "yesterday", "time"),
        (2, "2026-02-29T00:00:00Z", "time"),
        (4, "192.0.2.7:http", "client_port"),
        (6, "fast", "request_processing_time"),
        (6, "1e-3", "request_processing_time"),
        (6, "0.", "request_processing_time"),
        (9, "2OO", "elb_status_code"),
        (9, "99999999999", "elb_status_code"),
        (9, "-1", "elb_status_code"),
        (11, "+1", "received_bytes"),
        (11, "99999999999999999999", "received_bytes"),
        (22, "0", "request_creation_time"),
    ] {
        let text = format!("{}\n{}", alb().join(" "), alb_with(&[(number, text)]));
        let rows = rows("alb", &text);
        let rejection = [("field-type".to_owned(), column.to_owned())];
        assert_eq!(rows.rejected, rejection, "{text}");
    }
    let row = alb_with(&[
        (6, "-1"),
        (7, "-1"),
        (8, "-1"),
        (9, "-"),
        (10, "-"),
        (11, "-1"),
    ]);
    let rows = rows("alb", &row);
    assert_eq!(rows.value(0, "request_processing_time"), "-1");
    assert_eq!(rows.value(0, "elb_status_code"), "");
    assert_eq!(rows.value(0, "received_bytes"), "-1");
}

#[test]
fn sizes_of_more_than_32_bits_are_kept() {
    let rows = rows(
        "alb",
        &alb_with(&[(11, "2147483648"), (12, "9223372036854775807")]),
    );
    assert_eq!(rows.value(0, "received_bytes"), "2147483648");
    assert_eq!(rows.value(0, "sent_bytes"), "9223372036854775807");
}

const CONNECTION: &str = "2026-01-05T10:15:57.001002Z 192.0.2.7 40000 443 TLSv1.3 \
                          TLS_AES_128_GCM_SHA256 0.031 \
                          \"CN=till-4.shop.example,O=Shop\" \
                          NotBefore=2025-09-01T00:00:00Z;NotAfter=2026-09-01T00:00:00Z \
                          0A1B2C Failed:ClientCertUntrusted TID_00112233445566778899aabbccddeeff";

const NLB: &str = "tls 2.0 2026-01-05T10:15:59 net/edge/0123456789abcdef 89abcdef01234567 \
                   [2001:db8::7]:40000 10.0.0.9:8443 17 9 310 5120 - \
                   arn:aws:acm:eu-central-1:111122223333:certificate/0000 - \
                   ECDHE-RSA-AES128-SHA tlsv12 - edge.example h2 h2 \"h2\",\"http/1.1\" \
                   2026-01-05T10:15:41";

fn words(line: &str) -> Vec<String> {
    let words = line.split_whitespace().map(str::to_owned);
    words.collect()
}

fn classic() -> Vec<String> {
    let line = r#"2026-01-05T10:15:59.000001Z|till|192.0.2.7:40000|10.0.0.9:80|0.000021|0.0113|0.00003|200|200|0|57|"GET http://till.example:80/a b HTTP/1.1"|"\"odd agent\""|ECDHE-RSA-AES128-SHA|TLSv1.2"#;
    line.split('|').map(str::to_owned).collect()
}

#[test]
fn connection_logs() {
    let rows = rows("alb-connection", CONNECTION);
    assert_eq!(
        rows.value(0, "leaf_client_cert_subject"),
        "CN=till-4.shop.example,O=Shop"
    );
    assert_eq!(rows.value(0, "tls_handshake_latency"), "0.031");
    assert_eq!(rows.value(0, "timestamp"), "2026-01-05T10:15:57.001Z");
}

#[test]
fn logs_of_network_load_balancers() {
    let of = |text: &str| rows("nlb", text);
    let rows = of(NLB);
    assert_eq!(rows.value(0, "time"), "2026-01-05T10:15:59Z");
    assert_eq!(rows.value(0, "client_ip"), "2001:db8::7");
    assert_eq!(
        rows.value(0, "alpn_client_preference_list"),
        "\"h2\",\"http/1.1\""
    );
    assert_eq!(
        rows.value(0, "tls_connection_creation_time"),
        "2026-01-05T10:15:41Z"
    );
    for nothing in ["-", "\"-\""] {
        let text = NLB.replace("\"h2\",\"http/1.1\"", nothing);
        let rows = of(&text);
        assert_eq!(rows.value(0, "alpn_client_preference_list"), "");
        assert_eq!(rows.value(0, "alpn_be_protocol"), "h2");
    }
}

#[test]
fn logs_of_classic_load_balancers() {
    let tcp = r#"2026-01-05T10:16:00.5Z till 192.0.2.7:40000 10.0.0.9:80 0.0001 0.0002 0.0003 - - 57 -1 "- - - " "-" - -"#;
    let rows = rows("elb", &format!("{}\n{tcp}\n", classic().join(" ")));
    assert_eq!(rows.value(0, "url"), "http://till.example:80/a b");
    assert_eq!(rows.value(0, "user_agent"), r#"\\"odd agent\\""#);
    assert_eq!(rows.row(1).len(), 13, "{:?}", rows.row(1));
    assert_eq!(rows.value(1, "sent_bytes"), "-1");
    assert_eq!(
        rows.summary.documents, 0,
        "lines, though they begin as those of an export do"
    );
}

#[test]
fn an_export_of_lines_that_begin_with_a_time_is_an_export() {
    let line = classic().join(" ");
    let rows = rows("elb", &format!("2026-01-06T00:00:00.000Z {line}\n"));
    assert_eq!(rows.value(0, "timestamp"), "2026-01-06T00:00:00.000Z");
    assert_eq!(rows.value(0, "time"), "2026-01-05T10:15:59.000001Z");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_line_is_what_the_oracle_says(
        (format, sound, line) in prop_oneof![
            Just(("alb", alb())),
            Just(("alb-connection", words(CONNECTION))),
            Just(("nlb", words(NLB))),
            Just(("elb", classic())),
        ].prop_flat_map(|(format, fields)| {
            (Just(format), Just(fields.join(" ")), line(fields))
        }),
    ) {
        // An object without a sound line fails.
        rows(format, &format!("{sound}\n{line}\n"));
    }
}
