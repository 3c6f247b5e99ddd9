//! Writing to the terminal: results go to standard output, everything else to standard error.
//!
//! Errors of writing are ignored: the reader has closed the pipe and wants no more.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

/// Prints a line of the result to standard output.
pub(crate) fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
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
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an error to standard error, as one line: logs and scripts often keep only the last line.
pub(crate) fn print_error(error: &dyn Display) {
    let _ = writeln!(io::stderr(), "rehose: {}", one_line(&error.to_string()));
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
