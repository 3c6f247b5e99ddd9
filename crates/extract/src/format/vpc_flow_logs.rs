//! The format `vpc-flow-logs`: fields between spaces.

use std::sync::Arc;

use super::Rejection;

/// A field of VPC flow logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, as AWS writes it.
    pub name: &'static str,
    /// The version of the record format that brought it.
    pub version: u8,
    /// What it holds. Any field may be `-` instead, where there is nothing to say.
    pub kind: FieldKind,
}

/// What a field of VPC flow logs holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number of up to 32 bits.
    Int,
    /// A whole number of up to 64 bits.
    BigInt,
    /// Anything else.
    Text,
}

const fn field(version: u8, name: &'static str) -> Field {
    Field {
        name,
        version,
        kind: kind(name),
    }
}

/// The numbers are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-create-table-statement.html>), which
/// ends at version 5; what came later is all text.
const fn kind(name: &str) -> FieldKind {
    match name.as_bytes() {
        b"version" | b"srcport" | b"dstport" | b"tcp-flags" | b"traffic-path" => FieldKind::Int,
        b"protocol" | b"packets" | b"bytes" | b"start" | b"end" => FieldKind::BigInt,
        _ => FieldKind::Text,
    }
}

/// The fields of the default record, version 2, in their order.
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

/// A record's fields, in the order in which the flow log has them.
#[derive(Debug, Clone)]
pub(crate) struct VpcFlowLogsFormat {
    fields: Arc<[String]>,
}

impl VpcFlowLogsFormat {
    /// A record of these fields, or what is wrong with one of them.
    pub(crate) fn new(fields: &[String]) -> Result<Self, String> {
        if fields.is_empty() {
            return Err("no field is named".to_owned());
        }
        for (i, field) in fields.iter().enumerate() {
            if !FIELDS.iter().any(|known| known.name == field) {
                let known: Vec<_> = FIELDS.iter().map(|known| known.name).collect();
                return Err(format!(
                    "there is no field {field:?}; the fields are {}",
                    known.join(", ")
                ));
            }
            if fields[..i].contains(field) {
                return Err(format!("the field {field} is named twice"));
            }
        }
        Ok(Self {
            fields: fields.into(),
        })
    }

    pub(crate) fn columns(&self) -> Vec<&str> {
        self.fields.iter().map(String::as_str).collect()
    }

    pub(crate) fn write(&self, message: &[u8], row: &mut Vec<u8>) -> Result<(), Rejection> {
        let begin = row.len();
        let fields = match write_usual(message, row) {
            Some(fields) => fields,
            None => {
                row.truncate(begin);
                write_any(message, row)?
            }
        };
        if fields == self.fields.len() {
            Ok(())
        } else {
            Err(Rejection::FieldCount)
        }
    }
}

/// Bytes that are looked at together: enough for the widest vectors, few enough that little is left
/// at a message's end, and that a `u8` counts them.
const LANES: usize = 32;

/// Appends the fields of a message that has single spaces between them and nowhere else, and counts
/// them; `None` if it is another.
///
/// Every byte takes the same steps, whatever it is, so that the compiler makes vectors of them.
fn write_usual(message: &[u8], row: &mut Vec<u8>) -> Option<usize> {
    row.push(b',');
    let begin = row.len();
    row.extend_from_slice(message);
    let fields = &mut row[begin..];
    let mut spaces = 0;
    let mut forbidden = false;
    let (blocks, tail) = fields.as_chunks_mut::<LANES>();
    for block in blocks {
        let (found, bad) = separate(block);
        spaces += found;
        forbidden |= bad;
    }
    let (found, bad) = separate(tail);
    spaces += found;
    forbidden |= bad;
    let is_usual = !forbidden && !has_empty_field(fields);
    is_usual.then_some(spaces + 1)
}

/// Makes commas of spaces. Returns how many, and whether a byte is there that no field may hold.
#[inline(always)]
fn separate(bytes: &mut [u8]) -> (usize, bool) {
    let (mut spaces, mut forbidden) = (0_u8, 0_u8);
    for byte in bytes {
        let is_space = u8::from(*byte == b' ');
        forbidden |= u8::from(*byte == b',')
            | u8::from(*byte == b'"')
            | u8::from(*byte == b'\\')
            | u8::from(*byte == b'\n')
            | u8::from(*byte == b'\r');
        spaces += is_space;
        *byte ^= is_space * (b' ' ^ b',');
    }
    (usize::from(spaces), forbidden != 0)
}

/// Whether a comma stands at either end, or two beside each other.
fn has_empty_field(fields: &[u8]) -> bool {
    match fields {
        [] | [b',', ..] | [.., b','] => true,
        [_, after @ ..] => {
            let pairs = fields.iter().zip(after);
            let both =
                |(left, right): (&u8, &u8)| u8::from(*left == b',') & u8::from(*right == b',');
            pairs.fold(0, |any, pair| any | both(pair)) != 0
        }
    }
}

/// Appends the fields of any message and counts them.
fn write_any(message: &[u8], row: &mut Vec<u8>) -> Result<usize, Rejection> {
    let mut fields = 0;
    let mut after_space = true;
    row.reserve(message.len() + 1);
    for &byte in message {
        match KINDS[usize::from(byte)] {
            Kind::Ordinary => {
                if after_space {
                    after_space = false;
                    fields += 1;
                    row.push(b',');
                }
                row.push(byte);
            }
            Kind::Space => after_space = true,
            Kind::Forbidden => return Err(Rejection::Character),
        }
    }
    Ok(fields)
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    Space,
    /// Would need quotes, which not every reader of CSV understands alike.
    Forbidden,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Ordinary; 256];
    kinds[b' ' as usize] = Kind::Space;
    kinds[b',' as usize] = Kind::Forbidden;
    kinds[b'"' as usize] = Kind::Forbidden;
    kinds[b'\\' as usize] = Kind::Forbidden;
    kinds[b'\n' as usize] = Kind::Forbidden;
    kinds[b'\r' as usize] = Kind::Forbidden;
    kinds
};
