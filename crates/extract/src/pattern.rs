//! What a regex may cost. The engine searches in linear time whatever the pattern, but each byte
//! costs as much as the compiled pattern is large, so that its size is bounded too.

use regex::{Error, RegexBuilder, bytes};

use crate::bounds::{MAX_COMPILED, MAX_PATTERN};

/// Compiles a pattern for text.
pub(crate) fn text(pattern: &str) -> Result<regex::Regex, String> {
    check_length(pattern)?;
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(MAX_COMPILED).build().map_err(words)
}

/// Compiles a pattern for bytes.
pub(crate) fn bytes(pattern: &str) -> Result<bytes::Regex, String> {
    check_length(pattern)?;
    let mut builder = bytes::RegexBuilder::new(pattern);
    builder.size_limit(MAX_COMPILED).build().map_err(words)
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

fn words(error: Error) -> String {
    match error {
        Error::CompiledTooBig(_) => format!(
            r"compiled, it takes more than {MAX_COMPILED} bytes: repeat less, and write [0-9A-Za-z_] for \w, which is every letter of every script"
        ),
        error => error.to_string(),
    }
}
