//! Any text as any of AWS's own logs: no panic, the same result for all chunks, and the rows that the oracle
//! expects.
//!
//! The first byte selects the log and the kind of file, and the second the chunks.

use std::sync::LazyLock;

use rehose_extract::{FormatName, Shape};
use serde_json::json;

use crate::oracle::expect;
use crate::shapes::options;
use crate::subject::{SOURCE, check_result, transcode_in_chunks};

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let logs = FormatName::ALL
        .iter()
        .filter(|name| name.has_fixed_columns());
    let kinds = ["csv", "parquet"];
    let shape = |(kind, name)| options(json!({"format": name, "to": kind}));
    (kinds.iter())
        .flat_map(|kind| logs.clone().map(move |name| (kind, name)))
        .map(shape)
        .collect()
});

pub fn check(data: &[u8]) {
    let [shape, chunks, text @ ..] = data else {
        return;
    };
    let shape = &SHAPES[usize::from(*shape) % SHAPES.len()];
    let sizes = [1 + usize::from(chunks >> 4), 16 + usize::from(chunks & 15)];
    let whole = transcode_in_chunks(shape, text, &sizes);
    check_result(whole, expect(shape.options(), SOURCE, text));
}
