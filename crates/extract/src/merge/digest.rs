//! What a digest makes of records.

use std::io;

use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::file_columns::FileColumns;
use super::selection::{Selection, Selector};
use super::{Merger, NewScratchFile};
use crate::schema::Column;
use crate::shape::Shape;

/// The ports of a record, in the order of the sides of a conversation.
pub(super) const PORTS: [&str; 2] = ["srcport", "dstport"];

/// The fields of a line of text, those of the default record of VPC flow logs
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).
pub(super) const TEXT_FIELDS: [&str; 14] = crate::format::DEFAULT_FIELDS;

/// What becomes of the port that a client has only for one connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoldPorts {
    /// The larger port becomes 0, and of equal ones the source's. The column `folded` names it.
    #[default]
    Larger,
    /// Both ports stay.
    None,
}

impl Merger {
    /// Returns a merger that makes a digest: all records with the same key become one row.
    ///
    /// # Errors
    ///
    /// If the records have no such columns, which [`DigestRows::key`] says in words.
    pub fn digesting(
        shape: &Shape,
        rows: &DigestRows,
        memory: usize,
        new_file: NewScratchFile,
    ) -> io::Result<Self> {
        let key = rows.key(shape).map_err(io::Error::other)?;
        let columns = Columns::of_digest(shape, &key, rows.fold_ports);
        let file = FileColumns::of_digest(shape, &key, columns.ports.is_some());
        Self::with(columns, file, memory, new_file)
    }

    /// Takes only some records of the next objects.
    pub fn select(&mut self, shape: &Shape, selection: Selection) {
        self.selection = Some(Selector::new(shape, selection));
    }
}

/// Where a record's ports are in its key, and which of them is folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldedPorts {
    /// The parts of the key with the ports. Those after `folded` are in no column.
    pub(super) parts: [usize; 2],
    /// The part that says which port is folded.
    pub(super) folded: usize,
    /// Its column in the file.
    pub(super) column: usize,
}

impl FoldedPorts {
    /// Folds the ports of a key. A port is one more than its number, or 0 if there is none.
    #[inline]
    pub(super) fn fold(&self, key: &mut [u32]) {
        let [source, destination] = self.parts;
        let (from, to) = (key[source], key[destination]);
        if from != 0 && to != 0 {
            let is_source = from >= to;
            key[if is_source { source } else { destination }] = 1;
            key[self.folded] = if is_source { 1 } else { 2 };
        } else {
            key[self.folded] = 0;
        }
        for part in self.parts {
            if part > self.folded {
                key[part] = 0;
            }
        }
    }
}

/// A kind of file of a digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestFile {
    /// Parquet in zstd.
    #[default]
    Parquet,
    /// CSV in gzip, with a header.
    Csv,
    /// The 14 fields of the default record between spaces, in gzip and without a header.
    Text,
}

/// The rows of a digest: one for each key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DigestRows {
    /// The columns of the key. Empty for all that are no measures.
    pub by: Vec<String>,
    /// What becomes of the ports.
    pub fold_ports: FoldPorts,
}

impl DigestRows {
    /// The columns of the key in the order of the schema.
    ///
    /// # Errors
    ///
    /// Says what is wrong if a digest of these records cannot be made, or a column cannot be in a key.
    pub fn key<'a>(&self, shape: &'a Shape) -> Result<Vec<&'a str>, String> {
        let schema = shape.schema();
        let is_measure = |column: &Column<'_>| column.measure.is_some();
        for name in ["start", "end"] {
            if !schema
                .iter()
                .any(|column| column.name == name && is_measure(column))
            {
                return Err(format!(
                    "a digest is made of flow logs with the fields start and end, and these records have no {name}"
                ));
            }
        }
        let tables = shape.table_names();
        for by in &self.by {
            let named = schema.iter().zip(&tables);
            let column = named
                .into_iter()
                .find(|(column, table)| column.name == by || *table == by);
            match column {
                None => {
                    let names: Vec<&str> = (schema.iter().filter(|column| !is_measure(column)))
                        .map(|column| column.name)
                        .collect();
                    return Err(format!(
                        "there is no column {by}; there are {}",
                        names.join(", ")
                    ));
                }
                Some((column, _)) if is_measure(column) => {
                    return Err(format!(
                        "{by} is a measure, which every row of a digest has"
                    ));
                }
                Some(_) => {}
            }
        }
        let columns = schema.iter().zip(&tables).filter(|(column, table)| {
            let is_wanted = |by: &String| column.name == by || *table == by;
            !is_measure(column) && (self.by.is_empty() || self.by.iter().any(is_wanted))
        });
        Ok(columns.map(|(column, _)| column.name).collect())
    }

    /// Whether these rows fit a kind of file.
    ///
    /// # Errors
    ///
    /// Says why not.
    pub fn check_file(&self, shape: &Shape, file: DigestFile) -> Result<(), String> {
        let key = self.key(shape)?;
        if file != DigestFile::Text {
            return Ok(());
        }
        let schema = shape.schema();
        let is_measure = |name: &str| {
            schema
                .iter()
                .any(|column| column.name == name && column.measure.is_some())
        };
        let wanted: Vec<&str> = TEXT_FIELDS
            .into_iter()
            .filter(|name| !is_measure(name))
            .collect();
        let is_complete = TEXT_FIELDS
            .iter()
            .all(|name| is_measure(name) || key.contains(name));
        match is_complete && key.len() == wanted.len() {
            true => Ok(()),
            false => Err(format!(
                "text has the 14 fields of the default record of VPC flow logs: the key must be {}",
                wanted.join(",")
            )),
        }
    }
}

impl DigestFile {
    /// What the names of its files end with, after a point.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv.gz",
            Self::Text => "log.gz",
        }
    }
}
