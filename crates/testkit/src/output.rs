//! The files of an output.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use walkdir::WalkDir;

/// The files of a folder, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// All files in a folder. An empty folder is a path with a slash at its end.
pub fn files(folder: &Path) -> Files {
    let mut files = Files::new();
    for entry in WalkDir::new(folder).min_depth(1) {
        let entry = entry.unwrap();
        let path = entry
            .path()
            .strip_prefix(folder)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if entry.file_type().is_file() {
            files.insert(path, fs::read(entry.path()).unwrap());
        } else if fs::read_dir(entry.path()).unwrap().next().is_none() {
            files.insert(path + "/", Vec::new());
        }
    }
    files
}

/// All files of an output, without the times of its jobs and markers.
pub fn timeless(output: &Path) -> Files {
    let mut files = files(output);
    for (path, content) in &mut files {
        let has_times = ["/job.json", "/report.json", ".published.json"];
        if has_times.iter().any(|end| path.ends_with(end)) {
            let mut value: Value = serde_json::from_slice(content).unwrap();
            for time in ["started", "ended", "published"] {
                if let Some(time) = value.get_mut(time) {
                    assert!(time.take().is_string(), "a time of {path} is no string");
                }
            }
            *content = value.to_string().into_bytes();
        }
    }
    files
}

/// Asserts that two outputs are the same, without printing all of their bytes.
#[track_caller]
pub fn assert_same(left: &Files, right: &Files, what: &str) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(left), names(right), "{what}: other files");
    for (path, content) in left {
        let same = *content == right[path];
        let readable = [content, &right[path]].map(|content| String::from_utf8_lossy(content));
        assert!(same, "{what}: {path} differs: {readable:#?}");
    }
}

/// A gzipped text.
pub fn text(gzipped: &[u8]) -> String {
    let mut text = String::new();
    let mut decoder = MultiGzDecoder::new(gzipped);
    decoder.read_to_string(&mut text).unwrap();
    text
}

/// The lines of a gzipped text. The last line must end with a line break.
pub fn lines(gzipped: &[u8]) -> Vec<String> {
    let text = text(gzipped);
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "the last line is cut: {text:?}"
    );
    text.split_terminator('\n').map(str::to_owned).collect()
}

/// The values of a gzipped text of JSON lines.
pub fn json_lines(gzipped: &[u8]) -> Vec<Value> {
    lines(gzipped)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The rows of an object.
pub fn rows(output: &Path, key: &str) -> Vec<String> {
    lines(&fs::read(output.join(format!("csv/{key}.csv.gz"))).unwrap())
}

/// The rejected events of an object.
pub fn rejected(output: &Path, key: &str) -> Vec<Value> {
    json_lines(&fs::read(output.join(format!("rejected/{key}.jsonl.gz"))).unwrap())
}

/// The report of a job.
pub fn report(output: &Path, job: &str) -> Value {
    let report = fs::read(output.join(format!("jobs/{job}/report.json"))).unwrap();
    serde_json::from_slice(&report).unwrap()
}
