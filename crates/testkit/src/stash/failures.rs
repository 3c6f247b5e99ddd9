//! Objects that must fail.

use super::{FLOW, envelope, event, gzip};

/// Keys, objects, and the reason of each failure.
pub fn failures() -> Vec<(String, Vec<u8>, &'static str)> {
    let text = envelope(&[event(0, FLOW), event(1, FLOW)]);
    let member = gzip(&text);
    let end = member.len();
    let changed = |at: usize, byte: u8| {
        let mut member = member.clone();
        member[at] = byte;
        member
    };
    let gzip_over = |object: &[u8]| gzip(object);
    let with = |before: &str, after: &str| {
        assert!(text.contains(before));
        text.replacen(before, after, 1).into_bytes()
    };
    let deep = format!(
        r#"{{"deep":{}{},"messageType":"DATA_MESSAGE","logEvents":[]}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let too_deep_by_one = deep.replace(&"[".repeat(10_000), &"[".repeat(128));
    let too_deep_by_one = too_deep_by_one.replace(&"]".repeat(10_000), &"]".repeat(128));
    let long = |bytes: usize| gzip(envelope(&[event(0, FLOW), event(0, &"m".repeat(bytes))]));
    let failures = [
        (
            "truncated-in-the-header",
            member[..5].to_vec(),
            "truncated-gzip",
        ),
        (
            "truncated-in-the-data",
            member[..end / 2].to_vec(),
            "truncated-gzip",
        ),
        (
            "truncated-in-the-trailer",
            member[..end - 1].to_vec(),
            "truncated-gzip",
        ),
        (
            "truncated-in-the-second-member",
            [&member[..], &member[..end / 2]].concat(),
            "truncated-gzip",
        ),
        (
            "truncated-under-a-layer",
            gzip_over(&member[..end / 2]),
            "truncated-gzip",
        ),
        ("corrupt-header", changed(2, 7), "corrupt-gzip"),
        ("corrupt-deflate", changed(10, 0xff), "corrupt-gzip"),
        (
            "corrupt-second-member",
            [&member[..], &changed(10, 0xff)[..]].concat(),
            "corrupt-gzip",
        ),
        (
            "wrong-crc",
            changed(end - 8, member[end - 8] ^ 1),
            "wrong-crc",
        ),
        (
            "wrong-length",
            changed(end - 4, member[end - 4] ^ 1),
            "wrong-length",
        ),
        (
            "trailing-garbage",
            [&member[..], b"garbage"].concat(),
            "trailing-bytes",
        ),
        (
            "trailing-text",
            [&member[..], text.as_bytes()].concat(),
            "trailing-bytes",
        ),
        ("four-layers", gzip(gzip(gzip(&member))), "too-many-layers"),
        ("cut-after-a-brace", b"{".to_vec(), "cut-json"),
        ("cut-in-a-string", text.as_bytes()[..8].to_vec(), "cut-json"),
        (
            "cut-before-the-last-brace",
            text.as_bytes()[..text.len() - 1].to_vec(),
            "cut-json",
        ),
        (
            "cut-in-the-second-member",
            [&member[..], &gzip(&text[..90])].concat(),
            "cut-json",
        ),
        ("malformed-comma", with("]}", "],}"), "malformed-json"),
        ("malformed-quotes", with("\"id\"", "'id'"), "malformed-json"),
        (
            "malformed-number",
            with("\"timestamp\":0", "\"timestamp\":00"),
            "malformed-json",
        ),
        (
            "malformed-constant",
            with("\"id\":\"0\"", "\"id\":NaN"),
            "malformed-json",
        ),
        ("text", b"no JSON at all".to_vec(), "nothing-readable"),
        (
            "invalid-utf8",
            with("eni", "X")
                .into_iter()
                .map(|b| if b == b'X' { 0xff } else { b })
                .collect(),
            "invalid-utf8",
        ),
        ("ten-thousand-levels", deep.into_bytes(), "too-deep"),
        (
            "one-level-too-many",
            too_deep_by_one.into_bytes(),
            "too-deep",
        ),
        ("a-string", b"\"text\"".to_vec(), "nothing-readable"),
        ("a-number", b"42 ".to_vec(), "nothing-readable"),
        ("an-empty-object", b"{}".to_vec(), "nothing-readable"),
        (
            "no-message-type",
            with("messageType", "type"),
            "nothing-readable",
        ),
        (
            "no-log-events",
            with("logEvents", "events"),
            "nothing-readable",
        ),
        (
            "one-byte-too-long",
            long(2 * 1024 * 1024 + 1),
            "message-too-long",
        ),
        (
            "a-bomb-of-a-message",
            long(16 * 1024 * 1024),
            "message-too-long",
        ),
    ];
    failures
        .into_iter()
        .map(|(name, object, reason)| (format!("failures/{name}"), object, reason))
        .collect()
}
