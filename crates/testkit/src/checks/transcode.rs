//! Any object in any shape: no panic, the same result for all chunks, and the rows that the oracle
//! expects.
//!
//! The first byte selects the shape, the second the layers around the rest, and the third the chunks.

use std::sync::LazyLock;

use flate2::Crc;
use rehose_extract::{FormatName, Shape};
use serde_json::json;

use crate::oracle::expect;
use crate::shapes::{event_regex, flow_logs, options};
use crate::subject::{SOURCE, check_result, transcode};

/// The maximum size of a stored block in bytes.
const MAX_STORED: usize = 65_535;

/// Event regexes that are hard to search in a stream: alternatives that depend on more input,
/// assertions at either end, and loops at the beginning of a match.
const EVENT_REGEXES: [&str; 8] = [
    r#""timestamp":(?P<timestamp>[0-9]+),"message":"(?P<message>(?:[^"\\]|\\.)*)""#,
    r"(?P<timestamp>[0-9]*):(?P<message>a.*z|a)",
    r"(?P<timestamp>[0-9])(?P<message>.*?)(?:;|,.*;)",
    r"(?m)^(?P<timestamp>[0-9]+) (?P<message>.*)$",
    r"(?P<timestamp>[0-9]+)(?P<message> *)\z",
    r"\A(?P<timestamp>[0-9]+) (?P<message>.+)",
    r"(?-u:\b)(?P<timestamp>[0-9]+)(?-u:\b)(?P<message>\pL?)",
    r"(?s)(?P<message>[a-z]+.*)?(?P<timestamp>[0-9])",
];

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let columns = [
        flow_logs(),
        options(json!({"fields": ["srcaddr", "dstaddr"]})),
        options(json!({"message_regex": "(?P<first>[^ ]+)(?: (?P<rest>.*))?"})),
    ];
    let dialects = ["cloudwatch", "lines", "export", "json", "firehose-errors"]
        .map(|dialect| options(json!({"format": "message", "dialect": dialect})));
    let origin = [
        options(json!({"format": "message", "with": ["owner", "log-group", "id", "source"]})),
        options(json!({"with": ["log-stream", "extracted-fields"], "line_breaks": "keep"})),
    ];
    let parquet = [
        options(json!({"to": "parquet"})),
        options(
            json!({"to": "parquet", "fields": [["srcaddr", "bytes"], ["bytes", "start", "az-id"]]}),
        ),
        options(json!({"to": "parquet", "message_regex": "(?P<first>[^ ]+)(?: (?P<rest>.*))?"})),
        options(
            json!({"to": "parquet", "format": "message", "with": ["owner", "log-group", "log-stream",
                       "id", "extracted-fields", "source"]}),
        ),
    ];
    let logs = FormatName::ALL
        .iter()
        .filter(|name| name.has_fixed_columns());
    let logs = logs.flat_map(|name| {
        let shape = |to| options(json!({"format": name, "to": to}));
        [shape("csv"), shape("parquet")]
    });
    columns
        .into_iter()
        .chain(parquet)
        .chain(EVENT_REGEXES.map(event_regex))
        .chain(dialects)
        .chain(origin)
        .chain(logs)
        .collect()
});

pub fn check(data: &[u8]) {
    let [shape, layers, chunks, payload @ ..] = data else {
        return;
    };
    let shape = &SHAPES[usize::from(*shape) % SHAPES.len()];
    let object = wrapped(*layers, payload);
    let whole = transcode(shape, &object, &[usize::MAX]);
    let sizes = [1 + usize::from(chunks >> 4), 1 + usize::from(chunks & 15)];
    assert_eq!(
        transcode(shape, &object, &sizes),
        whole,
        "in chunks of {sizes:?}"
    );
    check_result(whole, expect(shape.options(), SOURCE, &object));
}

/// Returns the payload in zero to three layers of gzip, each of one or more members.
fn wrapped(layers: u8, payload: &[u8]) -> Vec<u8> {
    let (count, cut) = (layers % 4, usize::from(layers / 4));
    let mut object = payload.to_vec();
    for _ in 0..count {
        let size = if cut == 0 { MAX_STORED } else { 8 * cut };
        object = object.chunks(size).flat_map(member).collect();
    }
    object
}

/// Returns a member of one stored block. Compressing would take longer than everything else.
fn member(text: &[u8]) -> Vec<u8> {
    let length = text.len() as u16;
    let mut crc = Crc::new();
    crc.update(text);
    [
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".as_slice(),
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        text,
        &crc.sum().to_le_bytes(),
        &crc.amount().to_le_bytes(),
    ]
    .concat()
}
