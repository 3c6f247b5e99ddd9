//! Objects in every dialect besides envelopes, and in every layer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{FLOW, control_document, document, flow, gzip};

/// Texts of every dialect, each with rows of the default record.
pub fn dialects() -> Vec<(&'static str, String)> {
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets \
                  bytes start end action log-status";
    let record = |bytes: &[u8]| format!(r#"{{"rawData":"{}"}}"#, STANDARD.encode(bytes));
    let envelope = document(&[(1, &flow(1)), (2, "no flow log")]);
    vec![
        ("lines", format!("{FLOW}\n{}\nno flow log\n", flow(1))),
        ("native", format!("{header}\n{FLOW}\n{}", flow(1))),
        (
            "export",
            format!("2020-02-01T00:00:00.000Z {FLOW}\n2020-02-01T00:00:01.000Z words\n more\n"),
        ),
        (
            "json",
            format!(r#"{{"message":"{FLOW}"}}{{"timestamp":1580515200,"message":"{FLOW}"}}"#),
        ),
        (
            "firehose-errors",
            [
                record(&gzip(&envelope)),
                record(control_document().as_bytes()),
                record(b"!"),
            ]
            .join("\n"),
        ),
        (
            "mixed",
            [
                &envelope,
                r#"{"stray":1}"#,
                &format!(r#"{{"message":"{FLOW}"}}"#),
            ]
            .concat(),
        ),
    ]
}
