//! The kinds of files of a table: the classes of Hive that read them, and their parameters.

use std::collections::BTreeMap;

use crate::Table;

/// Reads the unquoted fields of flow logs. It reads an invalid number, such as `-`,
/// as NULL.
const LAZY_SIMPLE: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";

/// Reads quoted fields, all as text. It takes a line break as the end of a
/// row even in quotes (<https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html>).
const OPEN_CSV: &str = "org.apache.hadoop.hive.serde2.OpenCSVSerde";

/// Reads a JSON document per line (<https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html>).
const OPENX_JSON: &str = "org.openx.data.jsonserde.JsonSerDe";

/// The format of an event's timestamp. Athena's engines, Hive and Trino, take it from the SerDe's
/// parameter `timestamp.formats` (<https://issues.apache.org/jira/browse/HIVE-9298>).
const TIMESTAMP: &str = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

/// The escape character for OpenCSVSerde, which always has one (a backslash by default) and drops it
/// from the text. RFC 4180 has none. This character is the least likely in a log.
const NO_ESCAPE: &str = "\u{1}";

/// Reads columns by their names, each with the type that the file says. A column that a file lacks is
/// NULL (<https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html>,
/// <https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html>).
const PARQUET_HIVE: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

/// What divides text into lines, and what would write it. Hive abbreviates them as `TEXTFILE`.
const TEXT_FORMATS: [&str; 2] = [
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
];

/// The same for Parquet, as AWS's own statement for flow logs in Parquet has it
/// (<https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-parquet.html>).
const PARQUET_FORMATS: [&str; 2] = [
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
];

/// A kind of files.
pub(crate) struct Files {
    serde: &'static str,
    serde_parameters: &'static [(&'static str, &'static str)],
    formats: [&'static str; 2],
    /// Whether columns can have other types than text.
    pub(crate) has_types: bool,
    /// Whether the first line has the names of the columns.
    pub(crate) has_header: bool,
}

/// CSV without quotes.
pub(crate) const UNQUOTED: Files = Files {
    serde: LAZY_SIMPLE,
    serde_parameters: &[("field.delim", ","), ("timestamp.formats", TIMESTAMP)],
    formats: TEXT_FORMATS,
    has_types: true,
    has_header: true,
};

/// CSV with quotes where RFC 4180 needs them.
pub(crate) const QUOTED: Files = Files {
    serde: OPEN_CSV,
    serde_parameters: &[
        ("separatorChar", ","),
        ("quoteChar", "\""),
        ("escapeChar", NO_ESCAPE),
    ],
    formats: TEXT_FORMATS,
    has_types: false,
    has_header: true,
};

/// Parquet.
pub(crate) const PARQUET: Files = Files {
    serde: PARQUET_HIVE,
    serde_parameters: &[],
    formats: PARQUET_FORMATS,
    has_types: true,
    has_header: false,
};

/// JSON documents, one per line.
pub(crate) const JSON: Files = Files {
    serde: OPENX_JSON,
    serde_parameters: &[],
    formats: TEXT_FORMATS,
    has_types: true,
    has_header: false,
};

impl Files {
    /// Returns a table of these files that has no name, columns and parameters yet.
    pub(crate) fn table(&self, comment: &'static str, location: String) -> Table {
        let [input_format, output_format] = self.formats;
        Table {
            name: String::new(),
            comment,
            columns: Vec::new(),
            partitions: Vec::new(),
            serde: self.serde,
            serde_parameters: BTreeMap::from_iter(self.serde_parameters.iter().copied()),
            input_format,
            output_format,
            location,
            parameters: BTreeMap::new(),
        }
    }
}
