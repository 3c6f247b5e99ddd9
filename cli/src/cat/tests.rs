//! Files as they are printed: every value, and every fault.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;
use rehose_extract::{Compression, FileKind, FormatName, Options, Transcoder};
use rehose_store::{LocalStore, Store};
use rehose_testkit::fault_store::FaultStore;
use rehose_testkit::stash::document;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::args::cat::Condition;
use crate::exit::USAGE;

/// A folder with one file.
struct Place {
    folder: TempDir,
    store: Arc<FaultStore>,
}

const KEY: &str = "file";

impl Place {
    fn new(bytes: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let store = LocalStore::open(folder.path()).unwrap();
        let place = Self {
            folder,
            store: Arc::new(FaultStore::new(Arc::new(store), |_, _| None)),
        };
        place.write(bytes);
        place
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(KEY), bytes).unwrap();
    }

    /// Prints the file, and returns what was printed, and the error.
    fn cat(&self, args: &CatArgs) -> (String, Option<CatError>) {
        let mut out = Vec::new();
        let mut session = Session::new(args, &mut out);
        let error = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {
                let bytes = self.store.head(KEY).await.unwrap().unwrap().bytes;
                let store = Arc::clone(&self.store) as Arc<dyn Store>;
                let file = File::new(store, KEY.to_owned(), bytes);
                print_file(&file, &mut session).await.err()
            });
        session.flush().unwrap();
        (String::from_utf8(out).unwrap(), error)
    }

    fn printed(&self, args: &CatArgs) -> String {
        match self.cat(args) {
            (out, None) => out,
            (_, Some(error)) => panic!("{error}"),
        }
    }
}

fn all() -> CatArgs {
    CatArgs {
        files: Vec::new(),
        columns: Vec::new(),
        conditions: Vec::new(),
        json: false,
    }
}

fn with(column: &str, value: &str) -> CatArgs {
    CatArgs {
        conditions: vec![Condition {
            column: column.to_owned(),
            value: value.to_owned(),
        }],
        ..all()
    }
}

/// The file of these messages.
fn file(events: &[(i64, &str)], kind: FileKind, options: Options) -> Vec<u8> {
    let options = Options {
        to: Some(kind),
        ..options
    };
    let (mut rows, mut rejected) = (Vec::new(), Vec::new());
    let shape = options.compile().unwrap();
    let compression = Compression::default();
    let mut transcoder =
        Transcoder::new(KEY, &shape, &compression, &mut rows, &mut rejected).unwrap();
    transcoder.push(document(events).as_bytes()).unwrap();
    transcoder.finish().unwrap();
    rows
}

fn both(events: &[(i64, &str)], options: &Options) -> [Place; 2] {
    [FileKind::Csv, FileKind::Parquet].map(|kind| Place::new(&file(events, kind, options.clone())))
}

fn messages() -> Options {
    Options {
        format: Some(FormatName::Message),
        ..Options::default()
    }
}

/// A group that may not take part, and one that may be empty.
fn groups() -> Options {
    Options {
        message_regex: Some("^(?P<Level>[A-Z]+)?(?P<the_text>(?s:.*))$".to_owned()),
        ..Options::default()
    }
}

/// Events of flow logs, of which some have no values.
fn flows(count: usize) -> Vec<(i64, String)> {
    let flow = |i: usize| {
        let message = match i % 10 {
            9 => format!(
                "2 123456789012 eni-{i} - - - - - - - {i} {} - NODATA",
                i + 59
            ),
            _ => format!(
                "2 123456789012 eni-{} 10.0.{}.{} 10.0.0.5 443 {} 6 1 {} {i} {} ACCEPT OK",
                i / 1_000,
                i / 256 % 256,
                i % 256,
                i % 65_536,
                40 * i,
                i + 59,
            ),
        };
        (1_580_515_200_000 + i as i64, message)
    };
    (0..count).map(flow).collect()
}

fn borrowed(events: &[(i64, String)]) -> Vec<(i64, &str)> {
    let events = events.iter();
    events.map(|(time, message)| (*time, &**message)).collect()
}

#[test]
fn both_kinds_of_file_print_the_same_flow_logs() {
    let events = flows(2_000);
    let [csv, parquet] = both(&borrowed(&events), &Options::default());
    let printed = csv.printed(&all());
    assert_eq!(printed.lines().count(), 2_001);
    assert!(
        printed.contains(",eni-9,-,-,-,-,-,-,-,9,68,-,NODATA\n"),
        "{printed}"
    );
    assert_eq!(parquet.printed(&all()), printed);
    let json = CatArgs {
        json: true,
        ..all()
    };
    let lines = csv.printed(&json);
    assert_eq!(parquet.printed(&json), lines);
    let row: Value = serde_json::from_str(lines.lines().nth(9).unwrap()).unwrap();
    assert_eq!(row["bytes"], Value::Null);
    assert_eq!(row["srcaddr"], "-");
    assert_eq!(row["start"], 9);
    assert_eq!(row["timestamp"], "2020-02-01T00:00:00.009Z");
}

#[test]
fn a_condition_selects_the_same_rows_of_both_kinds() {
    // Several pages, of which most are skipped.
    let events = flows(45_000);
    let [csv, parquet] = both(&borrowed(&events), &Options::default());
    for (column, value, count) in [
        ("srcaddr", "10.0.1.2", 1),
        ("interface-id", "eni-40", 900),
        ("interface_id", "eni-9", 901),
        ("bytes", "1200120", 1),
        ("bytes", "01200120", 0),
        ("bytes", "-", 4_500),
        ("bytes", "", 0),
        ("bytes", "none", 0),
        ("srcaddr", "-", 4_500),
        ("srcaddr", "", 0),
        ("timestamp", "2020-02-01T00:00:44.000Z", 1),
        ("timestamp", "2020-02-01T00:00:44Z", 0),
        ("timestamp", "", 0),
        ("log-status", "NODATA", 4_500),
        ("start", "44999", 1),
        ("start", "45000", 0),
    ] {
        let args = CatArgs {
            columns: ["end", "dstport"].map(str::to_owned).into(),
            ..with(column, value)
        };
        let printed = csv.printed(&args);
        assert_eq!(printed.lines().count(), count + 1, "{column}={value}");
        assert_eq!(parquet.printed(&args), printed, "{column}={value}");
    }
}

#[test]
fn only_what_is_needed_of_a_parquet_file_is_read() {
    // Text that does not compress, so that there are several row groups.
    let mut random = fastrand::Rng::with_seed(1);
    let text = |random: &mut fastrand::Rng| -> String {
        std::iter::repeat_with(|| random.alphanumeric())
            .take(1_500)
            .collect()
    };
    let events: Vec<_> = (0..20_000).map(|i| (i, text(&mut random))).collect();
    let parquet = Place::new(&file(&borrowed(&events), FileKind::Parquet, messages()));
    let requests = |args: &CatArgs| {
        parquet.store.take_requests();
        let printed = parquet.printed(args);
        // Without that for the size.
        (parquet.store.take_requests() - 1, printed)
    };
    // The first bytes, the last ones, and two row groups.
    let (every_group, printed) = requests(&all());
    assert_eq!(every_group, 4);
    assert!(printed.ends_with(&format!(",{}\n", events[19_999].1)));
    assert_eq!(printed.lines().count(), 20_001);
    let (of_one, printed) = requests(&with("timestamp", "1970-01-01T00:00:19.999Z"));
    assert_eq!((of_one, printed.lines().count()), (3, 2));
    let (of_none, printed) = requests(&with("timestamp", "2020-01-01T00:00:00.000Z"));
    assert_eq!((of_none, &*printed), (2, "timestamp,message\n"));
}

#[test]
fn columns_are_found_by_every_spelling_and_named_once() {
    let events = [(0, "INFO a")];
    let [csv, parquet] = both(&events, &groups());
    for name in ["level", "Level", "LEVEL"] {
        for place in [&csv, &parquet] {
            let columns = ["the-text", name].map(str::to_owned).into();
            let printed = place.printed(&CatArgs { columns, ..all() });
            assert_eq!(printed, "the_text,level\n a,INFO\n");
        }
    }
    for place in [&csv, &parquet] {
        let columns = ["level", "Level"].map(str::to_owned).into();
        let (_, error) = place.cat(&CatArgs { columns, ..all() });
        let error = error.unwrap();
        assert_eq!(error.status(), USAGE);
        let error = error.to_string();
        assert!(
            error.contains("Level and level are the same column"),
            "{error}"
        );
    }
}

/// Text with everything that CSV and JSON have to escape.
fn awkward() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[A-Z]{1,3}",
        "[a-z0-9 .:=-]{0,9}",
        Just("\"".to_owned()),
        Just(",".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\\".to_owned()),
        Just("\\n".to_owned()),
        Just("é\u{1f980}\u{0}\u{1}\u{7f}\u{2028}".to_owned()),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn both_kinds_of_file_print_the_same_text(
        texts in prop::collection::vec(awkward(), 1..30),
        time in -62_135_596_800_000_i64..=253_402_300_799_999,
    ) {
        let events: Vec<_> = texts.iter().map(|text| (time, text.as_str())).collect();
        for options in [messages(), groups()] {
            let [csv, parquet] = both(&events, &options);
            prop_assert_eq!(parquet.printed(&all()), csv.printed(&all()));
        }
        let [csv, parquet] = both(&events, &messages());
        // A file of JSON lines has the text itself.
        let lines = parquet.printed(&CatArgs { json: true, ..all() });
        let found = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found: Vec<_> = found.map(|row| row["message"].as_str().unwrap().to_owned()).collect();
        prop_assert_eq!(&found, &texts);
        // A text finds the rows that have it, as CSV writes it.
        for text in &texts {
            let written = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            let count = texts.iter().filter(|other| *other == text).count();
            for place in [&csv, &parquet] {
                let printed = place.printed(&with("message", &written));
                prop_assert_eq!(printed.lines().count(), count + 1);
            }
        }
    }

    #[test]
    fn a_damaged_file_of_csv_is_an_error_or_prints_the_same(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<Index>()),
    ) {
        let events = flows(50);
        let sound = file(&borrowed(&events), FileKind::Csv, Options::default());
        let place = Place::new(&sound);
        let expected = place.printed(&all());
        let damaged = damaged(sound.clone(), &changes, cut);
        place.write(&damaged);
        match place.cat(&all()) {
            (printed, None) => prop_assert_eq!(printed, expected),
            (_, Some(error)) => prop_assert!(is_advice(&error), "{}", error),
        }
    }

    #[test]
    fn a_damaged_file_of_parquet_is_never_a_panic(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<Index>()),
        in_footer in any::<bool>(),
    ) {
        let events = flows(50);
        let mut sound = file(&borrowed(&events), FileKind::Parquet, Options::default());
        let length = u32::from_le_bytes(*sound[..sound.len() - 4].last_chunk().unwrap());
        let footer = sound.split_off(sound.len() - 8 - length as usize);
        let damaged = match in_footer {
            true => [sound, damaged(footer, &changes, cut)].concat(),
            false => [damaged(sound, &changes, None), footer].concat(),
        };
        let place = Place::new(&damaged);
        for args in [all(), with("bytes", "40"), with("srcaddr", "10.0.0.1")] {
            if let (_, Some(error)) = place.cat(&args) {
                prop_assert!(is_advice(&error), "{}", error);
            }
        }
    }
}

fn damaged(mut bytes: Vec<u8>, changes: &[(Index, u8)], cut: Option<Index>) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

/// Whether an error names the file, and says what to do.
fn is_advice(error: &CatError) -> bool {
    let text = error.to_string();
    let path = text.split(": ").next().unwrap_or_default();
    path.ends_with(&format!("/{KEY}"))
        && [
            "copy it again",
            "another tool",
            "name files",
            "convert",
            "zcat",
            "the columns are",
        ]
        .iter()
        .any(|advice| text.contains(advice))
}
