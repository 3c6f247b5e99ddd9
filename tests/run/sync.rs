//! `--sync`: a library between the command and the system records what is synced.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::REHOSE;
use crate::command::finish;

/// Writes the inode and the path of each file or folder that is synced.
const RECORDER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int fsync(int file) {
  char link[64], path[PATH_MAX], line[PATH_MAX + 64];
  struct stat found;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0 || fstat(file, &found)) abort();
  path[length] = 0;
  int bytes = snprintf(line, sizeof line, "%lu %s\n", (unsigned long)found.st_ino, path);
  int record = open(getenv("RECORD"), O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (write(record, line, bytes) != bytes) abort();
  close(record);
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}
"#;

/// What a run synced, in order: the inode and the path of each file and folder.
#[derive(Debug, PartialEq)]
struct Syncs(Vec<(u64, PathBuf)>);

impl Syncs {
    /// Where a file was first synced, whatever its name was then.
    #[track_caller]
    fn of_file(&self, file: &Path) -> usize {
        let inode = fs::metadata(file).unwrap().ino();
        let at = self.0.iter().position(|(synced, _)| *synced == inode);
        at.unwrap_or_else(|| panic!("{} is not synced", file.display()))
    }

    /// Where a folder was synced after something else.
    #[track_caller]
    fn of_folder(&self, folder: &Path, earlier: usize) -> usize {
        let later = self.0.iter().skip(earlier + 1);
        let at = later.map(|(_, path)| path).position(|path| path == folder);
        let at = at.unwrap_or_else(|| panic!("{} is not synced later", folder.display()));
        earlier + 1 + at
    }

    /// Where a file and all new folders above it were on the disk.
    #[track_caller]
    fn of_path(&self, file: &Path, existed: &Path) -> usize {
        let mut at = self.of_folder(file.parent().unwrap(), self.of_file(file));
        let folders = file.ancestors().skip(1);
        for folder in folders.take_while(|folder| *folder != existed) {
            let first = self.0.iter().position(|(_, path)| path == folder).unwrap();
            at = at.max(self.of_folder(folder.parent().unwrap(), first));
        }
        at
    }
}

/// Runs a job and returns what it synced.
fn syncs(place: &Path, out: &Path, options: &[&str]) -> Syncs {
    let (source, library) = (place.join("recorder.c"), place.join("recorder.so"));
    fs::write(&source, RECORDER).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(compiled.unwrap().success());
    let record = place.join("record");
    let mut command = REHOSE.command(["run"]);
    command.arg(stash()).arg(out).args(options);
    finish(command.env("LD_PRELOAD", &library).env("RECORD", &record));
    let record = fs::read_to_string(record).unwrap_or_default();
    let lines = record.lines().map(|line| line.split_once(' ').unwrap());
    let lines = lines.map(|(inode, path)| (inode.parse().unwrap(), path.into()));
    Syncs(lines.collect())
}

fn stash() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/stash")
}

#[test]
fn every_file_is_synced_before_it_is_visible_and_its_new_folders_after() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let out = place.join("new/folder/out");
    let syncs = syncs(&place, &out, &["--sync"]);
    let files = rehose_testkit::output::files(&out);
    assert!(files.len() > 10, "{files:?}");
    for key in files.keys() {
        let file = out.join(key);
        let (_, hidden) = &syncs.0[syncs.of_file(&file)];
        assert!(hidden.starts_with(out.join(".rehose")), "{hidden:?}");
        syncs.of_path(&file, &place);
    }
}

#[test]
fn a_receipt_is_synced_after_the_files_that_it_lists_and_the_report_after_the_receipts() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let out = place.join("out");
    let syncs = syncs(&place, &out, &["--sync", "--job", "mine"]);
    let job = out.join("jobs/mine");
    let report = syncs.of_file(&job.join("report.json"));
    let mut artifacts = 0;
    for entry in fs::read_dir(job.join("receipts")).unwrap() {
        let path = entry.unwrap().path();
        let receipt: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for artifact in receipt["artifacts"].as_array().unwrap() {
            let file = out.join(artifact["key"].as_str().unwrap());
            assert!(syncs.of_path(&file, &place) < syncs.of_file(&path));
            artifacts += 1;
        }
        assert!(syncs.of_path(&path, &place) < report);
    }
    assert!(artifacts > 10, "{artifacts}");
}

#[test]
fn a_document_that_exists_is_synced_too() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let job = ["--job", "mine"];
    assert_eq!(syncs(place.path(), &out, &job), Syncs(vec![]));
    let syncs = syncs(place.path(), &out, &[&job[..], &["--sync"]].concat());
    syncs.of_file(&out.join("jobs/mine/manifest/00000000.json"));
}

#[test]
fn nothing_is_synced_without_the_option() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    assert_eq!(syncs(place.path(), &out, &[]), Syncs(vec![]));
    assert!(out.join("rehose.json").exists());
}

#[test]
fn a_bucket_cannot_be_synced() {
    let mut command = REHOSE.command(["run", "--sync"]);
    command
        .env("AWS_REGION", "eu-central-1")
        .arg(stash())
        .arg("s3://bucket/x");
    let refused = finish(&mut command).with_status(2);
    assert!(
        refused.err.contains("--sync: it is for folders"),
        "{refused:?}"
    );
}
