//! Every layer at every chunk size: sound ones in every form and nesting, and those that are cut,
//! changed, too large, or not read.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use proptest::collection::vec;
use proptest::prelude::*;
use rehose_extract::{Fault, Reason, Shape, Stream};
use rehose_testkit::checks;
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{event_regex, flow_logs, messages};
use rehose_testkit::stash::{
    ZipForm, ZstdForm, document, flow, gzip, hadoop_snappy, incompressible, snappy, zip, zip_of,
    zip_streamed, zstd,
};
use rehose_testkit::subject::{SIZES, SOURCE, at, check_result, in_text, transcode_in_chunks};

/// The chunk size for large objects: one that is not a multiple of any buffer.
const LARGE: [usize; 1] = [65_521];

/// Encodes a text as a layer.
type Encode = fn(&[u8]) -> Vec<u8>;

const LAYERS: [(&str, Encode); 7] = [
    ("gzip", |text| gzip(text)),
    ("ZIP", |text| zip(text)),
    ("ZIP with a descriptor", |text| zip_streamed(text)),
    ("stored ZIP", |text| {
        zip_of([("text", text)], zip_method_stored())
    }),
    ("Snappy", |text| snappy(text)),
    ("Hadoop's Snappy", |text| hadoop_snappy(text, 1 << 18, 100)),
    ("zstd", |text| checked_zstd(text)),
];

fn zip_method_stored() -> zip::CompressionMethod {
    zip::CompressionMethod::Stored
}

fn checked_zstd(text: &[u8]) -> Vec<u8> {
    let form = ZstdForm {
        has_checksum: true,
        has_size: true,
        ..ZstdForm::default()
    };
    form.frame(text)
}

fn small_text() -> Vec<u8> {
    let text = [document(&[(1, "one")]), document(&[(2, &flow(1))])].concat();
    text.into_bytes()
}

#[track_caller]
fn is_read(object: &[u8], sizes: &[usize], what: &str) {
    let shape = messages();
    let expected = expect(shape.options(), SOURCE, object);
    assert!(expected.is_some(), "{what}: the oracle refuses it");
    let result = transcode_in_chunks(&shape, object, sizes);
    assert!(result.is_ok(), "{what}: {}", result.unwrap_err());
    check_result(result, expected);
}

#[track_caller]
fn fault(object: &[u8]) -> Fault {
    transcode_in_chunks(&messages(), object, &SIZES).unwrap_err()
}

#[track_caller]
fn fails(object: &[u8], reason: Reason, offset: usize, what: &str) {
    let expected = at(reason.clone(), Stream::Layer(0), offset);
    assert_eq!(fault(object), expected, "{what}");
    let expected = at(reason, Stream::Layer(1), offset);
    assert_eq!(fault(&gzip(object)), expected, "{what}, in gzip");
}

#[test]
fn every_layer_gives_its_text() {
    for (name, encode) in LAYERS {
        is_read(&encode(&small_text()), &SIZES, name);
        is_read(&encode(b""), &SIZES, &format!("{name} of nothing"));
        is_read(&encode(b" "), &SIZES, &format!("{name} of a space"));
        let large = incompressible(1 << 19);
        is_read(&encode(&large), &LARGE, &format!("{name} of much"));
        let even = document(&[(0, "x")]).replace("stash", &" ".repeat(1 << 19));
        let what = format!("{name} of white space");
        is_read(&encode(even.as_bytes()), &LARGE, &what);
    }
}

#[test]
fn layers_are_nested_in_any_order() {
    let text = small_text();
    let sizes = [1, 7];
    for (first, inner) in LAYERS {
        for (second, middle) in LAYERS {
            let object = middle(&inner(&text));
            is_read(&object, &sizes, &format!("{first} in {second}"));
            for (third, outer) in LAYERS {
                let object = outer(&object);
                is_read(&object, &sizes, &format!("{first} in {second} in {third}"));
                let expected = at(Reason::TooManyLayers(3), Stream::Layer(3), 0);
                let fault = transcode_in_chunks(&messages(), &gzip(object), &sizes).unwrap_err();
                assert_eq!(fault, expected);
            }
        }
    }
}

#[test]
fn every_layer_can_follow_white_space() {
    for (name, encode) in LAYERS {
        let object = [b" \r\n\t", &encode(&small_text())[..]].concat();
        is_read(&object, &SIZES, name);
    }
}

#[test]
fn a_layer_that_is_cut_at_any_byte_fails_where_it_ends() {
    for (name, encode) in LAYERS {
        let object = encode(&small_text());
        // Before it, the object is text that ends early.
        let (first, reason) = match name {
            "gzip" => (1, Reason::TruncatedGzip),
            "Snappy" | "Hadoop's Snappy" => (1, Reason::TruncatedSnappy),
            "zstd" => (2, Reason::TruncatedZstd),
            _ => (3, Reason::TruncatedZip),
        };
        for end in 1..object.len() {
            // Between chunks and blocks these have no sign of their end. The text is cut then.
            let is_between = match name {
                "Snappy" => end == 10,
                "Hadoop's Snappy" => false,
                _ => false,
            };
            if is_between {
                let output = transcode_in_chunks(&messages(), &object[..end], &SIZES).unwrap();
                assert_eq!(output.summary.events, 0);
            } else if end < first {
                let fault = transcode_in_chunks(&flow_logs(), &object[..end], &SIZES).unwrap_err();
                assert_eq!(fault.at.stream, Stream::Text);
            } else {
                let expected = at(reason.clone(), Stream::Layer(0), end);
                assert_eq!(fault(&object[..end]), expected, "{name} of {end} bytes");
            }
        }
    }
}

#[test]
fn one_flipped_bit_never_gives_other_rows() {
    let shape = messages();
    for (name, encode) in LAYERS {
        let object = encode(&small_text());
        let sound = transcode_in_chunks(&shape, &object, &[]).unwrap();
        for bit in 0..object.len() * 8 {
            let mut flipped = object.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let result = transcode_in_chunks(&shape, &flipped, &[1, 3, 64]);
            // Hadoop's framing has no checksum, and the other does not cover the types of chunks.
            if name.contains("Snappy") {
                check_result(result, expect(shape.options(), SOURCE, &flipped));
            } else if let Ok(output) = result {
                assert_eq!(output, sound, "{name}, bit {bit}");
            }
        }
    }
}

#[test]
fn every_form_of_a_zip_archive_is_read() {
    let text = small_text();
    for form in ZipForm::all() {
        is_read(&form.archive(&text), &SIZES, &format!("{form:?}"));
        is_read(&form.archive(b""), &SIZES, &format!("{form:?} of nothing"));
    }
}

#[test]
fn every_form_of_zstd_is_read() {
    let text = small_text();
    for level in [-7, 1, 3, 19] {
        for flags in 0..4 {
            for window_log in [0, 10, 23] {
                let form = ZstdForm {
                    level,
                    has_checksum: flags & 1 != 0,
                    has_size: flags & 2 != 0,
                    window_log,
                };
                let frames = [form.frame(&text), form.frame(&text)];
                is_read(&frames[0], &SIZES, &format!("{form:?}"));
                is_read(&frames.concat(), &SIZES, "two frames");
                is_read(&frames.join(&b"\r\n"[..]), &SIZES, "two lines");
                let skippable = b"\x55\x2a\x4d\x18\x02\0\0\0{}".as_slice();
                let empty = b"\x55\x2a\x4d\x18\0\0\0\0".as_slice();
                let object = [skippable, &frames[0], empty, skippable].concat();
                is_read(&object, &SIZES, "frames without text");
            }
        }
    }
}

#[test]
fn hadoops_blocks_and_chunks_can_have_any_size() {
    let text = small_text();
    for (block, chunk) in [
        (1 << 18, 1 << 18),
        (100, 100),
        (100, 7),
        (1, 1),
        (1 << 20, 99),
    ] {
        let object = hadoop_snappy(&text, block, chunk);
        is_read(&object, &SIZES, &format!("{block}, {chunk}"));
        // Hadoop ends a stream so if its last text filled a block.
        is_read(&[&object[..], &[0; 4]].concat(), &SIZES, "an empty block");
    }
    is_read(&[0; 4], &SIZES, "no text");
    let expected = at(Reason::TooManyLayers(3), Stream::Layer(3), 0);
    assert_eq!(fault(&gzip(gzip(gzip([0; 4])))), expected);
}

#[test]
fn a_zip_archive_with_several_entries_fails_where_the_second_begins() {
    let text = small_text();
    let two = zip_of(
        [("a", &text), ("b", &text)],
        zip::CompressionMethod::Deflated,
    );
    let second = 4 + two[4..]
        .windows(4)
        .position(|bytes| bytes == b"PK\x03\x04")
        .unwrap();
    fails(&two, Reason::ZipSeveralEntries, second, "two entries");

    // An entry that only the directory has.
    let one = ZipForm::default().archive(&text);
    let directory = one
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    let end = one
        .windows(4)
        .position(|bytes| bytes == b"PK\x05\x06")
        .unwrap();
    let doubled = [&one[..end], &one[directory..]].concat();
    fails(&doubled, Reason::ZipSeveralEntries, end, "two descriptions");
}

#[test]
fn a_zip_archive_that_is_not_read_fails_by_name() {
    let text = small_text();
    let archive = ZipForm::default().archive(&text);
    let with = |at: usize, bytes: &[u8]| {
        let mut archive = archive.clone();
        archive[at..at + bytes.len()].copy_from_slice(bytes);
        archive
    };
    for flags in [[1, 0], [0x41, 0], [0, 0x20]] {
        fails(&with(6, &flags), Reason::ZipEncrypted, 0, "encrypted");
    }
    fails(&with(8, &[99, 0]), Reason::ZipEncrypted, 0, "AES");
    fails(&with(8, &[12, 0]), Reason::ZipMethod(12), 0, "bzip2");
    fails(&with(8, &[93, 0]), Reason::ZipMethod(93), 0, "zstd");
    let form = ZipForm {
        is_stored: true,
        has_descriptor: true,
        ..ZipForm::default()
    };
    fails(&form.archive(&text), Reason::ZipUnsized, 0, "stored");
}

#[test]
fn a_zip_archive_that_contradicts_itself_fails_where_the_record_begins() {
    let text = small_text();
    let deflated = ZipForm::default().archive(&text);
    let streamed = ZipForm::numbered(2).archive(&text);
    let stored = ZipForm::numbered(1).archive(&text);
    let zip64 = ZipForm::numbered(8).archive(&text);
    let place = |archive: &[u8], signature: &[u8]| {
        archive
            .windows(4)
            .position(|bytes| bytes == signature)
            .unwrap()
    };
    for (archive, record, offset, what) in [
        (&deflated, b"PK\x03\x04", 14, "a wrong CRC"),
        (&deflated, b"PK\x03\x04", 18, "a false size"),
        (&deflated, b"PK\x03\x04", 22, "a false size"),
        (&stored, b"PK\x03\x04", 14, "a wrong CRC"),
        (&stored, b"PK\x03\x04", 18, "a false size"),
        (&stored, b"PK\x03\x04", 22, "a false size"),
        (
            &deflated,
            b"PK\x01\x02",
            16,
            "other sizes or another CRC than its entry has",
        ),
        (
            &deflated,
            b"PK\x01\x02",
            20,
            "other sizes or another CRC than its entry has",
        ),
        (
            &deflated,
            b"PK\x01\x02",
            24,
            "other sizes or another CRC than its entry has",
        ),
        (
            &deflated,
            b"PK\x01\x02",
            10,
            "another form than its entry has",
        ),
        (&deflated, b"PK\x01\x02", 34, "a false offset"),
        (&deflated, b"PK\x01\x02", 42, "a false offset"),
        (
            &deflated,
            b"PK\x05\x06",
            4,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            8,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            10,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            12,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            16,
            "another directory than there is",
        ),
        (&zip64, b"PK\x06\x06", 4, "a false length"),
        (&zip64, b"PK\x06\x06", 24, "another directory than there is"),
        (&zip64, b"PK\x06\x06", 48, "another directory than there is"),
        (&zip64, b"PK\x06\x07", 8, "a false offset"),
    ] {
        let record = place(archive, record);
        for bit in [1, 0x80] {
            let mut archive = archive.clone();
            archive[record + offset] ^= bit;
            let reason = fault(&archive).reason;
            // A changed method can also be one that is not read.
            fails(
                &archive,
                Reason::CorruptZip(what),
                record,
                &format!("{reason}"),
            );
        }
    }
    // The directory's ZIP64 field ends before the offset, to which its entry refers.
    let central = place(&zip64, b"PK\x01\x02");
    let name = usize::from(zip64[central + 28]);
    let mut archive = zip64.clone();
    archive[central + 46 + name + 8] ^= 8;
    let what = "a ZIP64 field without a value that it should have";
    fails(&archive, Reason::CorruptZip(what), central, what);
    let mut archive = zip64.clone();
    archive[place(&zip64, b"RH\x02\0") + 3] ^= 16;
    fails(&archive, Reason::CorruptZip(what), 0, what);
    // The descriptor belongs to the entry.
    let descriptor = place(&streamed, b"PK\x07\x08");
    for (offset, what) in [
        (4, "a wrong CRC"),
        (8, "a false size"),
        (12, "a false size"),
    ] {
        let mut archive = streamed.clone();
        archive[descriptor + offset] ^= 1;
        fails(&archive, Reason::CorruptZip(what), 0, what);
    }
    let data = [&b"PK\x03\x04"[..], &deflated[4..34], b"\x07"].concat();
    fails(
        &data,
        Reason::CorruptZip("not deflate"),
        0,
        "a reserved block",
    );
    let after = [&deflated[..], b"\n"].concat();
    let reason = Reason::CorruptZip("bytes after its end");
    fails(&after, reason, deflated.len(), "a newline after it");
    for (object, what) in [
        (
            &b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..],
            "no entry",
        ),
        (b"PK\x07\x08PK\x03\x04", "a part of a split archive"),
    ] {
        fails(object, Reason::CorruptZip(what), 0, what);
    }
    let end = place(&deflated, b"PK\x01\x02");
    let object = [&deflated[..end], b"PK\x09\x09"].concat();
    let reason = Reason::CorruptZip("no directory after its entry");
    fails(&object, reason, end, "no directory");
}

#[test]
fn corrupt_snappy_fails_where_the_chunk_begins() {
    let sound = snappy(small_text());
    let chunk = |kind: u8, length: usize, data: &[u8]| {
        let length = (length as u32).to_le_bytes();
        [&[kind][..], &length[..3], data].concat()
    };
    for (broken, reason) in [
        (
            chunk(0, 5, b"\0\0\0\0\0"),
            Reason::CorruptSnappy("a wrong CRC"),
        ),
        (
            chunk(1, 5, b"\0\0\0\0x"),
            Reason::CorruptSnappy("a wrong CRC"),
        ),
        (
            chunk(0, 6, b"\0\0\0\0\x02x"),
            Reason::CorruptSnappy("not Snappy"),
        ),
        (chunk(2, 2, b"\x02x"), Reason::CorruptSnappy("not Snappy")),
        (
            chunk(0, 4, b"\0\0\0\0"),
            Reason::CorruptSnappy("a chunk that is too short"),
        ),
        (
            chunk(1, 3, b"\0\0\0"),
            Reason::CorruptSnappy("a chunk that is too short"),
        ),
        (
            chunk(2, 0, b""),
            Reason::CorruptSnappy("a chunk that is too short"),
        ),
        (
            chunk(4, 0, b""),
            Reason::CorruptSnappy("an unknown type of chunk"),
        ),
        (
            chunk(0x7f, 1, b"x"),
            Reason::CorruptSnappy("an unknown type of chunk"),
        ),
        (
            chunk(b'\n', 0, b""),
            Reason::CorruptSnappy("an unknown type of chunk"),
        ),
        (
            chunk(0xff, 6, b"sNaPpy"),
            Reason::CorruptSnappy("an identifier of something else"),
        ),
        (
            chunk(0xff, 5, b"sNaPp"),
            Reason::CorruptSnappy("an identifier of something else"),
        ),
        (chunk(1, 65_541, b""), Reason::SnappyTooLarge(65_536)),
        (chunk(3, 65_537, b""), Reason::SnappyTooLarge(65_536)),
        (chunk(0, 0xff_ff_ff, b""), Reason::SnappyTooLarge(65_536)),
        // 65,537 bytes of text.
        (
            chunk(0, 8, b"\0\0\0\0\x81\x80\x04x"),
            Reason::SnappyTooLarge(65_536),
        ),
        // 4 GiB of text.
        (
            chunk(2, 5, b"\xff\xff\xff\xff\x0f"),
            Reason::SnappyTooLarge(65_536),
        ),
    ] {
        let object = [&sound[..], &broken].concat();
        fails(&object, reason, sound.len(), &format!("{broken:x?}"));
    }
}

#[test]
fn corrupt_snappy_of_hadoop_fails_where_the_block_or_chunk_begins() {
    let sound = hadoop_snappy(small_text(), 100, 100);
    for (broken, offset, reason) in [
        (
            &b"\0\0\0\x01\0\0\0\0"[..],
            4,
            Reason::CorruptSnappy("no bytes"),
        ),
        (
            b"\0\0\0\x01\0\0\0\x02\x02x",
            4,
            Reason::CorruptSnappy("not Snappy"),
        ),
        (
            b"\0\0\0\x01\0\0\0\x04\x02\x04xx",
            4,
            Reason::CorruptSnappy("more text than its block has"),
        ),
        (
            b"\x80\0\0\x01",
            0,
            Reason::CorruptSnappy("a negative length"),
        ),
        (
            b"\0\xff\xff\xff\x01\0\0\0",
            4,
            Reason::SnappyTooLarge(1 << 20),
        ),
        // 1 MiB and one byte of text.
        (
            b"\0\xff\xff\xff\0\0\0\x04\x81\x80\x40x",
            4,
            Reason::SnappyTooLarge(1 << 20),
        ),
    ] {
        let object = [&sound[..], broken].concat();
        fails(
            &object,
            reason,
            sound.len() + offset,
            &format!("{broken:x?}"),
        );
    }
    // Such a first chunk is recognised too.
    let object = b"\0\xff\xff\xff\0\0\0\x04\x81\x80\x40x";
    fails(
        object,
        Reason::SnappyTooLarge(1 << 20),
        4,
        "the first chunk",
    );
}

#[test]
fn a_faulty_zstd_frame_fails_where_it_begins() {
    let sound = zstd(small_text());
    let checked = checked_zstd(&small_text());
    let frame = |rest: &[u8]| [b"\x28\xb5\x2f\xfd", rest].concat();
    let corrupt = Reason::CorruptZstd;
    let window = Reason::ZstdWindow(8 << 20);
    let mut wrong_checksum = checked.clone();
    *wrong_checksum.last_mut().unwrap() ^= 1;
    for (broken, reason) in [
        (frame(&[0x08, 0, 0, 0]), corrupt("a reserved bit")),
        (frame(&[0x01, 0, 7]), Reason::ZstdDictionary),
        (frame(&[0x03, 0, 0, 0, 0, 1]), Reason::ZstdDictionary),
        // 8 MiB and an eighth of it.
        (frame(&[0, 13 << 3 | 1]), window.clone()),
        (frame(&[0, 0xff]), window.clone()),
        // All of the text at once: 4 GiB, and more than there is.
        (frame(&[0xa0, 0, 0, 0, 0xff]), window.clone()),
        (
            frame(&[0xe0, 255, 255, 255, 255, 255, 255, 255, 255]),
            window,
        ),
        // A reserved type of block, and one that is too long.
        (frame(&[0, 0, 7, 0, 0]), corrupt("not zstd")),
        (
            frame(&[0, 0, 1, 0, 0xff]),
            corrupt("a block that is too long"),
        ),
        (frame(&[0, 0, 0b0000_1101, 0, 0, 0]), corrupt("not zstd")),
        // Two bytes instead of one, and none instead of one.
        (
            frame(&[0x20, 1, 0b0001_0001, 0, 0, b' ', b' ']),
            corrupt("not zstd"),
        ),
        (frame(&[0x20, 1, 1, 0, 0]), corrupt("a false size")),
        (wrong_checksum, corrupt("a wrong checksum")),
        (b"{}{}".to_vec(), corrupt("no magic number")),
        (sound[1..].to_vec(), corrupt("no magic number")),
    ] {
        let object = [&sound[..], b"\n", &broken].concat();
        fails(&object, reason, sound.len() + 1, &format!("{broken:x?}"));
    }
}

#[test]
fn forms_that_are_not_read_fail_by_name() {
    let base64_of_gzip = "H4sIAAAAAAAAA6tWyk0tLk5MTw2pLEhVslJycQxxjPd1DQ52dHdV0lHKL89LLVKy\r\nAAE=";
    for (object, reason, code) in [
        (
            &b"PAR1\x15\x04\x15\x10\x15\x14"[..],
            Reason::Parquet,
            "parquet",
        ),
        (b"PARE\x15\x04", Reason::Parquet, "parquet"),
        (b"Obj\x01\x04\x14avro.codec", Reason::Avro, "avro"),
        (
            b"ORC\x11\0\0\x0a\x06\x12\x04\x08\x40\x50\0",
            Reason::Orc,
            "orc",
        ),
        (b"BZh91AY&SY\x12\x34", Reason::Bzip2, "bzip2"),
        (
            b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0",
            Reason::Bzip2,
            "bzip2",
        ),
        (b"\xfd7zXZ\0\0\x04", Reason::Xz, "xz"),
        (base64_of_gzip.as_bytes(), Reason::Base64, "base64"),
        (b"H4sIAAAAAAAAAw==", Reason::Base64, "base64"),
        (
            b"eyJtZXNzYWdlVHlwZSI6IkRBVEFfTUVTU0FHRSIsIm93bmVyIjoiMTIzNDU2Nzg5MDEyIn0K",
            Reason::Base64,
            "base64",
        ),
        (
            b"\x1f\xef\xbf\xbd\x08\0\0\0",
            Reason::DamagedGzip,
            "damaged-gzip",
        ),
        (
            b"\x1f\xc2\x8b\x08\0\0\0",
            Reason::DamagedGzip,
            "damaged-gzip",
        ),
        (
            b"\x1f\xe2\x80\xb9\x08\0\0\0",
            Reason::DamagedGzip,
            "damaged-gzip",
        ),
    ] {
        assert_eq!(reason.code(), code);
        fails(object, reason.clone(), 0, code);
        let after_space = [b" \n", object].concat();
        fails(&after_space, reason.clone(), 2, code);
        // It is named in any dialect, and inside as many layers as are read.
        let shape = event_regex(r"(?P<timestamp>)(?P<message>[^\n]+)");
        let three = gzip(gzip(gzip(object)));
        let fault = transcode_in_chunks(&shape, &three, &SIZES).unwrap_err();
        assert_eq!(fault, at(reason, Stream::Layer(3), 0));
        assert!(!fault.to_string().contains("JSON"), "{fault}");
    }
}

#[test]
fn faults_tell_what_to_do() {
    let text = |object: &[u8]| fault(object).to_string();
    assert_eq!(
        text(b"PAR1\x15\x04"),
        "a Parquet file, which is a table already: query it in place. It begins at byte 0 of the object"
    );
    assert_eq!(
        text(&gzip(b"\x1f\xef\xbf\xbd\x08")),
        "gzip bytes that were converted to UTF-8 on the way: send them unconverted, because what was \
         lost cannot be restored. They begin at byte 0 of the object decoded once"
    );
}

/// The text of every line is in the output.
fn lines() -> Shape {
    event_regex(r"(?P<timestamp>)(?P<message>[^\n]+)")
}

#[test]
fn text_that_begins_like_a_layer_is_text() {
    for text in [
        "P",
        "PK",
        "PKs are primary keys, as everyone knows",
        "P*",
        "P*M is no frame",
        "(",
        "PAR1",
        "PAR1 is not always followed by Parquet",
        "ORC",
        "ORCHESTRATOR started at 12:00:00",
        "O",
        "Obj",
        "Object created",
        "BZh",
        "BZh91 is not bzip2",
        "H4s",
        "H4sI is how base64 of gzip begins",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "\u{1b}[32mgreen\u{1b}[0m",
        "\u{1}\u{2}\u{3}\u{4} no Snappy",
        "\0 no Snappy",
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let output = transcode_in_chunks(&lines(), text.as_bytes(), &SIZES);
        let expected = expect(lines().options(), SOURCE, text.as_bytes());
        // Base64 has at least the characters that name it.
        if text == "eyJ" {
            assert_eq!(output.unwrap_err().reason, Reason::Base64);
            continue;
        }
        assert!(output.is_ok(), "{text:?}: {}", output.unwrap_err());
        check_result(output, expected);
    }
}

#[test]
fn the_first_fault_is_reported() {
    let bad = b"{}} then nonsense".as_slice();
    let what = "something other than an object between documents";
    let expected = in_text(Reason::MalformedJson(what), 2);
    for (name, encode) in LAYERS {
        let object = encode(bad);
        assert_eq!(fault(&object), expected, "{name}");
        let trailing = [&object[..], b"trailing"].concat();
        assert_eq!(fault(&trailing), expected, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_sound_layer_or_a_fault(
        mode in any::<u8>(),
        form in any::<u8>(),
        place in any::<u8>(),
        text in prop_oneof![
            vec(any::<u8>(), 0..80),
            "[a-c \n]{0,400}".prop_map(String::into_bytes),
            vec(Just(b'-'), 0..9_000),
        ],
    ) {
        let input = [&[mode, form, place], &text[..]].concat();
        for check in [
            checks::unzip::check,
            checks::snappy::check,
            checks::hadoop_snappy::check,
            checks::zstd::check,
        ] {
            check(&input);
        }
    }
}
