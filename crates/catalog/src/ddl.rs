//! A table as the statement that creates it.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::{Column, Table};

/// A `CREATE EXTERNAL TABLE` statement.
pub(crate) struct Ddl<'a> {
    pub(crate) table: &'a Table,
    pub(crate) database: Option<&'a str>,
}

impl fmt::Display for Ddl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, database } = self;
        f.write_str("CREATE EXTERNAL TABLE IF NOT EXISTS ")?;
        if let Some(database) = database {
            write!(f, "`{database}`.")?;
        }
        let columns: Vec<_> = table.columns.iter().map(definition).collect();
        writeln!(f, "`{}` (\n  {}\n)", table.name, columns.join(",\n  "))?;
        writeln!(f, "COMMENT {}", quoted(table.comment))?;
        let partitions: Vec<_> = table.partitions.iter().map(definition).collect();
        writeln!(f, "PARTITIONED BY ({})", partitions.join(", "))?;
        writeln!(f, "ROW FORMAT SERDE {}", quoted(table.serde))?;
        if !table.serde_parameters.is_empty() {
            writeln!(
                f,
                "WITH SERDEPROPERTIES ({})",
                list(&table.serde_parameters)
            )?;
        }
        writeln!(f, "STORED AS INPUTFORMAT {}", quoted(table.input_format))?;
        writeln!(f, "OUTPUTFORMAT {}", quoted(table.output_format))?;
        writeln!(f, "LOCATION {}", quoted(&table.location))?;
        write!(f, "TBLPROPERTIES ({})", list(&table.parameters))
    }
}

/// A column with its name in backticks, which a reserved word such as `end` needs
/// (<https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html>).
fn definition(column: &Column) -> String {
    format!("`{}` {}", column.name, column.kind)
}

fn list(parameters: &BTreeMap<impl AsRef<str>, impl AsRef<str>>) -> String {
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("\n  {} = {}", quoted(name.as_ref()), quoted(value.as_ref())))
        .collect();
    format!("{}\n", parameters.join(","))
}

/// A string literal of Hive, in the kind of quotes that the text does not have, if possible.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut literal = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => literal.push_str(r"\\"),
            c if c == quote => literal.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(literal, "\\u{:04x}", u32::from(c));
            }
            c => literal.push(c),
        }
    }
    literal.push(quote);
    literal
}
