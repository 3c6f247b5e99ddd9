//! Rows that are written and read again.

use bytes::Bytes;
use colparquet::{Column, Encoder, Kind, Schema, Writer};
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use proptest::sample::Index;

/// A value, as it is given to the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Written(String),
    Number(i64),
    /// The bits of a floating-point number.
    Double(u64),
}

pub(crate) fn schema(columns: &[(Kind, bool)]) -> Schema {
    let column = |(number, (kind, is_optional)): (usize, &(Kind, bool))| Column {
        name: format!("column_{number}"),
        kind: *kind,
        is_optional: *is_optional,
        has_filter: *kind == Kind::Text,
    };
    Schema::new(columns.iter().enumerate().map(column).collect()).unwrap()
}

pub(crate) fn write(encoder: Encoder, rows: &[Vec<Value>]) -> (Bytes, Encoder) {
    let mut file = Vec::new();
    let mut writer = Writer::new(encoder, &mut file).unwrap();
    for row in rows {
        for (column, value) in row.iter().enumerate() {
            match value {
                Value::Null => writer.field(column, None),
                Value::Written(text) => writer.field(column, Some(text.as_bytes())),
                Value::Number(number) => writer.number(column, *number),
                Value::Double(_) => unreachable!("they are written as text"),
            }
            .unwrap();
        }
        writer.end_row().unwrap();
    }
    let (bytes, encoder) = writer.finish().unwrap();
    assert_eq!(bytes, file.len() as u64);
    (file.into(), encoder)
}

/// Writes the rows as [`write`] does, but some fields of each as one text, from the place that `begins`
/// has for the row.
pub(crate) fn write_joined(
    encoder: Encoder,
    columns: &[(Kind, bool)],
    rows: &[Vec<Value>],
    begins: &[Index],
) -> (Bytes, Encoder) {
    let mut file = Vec::new();
    let mut writer = Writer::new(encoder.with_absent(b"-"), &mut file).unwrap();
    for (row, begin) in rows.iter().zip(begins.iter().cycle()) {
        let begin = begin.index(row.len());
        let written = |(value, (kind, _)): (&Value, &(Kind, bool))| match value {
            Value::Null => (*kind != Kind::Text).then(|| "-".to_owned()),
            Value::Written(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Double(_) => None,
        };
        let fields = row.iter().zip(columns).skip(begin).map_while(written);
        let fields: Vec<String> = fields.collect();
        let end_of = |i: usize| fields[..=i].join(" ").len() as u32;
        let ends: Vec<u32> = (0..fields.len()).map(end_of).collect();
        let joined = begin..begin + ends.len();
        (writer.fields(begin, fields.join(" ").as_bytes(), &ends)).unwrap();
        for (column, value) in row.iter().enumerate() {
            match value {
                _ if joined.contains(&column) => Ok(()),
                Value::Null => writer.field(column, None),
                Value::Written(text) => writer.field(column, Some(text.as_bytes())),
                Value::Number(number) => writer.number(column, *number),
                Value::Double(_) => unreachable!("they are written as text"),
            }
            .unwrap();
        }
        writer.end_row().unwrap();
    }
    let (_, encoder) = writer.finish().unwrap();
    (file.into(), encoder)
}

/// Writes the rows as [`write`] does, but some fields of each as parts of two texts, from the place that `begins`
/// has for the row. The parts are in no order, and there is other text between them.
pub(crate) fn write_ranges(
    encoder: Encoder,
    rows: &[Vec<Value>],
    begins: &[Index],
) -> (Bytes, Encoder) {
    let mut file = Vec::new();
    let mut writer = Writer::new(encoder, &mut file).unwrap();
    for (row, begin) in rows.iter().zip(begins.iter().cycle()) {
        let cut = begin.index(row.len());
        let (mut text, mut ranges) = (String::new(), Vec::new());
        for value in row[cut..].iter().rev() {
            text.push('|');
            let start = text.len();
            match value {
                Value::Null => {}
                Value::Written(written) => text.push_str(written),
                Value::Number(number) => text.push_str(&number.to_string()),
                Value::Double(_) => unreachable!("they are written as text"),
            }
            ranges.push((*value != Value::Null).then_some(start..text.len()));
        }
        let (one, other) = text.as_bytes().split_at(begin.index(text.len()));
        (writer.ranges(cut, &[one, other], ranges.into_iter().rev())).unwrap();
        for (column, value) in row[..cut].iter().enumerate() {
            match value {
                Value::Null => writer.field(column, None),
                Value::Written(text) => writer.field(column, Some(text.as_bytes())),
                Value::Number(number) => writer.number(column, *number),
                Value::Double(_) => unreachable!("they are written as text"),
            }
            .unwrap();
        }
        writer.end_row().unwrap();
    }
    let (_, encoder) = writer.finish().unwrap();
    (file.into(), encoder)
}

pub(crate) fn read(file: &Bytes) -> Vec<Vec<Value>> {
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let values = rows.map(|row| {
        let row = row.unwrap();
        let columns = row.get_column_iter();
        columns.map(|(_, field)| value(field)).collect()
    });
    values.collect()
}

pub(crate) fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Str(text) => Value::Written(text.clone()),
        Field::Int(number) => Value::Number((*number).into()),
        Field::Long(number) | Field::TimestampMicros(number) => Value::Number(*number),
        Field::Double(number) => Value::Double(number.to_bits()),
        other => panic!("{other:?} is none of the types"),
    }
}

/// What a reader should find: digits in a column of numbers are a number.
pub(crate) fn expected(columns: &[(Kind, bool)], rows: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let value = |(value, (kind, _)): (&Value, &(Kind, bool))| match (value, kind) {
        (Value::Written(digits), Kind::Int | Kind::BigInt | Kind::Timestamp) => {
            Value::Number(digits.parse().unwrap())
        }
        (Value::Written(text), Kind::Double) => {
            Value::Double(text.parse::<f64>().unwrap().to_bits())
        }
        (value, _) => value.clone(),
    };
    let row = |row: &Vec<Value>| row.iter().zip(columns).map(value).collect();
    rows.iter().map(row).collect()
}

pub(crate) fn metadata(file: &Bytes) -> ParquetMetaData {
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    reader.metadata().clone()
}

/// The encodings of the pages of the only column. A dictionary is the first page.
pub(crate) fn pages(file: &Bytes) -> Vec<Encoding> {
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    let group = reader.get_row_group(0).unwrap();
    let pages = group.get_column_page_reader(0).unwrap();
    pages.map(|page| page.unwrap().encoding()).collect()
}

/// Rows of one column of optional text.
pub(crate) fn texts(texts: impl Iterator<Item = String>) -> Bytes {
    let rows: Vec<Vec<Value>> = texts.map(|text| vec![Value::Written(text)]).collect();
    let (file, _) = write(Encoder::new(&schema(&[(Kind::Text, true)])), &rows);
    assert!(read(&file) == rows);
    file
}
