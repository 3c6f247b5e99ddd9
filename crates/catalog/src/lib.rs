//! The tables through which Athena reads an output: its rows, its rejected events, its receipts.
//!
//! A SerDe, its parameters and the table's decide how Athena reads a file, so this crate defines all
//! of them. The CDK app gets the tables from `infra/lib/tables.json`, which a test of this crate writes.
//!
//! ```
//! use rehose_catalog::{Layout, SINCE, SINCE_DAY, Table, TableLocation, Zone};
//! use rehose_extract::Options;
//!
//! let location = TableLocation {
//!     output: "s3://my-bucket/out/",
//!     prefix: "vpc/",
//!     layout: &Layout::default(),
//!     zone: Zone::default(),
//!     since: SINCE,
//!     since_day: SINCE_DAY,
//! };
//! let rows = Table::rows(&Options::default().compile()?, location)?;
//! assert_eq!(rows.name, "flow_logs");
//! assert_eq!(rows.location, "s3://my-bucket/out/csv/");
//! assert!(rows.ddl(None).starts_with("CREATE EXTERNAL TABLE IF NOT EXISTS `flow_logs`"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ddl;
mod files;
mod layout;
mod merged;
mod per;
mod projection;
mod view;
mod zone;

use std::collections::BTreeMap;

use rehose_extract::{FieldKind, FileKind, Shape};
use serde::Serialize;

use ddl::Ddl;
pub use layout::{KeyTime, Layout, LayoutError, expression};
pub use per::Per;
use projection::Projection;
pub use view::View;
pub use zone::{Zone, ZoneError};

/// A table that Athena can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its description.
    pub comment: &'static str,
    /// Its columns, in the order of the files.
    pub columns: Vec<Column>,
    /// The partition columns, whose values select a folder of files.
    pub partitions: Vec<Column>,
    /// The class that reads the files.
    pub serde: &'static str,
    /// The parameters of that class.
    pub serde_parameters: BTreeMap<&'static str, &'static str>,
    /// The class that divides the files into rows.
    pub input_format: &'static str,
    /// The class that would write files. Hive's statement needs it.
    pub output_format: &'static str,
    /// The folder of all files.
    pub location: String,
    /// The table's parameters: partition projection, and whether there is a header.
    pub parameters: BTreeMap<String, String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in the notation of Hive.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The location of the files of the tables.
#[derive(Debug, Clone, Copy)]
pub struct TableLocation<'a> {
    /// The output with a trailing slash, as in `s3://bucket/prefix/`.
    pub output: &'a str,
    /// The part of the source keys before the layout.
    pub prefix: &'a str,
    /// The part of the source keys between the prefix and the name of an object.
    pub layout: &'a Layout,
    /// The time zone of the hours in the keys.
    pub zone: Zone,
    /// The first value of the column `datehour`, as [`Layout::value`] gives it. Athena lists every hour
    /// since then for a query without a `datehour`.
    pub since: &'a str,
    /// The first day of merged rows, as `2015-06-01`.
    pub since_day: &'a str,
}

/// The first hour of any VPC flow logs, in the default layout: they were introduced in June 2015.
pub const SINCE: &str = "2015/06/01/00";

/// Its day.
pub const SINCE_DAY: &str = "2015-06-01";

/// The columns of the rejected events.
const REJECTED: [&str; 7] = [
    "source",
    "reason",
    "detail",
    "log_group",
    "log_stream",
    "timestamp",
    "message",
];

impl Table {
    /// The rows.
    ///
    /// # Errors
    ///
    /// If a name in the layout is also the name of a column of the rows.
    pub fn rows(shape: &Shape, location: TableLocation<'_>) -> Result<Self, LayoutError> {
        let options = shape.options();
        let format = shape.format_name();
        let is_flow_logs = format.is_flow_logs();
        let (name, comment) = match is_flow_logs {
            true => ("flow_logs".to_owned(), "Flow logs: a row for each event"),
            false if format.has_fixed_columns() => (
                format!("{}_logs", format.name().replace('-', "_")),
                format.about(),
            ),
            false => ("messages".to_owned(), "Log messages: a row for each event"),
        };
        let (files, folder) = match shape.file_kind() {
            FileKind::Parquet => (files::PARQUET, "parquet/"),
            // The fields of flow logs need no quotes. All other columns may, and LazySimpleSerDe knows none.
            FileKind::Csv if is_flow_logs && options.with.is_empty() => (files::UNQUOTED, "csv/"),
            FileKind::Csv => (files::QUOTED, "csv/"),
        };
        let columns: Vec<Column> = (shape.schema().iter().zip(shape.table_names()))
            .map(|(field, name)| match files.has_types {
                true => column(&name, hive_type(field.kind)),
                false => column(&name, "string"),
            })
            .collect();
        let Projection {
            partitions,
            mut parameters,
        } = Projection::of_source(format, location, folder);
        check_names(&partitions, &columns)?;
        if files.has_header {
            parameters.insert("skip.header.line.count".to_owned(), "1".to_owned());
        }
        let location = format!("{}{folder}", location.output);
        Ok(Self {
            name,
            columns,
            partitions,
            parameters,
            ..files.table(comment, location)
        })
    }

    /// The rejected events. Their timestamp is text, because it may be the reason for the rejection.
    pub fn rejected(shape: &Shape, location: TableLocation<'_>) -> Self {
        let Projection {
            partitions,
            parameters,
        } = Projection::of_source(shape.format_name(), location, "rejected/");
        Self {
            name: "rejected".to_owned(),
            columns: REJECTED.map(|name| column(name, "string")).to_vec(),
            partitions,
            parameters,
            ..files::JSON.table(
                "Events that fit no row, and why",
                format!("{}rejected/", location.output),
            )
        }
    }

    /// The receipts of a job, with a row for each task. A query must name the job
    /// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html>).
    pub fn receipts(location: TableLocation<'_>) -> Self {
        let text = ["key", "outcome", "reason", "detail"].map(|name| format!("{name}:string"));
        let counts = [
            "documents",
            "events",
            "written",
            "rejected",
            "control",
            "filtered",
            "bytes_in",
            "bytes_decoded",
            "bytes_out",
            "out_of_scope",
        ]
        .map(|name| format!("{name}:bigint"));
        let object = [&text[..], &counts[..]].concat().join(",");
        let sums = "sums:map<string,bigint>";
        let artifact = "key:string,bytes:bigint,rows:bigint,inputs:array<int>";
        let location = format!("{}jobs/", location.output);
        let Projection {
            partitions,
            parameters,
        } = Projection::of_job(&location);
        Self {
            name: "receipts".to_owned(),
            columns: vec![
                column("v", "int"),
                column("objects", &format!("array<struct<{object},{sums}>>")),
                column("artifacts", &format!("array<struct<{artifact},{sums}>>")),
            ],
            partitions,
            parameters,
            ..files::JSON.table("What became of each object of a job", location)
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

/// Athena takes no table whose partitions and columns share a name.
fn check_names(partitions: &[Column], columns: &[Column]) -> Result<(), LayoutError> {
    let is_taken = |one: &&Column| columns.iter().any(|column| column.name == one.name);
    match partitions.iter().find(is_taken) {
        Some(taken) => Err(LayoutError::Taken(taken.name.clone())),
        None => Ok(()),
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
        FieldKind::Double => "double",
        FieldKind::Text | FieldKind::Json => "string",
        FieldKind::Timestamp => "timestamp",
    }
}
