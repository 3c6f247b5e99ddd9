//! Runs many seeds, or replays one.

use std::collections::BTreeMap;
use std::env;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::world::{Run, simulate};
use rehose_testkit::cloud::chance::Fault;

/// How many seeds the tests run.
const SEEDS: u64 = 600;

/// Enough seeds for every fault to strike.
const ENOUGH: u64 = 500;

/// The number of seeds between two lines of progress.
const TOLD: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {value}")),
    )
}

#[test]
fn every_seed_keeps_every_promise() {
    let from = number("REHOSE_FROM").unwrap_or(0);
    let seeds = number("REHOSE_SEEDS").unwrap_or(SEEDS);
    let begun = Instant::now();
    let next = AtomicU64::new(from);
    let figures = Mutex::new(Figures::default());
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds || figures.lock().unwrap().failed.is_some() {
                        return;
                    }
                    let run = catch_unwind(|| simulate(seed));
                    figures.lock().unwrap().add(seed, run.ok());
                    let done = seed - from + 1;
                    if done.is_multiple_of(TOLD) {
                        println!("{done} seeds in {:.0?}", begun.elapsed());
                    }
                }
            });
        }
    });
    let figures = figures.into_inner().unwrap();
    figures.tell();
    if let Some((seed, violations)) = figures.failed {
        panic!(
            "seed {seed}: {}\nREHOSE_SEED={seed} cargo test -p rehose-reprocess --test simulation \
             -- replay --nocapture",
            violations.join("; ")
        );
    }
    let strikes = |fault| figures.struck.contains_key(&fault);
    let never: Vec<Fault> = Fault::all().filter(|fault| !strikes(*fault)).collect();
    assert!(
        seeds < ENOUGH || never.is_empty(),
        "never struck: {never:?}"
    );
}

/// With `REHOSE_SEED`, prints every event of that seed.
#[test]
fn replay_gives_the_same_run() {
    let (seeds, tell) = match number("REHOSE_SEED") {
        Some(seed) => (vec![seed], true),
        None => ((0..20).collect(), false),
    };
    for seed in seeds {
        let run = simulate(seed);
        if tell {
            println!("{}", run.record.trace.join("\n"));
            println!("{:#?}\n{:#?}", run.record.struck, run.figures);
        }
        assert_eq!(run.record.violations, [""; 0], "seed {seed}");
        assert!(run == simulate(seed), "seed {seed} gives another run");
    }
}

/// The sums of all runs.
#[derive(Default)]
struct Figures {
    seeds: u64,
    struck: BTreeMap<Fault, u64>,
    sums: BTreeMap<&'static str, u64>,
    /// The first seed that failed, and its violations.
    failed: Option<(u64, Vec<String>)>,
}

impl Figures {
    fn add(&mut self, seed: u64, run: Option<Run>) {
        self.seeds += 1;
        let violations = match run {
            Some(run) => {
                for (fault, times) in run.record.struck {
                    *self.struck.entry(fault).or_default() += times;
                }
                for (name, number) in run.figures {
                    *self.sums.entry(name).or_default() += number;
                }
                run.record.violations
            }
            None => vec!["nothing panics".to_owned()],
        };
        if !violations.is_empty() && self.failed.as_ref().is_none_or(|(first, _)| seed < *first) {
            self.failed = Some((seed, violations));
        }
    }

    fn tell(&self) {
        println!("{:>12} seeds", self.seeds);
        for (name, sum) in &self.sums {
            println!("{sum:>12} {name}");
        }
        for (fault, times) in &self.struck {
            println!("{times:>12} × {fault:?}");
        }
    }
}
