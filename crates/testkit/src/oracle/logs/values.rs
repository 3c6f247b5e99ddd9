//! The values of columns.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use crate::oracle::rows::instant;

pub(super) struct Column {
    pub(super) name: String,
    kind: char,
}

impl Column {
    pub(super) fn new(spec: &str) -> Self {
        let name = spec.trim_end_matches(['#', '%', '~', '@', '{']);
        Self {
            kind: spec[name.len()..].chars().next().unwrap_or('t'),
            name: name.to_owned(),
        }
    }

    /// Returns a field as CSV has it, or `None` if it is of another type.
    /// A time may be a number in JSON alone.
    pub(super) fn value(&self, field: &str, is_json: bool) -> Option<String> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_right = match self.kind {
            '#' => digits(field) && field.parse::<i32>().is_ok(),
            '%' => field == "-1" || digits(field) && field.parse::<i64>().is_ok(),
            '~' => {
                let number = field.strip_prefix('-').unwrap_or(field);
                let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
                digits(whole) && digits(fraction)
            }
            '@' => return time(field, is_json),
            _ => true,
        };
        is_right.then(|| field.to_owned())
    }

    /// Returns a value of CSV as it is read from Parquet.
    pub(super) fn in_parquet(&self, value: &str) -> String {
        match self.kind {
            _ if value.is_empty() => String::new(),
            '#' | '%' => value.parse::<i64>().unwrap().to_string(),
            '~' => value.parse::<f64>().unwrap().to_string(),
            '@' => micros(value),
            _ => value.to_owned(),
        }
    }
}

/// Returns a time in UTC with microseconds.
fn micros(text: &str) -> String {
    let time = timestamp(text).unwrap();
    let micros = time.as_nanosecond().div_euclid(1000) as i64;
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let time = epoch
        .checked_add(SignedDuration::from_micros(micros))
        .unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Returns the time of a text as [`time`] returns it. jiff reads at most nine digits of a second, and later ones change
/// nothing.
fn timestamp(text: &str) -> Option<Timestamp> {
    let short = text.get(..29).unwrap_or(text).trim_end_matches('Z');
    format!("{short}Z").parse().ok()
}

/// Returns milliseconds since 1970, rounded down, of a time in UTC.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let time = timestamp(text)?;
    i64::try_from(time.as_nanosecond().div_euclid(1_000_000)).ok()
}

/// Returns a time as ISO 8601 in UTC: as it is written, if it is one already.
fn time(text: &str, is_json: bool) -> Option<String> {
    let is_iso = |text: &str| {
        let strict = regex::Regex::new(
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z$",
        );
        let seconds = text.get(17..19).is_some_and(|seconds| seconds != "60");
        strict.unwrap().is_match(text)
            && seconds
            && timestamp(text).is_some()
            && !text.starts_with("0000")
    };
    if is_iso(text) {
        return Some(text.to_owned());
    }
    let local = text.strip_suffix("+0000").filter(|text| text.len() <= 29);
    let in_utc = format!("{}Z", local.unwrap_or(text));
    if is_iso(&in_utc) {
        return Some(in_utc);
    }
    if is_json && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        let unit = if text.len() < 12 { 1000 } else { 1 };
        return written(Timestamp::from_millisecond(number.checked_mul(unit)?).ok()?);
    }
    if let Ok(time) = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", text)
        && text.len() == 26
        && text.as_bytes()[3].is_ascii_uppercase()
        && text[4..6].bytes().all(|b| b.is_ascii_lowercase())
    {
        let utc = time.to_timestamp().ok()?;
        return match text.ends_with("0000") {
            true => Some(utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            false => written(utc),
        };
    }
    written(instant(text)?)
}

/// With six digits of a second if it needs them.
fn written(time: Timestamp) -> Option<String> {
    let is_whole = time.as_microsecond() % 1000 == 0;
    let pattern = match is_whole {
        true => "%Y-%m-%dT%H:%M:%S.%3fZ",
        false => "%Y-%m-%dT%H:%M:%S.%6fZ",
    };
    let text = time.strftime(pattern).to_string();
    (!text.starts_with('-') && !text.starts_with("0000")).then_some(text)
}
