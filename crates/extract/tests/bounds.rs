//! Every limit: an object at the limit passes, and one beyond it fails at the right offset.

use std::cell::Cell;
use std::io;

use rehose_extract::{Compression, Error, Fault, Reason, Stream, Transcoder};
use rehose_testkit::shapes::{event_regex, flow_logs, messages};
use rehose_testkit::stash::{ZipForm, document, gzip, hadoop_snappy, snappy, zip, zstd};
use rehose_testkit::subject::{SIZES, in_text, transcode, transcode_in_chunks};

const MAX_MESSAGE: usize = 2 << 20;
const MAX_HELD: usize = 16 << 20;
const MAX_MATCH: usize = 4 << 20;

/// The chunk size for large objects: one that is not a multiple of any buffer.
const LARGE: [usize; 1] = [65_521];

#[test]
fn gzip_has_three_layers_at_most() {
    let text = document(&[(0, "x")]);
    let three = gzip(gzip(gzip(text)));
    assert_eq!(
        transcode_in_chunks(&messages(), &three, &SIZES)
            .unwrap()
            .summary
            .written,
        1
    );
    for four in [gzip(&three), gzip([b"\n", &three[..]].concat())] {
        let fault = transcode_in_chunks(&messages(), &four, &SIZES).unwrap_err();
        assert_eq!(fault.reason, Reason::TooManyLayers(3));
        assert_eq!(fault.at.stream, Stream::Layer(3));
        assert_eq!(fault.at.offset, 0);
    }
}

#[test]
fn white_space_before_gzip_is_bounded() {
    let member = gzip(document(&[(0, "x")]));
    let spaces = |count| [vec![b' '; count], member.clone()].concat();
    assert!(transcode_in_chunks(&messages(), &spaces(4095), &SIZES).is_ok());
    let expected = in_text(
        Reason::MalformedJson("something other than an object between documents"),
        4096,
    );
    assert_eq!(
        transcode_in_chunks(&messages(), &spaces(4096), &SIZES),
        Err(expected)
    );
}

#[test]
fn json_is_nested_128_levels_at_most() {
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        format!(r#"{{"messageType":"","x":{open}{close},"logEvents":[]}}"#)
    };
    assert!(transcode_in_chunks(&messages(), nested(128).as_bytes(), &SIZES).is_ok());
    let at = nested(129).find(']').unwrap() - 1;
    for levels in [129, 10_000] {
        let fault =
            transcode_in_chunks(&messages(), nested(levels).as_bytes(), &SIZES).unwrap_err();
        assert_eq!(fault, in_text(Reason::TooDeep(128), at));
    }
}

#[test]
fn a_timestamp_has_64_bytes_at_most() {
    for before in [
        r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":[{ "timestamp":-"#,
    ] {
        let text = |digits| format!(r#"{before}{},"message":"x"}}]}}"#, "1".repeat(digits));
        let digits = 64 - usize::from(before.ends_with('-'));
        let output = transcode_in_chunks(&messages(), text(digits).as_bytes(), &SIZES).unwrap();
        assert_eq!(output.summary.rejected, 1);
        for digits in [digits + 1, 1000] {
            let text = text(digits);
            let output = transcode_in_chunks(&messages(), text.as_bytes(), &SIZES).unwrap();
            let kept = output.rejected_lines().matches('1').count();
            assert_eq!(output.summary.rejected, 1);
            assert!(
                kept <= 64 + digits + 2,
                "the event's text is kept, and a bounded timestamp"
            );
        }
    }
}

#[test]
fn a_message_has_two_mebibytes_at_most() {
    let envelope = document(&[(0, "here")]);
    let (before, after) = envelope.split_once("here").unwrap();
    let within = "x".repeat(MAX_MESSAGE);
    let output = transcode_in_chunks(
        &messages(),
        [before, &within, after].concat().as_bytes(),
        &LARGE,
    )
    .unwrap();
    assert_eq!(output.summary.written, 1);
    assert_eq!(output.csv().lines().last().unwrap().len(), 25 + MAX_MESSAGE);
    for past in ["x", "xx", r"\n", "é", r"\u20ac"] {
        let text = [before, &within, past, after].concat();
        let Fault { reason, at } =
            transcode_in_chunks(&messages(), text.as_bytes(), &LARGE).unwrap_err();
        assert_eq!(reason, Reason::MessageTooLong(MAX_MESSAGE));
        let offset = at.offset as usize;
        let begin = before.len() + MAX_MESSAGE;
        assert!(
            (begin..begin + past.len()).contains(&offset),
            "{past}: {at}"
        );
    }
}

#[test]
fn an_escape_counts_as_its_decoded_character() {
    let envelope = document(&[(0, "here")]);
    let escaped = r"\/".repeat(MAX_MESSAGE);
    let text = envelope.replace("here", &escaped);
    assert_eq!(
        transcode_in_chunks(&messages(), text.as_bytes(), &LARGE)
            .unwrap()
            .summary
            .written,
        1
    );
}

#[test]
fn ignored_values_can_have_any_length() {
    let long = "x".repeat(5 << 20);
    let digits = "1".repeat(5 << 20);
    let spaces = " ".repeat(5 << 20);
    let text = format!(
        r#"{{"{long}":"{long}","x":{digits},"{long}":[],{spaces}"messageType":"{long}","logEvents":[{{"id":"{long}","timestamp":1,"message":""}}]}}"#
    );
    let output = transcode_in_chunks(&messages(), text.as_bytes(), &LARGE).unwrap();
    assert_eq!(output.summary.control, 1);
}

#[test]
fn rows_that_wait_for_their_message_type_are_bounded() {
    let message = "x".repeat(1 << 20);
    let event = format!(r#"{{"message":"{message}","timestamp":0}}"#);
    let late = |events: usize| {
        let events = vec![event.as_str(); events].join(",");
        format!(r#"{{"logEvents":[{events}],"messageType":"DATA_MESSAGE"}}"#)
    };
    let rows = MAX_HELD >> 20;
    let output = transcode_in_chunks(&messages(), late(rows - 1).as_bytes(), &LARGE).unwrap();
    assert_eq!(output.summary.written as usize, rows - 1);
    // The same for rejected lines, in a document that is not the first.
    let before = document(&[]);
    for (shape, object, begin) in [
        (messages(), late(rows), 0),
        (
            flow_logs(),
            [before.as_str(), &late(rows)].concat(),
            before.len(),
        ),
    ] {
        let fault = transcode_in_chunks(&shape, object.as_bytes(), &LARGE).unwrap_err();
        assert_eq!(fault, in_text(Reason::TooMuchHeld(MAX_HELD), begin));
    }
}

const EVENT: &str = "<(?P<timestamp>[0-9])-*(?P<message>!)";

/// Returns a match of [`EVENT`] of this length.
fn event(length: usize) -> String {
    format!("<1{}!", "-".repeat(length - 3))
}

#[test]
fn a_match_has_four_mebibytes_at_most() {
    // Near the beginning of the search, and further from it than the parser's window.
    for before in ["<1!", &" ".repeat(5 << 20)] {
        let object = [before, &event(MAX_MATCH), &event(3)].concat();
        let output = transcode_in_chunks(&event_regex(EVENT), object.as_bytes(), &LARGE).unwrap();
        let events = 2 + u64::from(before.starts_with('<'));
        assert_eq!(
            output.summary.written,
            events,
            "after {} bytes",
            before.len()
        );
        for past in [1, 1 << 20] {
            let object = [before, &event(MAX_MATCH + past), &event(3)].concat();
            let fault =
                transcode_in_chunks(&event_regex(EVENT), object.as_bytes(), &LARGE).unwrap_err();
            let end = before.len() + MAX_MATCH + past;
            assert_eq!(fault, in_text(Reason::MatchTooLong(MAX_MATCH), end));
        }
    }
}

#[test]
fn an_undecided_match_is_bounded() {
    let shape = event_regex("(?P<timestamp>1)(?P<message>(?s:.*)2|)");
    let object = |length| format!(" 1{}", "-".repeat(length));
    let output = transcode_in_chunks(&shape, object(MAX_MATCH).as_bytes(), &LARGE).unwrap();
    assert_eq!(output.summary.written, 1);
    for length in [MAX_MATCH + 1, 2 * MAX_MATCH] {
        let fault = transcode_in_chunks(&shape, object(length).as_bytes(), &LARGE).unwrap_err();
        assert_eq!(fault, in_text(Reason::MatchTooLong(MAX_MATCH), 2));
    }
}

#[test]
fn a_long_match_is_kept_while_it_is_undecided() {
    let shape = event_regex(&format!("{EVENT}(?s:.*~)?"));
    let object = event(2 << 20) + &" ".repeat(MAX_MATCH);
    let output = transcode_in_chunks(&shape, object.as_bytes(), &LARGE).unwrap();
    assert_eq!(output.summary.written, 1);
}

#[test]
fn a_message_of_a_regex_has_two_mebibytes_at_most() {
    let shape = event_regex("(?P<timestamp>1)(?P<message>x*)");
    let object = |length| format!("   1{}", "x".repeat(length));
    let output = transcode_in_chunks(&shape, object(MAX_MESSAGE).as_bytes(), &LARGE).unwrap();
    assert_eq!(output.summary.written, 1);
    let fault =
        transcode_in_chunks(&shape, object(MAX_MESSAGE + 1).as_bytes(), &LARGE).unwrap_err();
    assert_eq!(fault, in_text(Reason::MessageTooLong(MAX_MESSAGE), 3));
}

#[test]
fn text_without_a_match_is_searched_once_at_any_chunk_size() {
    // All of the text is the beginning of a match. A search that began again with every chunk would
    // read these megabytes a million times.
    let text = event(8 << 20).replace('!', "-");
    let fault = transcode(&event_regex(EVENT), text.as_bytes(), &[1]).unwrap_err();
    assert_eq!(fault, in_text(Reason::NothingReadable, 0));
}

#[test]
fn a_gzip_bomb_is_only_text() {
    let envelope =
        document(&[(0, "x")]).replace("[\"stash\"]", &format!("\"{}\"", " ".repeat(16 << 20)));
    let bomb = gzip(gzip(envelope));
    assert!(bomb.len() < 10_000);
    let output = transcode_in_chunks(&messages(), &bomb, &[1]).unwrap();
    assert_eq!(output.summary.written, 1);
    assert!(output.summary.bytes_decoded > 16 << 20);
}

/// Pushes an object as one chunk, and stops it after `asks` calls of `go_on`. Returns the result and
/// the number of calls.
fn push_while(object: &[u8], asks: usize) -> (Result<(), Error>, usize) {
    let compression = Compression::new(Some(1));
    let asked = Cell::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        asked.get() <= asks
    };
    let mut transcoder =
        Transcoder::new("bomb", &messages(), &compression, io::sink(), io::sink()).unwrap();
    let end = transcoder.push_while(object, &go_on);
    (end, asked.get())
}

#[test]
fn a_gzip_bomb_goes_on_only_as_long_as_its_caller_wants() {
    const MEMBERS: usize = 100_000;
    let empty_members = gzip("").repeat(MEMBERS);
    for (what, bomb, most_bytes, pieces) in [
        ("a high ratio", gzip(vec![b' '; 64 << 20]), 70_000, 1_024),
        (
            "a nested one",
            gzip(gzip(vec![b' '; 64 << 20])),
            1_000,
            1_024,
        ),
        ("empty members", empty_members.clone(), usize::MAX, MEMBERS),
        ("nested ones", gzip(&empty_members), 20_000, MEMBERS),
        ("nested twice", gzip(gzip(&empty_members)), 1_000, MEMBERS),
    ] {
        assert!(bomb.len() < most_bytes, "{what}: {}", bomb.len());
        let (end, asked) = push_while(&bomb, usize::MAX);
        assert!(end.is_ok(), "{what}: {end:?}");
        assert!(asked >= pieces, "{what}: {asked} pieces of work");
        for asks in [0, 1, 2, pieces / 2] {
            let (end, asked) = push_while(&bomb, asks);
            assert!(matches!(end, Err(Error::Stopped)), "{what}: {end:?}");
            assert_eq!(asked, asks + 1, "{what}: it went on");
        }
    }
}

#[test]
fn a_bomb_of_another_layer_goes_on_only_as_long_as_its_caller_wants() {
    let spaces = vec![b' '; 16 << 20];
    let empty_frames = zstd("").repeat(100_000);
    let padding = [snappy(""), b"\xfe\0\0\0".repeat(100_000)].concat();
    let empty_blocks = [hadoop_snappy("{}", 9, 9), vec![0; 4 << 20]].concat();
    for (what, bomb, pieces) in [
        ("ZIP", zip(&spaces), 256),
        ("zstd", zstd(&spaces), 256),
        ("Snappy", snappy(&spaces), 256),
        (
            "Hadoop's Snappy",
            hadoop_snappy(&spaces, 1 << 20, 1 << 20),
            16,
        ),
        ("nested layers", zstd(zip(snappy(&spaces))), 256),
        // These give no text, so only the pieces of the outer layer are counted.
        ("empty frames", gzip(empty_frames), 3),
        ("padding", zstd(padding), 6),
    ] {
        let (end, asked) = push_while(&bomb, usize::MAX);
        assert!(end.is_ok(), "{what}: {end:?}");
        assert!(asked >= pieces, "{what}: {asked} pieces of work");
        for asks in [0, 1, 2, pieces / 2] {
            let (end, asked) = push_while(&bomb, asks);
            assert!(matches!(end, Err(Error::Stopped)), "{what}: {end:?}");
            assert_eq!(asked, asks + 1, "{what}: it went on");
        }
    }
    let (end, _) = push_while(&gzip(empty_blocks), 3);
    assert!(matches!(end, Err(Error::Stopped)), "empty blocks: {end:?}");
}

#[test]
fn a_zip_archive_of_more_text_than_it_says_ends_at_once() {
    let mut bomb = ZipForm::default().archive(vec![b' '; 64 << 20]);
    // The size in the local header.
    bomb[22..26].copy_from_slice(&1_000_u32.to_le_bytes());
    let (end, asked) = push_while(&bomb, usize::MAX);
    let Err(Error::Input(fault)) = end else {
        panic!("{end:?}");
    };
    assert_eq!(fault.reason, Reason::CorruptZip("a false size"));
    assert!(asked < 10, "{asked} pieces of work");
}
