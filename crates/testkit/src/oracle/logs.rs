//! The columns of AWS's logs, worked out in the simplest way: by regexes, a tree of JSON, and words that are
//! glued together again where quotes say so.

mod cloudfront;
mod json;
mod quoted;
mod s3;
mod values;

use rehose_extract::{FileKind, FormatName, Options};

use self::values::Column;

/// The reason why an event is rejected, with its detail.
pub type Rejected = (&'static str, String);

/// What is found in a message, in the order in which it is looked at.
#[derive(Default)]
struct Found {
    /// Values, each with its column.
    values: Vec<(usize, String)>,
    /// Why nothing more is looked at.
    fault: Option<Rejected>,
    is_json: bool,
}

impl Found {
    fn fault(reason: &'static str, detail: &str) -> Self {
        Self {
            values: Vec::new(),
            fault: Some((reason, detail.to_owned())),
            is_json: false,
        }
    }
}

/// Returns columns by their names and types: `#` 32 bits, `%` 64 bits, `~` a decimal number, `@` a time,
/// `{` JSON, else text.
fn columns_of(names: &[&str]) -> Vec<Column> {
    let columns = names.iter().map(|name| Column::new(name));
    columns.chain([Column::new("more")]).collect()
}

/// The columns of a format, if it is one of these, and the one with its time.
fn format_columns(format: FormatName) -> Option<(Vec<Column>, &'static str)> {
    Some(match format {
        FormatName::Alb => (quoted::columns(quoted::ALB), "time"),
        FormatName::AlbConnection => (quoted::columns(quoted::ALB_CONNECTION), "time"),
        FormatName::Nlb => (quoted::columns(quoted::NLB), "time"),
        FormatName::Elb => (quoted::columns(quoted::ELB), "time"),
        FormatName::S3Access => (s3::columns(), "requestdatetime"),
        FormatName::CloudFront => (cloudfront::columns(), "time"),
        FormatName::CloudTrail => (json::columns(json::CLOUDTRAIL), "eventtime"),
        FormatName::Waf => (json::columns(json::WAF), "time"),
        FormatName::Resolver => (json::columns(json::RESOLVER), "query_timestamp"),
        FormatName::NetworkFirewall => (json::columns(json::NETWORK_FIREWALL), "event_timestamp"),
        _ => return None,
    })
}

/// Returns the names of the columns, if the format is one of these.
pub fn columns(options: &Options) -> Option<Vec<String>> {
    let (columns, _) = format_columns(options.with_defaults().format?)?;
    Some(columns.into_iter().map(|column| column.name).collect())
}

/// Returns the milliseconds since 1970 of a time in UTC, rounded down.
pub fn milliseconds(time: &str) -> Option<i64> {
    values::milliseconds(time)
}

/// Whether a text that begins with a time and a space is lines of the format, unless another time follows.
pub fn begins_with_time(options: &Options) -> bool {
    let format = options.with_defaults().format;
    matches!(format, Some(FormatName::Elb | FormatName::AlbConnection))
}

/// Whether documents have an array of records.
pub fn has_arrays(options: &Options) -> bool {
    options.with_defaults().format == Some(FormatName::CloudTrail)
}

/// Takes a line that says which fields the lines after it have. Returns what it names, if it is one.
pub fn header_line(options: &Options, line: &str) -> Option<Vec<String>> {
    match options.with_defaults().format {
        Some(FormatName::CloudFront) => cloudfront::header_line(line),
        _ => None,
    }
}

/// Returns the values of a message, and its own time. `header` is what the last header has named.
pub fn values(
    options: &Options,
    header: &[String],
    message: &str,
) -> Result<(Vec<String>, String), Rejected> {
    let format = options.with_defaults().format.unwrap();
    if header.iter().any(|name| name == cloudfront::OF_RTMP) {
        return Err(("other-kind", "cloudfront-rtmp".to_owned()));
    }
    let rejected = match attempt(format, header, message) {
        Ok((values, time)) => {
            let (columns, _) = format_columns(format).unwrap();
            let is_in_parquet = options.to == Some(FileKind::Parquet);
            let written = columns
                .iter()
                .zip(values)
                .map(|(column, value)| match is_in_parquet {
                    true => column.in_parquet(&value),
                    false => value,
                });
            return Ok((written.collect(), time));
        }
        Err(rejected) => rejected,
    };
    match other_kind(format, message) {
        Some(kind) => Err(("other-kind", kind)),
        None => Err(rejected),
    }
}

/// Returns the kind of another log that a message is of.
pub fn other_kind(format: FormatName, message: &str) -> Option<String> {
    if message.starts_with("Enable AccessLog for ELB") {
        return Some("elb-test-file".to_owned());
    }
    for other in FormatName::ALL.iter().filter(|other| **other != format) {
        if format_columns(*other).is_some() && attempt(*other, &[], message).is_ok() {
            return Some(other.name().to_owned());
        }
    }
    let found = quoted::find(quoted::HEALTH_CHECK, &[], message);
    let is_check = take(&quoted::columns(quoted::HEALTH_CHECK), found).is_ok();
    is_check.then(|| "alb-health-check".to_owned())
}

/// Returns the values of a message, and its own time.
fn attempt(
    format: FormatName,
    header: &[String],
    message: &str,
) -> Result<(Vec<String>, String), Rejected> {
    let (columns, time) = format_columns(format).unwrap();
    let found = match format {
        FormatName::Alb => quoted::find(quoted::ALB, &[18, 19, 20, 25, 29, 30, 33], message),
        FormatName::AlbConnection => quoted::find(quoted::ALB_CONNECTION, &[11], message),
        FormatName::Nlb => quoted::find(quoted::NLB, &[17, 21], message),
        FormatName::Elb => quoted::find(quoted::ELB, &[12], message),
        FormatName::S3Access => s3::find(message),
        FormatName::CloudFront => cloudfront::find(header, message),
        FormatName::CloudTrail => json::find(json::CLOUDTRAIL, message),
        FormatName::Waf => json::find(json::WAF, message),
        FormatName::Resolver => json::find(json::RESOLVER, message),
        _ => json::find(json::NETWORK_FIREWALL, message),
    };
    let values = take(&columns, found)?;
    let place = columns.iter().position(|column| column.name == time);
    let time = values[place.unwrap()].clone();
    Ok((values, time))
}

/// Checks the types of what is found.
fn take(columns: &[Column], found: Found) -> Result<Vec<String>, Rejected> {
    let mut values = vec![String::new(); columns.len()];
    for (place, text) in found.values {
        let column = &columns[place];
        let value = column.value(&text, found.is_json);
        values[place] = value.ok_or(("field-type", column.name.clone()))?;
    }
    match found.fault {
        Some(fault) => Err(fault),
        None => Ok(values),
    }
}
