//! The columns of a file of merged rows.

use std::io;

use super::RECORDS_COLUMN;
use super::columns::FILED;
use super::digest::TEXT_FIELDS;
use crate::format::spaced::ABSENT;
use crate::schema::{Column, FieldKind};
use crate::shape::Shape;

/// The column that says which port of a row is folded.
const FOLDED_COLUMN: Column<'static> = Column {
    name: "folded",
    kind: FieldKind::Text,
    is_optional: true,
    measure: None,
    fact: "",
};

/// What says in which file of a flow log a row is. Lines do not have it.
const FILED_COLUMNS: [Column<'static>; FILED.len()] = [
    filed("filed-account", FieldKind::Text),
    filed("filed-region", FieldKind::Text),
    filed("filed-window", FieldKind::Int),
];

const fn filed(name: &'static str, kind: FieldKind) -> Column<'static> {
    Column {
        name,
        kind,
        ..FOLDED_COLUMN
    }
}

/// The columns of a file, in order.
#[derive(Debug)]
pub(super) struct FileColumns(Vec<FileColumn>);

#[derive(Debug)]
struct FileColumn {
    /// Its name in CSV.
    name: String,
    /// Its name in Parquet.
    table_name: String,
    kind: FieldKind,
    is_optional: bool,
    /// What a row without a value has in lines.
    absent: &'static [u8],
}

impl FileColumns {
    /// Those of the shape, and the number of records.
    pub(super) fn of_merge(shape: &Shape) -> Self {
        Self::of(shape, &[RECORDS_COLUMN], |_| true)
    }

    /// The key and the measures of the shape, the folded port if ports are folded, and the number of records.
    pub(super) fn of_digest(shape: &Shape, key: &[&str], folds_ports: bool) -> Self {
        let more = [FOLDED_COLUMN, RECORDS_COLUMN];
        let more = if folds_ports { &more[..] } else { &more[1..] };
        let time = shape.schema().first().map(|column| column.name.to_owned());
        Self::of(shape, more, |column| {
            let is_measure = column.measure.is_some() && time.as_deref() != Some(column.name);
            is_measure || key.contains(&column.name)
        })
    }

    /// The fields of the shape, the number of records, and what says in which file a row is.
    pub(super) fn of_flow_log(shape: &Shape) -> Self {
        let [account, region, window] = FILED_COLUMNS;
        let time = shape.schema().first().map(|column| column.name.to_owned());
        Self::of(
            shape,
            &[RECORDS_COLUMN, account, region, window],
            |column| time.as_deref() != Some(column.name),
        )
    }

    fn of(shape: &Shape, more: &[Column<'_>], is_wanted: impl Fn(&Column<'_>) -> bool) -> Self {
        let schema = shape.schema();
        let fields = 1 + shape.format_columns().len();
        let all: Vec<Column<'_>> = schema.iter().chain(more).copied().collect();
        let names = crate::schema::table_names(all.iter().map(|column| column.name));
        let columns = all.iter().zip(names).enumerate();
        let wanted =
            columns.filter(|(number, (column, _))| *number >= schema.len() || is_wanted(column));
        Self(
            wanted
                .map(|(number, (column, table_name))| FileColumn {
                    name: column.name.to_owned(),
                    table_name,
                    kind: column.kind,
                    is_optional: column.is_optional,
                    absent: if (fields..schema.len()).contains(&number) {
                        b""
                    } else {
                        ABSENT
                    },
                })
                .collect(),
        )
    }

    /// The columns in Parquet. Rows are sorted by some of them. Queries ask for the text in these, so each has a
    /// filter.
    pub(super) fn in_parquet(&self, sorted_by: Vec<usize>) -> io::Result<colparquet::Schema> {
        let columns = self.0.iter().enumerate().map(|(number, column)| {
            let kind = column.kind.in_parquet();
            colparquet::Column {
                name: column.table_name.clone(),
                kind,
                is_optional: column.is_optional,
                has_filter: sorted_by.contains(&number) && kind == colparquet::Kind::Text,
            }
        });
        colparquet::Schema::sorted(columns.collect(), sorted_by)
    }

    /// The first line of CSV.
    pub(super) fn header(&self) -> String {
        self.names().join(",")
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|column| column.name.as_str()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What a row without a value has in each column of lines.
    pub(super) fn absent(&self) -> Vec<&'static [u8]> {
        self.0.iter().map(|column| column.absent).collect()
    }

    /// The columns of a line of text, if there are all of them.
    pub(super) fn of_text(&self) -> Option<Vec<usize>> {
        let column = |name| self.0.iter().position(|column| column.name == name);
        TEXT_FIELDS.into_iter().map(column).collect()
    }
}
