//! The format `tgw-flow-logs`: the fields that AWS documents for transit gateway flow logs.

use super::flow_logs::{Catalogue, Field, measure};
use crate::schema::FieldKind;

pub(super) const CATALOGUE: Catalogue = Catalogue {
    fields: FIELDS,
    default: &DEFAULT_FIELDS,
    fact: "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html",
};

/// The fields of the default record, version 6, in order. AWS documents no others.
const DEFAULT_FIELDS: [&str; 36] = [
    "version",
    "resource-type",
    "account-id",
    "tgw-id",
    "tgw-attachment-id",
    "tgw-src-vpc-account-id",
    "tgw-dst-vpc-account-id",
    "tgw-src-vpc-id",
    "tgw-dst-vpc-id",
    "tgw-src-subnet-id",
    "tgw-dst-subnet-id",
    "tgw-src-eni",
    "tgw-dst-eni",
    "tgw-src-az-id",
    "tgw-dst-az-id",
    "tgw-pair-attachment-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "log-status",
    "type",
    "packets-lost-no-route",
    "packets-lost-blackhole",
    "packets-lost-mtu-exceeded",
    "packets-lost-ttl-expired",
    "tcp-flags",
    "region",
    "flow-direction",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
];

/// Every documented field, in the documentation's order.
const FIELDS: &[Field] = &fields();

const fn fields() -> [Field; DEFAULT_FIELDS.len()] {
    let mut fields = [field("version"); DEFAULT_FIELDS.len()];
    let mut i = 0;
    while i < fields.len() {
        fields[i] = field(DEFAULT_FIELDS[i]);
        i += 1;
    }
    fields
}

const fn field(name: &'static str) -> Field {
    let kind = match name.as_bytes() {
        b"version" | b"srcport" | b"dstport" | b"tcp-flags" => FieldKind::Int,
        b"protocol" | b"packets" | b"bytes" | b"start" | b"end" => FieldKind::BigInt,
        b"packets-lost-no-route"
        | b"packets-lost-blackhole"
        | b"packets-lost-mtu-exceeded"
        | b"packets-lost-ttl-expired" => FieldKind::BigInt,
        _ => FieldKind::Text,
    };
    Field {
        name,
        version: 6,
        kind,
        measure: measure(name),
    }
}
