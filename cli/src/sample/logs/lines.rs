//! Lines of load balancers, S3 and CloudFront.

use fastrand::Rng;

use super::Moment;

pub(super) const CLOUDFRONT_HEADER: &str = "#Version: 1.0\n#Fields: date time x-edge-location \
    sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query \
    cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
    x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version \
    fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
    sc-content-type sc-content-len sc-range-start sc-range-end\n";

/// Requests that are odd, or none.
const ODD_REQUESTS: [&str; 7] = [
    "GET https://shop.example:443/search?q=a b c HTTP/1.1",
    "- http://shop.example:80- ",
    "- http://shop.example:80-/ ",
    "POST https://[2001:db8::1]:443/pay HTTP/2.0",
    r"GET https://shop.example:443/?x=\x22quoted\x22 HTTP/1.1",
    "GET https://shop.example:443/old",
    "OPTIONS https://shop.example:443/ HTTP/1.1",
];

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "curl/8.5.0",
    "-",
];

const ODD_AGENTS: [&str; 2] = [r#"\"odd agent\""#, r"ends with a backslash\"];

/// Numbers of fields that ALB has written before.
const EARLIER_ALB: [usize; 5] = [33, 30, 29, 25, 18];

fn request(moment: &Moment, rng: &mut Rng) -> String {
    let method = moment.turn(&["GET", "GET", "POST"]);
    let path = moment.turn(&["basket", "item", "pay", "review"]);
    let number = rng.u32(..10_000);
    let usual = format!("{method} https://shop.example:443/{path}?item={number} HTTP/2.0");
    moment.usually(usual.as_str(), &ODD_REQUESTS).to_owned()
}

fn agent(moment: &Moment) -> &'static str {
    moment.usually(moment.turn(&AGENTS), &ODD_AGENTS)
}

fn client(moment: &Moment, rng: &mut Rng) -> String {
    let port = rng.u32(1024..65_536);
    match moment.number % 7 {
        3 => format!("[2001:db8::{:x}]:{port}", rng.u16(..)),
        5 => format!("2001:db8::{:x}:{port}", rng.u16(..)),
        _ => format!("192.0.2.{}:{port}", rng.u8(..)),
    }
}

/// Seconds with this many digits after the point, or the word for none.
fn seconds(rng: &mut Rng, is_none: bool) -> String {
    match is_none {
        true => "-1".to_owned(),
        false => format!("0.{:03}", rng.u32(..1000)),
    }
}

pub(super) fn alb(moment: &Moment, rng: &mut Rng) -> String {
    let has_target = moment.number % 6 != 4;
    let target = format!("10.0.{}.9:8443", rng.u8(..4));
    let status = ["200", "200", "304", "404", "503", "460"][rng.usize(..6)];
    // Lists are in quotes, but some are not.
    let (targets, statuses) = match moment.usually(None, &[Some(1), Some(2)]) {
        _ if !has_target => ("\"-\"".to_owned(), "\"-\"".to_owned()),
        Some(1) => (target.clone(), status.to_owned()),
        Some(_) => (format!("{target} 10.0.9.9:8443"), format!("502 {status}")),
        None => (format!("\"{target}\""), format!("\"{status}\"")),
    };
    let or_none = |text: &str| {
        if has_target {
            text.to_owned()
        } else {
            "-".to_owned()
        }
    };
    let mut fields: Vec<String> = vec![
        moment
            .turn(&["https", "h2", "http", "wss", "grpcs"])
            .to_owned(),
        moment.text("%Y-%m-%dT%H:%M:%S.%6fZ"),
        "app/shop/50dc6c495c0c9188".to_owned(),
        client(moment, rng),
        or_none(&target),
        seconds(rng, !has_target),
        seconds(rng, !has_target),
        seconds(rng, !has_target),
        status.to_owned(),
        or_none(status),
        rng.u32(..10_000).to_string(),
        rng.u64(..10_000_000_000).to_string(),
        format!("\"{}\"", request(moment, rng)),
        format!("\"{}\"", agent(moment)),
        moment
            .turn(&["ECDHE-RSA-AES128-GCM-SHA256", "-"])
            .to_owned(),
        moment.turn(&["TLSv1.2", "-"]).to_owned(),
        or_none(
            "arn:aws:elasticloadbalancing:us-gov-west-1:011122223333:targetgroup/shop/73e2d6bc24d8a067",
        ),
        format!("\"Root=1-{:08x}-{:024x}\"", rng.u32(..), rng.u64(..)),
        moment.turn(&["\"shop.example\"", "\"-\""]).to_owned(),
        moment.turn(&["\"session-reused\"", "\"-\""]).to_owned(),
        moment.turn(&["1", "0", "-1", "-"]).to_owned(),
        moment.text("%Y-%m-%dT%H:%M:%S.%3f000Z"),
        moment
            .turn(&["\"waf,forward\"", "\"forward\"", "\"-\""])
            .to_owned(),
        "\"-\"".to_owned(),
        "\"-\"".to_owned(),
        targets,
        statuses,
        moment.turn(&["\"-\"", "\"Ambiguous\""]).to_owned(),
        moment.turn(&["\"-\"", "\"SpaceInUri\""]).to_owned(),
        format!("TID_{:032x}", rng.u128(..)),
        "\"-\"".to_owned(),
        "\"-\"".to_owned(),
        "\"-\"".to_owned(),
        "10.0.0.1".to_owned(),
    ];
    fields.truncate(moment.usually(fields.len(), &EARLIER_ALB));
    if moment.number % 50 == 49 && fields.len() == 34 {
        fields.push("\"a field of tomorrow\"".to_owned());
    }
    fields.join(" ")
}

pub(super) fn connection(moment: &Moment, rng: &mut Rng) -> String {
    let port = rng.u32(1024..65_536);
    let (subject, validity, serial, status) = match moment.number % 4 {
        0 => (
            "\"CN=till-4.shop.example,O=Shop\"",
            "NotBefore=2019-09-01T00:00:00Z;NotAfter=2029-09-01T00:00:00Z",
            "0A1B2C",
            "Success",
        ),
        1 => ("\"-\"", "-", "-", "Failed:ClientCertUntrusted"),
        _ => ("\"-\"", "-", "-", "-"),
    };
    let line = format!(
        "{} 192.0.2.{} {port} 443 TLSv1.3 TLS_AES_128_GCM_SHA256 {} {subject} {validity} {serial} {status}",
        moment.text("%Y-%m-%dT%H:%M:%S.%6fZ"),
        rng.u8(..),
        moment.turn(&["0.031", "-"]),
    );
    match moment.number % 10 {
        9 => line,
        _ => format!("{line} TID_{:032x}", rng.u128(..)),
    }
}

pub(super) fn nlb(moment: &Moment, rng: &mut Rng) -> String {
    // Of a handshake that fails there is neither a time nor a cipher.
    let (handshake, alert, cipher, protocol) = match moment.number % 5 {
        2 => ("-", "46", "-", "-"),
        4 => ("-", "-", "-", "-"),
        _ => ("2", "-", "ECDHE-RSA-AES128-SHA", "tlsv12"),
    };
    let line = format!(
        "tls 2.0 {} net/edge/c6e77e28c25b2234 g3d4b5e8bb8464cd {} 10.0.0.9:443 {} {handshake} {} {} {alert} \
         arn:aws-us-gov:acm:us-gov-west-1:011122223333:certificate/2a10 - {cipher} {protocol} - \
         edge.example h2 h2 {} {}",
        moment.text("%Y-%m-%dT%H:%M:%S"),
        client(moment, rng),
        rng.u32(..500),
        rng.u32(..10_000),
        rng.u32(..10_000),
        moment.turn(&["\"h2\",\"http/1.1\"", "-", "\"h2\""]),
        moment.text("%Y-%m-%dT%H:%M:%S"),
    );
    let words: Vec<&str> = line.split_whitespace().collect();
    words[..moment.usually(22, &[21, 17])].join(" ")
}

pub(super) fn elb(moment: &Moment, rng: &mut Rng) -> String {
    let is_tcp = moment.usually(false, &[true, false]);
    let is_refused = moment.usually(false, &[true]);
    let target = moment.turn(&["10.0.0.9:80", "10.0.1.9:80"]);
    let line = format!(
        "{} till {} {} {} {} {}",
        moment.text("%Y-%m-%dT%H:%M:%S.%6fZ"),
        client(moment, rng),
        moment.usually(target, &["-"]),
        seconds(rng, is_refused),
        seconds(rng, is_refused),
        seconds(rng, is_refused),
    );
    let (received, sent) = (rng.u32(..10_000), rng.u32(..10_000));
    let line = match is_tcp {
        true => format!("{line} - - {received} -1 \"- - - \""),
        false => format!(
            "{line} 200 200 {received} {sent} \"{}\"",
            request(moment, rng)
        ),
    };
    // The first logs ended here.
    match moment.usually(false, &[false, false, true]) {
        true => line,
        false => format!("{line} \"{}\" - -", agent(moment)),
    }
}

pub(super) fn s3(moment: &Moment, rng: &mut Rng) -> String {
    let begin = format!(
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be photos {}",
        moment.text("[%d/%b/%Y:%H:%M:%S +0000]"),
    );
    let id = format!("{:016X}", rng.u64(..));
    let host = format!("{:064x}=", rng.u128(..));
    match moment.number % 12 {
        10 => {
            return format!(
                "{begin} 192.0.2.3 79a5 {id} BATCH.DELETE.OBJECT 2019/old.jpg - 204 - - 31 - - - - - {host} SigV4 \
             ECDHE-RSA-AES128-GCM-SHA256 AuthHeader photos.s3.us-gov-west-1.amazonaws.com TLSv1.2 - -"
            );
        }
        11 => {
            return format!(
                "{begin} - AmazonS3 {id} S3.EXPIRE.OBJECT 2019/old.jpg \"-\" - - - 31 - - \"-\" \"-\" - {host} - - - - - - -"
            );
        }
        _ => {}
    }
    let picture = rng.u32(..10_000);
    let uri = format!("GET /photos/2020/cat%2520nap-{picture}.jpg?x-id=GetObject HTTP/1.1");
    let odd_uris = ["GET /photos/\"quoted\" HTTP/1.1", "GET /\" HTTP/1.1"];
    let uri = moment.usually(uri.as_str(), &odd_uris);
    let agent = moment.usually(
        moment.turn(&["aws-cli/2.15.0 md/awscrt#0.19 ua/2.0", "-"]),
        &[
            "agent \"in quotes\"",
            "x\" 404 NoSuchKey 1 2 3 4 \"y",
            "ends in a quote\"",
        ],
    );
    let line = format!(
        "{begin} 192.0.2.{} arn:aws-us-gov:iam::011122223333:user/kim {id} REST.GET.OBJECT 2020/cat%252520nap-{picture}.jpg \
         \"{uri}\" {} {} {} {} {} {} \"{}\" \"{agent}\" -",
        rng.u8(..),
        moment.turn(&["200", "404", "206", "403"]),
        moment.turn(&["-", "NoSuchKey", "-", "AccessDenied"]),
        moment.turn(&["2662992", "-"]),
        rng.u64(..10_000_000_000),
        rng.u32(..1000),
        moment.turn(&["10", "-"]),
        moment.turn(&["-", "https://www.example.com/album"]),
    );
    let tail = format!(
        " {host} SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader photos.s3.us-gov-west-1.amazonaws.com TLSv1.3"
    );
    // The last fields were added one after the other.
    match moment.usually(3, &[0, 1, 2]) {
        0 => line,
        1 => line + &tail,
        2 => line + &tail + " -",
        _ => line + &tail + " - Yes us-gov-west-1",
    }
}

pub(super) fn cloudfront(moment: &Moment, rng: &mut Rng) -> String {
    let line = [
        moment.text("%Y-%m-%d"),
        moment.text("%H:%M:%S"),
        moment.turn(&["FRA56-P3", "ATL59-P1"]).to_owned(),
        rng.u64(..10_000_000_000).to_string(),
        moment.turn(&["192.0.2.7", "2001:db8::7"]).to_owned(),
        "GET".to_owned(),
        "d111111abcdef8.cloudfront.net".to_owned(),
        moment
            .turn(&["/index.html", "/a%2520b", "/%7Buser%7D"])
            .to_owned(),
        moment.turn(&["200", "304", "000"]).to_owned(),
        moment.turn(&["-", "https://www.example.com/"]).to_owned(),
        "Mozilla/5.0%2520(X11;%2520Linux%2520x86_64)".to_owned(),
        moment.turn(&["-", "a=b%26c"]).to_owned(),
        "-".to_owned(),
        "Hit".to_owned(),
        format!("{:048x}==", rng.u128(..)),
        "d111111abcdef8.cloudfront.net".to_owned(),
        "https".to_owned(),
        rng.u32(..2000).to_string(),
        format!("0.{:03}", rng.u32(..1000)),
        moment.turn(&["-", r"10.0.0.1,\x2010.0.0.2"]).to_owned(),
        "TLSv1.3".to_owned(),
        "TLS_AES_128_GCM_SHA256".to_owned(),
        "Hit".to_owned(),
        "HTTP/2.0".to_owned(),
        "-".to_owned(),
        "-".to_owned(),
        rng.u32(1024..65_536).to_string(),
        format!("0.{:03}", rng.u32(..1000)),
        "Hit".to_owned(),
        "text/html".to_owned(),
        rng.u32(..100_000).to_string(),
        "-".to_owned(),
        "-".to_owned(),
    ];
    let count = if moment.number % 20 == 19 {
        31
    } else {
        line.len()
    };
    line[..count].join("\t")
}
