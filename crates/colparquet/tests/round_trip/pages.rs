//! Pages and row groups: how they are encoded, and where they end.

use bytes::Bytes;
use colparquet::{Encoder, Kind};
use parquet::basic::{Compression, Encoding};

use crate::subject::{Value, metadata, pages, read, schema, texts, write};

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
fn a_tiny_chunk_is_not_compressed() {
    let compression = |file: &Bytes| metadata(file).row_group(0).column(0).compression();
    assert_eq!(
        compression(&texts((0..3).map(|i| i.to_string()))),
        Compression::UNCOMPRESSED
    );
    let many = compression(&texts((0..3_000).map(|i| i.to_string())));
    assert!(matches!(many, Compression::ZSTD(_)));
}
