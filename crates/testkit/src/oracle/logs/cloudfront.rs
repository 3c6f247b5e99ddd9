//! The fields of CloudFront's standard logs.

use super::values::Column;
use super::{Found, columns_of};

/// The names of the fields, of which the first 33 are in every line.
const FIELDS: &str = "date time x-edge-location sc-bytes% c-ip cs-method cs(Host) cs-uri-stem \
    sc-status# cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type \
    x-edge-request-id x-host-header cs-protocol cs-bytes% time-taken~ x-forwarded-for ssl-protocol \
    ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields# \
    c-port# time-to-first-byte~ x-edge-detailed-result-type sc-content-type sc-content-len% \
    sc-range-start% sc-range-end% origin-fbl~ origin-lbl~ asn% c-country \
    cache-behavior-path-pattern distributionid distribution-tenant-id connection-id";

const STANDARD: usize = 33;

fn names() -> Vec<&'static str> {
    FIELDS.split_whitespace().collect()
}

fn plain(name: &str) -> String {
    name.trim_end_matches(['#', '%', '~', '@']).to_owned()
}

pub(super) fn columns() -> Vec<Column> {
    let name = |name: &&str| {
        let name = name.to_lowercase();
        name.replace('(', "_").replace(')', "").replace('-', "_")
    };
    let mut columns = vec!["time@".to_owned()];
    columns.extend(names()[2..].iter().map(name));
    columns_of(&columns.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A field of the logs of RTMP.
pub(super) const OF_RTMP: &str = "x-event";

pub(super) fn header_line(line: &str) -> Option<Vec<String>> {
    if !line.starts_with('#') {
        return None;
    }
    let fields = line.strip_prefix("#Fields:").unwrap_or_default();
    Some(fields.split_ascii_whitespace().map(str::to_owned).collect())
}

pub(super) fn find(header: &[String], message: &str) -> Found {
    let known: Vec<String> = names().iter().map(|name| plain(name)).collect();
    let fields: Vec<&str> = message.split('\t').collect();
    let count = fields.len();
    let (header, is_whole) = match header {
        [] => (&known[..STANDARD], count >= STANDARD),
        names => (names, count == names.len()),
    };
    let is_earlier = [18, 19, 23, 24, 26, 31].contains(&count)
        && header.len() > count
        && header[..count] == known[..count];
    if !is_whole && !is_earlier {
        return Found::fault("field-count", &fields.len().to_string());
    }
    let mut values = Vec::new();
    let (mut date, mut time) = (None, None);
    let mut more = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        // The first of a name is its column.
        let name = header
            .get(number)
            .filter(|name| !header[..number].contains(name));
        match name.and_then(|name| known.iter().position(|known| known == name)) {
            Some(0) => date = Some(*field),
            Some(1) => time = Some(*field),
            Some(_) if *field == "-" => {}
            Some(place) => values.push((place - 1, (*field).to_owned())),
            None => more.push(*field),
        }
    }
    if let (Some(date), Some(time)) = (date, time) {
        values.push((0, format!("{date}T{time}Z")));
    }
    if !more.is_empty() {
        values.push((columns().len() - 1, more.join("\t")));
    }
    Found {
        values,
        fault: None,
        is_json: false,
    }
}
