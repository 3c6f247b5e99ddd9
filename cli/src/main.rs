//! The `rehose` command.

mod args;
mod operate;
mod progress;
mod run;
mod sample;
mod stack;
mod summary;
mod table;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use args::{Args, Command};
use operate::operate;

/// The job is complete.
const SUCCEEDED: u8 = 0;
/// The command could not run, or not to its end.
const FAILED: u8 = 1;
/// What was asked makes no sense.
const USAGE: u8 = 2;
/// The job has ended, and something is missing.
const INCOMPLETE: u8 = 3;

fn main() -> ExitCode {
    if let Ok(log) = EnvFilter::try_from_default_env() {
        tracing_subscriber::fmt()
            .with_env_filter(log)
            .with_writer(io::stderr)
            .init();
    }
    let code = match Args::try_parse() {
        Ok(args) => match args.command {
            Command::Run(args) => on_threads(args.workers(), run::run(args)),
            Command::Table(args) => table::print(&args),
            Command::Operate(operation) => on_threads(1, operate(operation)),
            Command::Sample(args) => write_sample(args),
        },
        Err(error) => answer(&error),
    };
    ExitCode::from(code)
}

/// Runs a command on so many threads beside its own, and returns its exit status.
fn on_threads(threads: usize, command: impl Future<Output = u8>) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            complain(&format!("cannot start threads: {error}"));
            FAILED
        }
    }
}

/// Gives the help that was asked for, or says what is wrong with the arguments.
fn answer(error: &clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => {
            let text = error.to_string();
            complain(&text.strip_prefix("error: ").unwrap_or(&text));
            USAGE
        }
    }
}

fn write_sample(args: args::SampleArgs) -> u8 {
    let sample = sample::Sample {
        objects: args.objects,
        events: args.events,
        seed: args.seed,
        dialects: args.dialects,
    };
    match sample::write(&args.dir, &sample) {
        Ok(sample::Written {
            objects,
            events,
            bytes,
        }) => {
            let dir = args.dir.display();
            say(&format!(
                "{objects} objects, {events} events, {bytes} bytes in {dir}\n\
                 next: rehose run {dir} OUTPUT"
            ));
            SUCCEEDED
        }
        Err(error) => {
            complain(&error);
            FAILED
        }
    }
}

/// Writes a line to standard output. Whoever has closed it wants no more.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Writes a value to standard output as JSON.
fn say_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(json) => say(&json),
        Err(error) => complain(&error),
    }
}

/// The exit status of a job that ended so.
fn status_of(report: &Report) -> u8 {
    match report.state {
        JobOutcome::Succeeded => SUCCEEDED,
        JobOutcome::Incomplete => INCOMPLETE,
    }
}

/// Writes a line to standard error, which is neither an error nor what was asked for.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes an error to standard error, in one line: of many, a log or a script keeps the last.
fn complain(error: &dyn Display) {
    let _ = writeln!(io::stderr(), "rehose: {}", one_line(&error.to_string()));
}

/// Joins lines and paragraphs. Marks under a line point nowhere once it has moved.
fn one_line(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| {
            let words = paragraph.split_whitespace();
            let words = words.filter(|word| !word.trim_matches('^').is_empty());
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    paragraphs.join("; ")
}
