//! The tables through which Athena reads an output: its rows, its rejected events, its receipts.
//!
//! What Athena makes of a file follows from a SerDe, its parameters and the table's, so all of them
//! stand here, and the CDK app has them from here too (`infra/lib/tables.json`, which a test writes).

mod ddl;

use std::collections::BTreeMap;

use rehose_extract::{FieldKind, FormatName, Shape};
use serde::Serialize;

use ddl::Ddl;

/// Fields between commas, never quoted: what the format `vpc-flow-logs` writes. It reads a number
/// that is none, such as `-`, as NULL.
const LAZY_SIMPLE: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";

/// Fields in quotes, all of them text: what the other formats write. It takes a line break for the
/// end of a row even in quotes (<https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html>).
const OPEN_CSV: &str = "org.apache.hadoop.hive.serde2.OpenCSVSerde";

/// A JSON document a line (<https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html>).
const OPENX_JSON: &str = "org.openx.data.jsonserde.JsonSerDe";

/// How an event's timestamp is written. Both Hive and Trino, of which Athena is made, take it from
/// the SerDe's parameter `timestamp.formats` (<https://issues.apache.org/jira/browse/HIVE-9298>).
const TIMESTAMP: &str = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

/// OpenCSVSerde always has an escape character, a backslash if nothing is said, and drops it from
/// the text. RFC 4180 has none; this one is the least likely to stand in a log.
const NO_ESCAPE: &str = "\u{1}";

/// A table that Athena can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub comment: &'static str,
    /// Its columns, in the order in which the files have them.
    pub columns: Vec<Column>,
    /// The column that stands for a folder of files.
    pub partition: Column,
    /// The class that reads the files.
    pub serde: &'static str,
    /// The parameters of that class.
    pub serde_parameters: BTreeMap<&'static str, &'static str>,
    /// The folder over all files.
    pub location: String,
    /// The table's parameters: partition projection, and whether there is a header.
    pub parameters: BTreeMap<&'static str, String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as Hive writes it.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What the tables are made over.
#[derive(Debug, Clone, Copy)]
pub struct TableLocation<'a> {
    /// The output: empty or with a slash at its end after the bucket, as in `s3://bucket/prefix/`.
    pub output: &'a str,
    /// What stands in the source's keys before the hour at which Firehose wrote them, `yyyy/MM/dd/HH`
    /// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>).
    pub prefix: &'a str,
    /// The first such hour. Athena asks S3 for every hour since then, where a query names none.
    pub since: &'a str,
}

/// The first hour that a stash of VPC flow logs can have: they came in June 2015.
pub const SINCE: &str = "2015/06/01/00";

impl Table {
    /// The rows.
    pub fn rows(shape: &Shape, location: TableLocation<'_>) -> Self {
        let (name, comment, kind, serde, serde_parameters) = match shape.options().format {
            Some(FormatName::VpcFlowLogs) | None => (
                "flow_logs",
                "Flow logs: a row for each event",
                "timestamp",
                LAZY_SIMPLE,
                BTreeMap::from([("field.delim", ","), ("timestamp.formats", TIMESTAMP)]),
            ),
            Some(FormatName::Regex | FormatName::Message) => (
                "messages",
                "Log messages: a row for each event",
                "string",
                OPEN_CSV,
                BTreeMap::from([
                    ("separatorChar", ","),
                    ("quoteChar", "\""),
                    ("escapeChar", NO_ESCAPE),
                ]),
            ),
        };
        let partition = column("datehour", "string");
        let mut columns = vec![column("timestamp", kind)];
        for field in shape.schema() {
            let taken = |name: &str| {
                name == partition.name || columns.iter().any(|column| column.name == name)
            };
            let name = distinct(&athena_name(field.name), taken);
            // OpenCSVSerde reads every column as text.
            let kind = match serde {
                LAZY_SIMPLE => hive_type(field.kind),
                _ => "string",
            };
            columns.push(column(&name, kind));
        }
        let mut parameters = by_hour(location, "csv/");
        parameters.insert("skip.header.line.count", "1".to_owned());
        Self {
            name: name.to_owned(),
            comment,
            columns,
            partition,
            serde,
            serde_parameters,
            location: format!("{}csv/", location.output),
            parameters,
        }
    }

    /// The events that fit no row. Their timestamp is text: it may be why they were rejected.
    pub fn rejected(location: TableLocation<'_>) -> Self {
        Self {
            name: "rejected".to_owned(),
            comment: "Events that fit no row, and why",
            columns: ["source", "reason", "timestamp", "message"]
                .map(|name| column(name, "string"))
                .to_vec(),
            partition: column("datehour", "string"),
            serde: OPENX_JSON,
            serde_parameters: BTreeMap::new(),
            location: format!("{}rejected/", location.output),
            parameters: by_hour(location, "rejected/"),
        }
    }

    /// The receipts of a job: a row for each task. A query has to name the job
    /// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html>).
    pub fn receipts(location: TableLocation<'_>) -> Self {
        let text = ["key", "outcome", "reason", "detail"].map(|name| format!("{name}:string"));
        let counts = [
            "documents",
            "events",
            "written",
            "rejected",
            "control",
            "bytes_in",
            "bytes_decoded",
            "bytes_out",
        ]
        .map(|name| format!("{name}:bigint"));
        let object = [&text[..], &counts[..]].concat().join(",");
        let artifact = "key:string,bytes:bigint,rows:bigint,inputs:array<int>";
        let location = format!("{}jobs/", location.output);
        Self {
            name: "receipts".to_owned(),
            comment: "What became of each object of a job",
            columns: vec![
                column("v", "int"),
                column("objects", &format!("array<struct<{object}>>")),
                column("artifacts", &format!("array<struct<{artifact}>>")),
            ],
            partition: column("job", "string"),
            serde: OPENX_JSON,
            serde_parameters: BTreeMap::new(),
            parameters: BTreeMap::from([
                ("projection.enabled", "true".to_owned()),
                ("projection.job.type", "injected".to_owned()),
                (
                    "storage.location.template",
                    format!("{location}${{job}}/receipts/"),
                ),
            ]),
            location,
        }
    }

    /// The statement that creates the table.
    pub fn ddl(&self, database: Option<&str>) -> String {
        Ddl {
            table: self,
            database,
        }
        .to_string()
    }
}

fn column(name: &str, kind: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
    }
}

fn hive_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Int => "int",
        FieldKind::BigInt => "bigint",
        FieldKind::Text => "string",
    }
}

/// Partition projection on Firehose's hour
/// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-kinesis-firehose-example.html>).
fn by_hour(location: TableLocation<'_>, folder: &str) -> BTreeMap<&'static str, String> {
    let TableLocation {
        output,
        prefix,
        since,
    } = location;
    BTreeMap::from([
        ("projection.enabled", "true".to_owned()),
        ("projection.datehour.type", "date".to_owned()),
        ("projection.datehour.format", "yyyy/MM/dd/HH".to_owned()),
        ("projection.datehour.range", format!("{since},NOW")),
        ("projection.datehour.interval", "1".to_owned()),
        ("projection.datehour.interval.unit", "HOURS".to_owned()),
        (
            "storage.location.template",
            format!("{output}{folder}{prefix}${{datehour}}/"),
        ),
    ])
}

/// A name as Athena takes it: lower case, and of all special characters only the underscore
/// (<https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html>).
fn athena_name(name: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    name.chars().map(plain).collect()
}

/// The name, with the first number after it that makes it one of its own.
fn distinct(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut own = name.to_owned();
    let mut number = 2;
    while taken(&own) {
        own = format!("{name}_{number}");
        number += 1;
    }
    own
}
