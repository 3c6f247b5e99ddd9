//! The values of rows.

use colparquet::{Encoder, Kind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::subject::{Value, expected, read, schema, write, write_joined, write_ranges};

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
