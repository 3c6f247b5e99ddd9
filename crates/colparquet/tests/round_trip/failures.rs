//! Values that a column cannot hold, and a writer that fails.

use std::io::{self, Write};

use colparquet::{Encoder, Kind, Writer};

use crate::subject::schema;

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
