//! Help: it fits a screen, and its examples do what they say.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::finish;

/// Lines of a screen.
const SCREEN: usize = 60;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Every subcommand, as the command lists them.
pub(crate) fn subcommands() -> Vec<String> {
    let help = finish(&mut REHOSE.command(["--help"])).with_status(0).out;
    let commands = help
        .split_once("Commands:\n")
        .and_then(|(_, rest)| rest.split_once("\n\n"));
    let names = commands
        .unwrap()
        .0
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<String> = names
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 15, "{help}");
    names
}

/// The examples of a subcommand. One that does not end in its line goes on in the next.
fn examples(subcommand: &str) -> Vec<String> {
    let mut command = REHOSE.command([subcommand, "--help"]);
    let help = finish(command.env("COLUMNS", "1000")).with_status(0).out;
    let Some((_, examples)) = help.split_once("Examples:\n") else {
        return Vec::new();
    };
    // Wrapped by the terminal, an example could not be pasted.
    for line in examples.lines() {
        assert!(line.len() < WIDTH, "{subcommand}: {line}");
    }
    examples
        .replace("\\\n", "")
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn the_short_help_of_each_subcommand_fits_a_screen() {
    for subcommand in subcommands() {
        let mut command = REHOSE.command([&subcommand, "-h"]);
        let help = finish(command.env("COLUMNS", "120")).with_status(0).out;
        let lines = help.lines().count();
        assert!(lines <= SCREEN, "{subcommand}: {lines} lines\n{help}");
    }
}

/// Those on S3, and those that go on until they are stopped, cannot run here.
#[test]
fn every_example_that_needs_no_bucket_runs() {
    let mut run = 0;
    for subcommand in subcommands() {
        for example in examples(&subcommand) {
            let reads_s3 = example.contains("s3://") && subcommand != "table";
            if reads_s3 || subcommand == "serve" || subcommand == "retry" || subcommand == "start" {
                continue;
            }
            let workspace = Workspace::new();
            let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/stash");
            let folder = workspace.path("folder");
            fs::create_dir_all(folder.join("tests/data")).unwrap();
            symlink(&sample, folder.join("tests/data/stash")).unwrap();
            if subcommand != "sample" {
                symlink(&sample, folder.join("stash")).unwrap();
            }
            // What the examples look at.
            if ["cat", "merged", "verify"].contains(&&*subcommand) {
                let output = folder.join("out");
                REHOSE.run(&sample, &output, &[]).with_status(0);
                let mut merge = REHOSE.command(["merge"]);
                finish(merge.arg(&sample).arg(&output)).with_status(0);
            }
            let binary = REHOSE.binary().display().to_string();
            let command = example.replacen("rehose", &binary, 1);
            let mut shell = Command::new("bash");
            shell.args(["-o", "pipefail", "-c", &command]);
            let finished = finish(shell.current_dir(&folder));
            // A stash of other messages than those of the example is rejected, and written all the same.
            let is_expected = matches!(finished.status, Some(0 | 4));
            assert!(is_expected, "{example}: {finished:#?}");
            run += 1;
        }
    }
    assert!(run > 15, "only {run} examples");
}

#[test]
fn the_shell_and_man_know_the_subcommands() {
    let script = finish(&mut REHOSE.command(["completions", "bash"]))
        .with_status(0)
        .out;
    let workspace = Workspace::new();
    let pages = workspace.path("man1");
    finish(REHOSE.command(["man"]).arg(&pages)).with_status(0);
    for subcommand in subcommands() {
        assert!(script.contains(&subcommand), "{subcommand}");
        let page = pages.join(format!("rehose-{subcommand}.1"));
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains("SYNOPSIS"), "{subcommand}: {page}");
    }
}
