//! What the footer says of the rows, and the filters.

use bytes::Bytes;
use colparquet::{Column, Encoder, Kind, Schema};
use parquet::bloom_filter::Sbbf;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::subject::{Value, metadata, schema, texts, write};

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
