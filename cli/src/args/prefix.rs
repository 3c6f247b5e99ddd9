//! Prefixes and locations in arguments. Whatever names keys is parsed here, because a prefix that was
//! copied from a delivery stream can have expressions that no key has.

use rehose_catalog::expression;
use rehose_store::location::Location;

/// Parses a prefix of keys.
pub(crate) fn parse_prefix(text: &str) -> Result<String, String> {
    refuse_expressions(text)?;
    Ok(text.to_owned())
}

/// Parses a folder or `s3://bucket/prefix`. A folder may have any name.
pub(crate) fn parse_location(text: &str) -> Result<Location, String> {
    let location: Location = text.parse().map_err(|error| format!("{error}"))?;
    if location.bucket().is_some() {
        refuse_expressions(text)?;
    }
    Ok(location)
}

fn refuse_expressions(text: &str) -> Result<(), String> {
    match expression(text) {
        None => Ok(()),
        Some(expression) => Err(format!(
            "it has {expression:?}, an expression that Firehose fills in, so no key has it; give what is \
             before it (`rehose table` takes the rest as --layout, with {{yyyy}}, {{MM}}, {{dd}} and {{HH}})"
        )),
    }
}
