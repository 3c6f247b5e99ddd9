//! Reads Parquet with the reader of the crate `parquet`, which shares no code with the encoder.

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use bytes::Bytes;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::oracle::rows::quoted;

/// Returns the names of the columns by which the first row group of a file says that its rows are sorted, and
/// of those that have a Bloom filter.
pub fn sorted_and_filtered(file: &[u8]) -> (Vec<String>, Vec<String>) {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(file)).unwrap();
    let group = reader.metadata().row_group(0);
    let name = |column: usize| group.column(column).column_path().string();
    let sorted = group.sorting_columns().into_iter().flatten();
    let filtered = (0..group.num_columns())
        .filter(|column| group.column(*column).bloom_filter_offset().is_some());
    (
        sorted.map(|by| name(by.column_idx as usize)).collect(),
        filtered.map(name).collect(),
    )
}

/// Returns the rows of a file as the lines of CSV that rehose would have written, after this header.
///
/// A number that is NULL is the `-` of flow logs.
pub fn as_csv(file: &[u8], header: &str) -> String {
    read(file, header, "-")
}

/// The same for a log in which nothing is NULL, whatever the column.
pub fn log_as_csv(file: &[u8], header: &str) -> String {
    read(file, header, "")
}

fn read(file: &[u8], header: &str, absent: &str) -> String {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(file)).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let is_text =
        |column: usize| schema.column(column).physical_type() == ::parquet::basic::Type::BYTE_ARRAY;
    let mut csv = format!("{header}\n");
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let fields = row.get_column_iter().enumerate();
        let values: Vec<String> = fields
            .map(|(column, (_, field))| match field {
                Field::Null if is_text(column) || column == 0 => String::new(),
                Field::Null => absent.to_owned(),
                Field::Str(text) => quoted(&escaped(text)),
                Field::Int(number) => number.to_string(),
                Field::Long(number) => number.to_string(),
                Field::Double(number) => number.to_string(),
                Field::TimestampMicros(micros) if column == 0 => time(*micros, "%3f"),
                Field::TimestampMicros(micros) => time(*micros, "%6f"),
                other => panic!("{other:?} is in no file of rehose"),
            })
            .collect();
        csv += &format!("{}\n", values.join(","));
    }
    csv
}

fn time(micros: i64, fraction: &str) -> String {
    let since = SignedDuration::from_micros(micros);
    let time = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).unwrap();
    time.strftime(&format!("%Y-%m-%dT%H:%M:%S.{fraction}Z"))
        .to_string()
}

/// CSV has line breaks as two characters, unless told otherwise.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('\n', r"\n")
        .replace('\r', r"\r")
}
