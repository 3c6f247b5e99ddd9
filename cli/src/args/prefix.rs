//! Prefixes, locations and times of keys in arguments. Whatever names keys is parsed here, because a prefix that was
//! copied from a delivery stream can have expressions that no key has.

use jiff::civil::DateTime;
use rehose_catalog::{Layout, expression};
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

/// Parses the layout of keys.
pub(crate) fn parse_layout(text: &str) -> Result<Layout, String> {
    text.parse().map_err(|error| format!("it {error}"))
}

/// Parses an hour as Firehose writes it in keys.
pub(crate) fn parse_hour(text: &str) -> Result<DateTime, String> {
    const FORMAT: &str = "%Y/%m/%d/%H";
    match DateTime::strptime(FORMAT, text) {
        Ok(hour) if hour.strftime(FORMAT).to_string() == text => Ok(hour),
        _ => Err("it must be yyyy/MM/dd/HH, as in 2020/01/31/00".to_owned()),
    }
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
