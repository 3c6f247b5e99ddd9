//! Valid objects with unusual keys and forms.

use super::{FLOW, envelope, event, gzip};

/// Keys and objects.
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
    named.chain(forms).chain(faulty_parts()).collect()
}

/// Objects with a fault in one event or document, and with more than documents between documents.
fn faulty_parts() -> impl Iterator<Item = (String, Vec<u8>)> {
    let text = envelope(&[event(0, FLOW), event(1, FLOW)]);
    let with = |before: &str, after: &str| {
        assert!(text.contains(before));
        text.replacen(before, after, 1)
    };
    let words = "2 jobs of the queue were started and all but one of them failed";
    let object = with("\"2 123", "{\"a\":\"2 123").replacen("OK\"", "OK\"}", 1);
    [
        ("a-control-character", with(" eni", " e\ni")),
        ("an-unknown-escape", with(" eni", r" \eni")),
        ("half-a-surrogate-pair", with(" eni", r" \ud83d")),
        ("no-timestamp", with("\"timestamp\"", "\"time\"")),
        ("no-message", with("\"message\"", "\"text\"")),
        ("two-messages", with("\"id\"", "\"message\"")),
        ("a-message-that-is-an-object", object),
        ("an-event-that-is-a-number", with("[{", "[1,{")),
        (
            "a-timestamp-in-quotes",
            with("\"timestamp\":0", "\"timestamp\":\"0\""),
        ),
        (
            "a-timestamp-with-a-fraction",
            with("\"timestamp\":0", "\"timestamp\":0.5"),
        ),
        ("a-comma-between-documents", format!("{text},{text}")),
        ("an-array-of-documents", format!("[{text}, {text}]")),
        ("a-byte-order-mark", format!("\u{feff}{text}")),
        (
            "a-stray-document",
            format!(r#"{text}{{"some":"thing"}}{text}"#),
        ),
        ("a-stranger-with-as-many-words", with(FLOW, words)),
    ]
    .into_iter()
    .map(|(name, object)| (format!("faulty-parts/{name}"), object.into_bytes()))
}
