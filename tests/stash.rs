//! Stashes for tests.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::command::Rehose;

/// A message that fits the default format.
pub const FLOW: &str = "2 123456789012 eni-0 10.0.0.4 10.0.0.5 443 49152 6 1 40 0 59 ACCEPT OK";

/// A temporary folder with a stash, and with room for outputs.
pub struct Place {
    folder: TempDir,
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// An empty stash.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("stash")).unwrap();
        Self { folder }
    }

    /// A stash with one good object.
    pub fn small() -> Self {
        let place = Self::new();
        place.put("one", &gzip(envelope(&[event(0, FLOW)])));
        place
    }

    /// A stash that `rehose sample` writes, by the command as the workspace was last built.
    pub fn sample(options: &[&str]) -> Self {
        Self::sample_by(&Rehose::built(), options)
    }

    /// A stash that `rehose sample` writes, by this build of the command.
    pub fn sample_by(rehose: &Rehose, options: &[&str]) -> Self {
        let place = Self::new();
        rehose.sample(&place.stash(), options);
        place
    }

    pub fn stash(&self) -> PathBuf {
        self.path("stash")
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts an object into the stash.
    pub fn put(&self, key: &str, object: &[u8]) {
        let path = self.stash().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, object).unwrap();
    }
}

/// The stash in the repository.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stash")
}

/// A log event. The message is the content of a JSON string, with its escapes.
pub fn event(timestamp: i64, message: &str) -> String {
    format!(r#"{{"id":"0","timestamp":{timestamp},"message":"{message}"}}"#)
}

/// An envelope of events.
pub fn envelope(events: &[String]) -> String {
    let events = events.join(",");
    format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{events}]}}"#)
}

/// One gzip member.
pub fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(content.as_ref()).unwrap();
    member.finish().unwrap()
}

/// Valid objects, with unusual keys and forms.
pub fn awkward() -> Vec<(String, Vec<u8>)> {
    let keys = [
        "awkward/ a space before, between and after ",
        "awkward/a+plus%2Fslash=equals#hash&and?question",
        "awkward/line\nbreak",
        "awkward/\"quotes\" and \\backslashes\\",
        "awkward/.hidden",
        "awkward/-dash",
        "awkward/~",
        "awkward/*",
        "awkward/z\u{fc}rich",
        "awkward/zu\u{308}rich",
        "awkward/東京/🚀",
        "awkward/x",
        "awkward/x.csv.gz",
        "awkward/x.csv.gz.csv.gz",
        "awkward/x.jsonl.gz",
        "awkward/xy",
        "csv/x.csv.gz",
        "jobs/job/report.json",
        "rehose.json",
    ];
    let long_name = format!("awkward/{}", "n".repeat(246));
    let long_path = format!("awkward/{}x", "a folder/".repeat(80));
    let keys = keys
        .into_iter()
        .map(str::to_owned)
        .chain([long_name, long_path]);
    // Every object has different rows, to detect swapped objects.
    let named = keys.enumerate().map(|(i, key)| {
        let events = [event(i as i64, FLOW), event(i as i64, "does not fit")];
        (key, gzip(envelope(&events)))
    });
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"deep":{open}{close},"messageType":"DATA_MESSAGE","logEvents":[]}}"#)
    };
    let both = [
        event(i64::MAX, "too few"),
        event(i64::MAX, "too,few"),
        event(i64::MAX, &FLOW.replace("eni-0", "eni,0")),
        event(0, &FLOW.replace("eni-0", r"tab\there")),
        event(0, &FLOW.replace("eni-0", r"nul\u0000")),
        event(0, &FLOW.replace(' ', r"\u0020")),
        event(0, &FLOW.replace(' ', r"\u00a0")),
    ];
    let forms = [
        ("forms/nested-as-deep-as-may-be", nested(127).into_bytes()),
        (
            "forms/rejected-for-two-reasons",
            envelope(&both).into_bytes(),
        ),
        ("forms/three-layers", gzip(gzip(gzip(envelope(&both))))),
        ("forms/only-white-space", b" \r\n\t ".to_vec()),
        ("forms/only-empty-members", [gzip(""), gzip("")].concat()),
        (
            "forms/the-largest-message",
            gzip(envelope(&[event(0, &"m".repeat(2 * 1024 * 1024))])),
        ),
    ];
    let forms = forms.map(|(key, object)| (key.to_owned(), object));
    named.chain(forms).collect()
}

/// Objects that must fail, each with its reason.
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
        ("malformed-character", with("eni", "e\ni"), "malformed-json"),
        ("malformed-escape", with("eni", r"\eni"), "malformed-json"),
        (
            "malformed-between-documents",
            format!("{text},{text}").into_bytes(),
            "malformed-json",
        ),
        ("text", b"no JSON at all".to_vec(), "malformed-json"),
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
        (
            "an-array-of-envelopes",
            format!("[{text}]").into_bytes(),
            "malformed-json",
        ),
        ("a-string", b"\"text\"".to_vec(), "malformed-json"),
        ("a-number", b"42 ".to_vec(), "malformed-json"),
        ("an-empty-object", b"{}".to_vec(), "not-an-envelope"),
        (
            "no-message-type",
            with("messageType", "type"),
            "not-an-envelope",
        ),
        (
            "no-log-events",
            with("logEvents", "events"),
            "not-an-envelope",
        ),
        ("no-timestamp", with("timestamp", "time"), "not-an-envelope"),
        (
            "no-message",
            with("\"message\"", "\"text\""),
            "not-an-envelope",
        ),
        (
            "a-timestamp-in-quotes",
            with("\"timestamp\":0", "\"timestamp\":\"0\""),
            "not-an-envelope",
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
