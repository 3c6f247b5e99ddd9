//! Shapes that several tests use.

use rehose_extract::{FileKind, Options, Shape};
use serde_json::json;

/// An event regex for CloudWatch Logs envelopes.
pub const USUAL_REGEX: &str =
    r#""timestamp":(?P<timestamp>[0-9]+),"message":"(?P<message>(?:[^"\\]|\\.)*)""#;

/// The default shape.
pub fn flow_logs() -> Shape {
    Options::default().compile().unwrap()
}

/// The default shape with files of this kind.
pub fn flow_logs_to(kind: FileKind) -> Shape {
    options(json!({"to": kind}))
}

/// The whole message in one column.
pub fn messages() -> Shape {
    options(json!({"format": "message"}))
}

/// Events found by a regex, with the whole message in one column.
pub fn event_regex(pattern: &str) -> Shape {
    options(json!({"event_regex": pattern, "format": "message"}))
}

/// The shape of options in JSON.
pub fn options(options: serde_json::Value) -> Shape {
    let options: Options = serde_json::from_value(options).unwrap();
    options.compile().unwrap()
}
