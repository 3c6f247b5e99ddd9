//! Writing to the terminal: results go to standard output, everything else to standard error.
//!
//! If the reader has closed the pipe, it wants no more, and the rest is not written. Any other error of writing
//! results ends the command with one of its own ([`is_complete`]).

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// Whether a result could not be written.
static IS_CUT: AtomicBool = AtomicBool::new(false);

/// Prints a line of the result to standard output.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout();
    note(writeln!(out, "{}", visible(text)).and_then(|()| out.flush()));
}

/// Notes how writing to standard output ended.
pub(crate) fn note(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::BrokenPipe
        && !IS_CUT.swap(true, Ordering::Relaxed)
    {
        print_error(&format!(
            "writing to standard output failed: {error}; what the command did stands, and its result is cut"
        ));
    }
}

/// Whether all results were written, as far as their reader wanted them.
pub(crate) fn is_complete() -> bool {
    !IS_CUT.load(Ordering::Relaxed)
}

/// Prints a result to standard output as JSON.
pub(crate) fn print_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(json) => print(&json),
        Err(error) => print_error(&error),
    }
}

/// Prints a note to standard error: neither a result nor an error.
pub(crate) fn print_note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", visible(text));
}

/// Prints an error to standard error, as one line: logs and scripts often keep only the last line.
pub(crate) fn print_error(error: &dyn Display) {
    let text = one_line(&error.to_string());
    let _ = writeln!(io::stderr(), "rehose: {}", visible(&text));
}

/// Escapes characters with which a terminal does something: keys may have any.
fn visible(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_control(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Quotes an argument for a POSIX shell.
pub(crate) fn quoted(argument: &str) -> String {
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// Joins the lines of a text. Drops the `^^^` markers under a line, which only make sense below it.
fn one_line(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| {
            let words = paragraph.split_whitespace();
            let words = words.filter(|word| !word.trim_matches('^').is_empty());
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    paragraphs.join("; ")
}
