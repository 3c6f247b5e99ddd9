//! What is seen of merges while they run: by readers of the files, and by readers that ask for markers first. Both look
//! all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};

use rehose_testkit::parquet::as_csv;
use rehose_testkit::stash::gzip;
use rehose_tests::workspace::Workspace;
use serde_json::Value;

use crate::REHOSE;
use crate::command::finish;

const HEADER: &str = "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,\
                      packets,bytes,start,end,action,log-status";

const HOURS: usize = 12;
const OBJECTS: usize = 20;
const ROUNDS: usize = 4;

/// Objects of each hour, with a row each that has the object's name as its source. Small tasks give several files.
fn put(workspace: &Workspace, round: usize) {
    for hour in 0..HOURS {
        for object in 0..OBJECTS {
            let start = 1_580_515_200 + hour * 3_600;
            let end = start + 59;
            let source = format!("{hour}-{round}-{object}");
            let flow = format!(
                "2 123456789012 eni-1 {source} 10.0.1.9 5000 443 6 1 100 {start} {end} ACCEPT OK"
            );
            workspace.put(&format!("2020/02/01/{hour:02}/{source}"), &gzip(flow));
        }
    }
}

/// The sources of the rows of a file, which must be whole.
fn sources(file: &Path) -> Vec<String> {
    let csv = as_csv(&fs::read(file).unwrap(), HEADER);
    let rows = csv.lines().skip(1);
    rows.map(|row| row.split(',').nth(4).unwrap().to_owned())
        .collect()
}

/// All files in a folder and below it whose names end so, as far as they exist now.
fn found(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(found(&path, end)),
            false if path.to_str().unwrap().ends_with(end) => all.push(path),
            false => {}
        }
    }
    all
}

/// Looks at the files: no object is in two rows, and none that was seen is gone.
fn look_at_files(output: &Path, seen: &mut BTreeSet<String>) {
    let files = found(&output.join("merged"), ".parquet");
    let rows: Vec<String> = files.iter().flat_map(|file| sources(file)).collect();
    let distinct: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(rows.len(), distinct.len(), "a row is seen twice");
    assert!(seen.is_subset(&distinct), "a row is gone");
    *seen = distinct;
}

/// Looks for markers: each generation has all rows of its objects, which are those of a round in an hour.
fn look_for_markers(output: &Path, seen: &mut BTreeMap<String, usize>) {
    for marker in found(&output.join("generations"), ".published.json") {
        let marker: Value = serde_json::from_slice(&fs::read(marker).unwrap()).unwrap();
        let files = marker["files"].as_array().unwrap().iter();
        let rows: Vec<String> = files
            .flat_map(|file| sources(&output.join(file.as_str().unwrap())))
            .collect();
        assert_eq!(rows.len(), OBJECTS, "a part of {marker} is seen");
        let name = format!("{}/{}", marker["partition"], marker["generation"]);
        *seen.entry(name).or_default() += 1;
    }
}

/// Looks until told to stop, and once after that. Returns what was seen at last, and how often the looks differed.
fn look<'a, T: Clone + Default + PartialEq + Send + 'a>(
    scope: &'a thread::Scope<'a, '_>,
    stop: &'a AtomicBool,
    once: impl Fn(&mut T) + Send + 'a,
) -> ScopedJoinHandle<'a, (T, usize)> {
    scope.spawn(move || {
        let (mut seen, mut changes) = (T::default(), 0);
        loop {
            let is_last = stop.load(Ordering::SeqCst);
            let before = seen.clone();
            once(&mut seen);
            changes += usize::from(seen != before);
            if is_last {
                return (seen, changes);
            }
        }
    })
}

#[test]
fn readers_that_look_all_the_time_see_each_row_once_and_generations_whole() {
    let workspace = Workspace::new();
    let output = workspace.path("out");
    let stop = AtomicBool::new(false);
    let ((rows, changes), (generations, _)) = thread::scope(|scope| {
        let of_files = look(scope, &stop, |seen| look_at_files(&output, seen));
        let of_markers = look(scope, &stop, |seen| look_for_markers(&output, seen));
        for round in 0..ROUNDS {
            put(&workspace, round);
            let mut merge = REHOSE.command(["merge", "--target-size", "1K"]);
            finish(merge.arg(workspace.stash()).arg(&output)).with_status(0);
        }
        stop.store(true, Ordering::SeqCst);
        (of_files.join().unwrap(), of_markers.join().unwrap())
    });
    assert_eq!(rows.len(), ROUNDS * HOURS * OBJECTS);
    assert_eq!(generations.len(), ROUNDS * HOURS);
    assert!(
        changes > ROUNDS,
        "merges were seen in between: {changes} changes"
    );
}
