//! The tables of merged rows.

use rehose_extract::Shape;

use crate::projection::Projection;
use crate::{
    Column, LayoutError, Per, Table, TableLocation, check_names, column, files, hive_type,
};

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
        let template = match per {
            Per::Hour => "day=${day}/hour=${hour}/",
            Per::Day => "day=${day}/",
        };
        let folder = format!("{}merged/", location.output);
        let Projection {
            partitions,
            parameters,
        } = Projection::of_time(per, location, format!("{folder}{template}"));
        check_names(&partitions, &columns)?;
        Ok(Self {
            name: "merged".to_owned(),
            columns,
            partitions,
            parameters,
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
        let Projection {
            partitions,
            parameters,
        } = Projection::of_time(per, location, format!("{folder}{template}"));
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
            partitions,
            parameters,
            ..files::JSON.table("What was merged of each time, and when", folder)
        }
    }
}
