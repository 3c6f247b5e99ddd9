//! What is written is what a reader finds, for any columns and rows.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::io::{self, Write};

use bytes::Bytes;
use colparquet::{Column, Encoder, Kind, Schema, Writer};
use parquet::basic::{Compression, Encoding};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A value, as it is given to the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Null,
    Written(String),
    Number(i64),
    /// The bits of a floating-point number.
    Double(u64),
}

fn schema(columns: &[(Kind, bool)]) -> Schema {
    let column = |(number, (kind, is_optional)): (usize, &(Kind, bool))| Column {
        name: format!("column_{number}"),
        kind: *kind,
        is_optional: *is_optional,
        has_filter: *kind == Kind::Text,
    };
    Schema::new(columns.iter().enumerate().map(column).collect()).unwrap()
}

fn write(encoder: Encoder, rows: &[Vec<Value>]) -> (Bytes, Encoder) {
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
fn write_joined(
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
fn write_ranges(encoder: Encoder, rows: &[Vec<Value>], begins: &[Index]) -> (Bytes, Encoder) {
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

fn read(file: &Bytes) -> Vec<Vec<Value>> {
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let values = rows.map(|row| {
        let row = row.unwrap();
        let columns = row.get_column_iter();
        columns.map(|(_, field)| value(field)).collect()
    });
    values.collect()
}

fn value(field: &Field) -> Value {
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
fn expected(columns: &[(Kind, bool)], rows: &[Vec<Value>]) -> Vec<Vec<Value>> {
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

fn metadata(file: &Bytes) -> ParquetMetaData {
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    reader.metadata().clone()
}

/// The encodings of the pages of the only column. A dictionary is the first page.
fn pages(file: &Bytes) -> Vec<Encoding> {
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    let group = reader.get_row_group(0).unwrap();
    let pages = group.get_column_page_reader(0).unwrap();
    pages.map(|page| page.unwrap().encoding()).collect()
}

/// Rows of one column of optional text.
fn texts(texts: impl Iterator<Item = String>) -> Bytes {
    let rows: Vec<Vec<Value>> = texts.map(|text| vec![Value::Written(text)]).collect();
    let (file, _) = write(Encoder::new(&schema(&[(Kind::Text, true)])), &rows);
    assert!(read(&file) == rows);
    file
}

/// The values of a column, from which its rows take theirs: few repeat often, and many rarely.
fn pool(kind: Kind, is_optional: bool) -> BoxedStrategy<Vec<Value>> {
    let text = prop_oneof![".{0,20}", "[a-z0-9.]{1,40}", Just("-".to_owned())];
    let value = match kind {
        Kind::Text => text.prop_map(Value::Written).boxed(),
        Kind::Int => prop_oneof![
            any::<i32>().prop_map(|number| Value::Number(number.into())),
            "[0-9]{1,9}".prop_map(Value::Written),
        ]
        .boxed(),
        Kind::BigInt | Kind::Timestamp => prop_oneof![
            any::<i64>().prop_map(Value::Number),
            "[0-9]{1,18}".prop_map(Value::Written),
            "0{0,20}[0-9]{18}".prop_map(Value::Written),
        ]
        .boxed(),
        Kind::Double => prop_oneof![
            "-?[0-9]{1,9}([.][0-9]{1,9})?(e-?[0-9])?",
            "[0-9]{0,5}[.]?[0-9]{0,5}".prop_filter("a number", |text| text.parse::<f64>().is_ok()),
        ]
        .prop_map(Value::Written)
        .boxed(),
    };
    let value = match is_optional {
        true => prop_oneof![4 => value, 1 => Just(Value::Null)].boxed(),
        false => value,
    };
    prop_oneof![vec(value.clone(), 1..3), vec(value, 1..600)].boxed()
}

fn column() -> impl Strategy<Value = (Kind, bool)> {
    const KINDS: &[Kind] = &[
        Kind::Text,
        Kind::Int,
        Kind::BigInt,
        Kind::Double,
        Kind::Timestamp,
    ];
    (select(KINDS), any::<bool>())
}

type Table = (Vec<(Kind, bool)>, Vec<Vec<Value>>);

fn table() -> impl Strategy<Value = Table> {
    (vec(column(), 1..6), 0..1_500_usize).prop_flat_map(|(columns, count)| {
        let column = |(kind, is_optional): &(Kind, bool)| {
            let choices = vec(any::<Index>(), count);
            (pool(*kind, *is_optional), choices)
                .prop_map(|(pool, choices)| choices.iter().map(|i| i.get(&pool).clone()).collect())
        };
        let values: Vec<_> = columns.iter().map(column).collect();
        values.prop_map(move |values: Vec<Vec<Value>>| {
            let row = |i: usize| values.iter().map(|column| column[i].clone()).collect();
            (columns.clone(), (0..count).map(row).collect())
        })
    })
}

#[test]
fn a_time_may_be_text() {
    let rows = ["2020-02-01T00:00:00.000001Z", "1580515200000001", "-1"];
    let rows = rows.map(|text| vec![Value::Written(text.to_owned())]);
    let (file, _) = write(Encoder::new(&schema(&[(Kind::Timestamp, false)])), &rows);
    let micros = 1_580_515_200_000_001;
    let expected = [micros, micros, -1].map(|number| vec![Value::Number(number)]);
    assert_eq!(read(&file), expected);
}

#[test]
fn the_statistics_of_doubles_hold_both_zeros() {
    let rows = ["0", "-0"].map(|text| vec![Value::Written(text.to_owned())]);
    let (file, _) = write(Encoder::new(&schema(&[(Kind::Double, false)])), &rows);
    let metadata = metadata(&file);
    let statistics = metadata.row_group(0).column(0).statistics().unwrap();
    let bytes = |bound: f64| Some(bound.to_le_bytes().to_vec());
    assert_eq!(statistics.min_bytes_opt().map(<[u8]>::to_vec), bytes(-0.0));
    assert_eq!(statistics.max_bytes_opt().map(<[u8]>::to_vec), bytes(0.0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_are_read_as_they_were_written(
        tables in vec(table(), 1..3),
        begins in vec(any::<Index>(), 1..300),
    ) {
        for (columns, rows) in tables {
            let (file, encoder) = write(Encoder::new(&schema(&columns)), &rows);
            prop_assert_eq!(read(&file), expected(&columns, &rows));
            let (joined, encoder) = write_joined(encoder, &columns, &rows, &begins[..1]);
            prop_assert_eq!(&joined, &file, "fields of one text are fields");
            let (joined, encoder) = write_joined(encoder, &columns, &rows, &begins);
            prop_assert_eq!(&joined, &file, "the texts of rows may have any columns");
            let (parts, encoder) = write_ranges(encoder, &rows, &begins[..1]);
            prop_assert_eq!(&parts, &file, "parts of texts are fields");
            let (parts, encoder) = write_ranges(encoder, &rows, &begins);
            prop_assert_eq!(&parts, &file, "parts may be in any columns");
            let (again, _) = write(encoder, &rows);
            prop_assert_eq!(&again, &file, "an encoder leaves nothing for the next file");
        }
    }
}

#[test]
fn a_file_without_rows_is_a_file() {
    let (file, _) = write(Encoder::new(&schema(&[(Kind::Text, true)])), &[]);
    assert!(read(&file).is_empty());
}

#[test]
fn a_dictionary_ends_where_it_no_longer_pays() {
    use Encoding::{PLAIN, RLE_DICTIONARY};
    let few = texts((0..50_000).map(|i| (i % 100).to_string()));
    assert_eq!(
        pages(&few),
        [PLAIN, RLE_DICTIONARY, RLE_DICTIONARY, RLE_DICTIONARY]
    );
    let all_different = texts((0..50_000).map(|i| i.to_string()));
    assert_eq!(pages(&all_different), [PLAIN; 3]);
    // The first pages have indexes, the one at whose end the dictionary is too large included.
    let later = texts((0..90_000).map(|i| (if i < 40_000 { i % 100 } else { i }).to_string()));
    assert_eq!(
        pages(&later),
        [
            PLAIN,
            RLE_DICTIONARY,
            RLE_DICTIONARY,
            RLE_DICTIONARY,
            PLAIN,
            PLAIN
        ]
    );
    // A thousand values show it, without the rest of the page.
    let first = |i| if i < 1_024 { i } else { i % 100 };
    let different_at_first = texts((0..19_000).map(|i| first(i).to_string()));
    assert_eq!(pages(&different_at_first), [PLAIN]);
    let some_repeat =
        texts((0..19_000).map(|i| (if i % 60 == 0 { 0 } else { first(i) }).to_string()));
    assert_eq!(pages(&some_repeat), [PLAIN, RLE_DICTIONARY]);
}

#[test]
fn a_dictionary_has_at_most_as_many_entries_as_its_indexes_can_name() {
    // Each twice in a row, so that the dictionary pays for as long as it can.
    texts((0..200_000).map(|i| (i / 2).to_string()));
    texts((0..20_000).chain(0..20_000).map(|i| format!("{i:>100}")));
}

#[test]
fn pages_and_row_groups_are_bounded_by_bytes_too() {
    let long = "x".repeat(2 * 1024 * 1024);
    let file = texts((0..20).map(|i| format!("{i}{long}")));
    assert_eq!(pages(&file), [Encoding::PLAIN; 5]);
    let noise = |i: u64| {
        (0..200)
            .map(|j| format!("{:x}", hash(i * 200 + j)))
            .collect()
    };
    let file = texts((0..10_000).map(noise));
    assert!(metadata(&file).num_row_groups() > 1);
}

fn hash(number: u64) -> u64 {
    (number ^ 0x55)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(23)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
}

#[test]
fn a_row_group_has_at_most_a_million_rows() {
    let rows: Vec<Vec<Value>> = (0..1_100_000).map(|i| vec![Value::Number(i)]).collect();
    let (file, _) = write(Encoder::new(&schema(&[(Kind::BigInt, false)])), &rows);
    let metadata = metadata(&file);
    let groups: Vec<i64> = metadata
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(groups, [1_040_000, 60_000]);
    assert!(read(&file) == rows);
}

#[test]
fn statistics_are_exact_and_count_nulls() {
    let columns = [
        (Kind::Text, true),
        (Kind::Int, true),
        (Kind::Timestamp, true),
    ];
    let row = |text: &str, number| {
        vec![
            Value::Written(text.to_owned()),
            Value::Number(number),
            Value::Number(-number),
        ]
    };
    let rows = [
        row("b", 2),
        row("ä", -7),
        row("-", 5),
        vec![Value::Null, Value::Null, Value::Null],
    ];
    let (file, _) = write(Encoder::new(&schema(&columns)), &rows);
    let metadata = metadata(&file);
    let bounds: Vec<_> = metadata
        .row_group(0)
        .columns()
        .iter()
        .map(|column| {
            let statistics = column.statistics().unwrap();
            assert!(statistics.min_is_exact() && statistics.max_is_exact());
            assert_eq!(statistics.null_count_opt(), Some(1));
            [statistics.min_bytes_opt(), statistics.max_bytes_opt()]
                .map(|bytes| bytes.unwrap().to_vec())
        })
        .collect();
    assert_eq!(bounds[0], [b"-".to_vec(), "ä".as_bytes().to_vec()]);
    assert_eq!(bounds[1], [(-7_i32).to_le_bytes(), 5_i32.to_le_bytes()]);
    assert_eq!(bounds[2], [(-5_i64).to_le_bytes(), 7_i64.to_le_bytes()]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_bounds_of_texts_are_the_least_and_the_greatest(
        rows in vec("(abcdefg)?[a\u{0}hé]{0,4}", 1..40),
    ) {
        let file = texts(rows.iter().cloned());
        let metadata = metadata(&file);
        let statistics = metadata.row_group(0).column(0).statistics().unwrap();
        prop_assert_eq!(statistics.min_bytes_opt(), rows.iter().min().map(String::as_bytes));
        prop_assert_eq!(statistics.max_bytes_opt(), rows.iter().max().map(String::as_bytes));
    }
}

#[test]
fn a_long_text_is_no_bound() {
    let file = texts(["a".to_owned(), "x".repeat(1_000)].into_iter());
    let metadata = metadata(&file);
    let statistics = metadata.row_group(0).column(0).statistics().unwrap();
    assert_eq!(statistics.max_bytes_opt(), None);
}

#[test]
fn a_tiny_chunk_is_not_compressed() {
    let compression = |file: &Bytes| metadata(file).row_group(0).column(0).compression();
    assert_eq!(
        compression(&texts((0..3).map(|i| i.to_string()))),
        Compression::UNCOMPRESSED
    );
    let many = compression(&texts((0..3_000).map(|i| i.to_string())));
    assert!(matches!(many, Compression::ZSTD(_)));
}

#[test]
fn the_footer_names_the_columns_and_the_writer() {
    let (file, _) = write(
        Encoder::new(&schema(&[(Kind::Text, true), (Kind::Int, false)])),
        &[],
    );
    let metadata = metadata(&file);
    let file = metadata.file_metadata();
    assert_eq!(file.created_by(), Some("rehose version 1"));
    let columns = file.schema_descr().columns();
    let ids: Vec<i32> = columns
        .iter()
        .map(|column| column.self_type().get_basic_info().id())
        .collect();
    assert_eq!(ids, [1, 2]);
    let levels: Vec<i16> = columns
        .iter()
        .map(|column| column.max_def_level())
        .collect();
    assert_eq!(levels, [1, 0]);
}

#[test]
fn a_value_that_its_column_cannot_hold_is_an_error() {
    let columns = [
        (Kind::Int, false),
        (Kind::BigInt, true),
        (Kind::Text, true),
        (Kind::Double, true),
    ];
    let mut writer = Writer::new(Encoder::new(&schema(&columns)), io::sink()).unwrap();
    for (column, field) in [
        (0, None),
        (0, Some("")),
        (0, Some("-")),
        (0, Some("--1")),
        (0, Some("-2147483649")),
        (0, Some("2147483648")),
        (1, Some("1.0")),
        (1, Some("１")),
        (1, Some("9223372036854775808")),
        (1, Some("99999999999999999999999999")),
        (1, Some("x0000000000000001")),
        (1, Some("1000000000000000x")),
        (3, Some("")),
        (3, Some(".")),
        (3, Some("1.2.3")),
        (3, Some("1:2")),
        (3, Some("123456.x")),
        (3, Some("123456789.x")),
    ] {
        let error = writer.field(column, field.map(str::as_bytes)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{field:?}");
    }
    assert!(writer.number(0, i64::from(i32::MAX) + 1).is_err());
    assert!(writer.number(2, 1).is_err());
}

#[test]
fn a_value_in_a_text_that_its_column_cannot_hold_is_an_error() {
    let columns = [(Kind::Int, false), (Kind::BigInt, true)];
    for text in [
        "- 1",
        " 1",
        "1 ",
        "1 --1",
        "1 12345678x",
        "1 1234567890123x",
    ] {
        let encoder = Encoder::new(&schema(&columns)).with_absent(b"-");
        let mut writer = Writer::new(encoder, io::sink()).unwrap();
        let ends = [text.find(' ').unwrap() as u32, text.len() as u32];
        writer.fields(0, text.as_bytes(), &ends).unwrap();
        writer.end_row().unwrap();
        let error = writer.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{text:?}");
    }
}

/// A writer that is full after some bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_error_of_the_writer_is_passed_on() {
    let rows = |room| -> io::Result<()> {
        let mut writer = Writer::new(Encoder::new(&schema(&[(Kind::BigInt, true)])), Full(room))?;
        for number in 0..50_000 {
            writer.number(0, number)?;
            writer.end_row()?;
        }
        writer.finish().map(drop)
    };
    for room in [0, 1, 4, 100, 5_000, 50_000] {
        assert_eq!(
            rows(room).unwrap_err().kind(),
            io::ErrorKind::StorageFull,
            "{room}"
        );
    }
    rows(1_000_000).unwrap();
}

#[test]
fn a_filter_has_every_value_of_its_row_group_and_few_others() {
    let few = (0..50_000).map(|i| (i % 100).to_string());
    let all_different = (0..50_000).map(|i| i.to_string());
    // Indexes, and then values.
    let later = (0..90_000).map(|i| (if i < 40_000 { i % 100 } else { i }).to_string());
    let cases: [Vec<String>; 3] = [few.collect(), all_different.collect(), later.collect()];
    for (values, most_bytes) in cases.into_iter().zip([200, 80_000, 80_000]) {
        let file = texts(values.iter().cloned());
        let filter = filter(&file).expect("a column of text has one");
        assert!(values.iter().all(|value| filter.check(value.as_str())));
        let in_vain = (0..10_000).filter(|i| filter.check(format!("{i} is none").as_str()));
        assert!(in_vain.count() < 300);
        assert!(filter.num_blocks() * 32 <= most_bytes);
    }
}

#[test]
fn a_column_has_a_filter_only_if_asked() {
    let mut column = Column {
        name: "text".to_owned(),
        kind: Kind::Text,
        is_optional: true,
        has_filter: false,
    };
    let rows = [vec![Value::Written("a".to_owned())]];
    let schema = Schema::new(vec![column.clone()]).unwrap();
    assert!(filter(&write(Encoder::new(&schema), &rows).0).is_none());
    column.has_filter = true;
    let schema = Schema::new(vec![column]).unwrap();
    assert!(filter(&write(Encoder::new(&schema), &rows).0).is_some());
}

fn filter(file: &Bytes) -> Option<Sbbf> {
    let metadata = metadata(file);
    let column = metadata.row_group(0).column(0).clone();
    Sbbf::read_from_column_chunk(&column, file).unwrap()
}

#[test]
fn a_file_says_by_what_its_rows_are_sorted() {
    let columns = vec![Column {
        name: "text".to_owned(),
        kind: Kind::Text,
        is_optional: true,
        has_filter: false,
    }];
    let rows = [vec![Value::Null], vec![Value::Written("a".to_owned())]];
    let schema = Schema::sorted(columns, vec![0]).unwrap();
    let (file, _) = write(Encoder::new(&schema), &rows);
    let metadata = metadata(&file);
    let sorting = metadata.row_group(0).sorting_columns().unwrap();
    let said: Vec<_> = (sorting
        .iter()
        .map(|by| (by.column_idx, by.descending, by.nulls_first)))
    .collect();
    assert_eq!(said, [(0, false, true)]);
}
