//! Formats, timestamps, rejected lines, and options.

mod captures;
mod choices;
mod flow_logs;
mod rejected;
mod timestamps;
mod whole;

use rehose_extract::{DEFAULT_FIELDS, FIELDS, Field, FieldKind, Options, OptionsError, Shape};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{event_regex, flow_logs, messages, options};
use rehose_testkit::stash::{FLOW, document, flow};
use rehose_testkit::subject::{Output, SOURCE, transcode};
use serde_json::{Value, json};

/// Returns the output for a document with these events.
fn output(shape: &Shape, events: &[(i64, &str)]) -> Output {
    let object = document(events);
    let output = transcode(shape, object.as_bytes(), &[5]).unwrap();
    let expected = expect(shape.options(), SOURCE, object.as_bytes()).unwrap();
    assert_eq!(output.as_expected(), expected);
    output
}

/// Returns the row of a message.
fn row(shape: &Shape, message: &str) -> String {
    let csv = output(shape, &[(0, message)]).csv();
    let row = csv.strip_prefix(&(shape.header() + "\n")).unwrap();
    let row = row.strip_prefix("1970-01-01T00:00:00.000Z,").unwrap();
    row.strip_suffix('\n').unwrap().to_owned()
}

/// Returns the output for a message, of a shape that the oracle does not know.
fn output_of(shape: &Shape, message: &str) -> Output {
    transcode(shape, document(&[(0, message)]).as_bytes(), &[5]).unwrap()
}

/// Returns the row in it.
fn row_of(shape: &Shape, message: &str) -> String {
    let csv = output_of(shape, message).csv();
    let (_, row) = csv.split_once("Z,").unwrap();
    row.trim_end().to_owned()
}

/// Returns the reason why a message is rejected.
fn rejection(shape: &Shape, message: &str) -> String {
    let output = output(shape, &[(0, message)]);
    assert_eq!(output.csv(), shape.header() + "\n");
    assert_eq!(output.summary.rejected, 1);
    let line: Value = serde_json::from_str(&output.rejected_lines()).unwrap();
    assert_eq!(line["message"], message);
    line["reason"].as_str().unwrap().to_owned()
}

/// Returns the reason why options are refused.
fn refusal(options: Value) -> OptionsError {
    let options: Options = serde_json::from_value(options).unwrap();
    options.compile().unwrap_err()
}
