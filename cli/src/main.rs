//! The `rehose` command.

mod args;
mod progress;
mod run;
mod sample;
mod summary;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use args::{Args, Command};

/// The job is complete.
const SUCCEEDED: u8 = 0;
/// The command could not run, or not to its end.
const FAILED: u8 = 1;
/// What was asked makes no sense.
const USAGE: u8 = 2;
/// The job has ended, and something is missing.
const INCOMPLETE: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(log)
        .with_writer(io::stderr)
        .init();
    let code = match Args::parse().command {
        Command::Run(args) => run::run(args).await,
        Command::Sample(args) => write_sample(args),
    };
    ExitCode::from(code)
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

/// Writes an error to standard error, in one line.
fn complain(error: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr(), "rehose: {error}");
}
