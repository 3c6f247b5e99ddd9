//! The format `cloudfront`: standard logs of CloudFront, fields between tabs.

use std::ops::Range;

use memchr::memchr_iter;

use super::log::{Header, Log, LogColumn, column};
use super::row::Row;
use crate::rejection::Rejection;
use crate::schema::FieldKind::{self, BigInt, Double, Int, Text};

pub(super) const LOG: CloudFront = CloudFront;

#[derive(Debug)]
pub(super) struct CloudFront;

/// The fields as a header names them, their columns, and the types of these. The first 33 are those of the
/// standard logs in their order. The others can be chosen for logs of version 2
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html>).
const FIELDS: [(&str, &str, FieldKind); 41] = [
    // The first two have the column `time` together.
    ("date", "", Text),
    ("time", "", Text),
    ("x-edge-location", "x_edge_location", Text),
    ("sc-bytes", "sc_bytes", BigInt),
    ("c-ip", "c_ip", Text),
    ("cs-method", "cs_method", Text),
    ("cs(Host)", "cs_host", Text),
    ("cs-uri-stem", "cs_uri_stem", Text),
    ("sc-status", "sc_status", Int),
    ("cs(Referer)", "cs_referer", Text),
    ("cs(User-Agent)", "cs_user_agent", Text),
    ("cs-uri-query", "cs_uri_query", Text),
    ("cs(Cookie)", "cs_cookie", Text),
    ("x-edge-result-type", "x_edge_result_type", Text),
    ("x-edge-request-id", "x_edge_request_id", Text),
    ("x-host-header", "x_host_header", Text),
    ("cs-protocol", "cs_protocol", Text),
    ("cs-bytes", "cs_bytes", BigInt),
    ("time-taken", "time_taken", Double),
    ("x-forwarded-for", "x_forwarded_for", Text),
    ("ssl-protocol", "ssl_protocol", Text),
    ("ssl-cipher", "ssl_cipher", Text),
    (
        "x-edge-response-result-type",
        "x_edge_response_result_type",
        Text,
    ),
    ("cs-protocol-version", "cs_protocol_version", Text),
    ("fle-status", "fle_status", Text),
    ("fle-encrypted-fields", "fle_encrypted_fields", Int),
    ("c-port", "c_port", Int),
    ("time-to-first-byte", "time_to_first_byte", Double),
    (
        "x-edge-detailed-result-type",
        "x_edge_detailed_result_type",
        Text,
    ),
    ("sc-content-type", "sc_content_type", Text),
    ("sc-content-len", "sc_content_len", BigInt),
    ("sc-range-start", "sc_range_start", BigInt),
    ("sc-range-end", "sc_range_end", BigInt),
    ("origin-fbl", "origin_fbl", Double),
    ("origin-lbl", "origin_lbl", Double),
    ("asn", "asn", BigInt),
    ("c-country", "c_country", Text),
    (
        "cache-behavior-path-pattern",
        "cache_behavior_path_pattern",
        Text,
    ),
    ("distributionid", "distributionid", Text),
    ("distribution-tenant-id", "distribution_tenant_id", Text),
    ("connection-id", "connection_id", Text),
];

/// The fields of the standard logs.
const STANDARD: usize = 33;

/// The numbers of fields that AWS has written before it added the last ones. Lines of 31 are among those of 33,
/// under a header of 33.
const EARLIER: [usize; 6] = [18, 19, 23, 24, 26, 31];

/// The fields that make up the column `time`.
const DATE: usize = 0;
const TIME: usize = 1;

/// A field of distributions for RTMP, which had logs of their own in the same folder until 2020.
const OF_RTMP: &str = "x-event";

impl Log for CloudFront {
    fn columns(&self) -> Vec<LogColumn> {
        let mut columns = vec![column("time", FieldKind::Timestamp)];
        let others = &FIELDS[TIME + 1..];
        columns.extend(others.iter().map(|(_, name, kind)| column(name, *kind)));
        columns.push(super::quoted::MORE);
        columns
    }

    fn fact(&self) -> &'static str {
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html"
    }

    fn header(&self, line: &[u8]) -> Option<Header> {
        let comment = line.strip_prefix(b"#")?;
        let Some(names) = comment.strip_prefix(b"Fields:") else {
            return Some(Header::Comment);
        };
        let names = std::str::from_utf8(names).unwrap_or_default();
        let names = || names.split_ascii_whitespace();
        if names().next().is_none() {
            return Some(Header::Comment);
        }
        if names().any(|name| name == OF_RTMP) {
            return Some(Header::OtherKind("cloudfront-rtmp"));
        }
        let mut order: Vec<Option<usize>> = Vec::new();
        for name in names() {
            let place = FIELDS.iter().position(|(field, ..)| *field == name);
            // Of a field that is named twice, the first is the column.
            order.push(place.filter(|_| !order.contains(&place)));
        }
        Some(Header::Order(order))
    }

    fn key_folders(&self) -> Option<&'static str> {
        None
    }

    fn split(&self, row: &mut Row<'_>) -> Result<(), Rejection> {
        let message = row.message;
        let count = memchr_iter(b'\t', message).count() + 1;
        let standard: [Option<usize>; STANDARD] = std::array::from_fn(Some);
        let order = row.order.unwrap_or(&standard);
        let is_earlier = EARLIER.contains(&count) && order.get(..count) == Some(&standard[..count]);
        let is_whole = match row.order {
            Some(order) => count == order.len(),
            None => count >= STANDARD,
        };
        if !is_whole && !is_earlier {
            return Err(Rejection::FieldCount(count));
        }
        let mut begin = 0;
        let mut when: [Option<Range<usize>>; 2] = [None, None];
        let mut others = Vec::new();
        let ends = memchr_iter(b'\t', message).chain([message.len()]);
        for (number, end) in ends.enumerate() {
            let field = begin..end;
            begin = end + 1;
            match order.get(number).copied().flatten() {
                Some(place @ (DATE | TIME)) => when[place] = Some(field),
                Some(place) => row.set(place - TIME, field)?,
                None => others.push(field),
            }
        }
        if let [Some(date), Some(time)] = when {
            row.set_joined(0, &[date, time], [b'T', b'Z'])?;
        }
        match others.is_empty() {
            true => Ok(()),
            false => row.set_list(row.columns.len() - 1, &others, b'\t'),
        }
    }
}
