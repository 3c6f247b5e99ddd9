//! The columns of a file, and which of them are printed.

use rehose_extract::FieldKind;
use rehose_extract::files::table_names;

use super::error::Problem;
use crate::args::cat::Condition;

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// The name in the file.
    pub(super) own_name: String,
    /// The name in tables, by which it is printed: so both kinds of file print the same.
    pub(super) name: String,
    pub(super) kind: ValueKind,
}

/// The type of a column, as far as printing depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Text,
    Number,
    Double,
    Time,
}

impl From<FieldKind> for ValueKind {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Int | FieldKind::BigInt => Self::Number,
            FieldKind::Double => Self::Double,
            FieldKind::Text | FieldKind::Json => Self::Text,
            FieldKind::Timestamp => Self::Time,
        }
    }
}

/// What to print of a file. Columns are named by their index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) shown: Vec<usize>,
    /// The columns that must have these values.
    pub(super) conditions: Vec<(usize, String)>,
}

/// What the user asks for.
#[derive(Debug)]
pub(super) struct Request {
    /// Empty for all.
    columns: Vec<String>,
    conditions: Vec<Condition>,
}

/// The file whose columns were printed first.
#[derive(Debug)]
pub(super) struct First {
    pub(super) url: String,
    /// The columns that are printed, by their names in tables.
    pub(super) names: Vec<String>,
}

impl Request {
    pub(super) fn new(columns: Vec<String>, conditions: Vec<Condition>) -> Self {
        Self {
            columns,
            conditions,
        }
    }

    /// Chooses from the columns of a file. Those of the first file decide the order.
    pub(super) fn plan(&self, columns: &[Column], first: Option<&First>) -> Result<Plan, Problem> {
        let shown = match (self.columns.is_empty(), first) {
            (false, _) => self.chosen(columns)?,
            (true, None) => (0..columns.len()).collect(),
            (true, Some(first)) => arranged(columns, first)?,
        };
        let conditions = self.conditions.iter().map(|condition| {
            let column = find(columns, &condition.column, "--where")?;
            Ok((column, condition.value.clone()))
        });
        Ok(Plan {
            shown,
            conditions: conditions.collect::<Result<_, Problem>>()?,
        })
    }

    fn chosen(&self, columns: &[Column]) -> Result<Vec<usize>, Problem> {
        let mut shown = Vec::new();
        for name in &self.columns {
            let column = find(columns, name, "--columns")?;
            if let Some(other) = shown.iter().position(|shown| *shown == column) {
                return Err(Problem::ColumnTwice {
                    name: name.clone(),
                    other: self.columns[other].clone(),
                });
            }
            shown.push(column);
        }
        Ok(shown)
    }
}

fn find(columns: &[Column], name: &str, option: &'static str) -> Result<usize, Problem> {
    let in_tables = table_names([name]);
    let by_name = |column: &Column| column.own_name == name || column.name == name;
    let by_spelling = |column: &Column| in_tables.contains(&column.name);
    (columns.iter().position(by_name))
        .or_else(|| columns.iter().position(by_spelling))
        .ok_or_else(|| Problem::NoColumn {
            option,
            name: name.to_owned(),
            columns: listed(columns.iter().map(|column| column.name.as_str())),
        })
}

/// Arranges the columns of a file as those of the first one.
fn arranged(columns: &[Column], first: &First) -> Result<Vec<usize>, Problem> {
    let position = |name: &String| columns.iter().position(|column| column.name == *name);
    let shown: Option<Vec<usize>> = first.names.iter().map(position).collect();
    match shown {
        Some(shown) if shown.len() == columns.len() => Ok(shown),
        _ => Err(Problem::OtherColumns {
            first: first.url.clone(),
            difference: difference(columns, &first.names),
        }),
    }
}

fn difference(columns: &[Column], first: &[String]) -> String {
    let has = |name: &String| columns.iter().any(|column| column.name == *name);
    let names = columns.iter().map(|column| &column.name);
    let more = listed(
        names
            .filter(|name| !first.contains(name))
            .map(String::as_str),
    );
    let fewer = listed(first.iter().filter(|name| !has(name)).map(String::as_str));
    match (more.is_empty(), fewer.is_empty()) {
        (false, true) => format!("{more} is more"),
        (true, _) => format!("{fewer} is missing"),
        (false, false) => format!("{more} is more, and {fewer} is missing"),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
