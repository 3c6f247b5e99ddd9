//! The memory of a run does not grow with the size of an object, whatever its form.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rehose_testkit::stash::{FLOW, ZstdForm, event, gzip, hadoop_snappy, snappy, zip};
use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::{Finished, start};

/// The difference allowed between the peaks of a small and a large object, in KiB. The measured
/// difference is at most 3 MiB, the same at 128 MiB and at 512 MiB: buffers that only a large object
/// fills.
const MARGIN: u64 = 4 * 1024;

/// The rows that a document may hold back until its `messageType`, in KiB: `MAX_HELD` of the crate
/// `rehose-extract`.
const HELD_ROWS: u64 = 16 * 1024;

/// The text of an event as written, in KiB: `MAX_MESSAGE` of the crate `rehose-extract`, in a buffer that
/// doubles.
const EVENT_TEXT: u64 = 4 * 1024;

/// The text in which an event regex looks for an event, in KiB: `MAX_MATCH` and `COMPACT` of the crate
/// `rehose-extract`.
const MATCHED_TEXT: u64 = 5 * 1024;

/// The window of a zstd frame, in KiB: `MAX_ZSTD_WINDOW` of the crate `rehose-extract`. The decoder has
/// further buffers of a few blocks.
const WINDOW: u64 = 9 * 1024;

/// A chunk of Hadoop's Snappy, compressed and decoded, in KiB: twice `MAX_HADOOP_CHUNK` of the crate
/// `rehose-extract`.
const CHUNK: u64 = 2 * 1024;

/// The size of a large object in bytes, decoded. `REHOSE_TEST_LARGE_MB` sets another size.
fn large() -> usize {
    let megabytes = match std::env::var("REHOSE_TEST_LARGE_MB") {
        Ok(text) => text
            .parse()
            .expect("REHOSE_TEST_LARGE_MB is a number of megabytes"),
        Err(_) => 128,
    };
    megabytes * 1024 * 1024
}

/// Runs on a stash, one object at a time, and returns the peak memory in KiB.
fn peak(workspace: &Workspace, options: &[&str], status: i32) -> (u64, Finished) {
    let mut command = REHOSE.command(["run", "--concurrency", "1", "--json"]);
    command
        .args(options)
        .arg(workspace.stash())
        .arg(workspace.path("out"));
    let (peak, finished) = peak_of(start(&mut command));
    (peak, finished.with_status(status))
}

/// Waits for a process, and returns its peak memory in KiB.
fn peak_of(mut child: Child) -> (u64, Finished) {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = high_water(&child).unwrap_or(peak);
        sleep(Duration::from_millis(1));
    }
    (peak, child.wait_with_output().unwrap().into())
}

/// The peak memory of a process so far.
fn high_water(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The peak for an object of one megabyte.
fn small_peak() -> u64 {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "1", "--events", "4700"]);
    let (peak, finished) = peak(&workspace, &[], 0);
    assert_eq!(finished.json()["rows"]["events"], 4700);
    assert!(peak > 1024, "{peak} KiB is no peak of a program");
    peak
}

/// Asserts that a large object takes no more memory than a small one, but for the margin and a bound
/// of the product that only this object reaches, in KiB.
#[track_caller]
fn assert_flat(small: u64, large: u64, bound: u64, what: &str) {
    let most = small + MARGIN + bound;
    println!("{what}: {large} KiB, and {small} KiB for one megabyte");
    assert!(
        large < most,
        "{what} takes {large} KiB, more than {most} KiB; one megabyte takes {small} KiB"
    );
}

/// Writes an object of one gzip member.
fn member(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let file = BufWriter::new(File::create(path).unwrap());
    let mut member = GzEncoder::new(file, Compression::fast());
    content(&mut member).unwrap();
    member.finish().unwrap().flush().unwrap();
}

/// Writes events with commas between them, in at least this many bytes. Returns their number.
fn events(out: &mut dyn Write, bytes: usize) -> io::Result<usize> {
    let event = event(0, FLOW);
    let block = [event.as_str(); 256].join(",");
    let blocks = bytes.div_ceil(block.len());
    for i in 0..blocks {
        out.write_all(if i == 0 { b"" } else { b"," })?;
        out.write_all(block.as_bytes())?;
    }
    Ok(blocks * 256)
}

#[test]
fn a_large_object_takes_no_more_memory_than_a_small_one() {
    let bytes_of_an_event = 224;
    let events = (large() / bytes_of_an_event).to_string();
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "1", "--events", &events]);
    let (peak, finished) = peak(&workspace, &[], 0);
    assert_eq!(finished.json()["rows"]["events"].to_string(), events);
    assert_flat(small_peak(), peak, 0, "a large object");
}

#[test]
fn one_huge_document_in_one_huge_member_takes_no_more_memory() {
    let workspace = Workspace::new();
    let mut written = 0;
    member(&workspace.stash().join("one"), |out| {
        write!(out, r#"{{"messageType":"DATA_MESSAGE","logEvents":["#)?;
        written = events(out, large() / 2)?;
        write!(out, "]}}")
    });
    let (peak, finished) = peak(&workspace, &[], 0);
    assert_eq!(finished.json()["rows"]["written"], written);
    assert_flat(
        small_peak(),
        peak,
        0,
        "one huge document in one huge member",
    );
}

#[test]
fn a_document_whose_type_comes_last_fails_before_it_takes_much_memory() {
    let workspace = Workspace::new();
    member(&workspace.stash().join("one"), |out| {
        write!(out, r#"{{"logEvents":["#)?;
        events(out, large() / 2)?;
        write!(out, r#"],"messageType":"DATA_MESSAGE"}}"#)
    });
    let (peak, finished) = peak(&workspace, &[], 3);
    assert_eq!(finished.json()["failures"][0]["reason"], "too-much-held");
    assert_flat(
        small_peak(),
        peak,
        HELD_ROWS,
        "a messageType that comes last",
    );
}

#[test]
fn a_message_that_does_not_end_fails_before_it_takes_much_memory() {
    let workspace = Workspace::new();
    member(&workspace.stash().join("one"), |out| {
        write!(
            out,
            r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"message":""#
        )?;
        repeat(out, b'm', large())?;
        write!(out, r#"","timestamp":0}}]}}"#)
    });
    let (peak, finished) = peak(&workspace, &[], 3);
    assert_eq!(finished.json()["failures"][0]["reason"], "message-too-long");
    assert_flat(
        small_peak(),
        peak,
        EVENT_TEXT,
        "a message that does not end",
    );
}

#[test]
fn a_bomb_that_decodes_to_nothing_takes_no_more_memory() {
    let workspace = Workspace::new();
    member(&workspace.stash().join("one"), |out| {
        repeat(out, b' ', large())
    });
    // Three layers of gzip: each has about a thousandth of the size of the one below it.
    let megabyte = gzip([b' '; 1024 * 1024]);
    let members = megabyte.repeat(large() / (1024 * 1024));
    workspace.put("two", &gzip(gzip(members)));
    workspace.put("three", &gzip(gzip(gzip("").repeat(1_000_000))));
    let (peak, finished) = peak(&workspace, &[], 0);
    assert_eq!(finished.json()["rows"]["events"], 0);
    assert_flat(small_peak(), peak, 0, "a bomb");
}

#[test]
fn a_bomb_of_another_layer_takes_no_more_memory() {
    let spaces = vec![b' '; large()];
    let largest_window = ZstdForm {
        window_log: 23,
        ..ZstdForm::default()
    };
    let small = small_peak();
    for (name, object, bound) in [
        ("ZIP", zip(&spaces), 0),
        ("Snappy", snappy(&spaces), 0),
        (
            "Hadoop's Snappy",
            hadoop_snappy(&spaces, 1 << 20, 1 << 20),
            CHUNK,
        ),
        ("zstd", largest_window.frame(&spaces), WINDOW),
        ("zstd in ZIP", zip(largest_window.frame(&spaces)), WINDOW),
    ] {
        let workspace = Workspace::new();
        workspace.put("one", &object);
        let (peak, finished) = peak(&workspace, &[], 0);
        assert_eq!(finished.json()["rows"]["events"], 0);
        assert_flat(small, peak, bound, name);
    }
}

#[test]
fn a_line_that_no_event_regex_matches_takes_no_more_memory() {
    let workspace = Workspace::new();
    member(&workspace.stash().join("one"), |out| {
        repeat(out, b'x', large() / 8)
    });
    let regex = r"(?P<timestamp>[0-9]+)\|(?P<message>[a-z]*)";
    let (peak, finished) = peak(&workspace, &["--event-regex", regex], 3);
    assert_eq!(finished.json()["failures"][0]["reason"], "nothing-readable");
    assert_flat(small_peak(), peak, MATCHED_TEXT, "a line without events");
}

/// The pages of a row group of Parquet, and of each column a page and a dictionary, decoded, in KiB:
/// `MAX_GROUP_BYTES`, `MAX_PAGE_BYTES` and `MAX_DICTIONARIES` of the crate `colparquet`.
const ROW_GROUP: u64 = 28 * 1024;

#[test]
fn a_large_file_takes_no_more_memory_to_print() {
    for (to, bound) in [("csv", 0), ("parquet", ROW_GROUP)] {
        let peak = |events: usize| {
            let events = events.to_string();
            let workspace = Workspace::sample_by(&REHOSE, &["--objects", "1", "--events", &events]);
            let output = workspace.path("out");
            REHOSE
                .run(&workspace.stash(), &output, &["--to", to])
                .with_status(0);
            // 4,700 events have a megabyte.
            let mut cat: Command = REHOSE.command(["cat"]);
            let (peak, finished) = peak_of(cat.arg(&output).stdout(Stdio::null()).spawn().unwrap());
            finished.with_status(0);
            peak
        };
        let large = peak(large() / 1024 / 1024 * 4_700);
        assert_flat(peak(4_700), large, bound, to);
    }
}

fn repeat(out: &mut dyn Write, byte: u8, bytes: usize) -> io::Result<()> {
    let block = [byte; 64 * 1024];
    for _ in 0..bytes / block.len() {
        out.write_all(&block)?;
    }
    Ok(())
}

/// The most memory of a merge, in KiB.
const MERGE: u64 = 256 * 1024;

/// Merges an hour of flows of which no two are the same, and returns the peak memory in KiB.
fn peak_of_merge(megabytes: usize) -> u64 {
    let workspace = Workspace::new();
    let folder = workspace.stash().join("2020/02/01/00");
    fs::create_dir_all(&folder).unwrap();
    let line = |n: usize| {
        format!(
            "2 123456789012 eni-{} 10.{}.{}.{} 10.0.0.1 {} 443 6 10 840 1580515200 1580515260 ACCEPT OK\n",
            n % 97,
            n >> 16 & 0xff,
            n >> 8 & 0xff,
            n & 0xff,
            1024 + n % 60_000
        )
    };
    let (mut written, mut n, mut object) = (0, 0_usize, 0);
    while written < megabytes * 1024 * 1024 {
        // In objects that are read whole, and larger ones.
        let size = if object % 2 == 0 { 1 << 20 } else { 32 << 20 };
        member(&folder.join(format!("object-{object:04}")), |out| {
            let mut of_object = 0;
            while of_object < size {
                // So that neighbours in an object are none in the file.
                let line = line(n.wrapping_mul(7_919) % (1 << 24));
                out.write_all(line.as_bytes())?;
                of_object += line.len();
                n += 1;
            }
            written += of_object;
            Ok(())
        });
        object += 1;
    }
    let mut command = REHOSE.command(["merge", "--json"]);
    command.arg(workspace.stash()).arg(workspace.path("out"));
    let (peak, finished) = peak_of(start(&mut command));
    let report = finished.with_status(0).json();
    assert_eq!(report["merged"]["written"]["records"], n);
    println!("{n} flows: {peak} KiB");
    peak
}

#[test]
fn a_merge_of_more_flows_than_memory_holds_takes_no_more_than_its_share() {
    assert!(peak_of_merge(large() / (1024 * 1024)) < MERGE);
}
