//! Simulates a job of many objects, or a day of merging, and prints what it takes. `scripts/scale` runs it.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use rehose_scale::scenario::{self, MergeScenario, Scenario, Stack};
use rehose_scale::{ScaleError, merging, report, run};

/// Simulates one job of many objects on AWS, or a day of a stack that merges: the product's own start,
/// process and check, over models of S3, SQS, Lambda and Step Functions in virtual time. Prints time,
/// requests and cost.
#[derive(Debug, Parser)]
struct Args {
    /// Objects of the stash
    #[arg(long, default_value_t = 1_000_000, conflicts_with = "merge", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    objects: u64,
    /// Simulate a stack with `merge=true` from midnight on, with a job every ten minutes
    #[arg(long)]
    merge: bool,
    /// Objects that AWS delivers in a day
    #[arg(long, default_value_t = 1_000_000, requires = "merge", value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    files_per_day: u64,
    /// Accounts that they come from
    #[arg(long, default_value_t = 400, requires = "merge", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    accounts: u64,
    /// Hours of the day
    #[arg(long, default_value_t = 24, requires = "merge", value_parser = clap::value_parser!(u64).range(1..=24))]
    hours: u64,
    /// Bytes of each object, as stored
    #[arg(long, default_value_t = scenario::STORED, value_parser = clap::value_parser!(u64).range(1..=scenario::MAX_STORED))]
    object_size: u64,
    /// Bytes of text in each object [default: 8.8 times the object's size]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    decoded_size: Option<u64>,
    /// Most invocations of process at once: the stack's value `concurrency` [default: 100], or
    /// `mergeConcurrency` [default: 20]
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=1_000))]
    concurrency: Option<u64>,
    /// Objects that a process has in flight: its variable `REHOSE_TRANSFERS` [default: the product's own]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    transfers: Option<u64>,
    /// Ranges of keys in each bucket for which S3 has request rates of their own when the job begins
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    partitions: u32,
    /// Median latency of a request to S3 in milliseconds
    #[arg(long, default_value_t = Stack::default().latency, value_parser = latency)]
    latency: f64,
    /// Give every request the median latency
    #[arg(long)]
    constant: bool,
    /// Most attempts of a request, as rehose-store sets them
    #[arg(long, default_value_t = scenario::ATTEMPTS, value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: u32,
    /// The SDK's quota of retries for a process; a retry takes five of it
    #[arg(long, default_value_t = scenario::RETRY_QUOTA)]
    retry_quota: u32,
    /// What decides latencies and jitter
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn latency(text: &str) -> Result<f64, String> {
    let milliseconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    match (0.0..=10_000.0).contains(&milliseconds) {
        true => Ok(milliseconds),
        false => Err("it must be between 0 and 10000".to_owned()),
    }
}

fn main() -> ExitCode {
    let begun = Instant::now();
    match simulate(&Args::parse()) {
        Ok(report) => {
            println!("{report}");
            println!("simulated in {:.0} s", begun.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("scale: {error}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(args: &Args) -> Result<String, ScaleError> {
    let usual = match args.merge {
        true => scenario::MERGE_CONCURRENCY,
        false => scenario::CONCURRENCY,
    };
    let stack = Stack {
        stored: args.object_size,
        decoded: (args.decoded_size).unwrap_or_else(|| scenario::decoded(args.object_size)),
        concurrency: args.concurrency.map_or(usual, |most| most as usize),
        transfers: args.transfers.map(|transfers| transfers as usize),
        partitions: args.partitions,
        latency: args.latency,
        constant: args.constant,
        attempts: args.attempts,
        retry_quota: args.retry_quota,
        seed: args.seed,
    };
    if args.merge {
        let measured = merging::run(&MergeScenario {
            files_per_day: args.files_per_day,
            accounts: args.accounts,
            hours: args.hours,
            stack,
        })?;
        return Ok(report::of_merging(&measured));
    }
    let measured = run(&Scenario {
        objects: args.objects,
        stack,
    })?;
    Ok(report::of(&measured))
}
