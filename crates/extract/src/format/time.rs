//! Times in the notations of AWS's logs.

use std::io::Write;

use crate::timestamp::{TimestampFormatter, iso_instant};

/// The length of `06/Feb/2019:00:00:38 +0000`.
const ACCESS_TIME: usize = 26;

/// The length of `2020-02-01T00:00:00.123456789`. A fraction with more digits is none of ISO 8601.
const LONGEST: usize = 29;

const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// Seconds since 1970 have fewer digits than this until the year 5138, and milliseconds as many since 1973.
const DIGITS_OF_MILLISECONDS: usize = 12;

/// Appends a time that is written in some way as ISO 8601 in UTC.
pub(super) type WriteTime = fn(&[u8], &mut TimestampFormatter, &mut Vec<u8>) -> Option<()>;

/// Appends a time as ISO 8601 in UTC, if it is written in one of these ways:
///
/// - ISO 8601 without a zone, which is UTC, or with another one
/// - as in access logs of web servers: `06/Feb/2019:00:00:38 +0000`
pub(super) fn write_utc(
    text: &[u8],
    times: &mut TimestampFormatter,
    out: &mut Vec<u8>,
) -> Option<()> {
    let local = text.strip_suffix(b"+0000");
    let local = local.filter(|local| local.len() <= LONGEST).unwrap_or(text);
    if colparquet::local_micros(local).is_some() {
        out.extend_from_slice(local);
        out.push(b'Z');
        return Some(());
    }
    let begin = out.len();
    match access_time(text, out) {
        Some(0) => Some(()),
        Some(offset) => {
            let local = colparquet::micros(&out[begin..])?;
            out.truncate(begin);
            write(local - offset, times, out)
        }
        None => {
            out.truncate(begin);
            write(iso_instant(text)?.as_microsecond(), times, out)
        }
    }
}

/// Appends a time that is written in seconds or milliseconds since 1970 as ISO 8601 in UTC.
pub(super) fn write_since_1970(
    text: &[u8],
    times: &mut TimestampFormatter,
    out: &mut Vec<u8>,
) -> Option<()> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let unit = if text.len() < DIGITS_OF_MILLISECONDS {
        1000
    } else {
        1
    };
    write(number.checked_mul(unit)?.checked_mul(1000)?, times, out)
}

/// Appends a time in microseconds since 1970, with six digits of a second if it needs them.
fn write(micros: i64, times: &mut TimestampFormatter, out: &mut Vec<u8>) -> Option<()> {
    let (milliseconds, rest) = (micros.div_euclid(1000), micros.rem_euclid(1000));
    if !crate::bounds::TIMESTAMPS.contains(&milliseconds) {
        return None;
    }
    let text = times.format(milliseconds);
    if rest == 0 {
        out.extend_from_slice(text);
        return Some(());
    }
    out.extend_from_slice(text.strip_suffix(b"Z")?);
    write!(out, "{rest:03}Z").ok()
}

/// Appends the local time of an access log as if it were in UTC. Returns the microseconds by which its zone
/// is ahead of UTC.
fn access_time(text: &[u8], out: &mut Vec<u8>) -> Option<i64> {
    let text: &[u8; ACCESS_TIME] = text.try_into().ok()?;
    let marks = [text[2], text[6], text[11], text[20]];
    let month = MONTHS.chunks(3).position(|month| *month == text[3..6])? + 1;
    if marks != *b"//: " {
        return None;
    }
    let begin = out.len();
    out.extend_from_slice(&text[7..11]);
    out.extend_from_slice(&[
        b'-',
        b'0' + (month / 10) as u8,
        b'0' + (month % 10) as u8,
        b'-',
    ]);
    out.extend_from_slice(&text[..2]);
    out.push(b'T');
    out.extend_from_slice(&text[12..20]);
    out.push(b'Z');
    colparquet::micros(&out[begin..])?;
    let digits = std::str::from_utf8(&text[22..]).ok()?;
    let offset: i64 = digits
        .parse()
        .ok()
        .filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let (hours, minutes) = (offset / 100, offset % 100);
    // The limits that jiff has for offsets of ISO 8601.
    if hours > 25 || minutes > 59 {
        return None;
    }
    let ahead = (hours * 60 + minutes) * 60_000_000;
    match text[21] {
        b'+' => Some(ahead),
        b'-' => Some(-ahead),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_is_the_same_time() {
        let mut times = TimestampFormatter::default();
        for (text, expected) in [
            ("2020-02-01T00:00:00", Some("2020-02-01T00:00:00Z")),
            (
                "2020-02-01T00:00:00.000001",
                Some("2020-02-01T00:00:00.000001Z"),
            ),
            (
                "2020-02-01T01:00:00+01:00",
                Some("2020-02-01T00:00:00.000Z"),
            ),
            (
                "2020-02-01T00:00:00.000000+0000",
                Some("2020-02-01T00:00:00.000000Z"),
            ),
            ("01/Feb/2020:00:00:00 +0000", Some("2020-02-01T00:00:00Z")),
            (
                "31/Jan/2020:23:30:00 -0030",
                Some("2020-02-01T00:00:00.000Z"),
            ),
            (
                "01/Feb/2020:02:00:00 +0200",
                Some("2020-02-01T00:00:00.000Z"),
            ),
            (
                "2020-02-01T00:00:00.030899+0000",
                Some("2020-02-01T00:00:00.030899Z"),
            ),
            (
                "1970-01-01T00:59:59.999999+01:00",
                Some("1969-12-31T23:59:59.999999Z"),
            ),
            ("2020-02-01T00:00:00[Europe/Paris]", None),
            ("01/Feb/2020:00:00:00 +2600", None),
            ("01/Feb/2020:00:00:00 -0060", None),
            ("2020-02-01T00:00:00.0123456789+0000", None),
            ("2020-02-01T00:00:00.+0000", None),
            ("+0000", None),
            ("1580515200", Some("2020-02-01T00:00:00.000Z")),
            ("1580515200001", Some("2020-02-01T00:00:00.001Z")),
            ("30/Feb/2020:00:00:00 +0000", None),
            ("01/feb/2020:00:00:00 +0000", None),
            ("01/Feb/2020 00:00:00 +0000", None),
            ("01/Feb/2020:00:00:00 +0+00", None),
            ("yesterday", None),
            ("", None),
            ("-1", None),
            ("99999999999999999999", None),
        ] {
            let mut out = b"before".to_vec();
            let is_time = write_utc(text.as_bytes(), &mut times, &mut out)
                .or_else(|| write_since_1970(text.as_bytes(), &mut times, &mut out))
                .is_some();
            let written = String::from_utf8(out).unwrap();
            assert_eq!(is_time.then(|| &written[6..]), expected, "{text}");
        }
    }
}
