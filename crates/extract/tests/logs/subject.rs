//! Transcodes a log, and compares it with the oracle.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rehose_extract::{Shape, Summary};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::options;
use rehose_testkit::stash::document;
use rehose_testkit::subject::{
    Output, SIZES, SOURCE, check_result, transcode, transcode_in_chunks,
};
use serde_json::{Value, json};

/// The rows of a log.
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// The reason and the detail of each rejected line.
    pub(crate) rejected: Vec<(String, String)>,
    pub(crate) summary: Summary,
}

impl Rows {
    /// Returns the values of a row that are not empty, by their columns.
    pub(crate) fn row(&self, row: usize) -> BTreeMap<&str, &str> {
        let columns = self.columns.iter().map(String::as_str);
        let values = self.rows[row].iter().map(String::as_str);
        columns
            .zip(values)
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// Returns the value of a column in a row.
    pub(crate) fn value(&self, row: usize, column: &str) -> &str {
        let place = self.columns.iter().position(|name| name == column);
        &self.rows[row][place.unwrap()]
    }
}

/// Returns the rows of a text. Fails unless they are the oracle's, in chunks of every size, in both kinds of
/// files, and if the lines come in an envelope.
pub(crate) fn rows(format: &str, text: &str) -> Rows {
    for to in ["csv", "parquet"] {
        in_an_envelope(&options(json!({"format": format, "to": to})), text);
    }
    rows_with(&json!({"format": format, "with": ["source"]}), text)
}

/// The same in a dialect, and not in an envelope.
pub(crate) fn rows_in(dialect: &str, format: &str, text: &str) -> Rows {
    rows_with(&json!({"format": format, "dialect": dialect}), text)
}

fn rows_with(chosen: &Value, text: &str) -> Rows {
    check(chosen, text);
    let output = transcode(&options(chosen.clone()), text.as_bytes(), &[usize::MAX]);
    read(&output.unwrap())
}

/// Fails unless the result is the oracle's, in chunks of every size and in both kinds of files.
pub(crate) fn check(chosen: &Value, text: &str) {
    for to in ["csv", "parquet"] {
        let mut chosen = chosen.clone();
        chosen["to"] = to.into();
        let shape = options(chosen);
        let result = transcode_in_chunks(&shape, text.as_bytes(), &SIZES);
        check_result(result, expect(shape.options(), SOURCE, text.as_bytes()));
    }
}

/// Fails unless the rows of lines in an envelope are the oracle's.
fn in_an_envelope(shape: &Shape, text: &str) {
    let lines: Vec<_> = text.lines().map(|line| (1_580_515_200_000, line)).collect();
    let envelope = document(&lines);
    let result = transcode_in_chunks(shape, envelope.as_bytes(), &[1, 64]);
    let expected = expect(shape.options(), SOURCE, envelope.as_bytes());
    check_result(result, expected);
}

/// A field that is changed a little.
fn field(field: String) -> impl Strategy<Value = String> {
    prop_oneof![
        20 => Just(field),
        2 => Just("-".to_owned()),
        1 => Just("\"-\"".to_owned()),
        1 => "[-0-9.:TZ]{0,12}",
        1 => "\"[a-z \\\\\"]{0,9}\"",
        1 => "[a-z \\\\\"\\[\\]:]{0,9}",
        1 => "\\PC{0,5}",
    ]
}

/// A line of fields that are changed a little.
pub(crate) fn line(fields: Vec<String>) -> impl Strategy<Value = String> {
    let count = fields.len();
    let fields: Vec<_> = fields.into_iter().map(field).collect();
    let count = prop_oneof![8 => Just(count), 2 => 0..count];
    (fields, count, "( [a-z\"]{0,3}){0,2}").prop_map(|(fields, count, more)| {
        let fields: Vec<_> = fields.into_iter().take(count).collect();
        (fields.join(" ") + &more).replace(['\n', '\r'], "")
    })
}

fn read(output: &Output) -> Rows {
    let csv = output.csv();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes());
    let mut lines = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
    let rejected = output.rejected_lines();
    let rejected = rejected.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (text("reason"), text("detail"))
    });
    Rows {
        columns: lines.next().unwrap(),
        rows: lines.collect(),
        rejected: rejected.collect(),
        summary: output.summary.clone(),
    }
}
