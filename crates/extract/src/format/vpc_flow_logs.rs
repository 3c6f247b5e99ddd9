//! The format `vpc-flow-logs`: the fields that AWS documents for VPC flow logs.

use super::flow_logs::{Catalogue, Field, measure};
use crate::schema::FieldKind;

pub(super) const CATALOGUE: Catalogue = Catalogue {
    fields: FIELDS,
    default: &DEFAULT_FIELDS,
    fact: "https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
};

const fn field(version: u8, name: &'static str) -> Field {
    Field {
        name,
        version,
        kind: kind(name),
        measure: measure(name),
    }
}

/// Returns the type that AWS's own table gives to a field
/// (<https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-create-table-statement.html>). That
/// table ends at version 5. All later fields are text.
const fn kind(name: &str) -> FieldKind {
    match name.as_bytes() {
        b"version" | b"srcport" | b"dstport" | b"tcp-flags" | b"traffic-path" => FieldKind::Int,
        b"protocol" | b"packets" | b"bytes" | b"start" | b"end" => FieldKind::BigInt,
        _ => FieldKind::Text,
    }
}

/// The fields of the default record, version 2, in order.
pub const DEFAULT_FIELDS: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Every documented field, in the documentation's order
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).
pub const FIELDS: &[Field] = &[
    field(2, "version"),
    field(2, "account-id"),
    field(2, "interface-id"),
    field(2, "srcaddr"),
    field(2, "dstaddr"),
    field(2, "srcport"),
    field(2, "dstport"),
    field(2, "protocol"),
    field(2, "packets"),
    field(2, "bytes"),
    field(2, "start"),
    field(2, "end"),
    field(2, "action"),
    field(2, "log-status"),
    field(3, "vpc-id"),
    field(3, "subnet-id"),
    field(3, "instance-id"),
    field(3, "tcp-flags"),
    field(3, "type"),
    field(3, "pkt-srcaddr"),
    field(3, "pkt-dstaddr"),
    field(4, "region"),
    field(4, "az-id"),
    field(4, "sublocation-type"),
    field(4, "sublocation-id"),
    field(5, "pkt-src-aws-service"),
    field(5, "pkt-dst-aws-service"),
    field(5, "flow-direction"),
    field(5, "traffic-path"),
    field(7, "ecs-cluster-arn"),
    field(7, "ecs-cluster-name"),
    field(7, "ecs-container-instance-arn"),
    field(7, "ecs-container-instance-id"),
    field(7, "ecs-container-id"),
    field(7, "ecs-second-container-id"),
    field(7, "ecs-service-name"),
    field(7, "ecs-task-definition-arn"),
    field(7, "ecs-task-arn"),
    field(7, "ecs-task-id"),
    field(8, "reject-reason"),
    field(9, "resource-id"),
    field(10, "encryption-status"),
    field(11, "instance-tag"),
    field(11, "instance-tag-2"),
    field(11, "interface-tag"),
    field(11, "interface-tag-2"),
    field(11, "asg-tag"),
    field(11, "asg-tag-2"),
    field(11, "interface-type"),
    field(11, "next-hop-interface-id"),
    field(11, "next-hop-subnet-id"),
    field(11, "next-hop-az-id"),
    field(11, "next-hop-vpc-id"),
    field(11, "next-hop-interface-type"),
];
