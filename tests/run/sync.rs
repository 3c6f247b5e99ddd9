//! `--sync`: a library between the command and the system records what is synced.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Runs a job into `place/out`, and returns the inode and the path of everything that it synced.
fn synced(place: &Path, options: &[&str]) -> Vec<(u64, PathBuf)> {
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
    command.arg(stash()).arg(place.join("out")).args(options);
    finish(command.env("LD_PRELOAD", &library).env("RECORD", &record));
    let record = fs::read_to_string(record).unwrap_or_default();
    let lines = record.lines().map(|line| line.split_once(' ').unwrap());
    let lines = lines.map(|(inode, path)| (inode.parse().unwrap(), path.into()));
    lines.collect()
}

fn stash() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/stash")
}

#[test]
fn every_file_is_synced_before_it_is_visible_and_its_folders_after() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let synced = synced(&place, &["--sync"]);
    let out = place.join("out");
    let files = rehose_testkit::output::files(&out);
    assert!(files.len() > 10, "{files:?}");
    for key in files.keys() {
        let file = out.join(key);
        let inode = fs::metadata(&file).unwrap().ino();
        let at = synced.iter().position(|(synced, _)| *synced == inode);
        let at = at.unwrap_or_else(|| panic!("{key} is not synced"));
        assert!(
            synced[at].1.starts_with(out.join(".rehose")),
            "{:?}",
            synced[at]
        );
        let folders = file.ancestors().skip(1);
        for folder in folders.take_while(|folder| folder.starts_with(&place)) {
            let mut later = synced[at..].iter();
            assert!(later.any(|(_, path)| path == folder), "{folder:?} of {key}");
        }
    }
}

#[test]
fn nothing_is_synced_without_the_option() {
    let place = tempfile::tempdir().unwrap();
    assert_eq!(synced(place.path(), &[]), []);
    assert!(place.path().join("out/rehose.json").exists());
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
