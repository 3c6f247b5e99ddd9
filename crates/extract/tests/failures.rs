//! Every fault has the right reason and the exact offset, at every chunk size.

mod json;

use rehose_extract::{Fault, Reason, Stream};
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{event_regex, flow_logs, messages, options};
use rehose_testkit::stash::{Header, document, flow, gzip};
use rehose_testkit::subject::{SIZES, SOURCE, at, in_text, transcode, transcode_in_chunks};
use rehose_testkit::texts::INVALID_STRINGS;
use serde_json::json;

/// Marks the offset of the fault in the texts below. It is removed before the test.
const HERE: &str = "‸";

/// Returns the fault of an object.
fn fault(object: &[u8]) -> Fault {
    let fault = transcode_in_chunks(&messages(), object, &SIZES).unwrap_err();
    assert_eq!(expect(messages().options(), SOURCE, object), None);
    fault
}

fn in_gzip(reason: Reason, layer: u8, offset: usize) -> Fault {
    at(reason, Stream::Layer(layer), offset)
}

/// Fails unless a text fails for this reason at its mark: as it is, after another document, and
/// gzipped.
#[track_caller]
fn fails_here(text: &str, reason: Reason) {
    let offset = text.find(HERE).unwrap();
    let text = text.replace(HERE, "");
    let before = document(&[(0, "before")]);
    for (object, offset) in [
        (text.clone().into_bytes(), offset),
        (
            [before.as_str(), &text].concat().into_bytes(),
            before.len() + offset,
        ),
        (gzip(&text), offset),
    ] {
        let expected = in_text(reason.clone(), offset);
        assert_eq!(fault(&object), expected, "{text}");
    }
}

fn malformed(what: &'static str) -> Reason {
    Reason::MalformedJson(what)
}

fn small_object() -> Vec<u8> {
    gzip(document(&[(1_580_515_200_000, &flow(1))]))
}

#[test]
fn an_object_cut_at_any_byte_fails_where_it_ends() {
    let object = small_object();
    for end in 1..object.len() {
        let expected = in_gzip(Reason::TruncatedGzip, 0, end);
        assert_eq!(fault(&object[..end]), expected);
    }
}

#[test]
fn a_header_cut_at_any_byte_fails_where_it_ends() {
    let header = Header {
        extra: Some(b"extra"),
        name: Some("name"),
        comment: Some("comment"),
        crc: true,
    };
    let object = header.gzip("");
    for end in 1..object.len() {
        let expected = in_gzip(Reason::TruncatedGzip, 0, end);
        assert_eq!(fault(&object[..end]), expected);
    }
}

#[test]
fn a_cut_inner_layer_fails_where_it_ends() {
    let inner = small_object();
    for end in 1..inner.len() {
        let expected = in_gzip(Reason::TruncatedGzip, 1, end);
        assert_eq!(fault(&gzip(&inner[..end])), expected);
    }
}

#[test]
fn a_second_member_cut_at_any_byte_fails_where_it_ends() {
    let member = small_object();
    for end in 1..member.len() {
        let object = [&member, &member[..end]].concat();
        let expected = in_gzip(Reason::TruncatedGzip, 0, object.len());
        assert_eq!(fault(&object), expected);
    }
}

#[test]
fn one_flipped_bit_never_gives_other_rows() {
    let header = Header {
        extra: Some(b"ab"),
        name: Some("n"),
        comment: Some("c"),
        crc: false,
    };
    let text = document(&[(1_580_515_200_000, &flow(1))]);
    for object in [gzip(&text), header.gzip(&text), gzip(gzip(&text))] {
        let sound = transcode(&flow_logs(), &object, &[usize::MAX]).unwrap();
        for bit in 0..object.len() * 8 {
            let mut flipped = object.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let whole = transcode(&flow_logs(), &flipped, &[usize::MAX]);
            for size in [1, 3, 64] {
                let again = transcode(&flow_logs(), &flipped, &[size]);
                assert_eq!(again, whole, "bit {bit} in chunks of {size}");
            }
            if let Ok(output) = whole {
                assert_eq!(output, sound, "bit {bit}");
            }
        }
    }
}

#[test]
fn a_wrong_crc_or_length_fails_where_the_member_begins() {
    let member = small_object();
    let flipped = |from_end: usize| {
        let mut flipped = member.clone();
        let at = flipped.len() - from_end;
        flipped[at] ^= 1;
        flipped
    };
    for from_end in 5..=8 {
        let object = [&member[..], b"\n", &flipped(from_end)].concat();
        let expected = in_gzip(Reason::WrongCrc, 0, member.len() + 1);
        assert_eq!(fault(&object), expected);
        assert_eq!(
            fault(&gzip(flipped(from_end))),
            in_gzip(Reason::WrongCrc, 1, 0)
        );
    }
    for from_end in 1..=4 {
        let object = [&member[..], &flipped(from_end)].concat();
        let expected = in_gzip(Reason::WrongLength, 0, member.len());
        assert_eq!(fault(&object), expected);
    }
}

#[test]
fn a_corrupt_member_fails_where_it_begins() {
    let crc = Header {
        crc: true,
        ..Header::default()
    };
    for (what, mut member, at, value) in [
        ("unknown compression method", gzip(""), 2, 7),
        ("reserved flags", gzip(""), 3, 0x20),
        ("reserved flags", gzip(""), 3, 0x80),
        ("wrong CRC of the header", crc.gzip(""), 4, 0x55),
        ("wrong CRC of the header", crc.gzip(""), 10, 0x55),
        ("wrong CRC of the header", crc.gzip(""), 11, 0x55),
        // A block of the reserved type.
        ("not deflate", gzip("x"), 10, 0x07),
    ] {
        member[at] = value;
        let object = [&gzip(""), &b" "[..], &member].concat();
        let expected = in_gzip(Reason::CorruptGzip(what), 0, gzip("").len() + 1);
        assert_eq!(fault(&object), expected);
    }
}

#[test]
fn what_follows_the_last_member_must_be_a_member_white_space_or_padding() {
    let member = small_object();
    for (trailing, offset) in [
        (&b"x"[..], 0),
        (b"{}", 0),
        (b" \n\x0b", 2),
        (b"\0\0x", 2),
        (b"\n\0\nx", 3),
        (b"\x1f\x8c", 0),
        (b" \x1fx", 1),
        (b"\xff", 0),
    ] {
        let object = [&member, trailing].concat();
        let expected = in_gzip(Reason::TrailingBytes, 0, member.len() + offset);
        assert_eq!(fault(&object), expected, "{trailing:?}");
        assert_eq!(
            fault(&gzip(object)),
            in_gzip(Reason::TrailingBytes, 1, member.len() + offset)
        );
    }
    let padded = [&member[..], b"\0", &member].concat();
    let expected = in_gzip(Reason::TrailingBytes, 0, member.len() + 1);
    assert_eq!(fault(&padded), expected);
}

#[test]
fn text_after_members_inside_gzip_is_trailing() {
    let text = document(&[(0, "x")]);
    let object = [gzip(gzip(&text)), gzip(&text)].concat();
    let expected = in_gzip(Reason::TrailingBytes, 1, gzip(&text).len());
    assert_eq!(fault(&object), expected);
}

#[test]
fn padding_alone_is_a_fault() {
    assert_eq!(fault(&[0; 16]), in_text(Reason::NothingReadable, 0));
}

#[test]
fn the_first_fault_is_reported() {
    let bad = "{}} then nonsense";
    let truncated = &gzip(bad)[..gzip(bad).len() - 1];
    let expected = in_text(
        malformed("something other than an object between documents"),
        2,
    );
    assert_eq!(fault(truncated), expected);
    assert_eq!(fault(&[&gzip(bad)[..], b"trailing"].concat()), expected);
    assert_eq!(fault(b"{}} \xff"), expected);

    let mut wrong_inner = gzip(bad);
    *wrong_inner.last_mut().unwrap() ^= 1;
    assert_eq!(fault(&wrong_inner), expected);
}

#[test]
fn text_that_is_not_utf_8_fails_where_the_character_begins() {
    let text = document(&[(0, "here")]);
    let offset = text.find("here").unwrap();
    for bytes in [
        &b"\xff"[..],
        b"\x80",
        b"\xc3(",
        b"\xc0\xaf",
        b"\xe2\x82\"",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98h",
        b"\xf4\x90\x80\x80",
    ] {
        let object = [
            &text.as_bytes()[..offset],
            bytes,
            &text.as_bytes()[offset..],
        ]
        .concat();
        let expected = at(Reason::InvalidUtf8, Stream::Text, offset);
        assert_eq!(fault(&object), expected, "{bytes:?}");
        assert_eq!(fault(&gzip(object)), expected, "{bytes:?}");
    }
    let cut = [&text.as_bytes()[..offset], b"\xf0\x9f\x98"].concat();
    assert_eq!(fault(&cut), at(Reason::InvalidUtf8, Stream::Text, offset));
}

#[test]
fn text_must_be_utf_8_for_every_dialect() {
    for size in SIZES {
        let shape = event_regex("(?P<timestamp>[0-9])(?P<message>x)");
        let fault = transcode(&shape, b"1x2x \xff 3x", &[size]).unwrap_err();
        assert_eq!(fault, at(Reason::InvalidUtf8, Stream::Text, 5));
    }
}

#[test]
fn lines_that_are_no_records_of_any_version_are_not_readable() {
    for text in [
        "hello",
        "\n\n a b c\nd\n",
        "<html>\n<body>\n",
        "{x} y",
        "[INFO] z",
    ] {
        let first = text.bytes().take_while(|b| *b == b'\n').count();
        for object in [text.as_bytes().to_vec(), gzip(text)] {
            let fault = transcode_in_chunks(&flow_logs(), &object, &SIZES).unwrap_err();
            assert_eq!(fault, in_text(Reason::NothingReadable, first), "{text}");
        }
    }
}

#[test]
fn a_fault_names_its_reason_and_position() {
    for (fault, text) in [
        (
            fault(&small_object()[..9]),
            "the object ends inside a gzip member at byte 9 of the object",
        ),
        (
            fault(&gzip(&gzip("")[..9])),
            "the object ends inside a gzip member at byte 9 of the object decoded once",
        ),
        (
            fault(&gzip(gzip(&gzip("")[..9]))),
            "the object ends inside a gzip member at byte 9 of the object decoded 2 times",
        ),
        (
            fault(b"{\"a\":tru\xc3"),
            "text that is not UTF-8 at byte 8 of the decoded text",
        ),
        (
            fault(b"{\"a\":]"),
            "malformed JSON: no value at byte 5 of the decoded text",
        ),
    ] {
        assert_eq!(fault.to_string(), text);
    }
}
