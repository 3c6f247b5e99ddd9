//! Every layer at every chunk size: sound ones in every form and nesting, and those that are cut,
//! changed, too large, or not read.

mod snappy;
mod zip;
mod zstd;

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

fn zip_method_stored() -> ::zip::CompressionMethod {
    ::zip::CompressionMethod::Stored
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
