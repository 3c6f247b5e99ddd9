//! The columns of AWS's logs, worked out in the simplest way: a line is cut into words, and words are glued
//! together again where quotes say so.

mod quoted;
mod values;

use rehose_extract::{FileKind, FormatName, Options};

use self::values::Column;

/// The reason why an event is rejected, with its detail.
pub type Rejected = (&'static str, String);

/// A column's name and type: `#` 32 bits, `%` 64 bits, `~` a decimal number, `@` a time, `{` JSON, else text.
fn columns_of(spec: &str) -> Vec<Column> {
    let plain = spec.replace([':', '/', '+', '*', '"'], " ");
    let mut columns: Vec<_> = plain.split_whitespace().map(Column::new).collect();
    columns.push(Column::new("more"));
    columns
}

/// What is known of a format: the columns, and the numbers of fields of earlier lines.
fn spec(format: FormatName) -> Option<(&'static str, &'static [usize])> {
    Some(match format {
        FormatName::Alb => (quoted::ALB, &[18, 19, 20, 25, 29, 30, 33]),
        FormatName::AlbConnection => (quoted::ALB_CONNECTION, &[11]),
        FormatName::Nlb => (quoted::NLB, &[17, 21]),
        FormatName::Elb => (quoted::ELB, &[12]),
        _ => return None,
    })
}

/// Returns the milliseconds since 1970 of a time in UTC, rounded down.
pub fn milliseconds(time: &str) -> Option<i64> {
    values::milliseconds(time)
}

/// Returns the names of the columns, if the format is one of these.
pub fn columns(options: &Options) -> Option<Vec<String>> {
    let (spec, _) = spec(options.with_defaults().format?)?;
    Some(
        columns_of(spec)
            .into_iter()
            .map(|column| column.name)
            .collect(),
    )
}

/// Whether a text that begins with a time and a space is lines of the format, unless another time follows.
pub fn begins_with_time(options: &Options) -> bool {
    let format = options.with_defaults().format;
    matches!(format, Some(FormatName::Elb | FormatName::AlbConnection))
}

/// Returns the values of a message, and its own time.
pub fn values(options: &Options, message: &str) -> Result<(Vec<String>, String), Rejected> {
    let first = attempt(options, message, true);
    // A backslash is before a quote that ends a field, if quotes make no sense otherwise.
    match first.is_err() && message.contains("\\\"") {
        true => attempt(options, message, false).or(first),
        false => first,
    }
}

fn attempt(
    options: &Options,
    message: &str,
    has_escapes: bool,
) -> Result<(Vec<String>, String), Rejected> {
    let format = options.with_defaults().format.unwrap();
    let (spec, earlier) = spec(format).unwrap();
    let fields = quoted::fields(spec, earlier, message, has_escapes);
    let is_in_parquet = options.to == Some(FileKind::Parquet);
    let mut values = Vec::new();
    let mut own_time = String::new();
    for (column, field) in columns_of(spec).iter().zip(fields.columns) {
        let field = field.filter(|field| field != "-" || column.name == "more");
        let value = match &field {
            None => String::new(),
            Some(field) => column
                .value(field)
                .ok_or(("field-type", column.name.clone()))?,
        };
        if column.name == "time" {
            own_time.clone_from(&value);
        }
        values.push(match is_in_parquet {
            true => column.in_parquet(&value),
            false => value,
        });
    }
    match fields.fault {
        Some(fault) => Err(fault),
        None => Ok((values, own_time)),
    }
}
