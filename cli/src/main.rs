//! The `rehose` command.

mod args;
mod cat;
mod console;
mod exit;
mod inspect;
mod manual;
mod merged;
mod opened;
mod operate;
mod progress;
mod run;
mod sample;
mod serve;
mod stack;
mod summary;
mod table;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use rehose_store::aws::NOT_LOGGED;
use tracing_subscriber::EnvFilter;

use args::{Args, Command};
use console::print_error;
use exit::{FAILED, USAGE};

fn main() -> ExitCode {
    if let (Ok(log), Ok(not_logged)) = (EnvFilter::try_from_default_env(), NOT_LOGGED.parse()) {
        let log = log.add_directive(not_logged);
        tracing_subscriber::fmt()
            .with_env_filter(log)
            .with_writer(io::stderr)
            .init();
    }
    let status = match Args::try_parse() {
        Ok(args) => match args.command {
            Command::Digest(args) => block_on(args.job.stash.cores(), run::digest(args)),
            Command::Run(args) => block_on(args.job.stash.cores(), run::run(args)),
            Command::Merge(args) => block_on(args.job.stash.cores(), run::merge(args)),
            Command::Serve(args) => block_on(args.stash.cores(), serve::serve(args)),
            Command::Merged(args) => block_on(1, merged::list(args)),
            Command::Verify(args) => block_on(1, merged::verify(args)),
            Command::Inspect(args) => block_on(1, inspect::inspect(args)),
            Command::Cat(args) => block_on(1, cat::cat(args)),
            Command::Table(args) => table::print_table(&args),
            Command::Operate(operation) => block_on(1, operate::operate(operation)),
            Command::Sample(args) => sample::write_sample(&args),
            Command::Completions(args) => manual::print_completions(&args),
            Command::Man(args) => manual::write_pages(&args),
        },
        Err(error) => handle_usage(&error),
    };
    match console::is_complete() {
        true => ExitCode::from(status),
        false => ExitCode::from(FAILED),
    }
}

/// Runs a command on a Tokio runtime with this many worker threads, and returns its exit status.
fn block_on(threads: usize, command: impl Future<Output = u8>) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            print_error(&format!("cannot start threads: {error}"));
            FAILED
        }
    }
}

/// Prints help if the user asked for it, or the error in the arguments.
fn handle_usage(error: &clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => {
            let text = error.to_string();
            print_error(&text.strip_prefix("error: ").unwrap_or(&text));
            USAGE
        }
    }
}
