//! Server access logs of S3.

use proptest::prelude::*;

use super::subject::{line, rows};

fn access() -> Vec<String> {
    let line = r#"79a5|photos|[06/Feb/2026:00:00:38 +0000]|192.0.2.3|arn:aws:iam::111122223333:user/kim|3E57427F33A59F07|REST.GET.OBJECT|2026/cat%2520nap.jpg|"GET /photos/2026/cat%2520nap.jpg?x-id=GetObject HTTP/1.1"|200|-|2662992|3462992|70|10|"https://www.example.com/webservices"|"curl/8.5.0"|-|9vKBE6vMhrNiWHZmb2L0mXOcqPGzQOI5XLnCtZNPxev+Hf+7tpT6sxDwDty4LHBUOZJG96N1234=|SigV4|ECDHE-RSA-AES128-GCM-SHA256|AuthHeader|photos.s3.eu-central-1.amazonaws.com|TLSv1.3|arn:aws:s3:eu-central-1:111122223333:accesspoint/album|Yes|eu-central-1"#;
    line.split('|').map(str::to_owned).collect()
}

fn with(changes: &[(usize, &str)]) -> String {
    let mut fields = access();
    for (number, text) in changes {
        fields[number - 1] = (*text).to_owned();
    }
    fields.join(" ")
}

#[test]
fn every_field_has_its_column() {
    let rows = rows("s3-access", &access().join(" "));
    for (column, value) in [
        ("timestamp", "2026-02-06T00:00:38.000Z"),
        ("requestdatetime", "2026-02-06T00:00:38Z"),
        ("key", "2026/cat%2520nap.jpg"),
        (
            "request_uri",
            "GET /photos/2026/cat%2520nap.jpg?x-id=GetObject HTTP/1.1",
        ),
        ("httpstatus", "200"),
        ("bytessent", "2662992"),
        ("turnaroundtime", "10"),
        ("referrer", "https://www.example.com/webservices"),
        ("useragent", "curl/8.5.0"),
        ("sourceregion", "eu-central-1"),
    ] {
        assert_eq!(rows.value(0, column), value, "{column}");
    }
}

#[test]
fn every_length_that_aws_has_used_is_a_row() {
    for length in 17..27 {
        let text = format!("{}\n{}\n", access().join(" "), access()[..length].join(" "));
        let rows = rows("s3-access", &text);
        match [18, 24, 25, 26].contains(&length) {
            true => assert_eq!(rows.rows.len(), 2, "{length}"),
            false => assert_eq!(rows.rejected[0], ("field-count".into(), length.to_string())),
        }
    }
    let rows = rows("s3-access", &with(&[(27, "eu-central-1 new newer")]));
    assert_eq!(rows.value(0, "more"), "new newer");
}

#[test]
fn quotes_inside_a_field_do_not_shift_the_others() {
    for (uri, referrer, agent) in [
        (r#"GET /" HTTP/1.1"#, "-", "curl"),
        (r#"GET /a" "b HTTP/1.1"#, "-", "curl"),
        ("GET / HTTP/1.1", "https://a/", r#"agent "in quotes""#),
        ("GET / HTTP/1.1", "https://a/", r#"" " ""#),
        ("GET / HTTP/1.1", "", ""),
        ("GET / HTTP/1.1", "-", r#"x" 404 NoSuchKey 1 2 3 4 "y"#),
        (r#"GET /"" HTTP/1.1"#, r"back\", r"slash\"),
        ("GET /a b c HTTP/1.1", "a b", "c d"),
    ] {
        let quoted = |text: &str| format!("\"{text}\"");
        let (one, two, three) = (quoted(uri), quoted(referrer), quoted(agent));
        let rows = rows("s3-access", &with(&[(9, &one), (16, &two), (17, &three)]));
        let escaped = |text: &str| {
            if text == "-" {
                String::new()
            } else {
                text.replace('\\', r"\\")
            }
        };
        assert_eq!(rows.value(0, "request_uri"), escaped(uri));
        assert_eq!(rows.value(0, "referrer"), escaped(referrer));
        assert_eq!(rows.value(0, "useragent"), escaped(agent));
        assert_eq!(rows.value(0, "httpstatus"), "200");
        assert_eq!(rows.value(0, "tlsversion"), "TLSv1.3");
    }
}

#[test]
fn requests_of_the_service_itself_lack_most() {
    let delete = "79a5 photos [06/Feb/2026:00:00:38 +0000] 192.0.2.3 79a5 3E57 BATCH.DELETE.OBJECT \
                  old.jpg - 204 - - 31 - - - - - 9vKB= SigV4 ECDHE AuthHeader photos.s3.amazonaws.com TLSv1.3 - -";
    let expire = "79a5 photos [06/Feb/2026:00:00:38 +0000] - AmazonS3 3E57 S3.EXPIRE.OBJECT \
                  old.jpg \"-\" - - - 31 - - \"-\" \"-\" - 9vKB= - - - - - - -";
    let delivery = "79a5 photos [06/Feb/2026:00:00:38 +0000] - svc:delivery.logs.amazonaws.com 3E57 \
                    REST.PUT.OBJECT flow.gz \"PUT /flow.gz HTTP/1.1\" - - - 31 - - \"-\" - - 9vKB= - - - - - - -";
    let rows = rows("s3-access", &[delete, expire, delivery].join("\n"));
    assert_eq!(rows.rows.len(), 3);
    assert_eq!(rows.value(0, "operation"), "BATCH.DELETE.OBJECT");
    assert_eq!(rows.value(0, "endpoint"), "photos.s3.amazonaws.com");
    for (row, column) in [
        (0, "request_uri"),
        (0, "useragent"),
        (1, "request_uri"),
        (1, "remoteip"),
        (2, "httpstatus"),
        (2, "useragent"),
    ] {
        assert_eq!(rows.value(row, column), "", "{row} {column}");
    }
    assert_eq!(rows.value(2, "hostid"), "9vKB=");
}

#[test]
fn another_line_is_rejected() {
    let sound = access().join(" ");
    for (line, reason) in [
        (with(&[(3, "06/Feb/2026:00:00:38")]), "no-match"),
        (with(&[(3, "[yesterday]")]), "field-type"),
        (with(&[(10, "OK")]), "no-match"),
        (with(&[(12, "many")]), "no-match"),
        (with(&[(13, "99999999999999999999")]), "field-type"),
        ("a stranger's message".to_owned(), "no-match"),
    ] {
        let rows = rows("s3-access", &format!("{sound}\n{line}\n"));
        assert_eq!(rows.rejected[0].0, reason, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_line_is_what_the_oracle_says(line in line(access())) {
        rows("s3-access", &format!("{}\n{line}\n", access().join(" ")));
    }

    #[test]
    fn whatever_a_client_sends_stays_in_its_columns(
        [uri, referrer, agent] in ["[a-z\" -]{0,12}", "[a-z\" -]{0,12}", "[a-z\" -]{0,12}"],
    ) {
        let quoted = [uri, referrer, agent].map(|text| format!("\"{text}\""));
        let line = with(&[(9, &quoted[0]), (16, &quoted[1]), (17, &quoted[2])]);
        let rows = rows("s3-access", &line);
        assert_eq!(rows.value(0, "httpstatus"), "200");
        assert_eq!(rows.value(0, "sourceregion"), "eu-central-1");
        // The quotes between them may be read in another way, but nothing is lost.
        let value = |column| match rows.value(0, column) {
            "" => None,
            value => Some(value.len()),
        };
        let between = quoted[1].len() + quoted[2].len() + 1;
        if let (Some(one), Some(two)) = (value("referrer"), value("useragent")) {
            assert_eq!(one + two + 5, between, "{line}");
        }
    }
}
