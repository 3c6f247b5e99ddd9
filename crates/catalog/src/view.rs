//! The view of all rows: the merged ones of a time that is merged, and else the rewritten ones.
//!
//! # Why it is right at any moment
//!
//! A query lists markers twice, and then files, while merges go on. It takes only markers that are older
//! than itself by a minute, more than clocks differ. Markers stay, and their files are in place. So it sees
//! the same markers twice, and finds all of their files.

use crate::layout::TIME;
use crate::{Layout, LayoutError, Per, Table};

/// A view for Athena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// What it selects, in Athena's dialect.
    pub query: String,
}

/// The view of hours, with placeholders for what depends on columns and layout.
const PER_HOUR: &str = r#"WITH generation AS (
  SELECT day, hour, generation FROM generations
  WHERE from_iso8601_timestamp(published) < current_timestamp - INTERVAL '1' MINUTE
)
SELECT {merged_columns}, merged.day, merged.hour, {datehour} AS datehour
FROM merged
JOIN generation ON generation.day = merged.day AND generation.hour = merged.hour
  AND generation.generation = CAST(regexp_extract(merged."$path", '([0-9]+)-[^/]*$', 1) AS integer)
UNION ALL
SELECT {rows_columns}, {day}, {hour}, datehour
FROM {rows}
LEFT JOIN (SELECT DISTINCT day, hour FROM generation) AS done
  ON done.day = {day} AND done.hour = {hour}
WHERE done.day IS NULL"#;

/// The view of days.
const PER_DAY: &str = r#"WITH generation AS (
  SELECT day, generation FROM generations
  WHERE from_iso8601_timestamp(published) < current_timestamp - INTERVAL '1' MINUTE
)
SELECT {merged_columns}, merged.day, {datehour} AS datehour
FROM merged
JOIN generation ON generation.day = merged.day
  AND generation.generation = CAST(regexp_extract(merged."$path", '([0-9]+)-[^/]*$', 1) AS integer)
UNION ALL
SELECT {rows_columns}, {day}, datehour
FROM {rows}
LEFT JOIN (SELECT DISTINCT day FROM generation) AS done ON done.day = {day}
WHERE done.day IS NULL"#;

impl View {
    /// The view of the rows of an output, which the table `rows` has, and of the tables `merged` and
    /// `generations` beside it.
    ///
    /// # Errors
    ///
    /// If the keys of the rows do not have the time of a partition, or have other names beside it, which
    /// merged rows do not have.
    pub fn new(
        rows: &Table,
        merged: &Table,
        layout: &Layout,
        per: Per,
    ) -> Result<Self, LayoutError> {
        if !rows.partitions.iter().any(|column| column.name == TIME) {
            return Err(LayoutError::OnlyDays);
        }
        let time = layout.sql(per).ok_or(LayoutError::NoView)?;
        let query = Self::template(per)
            .replace("{merged_columns}", &merged_columns(merged))
            .replace("{rows_columns}", &rows_columns(merged, rows))
            .replace("{rows}", &identifier(&rows.name))
            .replace("{datehour}", &time.datehour)
            .replace("{day}", &time.day)
            .replace("{hour}", &time.hour);
        Ok(Self {
            name: format!("all_{}", rows.name),
            query,
        })
    }

    /// What the view selects, with placeholders for what depends on columns and layout.
    pub fn template(per: Per) -> &'static str {
        match per {
            Per::Hour => PER_HOUR,
            Per::Day => PER_DAY,
        }
    }

    /// The statement that creates the view.
    pub fn ddl(&self, database: Option<&str>) -> String {
        let database = database.map(identifier).into_iter();
        let name: Vec<String> = database.chain([identifier(&self.name)]).collect();
        format!(
            "CREATE OR REPLACE VIEW {} AS\n{}",
            name.join("."),
            self.query
        )
    }
}

fn merged_columns(merged: &Table) -> String {
    let names = merged.columns.iter().map(|column| identifier(&column.name));
    let names: Vec<String> = names.map(|name| format!("merged.{name}")).collect();
    names.join(", ")
}

/// The columns of rows, in the types of merged rows. In CSV, some tables have only text.
fn rows_columns(merged: &Table, rows: &Table) -> String {
    let pairs = merged.columns.iter().zip(&rows.columns);
    let columns = pairs.map(|(merged, column)| {
        let name = identifier(&column.name);
        match merged.kind.as_str() {
            kind if kind == column.kind => name,
            "timestamp" => format!("CAST(from_iso8601_timestamp({name}) AS timestamp)"),
            "int" => format!("TRY_CAST({name} AS integer)"),
            kind => format!("TRY_CAST({name} AS {kind})"),
        }
    });
    // Each of them is one record.
    let columns: Vec<String> = columns.chain(["1".to_owned()]).collect();
    columns.join(", ")
}

/// A name in a query, in the quotes that a reserved word needs
/// (<https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html>).
fn identifier(name: &str) -> String {
    format!("\"{name}\"")
}
