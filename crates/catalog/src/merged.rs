//! The tables of merged rows.

use std::collections::BTreeMap;

use rehose_extract::Shape;

use crate::{Column, LayoutError, Per, Table, TableLocation, column, files, hive_type};

/// The partition columns of merged rows, which their folders are named by.
const DAY: &str = "day";
const HOUR: &str = "hour";

impl Table {
    /// The merged rows.
    ///
    /// # Errors
    ///
    /// If a column of the rows is also one of the time of a partition.
    pub fn merged(
        shape: &Shape,
        location: TableLocation<'_>,
        per: Per,
    ) -> Result<Self, LayoutError> {
        let columns = shape.merged_columns().into_iter();
        let columns: Vec<Column> = columns
            .map(|(name, kind)| column(&name, hive_type(kind)))
            .collect();
        let partitions = partitions(per);
        if let Some(taken) =
            (partitions.iter()).find(|one| columns.iter().any(|column| column.name == one.name))
        {
            return Err(LayoutError::Taken(taken.name.clone()));
        }
        let template = match per {
            Per::Hour => "day=${day}/hour=${hour}/",
            Per::Day => "day=${day}/",
        };
        let folder = format!("{}merged/", location.output);
        Ok(Self {
            name: "merged".to_owned(),
            columns,
            partitions,
            parameters: by_partition(location, per, &format!("{folder}{template}")),
            ..files::PARQUET.table("Merged rows: a row for each flow", folder)
        })
    }

    /// The generations of merged rows. Those that are published have a time in `published`.
    ///
    /// Their plans and decisions, which are in the same folders, are rows too. So the table has no property
    /// of a marker that is of another type in a decision.
    pub fn generations(location: TableLocation<'_>, per: Per) -> Self {
        let counts = ["objects", "bytes_in", "bytes_out", "rows"];
        let counts = counts.map(|name| column(name, "bigint"));
        let template = match per {
            Per::Hour => "${day}/${hour}/",
            Per::Day => "${day}/",
        };
        let folder = format!("{}generations/", location.output);
        let mut columns = vec![
            column("partition", "string"),
            column("generation", "int"),
            column("published", "string"),
        ];
        columns.extend(counts);
        columns.push(column("sums", "map<string,bigint>"));
        Self {
            name: "generations".to_owned(),
            columns,
            partitions: partitions(per),
            parameters: by_partition(location, per, &format!("{folder}{template}")),
            ..files::JSON.table("What was merged of each time, and when", folder)
        }
    }
}

/// All are text: Athena prunes other partitions only after it has listed them
/// (<https://docs.aws.amazon.com/athena/latest/ug/other-notable-limitations.html>).
fn partitions(per: Per) -> Vec<Column> {
    let names: &[&str] = match per {
        Per::Hour => &[DAY, HOUR],
        Per::Day => &[DAY],
    };
    names.iter().map(|name| column(name, "string")).collect()
}

/// Partition projection on the time of a partition, which is in UTC
/// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html>).
fn by_partition(location: TableLocation<'_>, per: Per, template: &str) -> BTreeMap<String, String> {
    let range = format!("{},NOW", location.since_day);
    let mut parameters: Vec<(&str, &str)> = vec![
        ("projection.enabled", "true"),
        ("projection.day.type", "date"),
        ("projection.day.format", "yyyy-MM-dd"),
        ("projection.day.range", &range),
        ("projection.day.interval", "1"),
        ("projection.day.interval.unit", "DAYS"),
        (crate::TEMPLATE, template),
    ];
    if per == Per::Hour {
        parameters.extend([
            ("projection.hour.type", "integer"),
            ("projection.hour.range", "0,23"),
            ("projection.hour.digits", "2"),
        ]);
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    parameters.into_iter().map(owned).collect()
}
