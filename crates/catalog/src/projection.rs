//! Partition projection: the partition columns of a table, and the folder of each of their values
//! (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html>).

use std::collections::BTreeMap;

use rehose_extract::FormatName;

use crate::{Column, Per, TableLocation, column, layout};

/// The projection of a column whose values only a query names, with `=` or `IN`
/// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html>).
const INJECTED: &str = "injected";

/// The columns of a day and an hour, which folders of an output are named by.
const DAY: &str = "day";
const HOUR: &str = "hour";

/// The partitions of a table.
pub(crate) struct Projection {
    /// Their columns. All are text: Athena prunes other partitions only after it has listed them
    /// (<https://docs.aws.amazon.com/athena/latest/ug/other-notable-limitations.html>).
    pub(crate) partitions: Vec<Column>,
    /// The parameters of the table.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Projection {
    /// For files that are named by source keys, in a folder of the output.
    pub(crate) fn of_source(format: FormatName, location: TableLocation<'_>, folder: &str) -> Self {
        let TableLocation { output, prefix, .. } = location;
        match format.key_folders() {
            Some(_) => Self::of_layout(location, folder),
            None => {
                let template = format!("{output}{folder}day=${{day}}/{prefix}");
                Self::of_time(Per::Day, location, template)
            }
        }
    }

    /// For files in a folder of each hour or day, in UTC.
    pub(crate) fn of_time(per: Per, location: TableLocation<'_>, template: String) -> Self {
        let mut projection = Self::new(template);
        projection.add(
            DAY,
            &[
                ("type", "date"),
                ("format", "yyyy-MM-dd"),
                ("range", &format!("{},NOW", location.since_day)),
                ("interval", "1"),
                ("interval.unit", "DAYS"),
            ],
        );
        if per == Per::Hour {
            let hours = [("type", "integer"), ("range", "0,23"), ("digits", "2")];
            projection.add(HOUR, &hours);
        }
        projection
    }

    /// For the receipts in the ledgers of jobs.
    pub(crate) fn of_job(jobs: &str) -> Self {
        let mut projection = Self::new(format!("{jobs}${{job}}/receipts/"));
        projection.add("job", &[("type", INJECTED)]);
        projection
    }

    /// For files whose keys have the layout of the source: by the time and the names beside it.
    fn of_layout(location: TableLocation<'_>, folder: &str) -> Self {
        let TableLocation {
            output,
            prefix,
            layout,
            zone,
            since,
            ..
        } = location;
        let mut projection = Self::new(format!("{output}{folder}{prefix}{}/", layout.template()));
        for (name, values) in layout.columns() {
            match values {
                [] if name == layout::TIME => projection.add(
                    name,
                    &[
                        ("type", "date"),
                        ("format", &layout.pattern()),
                        ("range", &format!("{since},{}", zone.end())),
                        ("interval", "1"),
                        ("interval.unit", layout.interval()),
                    ],
                ),
                [] => projection.add(name, &[("type", INJECTED)]),
                values => projection.add(name, &[("type", "enum"), ("values", &values.join(","))]),
            }
        }
        projection
    }

    /// `template` is the folder of a partition.
    fn new(template: String) -> Self {
        Self {
            partitions: Vec::new(),
            parameters: BTreeMap::from([
                ("projection.enabled".to_owned(), "true".to_owned()),
                ("storage.location.template".to_owned(), template),
            ]),
        }
    }

    fn add(&mut self, name: &str, parameters: &[(&str, &str)]) {
        self.partitions.push(column(name, "string"));
        for (parameter, value) in parameters {
            let parameter = format!("projection.{name}.{parameter}");
            self.parameters.insert(parameter, (*value).to_owned());
        }
    }
}
