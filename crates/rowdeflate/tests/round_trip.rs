//! Other decoders restore every encoded text.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::MultiGzDecoder;
use proptest::collection::vec;
use proptest::prelude::*;
use rehose_testkit::checks::replay;
use rehose_testkit::checks::rowdeflate::{HEADER, TRAILER, check, encode, encode_by, round_trip};
use rehose_testkit::texts::{addresses, letters, noise, requests, rows};
use rowdeflate::Encoder;

/// The size of a block in bytes.
const BLOCK: usize = 128 * 1024;
/// The window of DEFLATE in bytes.
const WINDOW: usize = 32 * 1024;

/// Returns the size that zlib gives at level 6, the default of Node, Python and gzip.
fn size_of_zlib(text: &[u8]) -> io::Result<usize> {
    let mut zlib = flate2::write::GzEncoder::new(Vec::new(), Compression::new(6));
    zlib.write_all(text)?;
    Ok(zlib.finish()?.len())
}

#[test]
fn an_empty_stream_is_a_member() {
    let gz = round_trip(b"");
    assert_eq!(gz.len(), HEADER + 2 + TRAILER);
    assert_eq!(encode([b"".as_slice(), b"", b""]), gz);
}

/// The output must not depend on an earlier stream.
#[test]
fn an_encoder_can_be_reused() {
    let mut encoder = Encoder::new();
    for length in [0, 1, 300, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 77] {
        for text in [
            rows(length, 1),
            rows(length, 2),
            noise(length, 1),
            letters(length, 1),
        ] {
            assert!(encode_by(&mut encoder, [&text[..]]) == encode([&text[..]]));
            assert!(encode_by(&mut encoder, text.chunks(1_000)) == round_trip(&text));
        }
    }
}

/// An earlier, longer stream leaves its bytes behind a shorter one. The hash of the last field must not
/// include them. All fields begin alike here, so a wrong hash finds a match somewhere else.
#[test]
fn an_encoder_does_not_read_behind_a_stream() {
    let mut rng = fastrand::Rng::with_seed(1);
    let fields = |_| format!("same{},", rng.u32(..1_000_000));
    let longer: String = (0..8_000).map(fields).collect();
    let mut encoder = Encoder::new();
    for end in 60_000..60_200 {
        encode_by(&mut encoder, [longer.as_bytes()]);
        let text = &longer.as_bytes()[..end];
        assert!(encode_by(&mut encoder, [text]) == encode([text]), "{end}");
    }
}

#[test]
fn every_length_up_to_three_groups_of_64() {
    for text in [
        rows(200, 1),
        noise(200, 1),
        vec![b','; 200],
        vec![b'a'; 200],
    ] {
        for length in 0..text.len() {
            round_trip(&text[..length]);
        }
    }
}

#[test]
fn a_stream_can_end_anywhere_in_a_block() {
    let (rows, noise) = (rows(2 * BLOCK + 500, 2), noise(2 * BLOCK + 500, 2));
    for blocks in 1..=2 {
        let ends = [
            -300, -259, -258, -257, -65, -64, -63, -9, -8, -7, -2, -1, 0, 1, 2, 7, 8, 9, 63, 64,
            65, 258, 300,
        ];
        for end in ends {
            let length = (blocks * BLOCK).strict_add_signed(end);
            round_trip(&rows[..length]);
            round_trip(&noise[..length]);
        }
    }
}

#[test]
fn a_match_reaches_to_the_end_of_the_window() {
    let row = b"\n1234567890,abcdefghijklmnopqrstuvwxyz,END\n";
    let letters = letters(3 * BLOCK, 3);
    let size = |begin: usize, distance: usize| {
        let mut text = letters.clone();
        text[begin..begin + row.len()].copy_from_slice(row);
        text[begin + distance..begin + distance + row.len()].copy_from_slice(row);
        round_trip(&text).len()
    };
    // Within a block, and across the end of one.
    for begin in [
        1_000,
        BLOCK - WINDOW - 20,
        BLOCK - 100,
        2 * BLOCK - 2 * WINDOW,
    ] {
        let within: Vec<usize> = (WINDOW - 3..=WINDOW).map(|d| size(begin, d)).collect();
        let beyond: Vec<usize> = (WINDOW + 1..WINDOW + 4).map(|d| size(begin, d)).collect();
        assert!(
            within.iter().max().unwrap() + 20 < *beyond.iter().min().unwrap(),
            "{begin}"
        );
    }
}

#[test]
fn matches_of_every_length() {
    let line: Vec<u8> = rows(600, 4).into_iter().map(|b| b.max(b'-')).collect();
    for length in 1..line.len() {
        let text = [b"\n", &line[..length], b"\n", &line[..length], b"\n!"].concat();
        round_trip(&text);
    }
}

#[test]
fn a_row_of_many_blocks_is_encoded() {
    for field in [
        "a",
        "ab",
        "0123456789abcdefghijklmnopqrstuvwxyz",
        "a,",
        ",",
        "\n",
    ] {
        let text = field.repeat(4_000_000 / field.len());
        let gz = round_trip(text.as_bytes());
        assert!(gz.len() < text.len() / 50, "{field:?}: {}", gz.len());
    }
    let gz = round_trip(&letters(1_000_000, 5));
    assert!(gz.len() < 510_000, "{}", gz.len());
}

#[test]
fn noise_is_stored() {
    for bytes in [1, 100, BLOCK, BLOCK + 1, 10 * BLOCK + 77] {
        let gz = round_trip(&noise(bytes, 6));
        let most = bytes + HEADER + TRAILER + bytes.div_ceil(BLOCK) * 16;
        assert!(gz.len() <= most, "{bytes}: {}", gz.len());
    }
}

#[test]
fn rows_take_no_more_than_a_twentieth_above_zlib() {
    for (shape, rows) in [
        ("rows", rows as fn(usize, u64) -> Vec<u8>),
        ("addresses", addresses),
    ] {
        for bytes in [20_000, 300_000, 3_000_000] {
            let text = rows(bytes, 7);
            let (ours, zlib) = (round_trip(&text).len(), size_of_zlib(&text).unwrap());
            assert!(
                ours * 20 <= zlib * 21,
                "{shape}, {bytes}: {ours}, zlib {zlib}"
            );
        }
    }
}

/// Fails unless the writes are `period` repeated.
struct Periodic<'a> {
    period: &'a [u8],
    rest: &'a [u8],
    bytes: u64,
}

impl Write for Periodic<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let length = text.len().min(self.rest.len());
        let (now, rest) = self.rest.split_at(length);
        if now != &text[..length] {
            return Err(io::Error::other(format!("differs after {}", self.bytes)));
        }
        self.rest = if rest.is_empty() { self.period } else { rest };
        self.bytes += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
#[ignore = "encodes 4 GiB"]
fn past_4_gib() {
    const LENGTH: u64 = (1 << 32) + 5_000_000;
    let rows = rows(1_000_000, 10);
    // Easy text, except for rows at the offset that exceeds 32 bits.
    let period = [&b"a,b,c\n".repeat(1_500_000)[..], &rows].concat();
    let periodic = Periodic {
        period: &period,
        rest: &period,
        bytes: 0,
    };
    let mut decoder = MultiGzDecoder::new(periodic);
    let mut encoder = Encoder::new();
    let mut gz = Vec::new();
    let mut left = LENGTH;
    while left > 0 {
        let length = left.min(period.len() as u64);
        encoder.write(&period[..length as usize], &mut gz);
        decoder.write_all(&gz).unwrap();
        gz.clear();
        left -= length;
    }
    encoder.finish(&mut gz);
    decoder.write_all(&gz).unwrap();
    // Fails if the CRC or the length is wrong.
    assert_eq!(decoder.finish().unwrap().bytes, LENGTH);
    assert_eq!(gz[gz.len() - 4..], (LENGTH as u32).to_le_bytes());
}

/// Text of rows, noise, repetitions, or a mixture of them.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => (0..40_000_usize, any::<u64>()).prop_map(|(bytes, seed)| rows(bytes, seed)),
        1 => (0..40_000_usize, any::<u64>()).prop_map(|(bytes, seed)| requests(bytes, seed)),
        1 => (0..70_000_usize, any::<u64>()).prop_map(|(bytes, seed)| noise(bytes, seed)),
        1 => (vec(any::<u8>(), 1..300), 1..500_usize).prop_map(|(piece, n)| piece.repeat(n)),
        1 => vec(prop_oneof![Just(b','), Just(b'\n'), any::<u8>()], 0..2_000),
        1 => vec(b'a'..=b'c', 0..2_000),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_restored(text in text()) {
        round_trip(&text);
    }

    #[test]
    fn the_output_does_not_depend_on_the_writes(text in text(), sizes in vec(1..100_000_usize, 1..6)) {
        let mut rest = &text[..];
        let mut sizes = sizes.iter().cycle();
        let cut = std::iter::from_fn(|| {
            let size = rest.len().min(*sizes.next()?);
            let (now, later) = rest.split_at_checked(size).filter(|(now, _)| !now.is_empty())?;
            rest = later;
            Some(now)
        });
        prop_assert!(encode(cut) == encode([&text[..]]));
    }
}

#[test]
fn the_fuzzing_corpus_holds() {
    replay("rowdeflate", check);
}
