//! Compiles regexes within limits.
//!
//! The engine searches in linear time for every pattern, but the time per byte grows with the size
//! of the compiled pattern. So that size has a limit.

use regex::{Error, RegexBuilder, bytes};

use crate::bounds::{MAX_COMPILED, MAX_PATTERN};

/// Compiles a pattern for text. The error is the reason, in words.
pub(crate) fn text(pattern: &str) -> Result<regex::Regex, String> {
    check_length(pattern)?;
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(MAX_COMPILED).build().map_err(reason)
}

/// Compiles a pattern for bytes. The error is the reason, in words.
fn bytes(pattern: &str) -> Result<bytes::Regex, String> {
    check_length(pattern)?;
    let mut builder = bytes::RegexBuilder::new(pattern);
    builder.size_limit(MAX_COMPILED).build().map_err(reason)
}

/// Compiles a pattern for bytes that has these groups. The error is the reason, in words.
pub(crate) fn with_groups(pattern: &str, names: &[&str]) -> Result<bytes::Regex, String> {
    let regex = bytes(pattern)?;
    match names
        .iter()
        .find(|name| !regex.capture_names().flatten().any(|g| g == **name))
    {
        None => Ok(regex),
        Some(name) => Err(format!("it has no group (?P<{name}>...)")),
    }
}

fn check_length(pattern: &str) -> Result<(), String> {
    if pattern.len() <= MAX_PATTERN {
        return Ok(());
    }
    let length = pattern.len();
    Err(format!(
        "it has {length} bytes, and {MAX_PATTERN} are the most"
    ))
}

fn reason(error: Error) -> String {
    match error {
        Error::CompiledTooBig(_) => format!(
            r"compiled, it takes more than {MAX_COMPILED} bytes: repeat less, and write [0-9A-Za-z_] for \w, which is every letter of every script"
        ),
        error => error.to_string(),
    }
}
