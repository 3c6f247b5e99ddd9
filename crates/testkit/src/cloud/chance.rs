//! What a seed decides: every choice, which faults there are, and how often each strikes.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep};

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A bucket answers 503, or the connection breaks before the request has arrived.
    Unavailable,
    /// A conditional write meets another one on its way: 409, until the adapter gives up.
    Conflict,
    /// A write was done, and its answer is lost.
    WriteAnswerLost,
    /// A conditional write was done, its answer was lost, and the SDK's next attempt met its own
    /// object: 412.
    OwnObjectMet,
    /// An upload's completion answers 200 with an error inside.
    ErrorInside,
    /// The connection breaks in the middle of a body.
    BodyReset,
    /// The connection breaks in the middle of a part.
    PartReset,
    /// A request takes seconds or minutes.
    Slow,
    /// A write of a function arrives although the function has died meanwhile.
    Late,

    /// An entry of a batch comes back in `Failed[]`.
    Refused,
    /// A queue takes nothing of a batch.
    QueueUnavailable,
    /// A queue takes a batch, and its answer is lost.
    SendAnswerLost,
    /// A message is delivered a second time.
    Duplicated,
    /// A message is not delivered for some minutes.
    Delayed,
    /// A message vanishes: by hand, or because it has reached its retention.
    Lost,
    /// A message is acknowledged, and comes again nevertheless.
    AcknowledgementLost,
    /// The counters tell of the past.
    StaleCounters,

    /// A function is killed at some await point.
    Killed,
    /// A function is started twice with the same event.
    StartedTwice,
    /// A `process` of the version before gets the message, as during a deployment, and refuses it.
    OldVersion,
    /// A function cannot be started.
    Throttled,
    /// A function has answered, and the state machine does not hear it.
    InvocationAnswerLost,
}

/// How often each strikes at the most: a request, an entry, a message or an invocation.
const HIGHEST: [(Fault, f64); 22] = [
    (Fault::Unavailable, 0.05),
    (Fault::Conflict, 0.2),
    (Fault::WriteAnswerLost, 0.1),
    (Fault::OwnObjectMet, 0.5),
    (Fault::ErrorInside, 0.2),
    (Fault::BodyReset, 0.05),
    (Fault::PartReset, 0.1),
    (Fault::Slow, 0.03),
    (Fault::Late, 0.5),
    (Fault::Refused, 0.8),
    (Fault::QueueUnavailable, 0.3),
    (Fault::SendAnswerLost, 0.3),
    (Fault::Duplicated, 0.5),
    (Fault::Delayed, 0.5),
    (Fault::Lost, 0.5),
    (Fault::AcknowledgementLost, 0.5),
    (Fault::StaleCounters, 1.0),
    (Fault::Killed, 0.3),
    (Fault::StartedTwice, 0.5),
    (Fault::OldVersion, 0.5),
    (Fault::Throttled, 0.3),
    (Fault::InvocationAnswerLost, 0.3),
];

impl Fault {
    pub fn all() -> impl Iterator<Item = Self> {
        HIGHEST.into_iter().map(|(fault, _)| fault)
    }
}

/// The one source of chance of a run, and the record of what it brought.
#[derive(Debug)]
pub struct Chance {
    rng: Mutex<Rng>,
    /// The faults of this run.
    rates: BTreeMap<Fault, f64>,
    /// After this, nothing strikes any more.
    until: Instant,
    latency: Range<Duration>,
    begun: Instant,
    record: Mutex<Record>,
}

/// What happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// A line for each event, with its time.
    pub trace: Vec<String>,
    /// How often each fault struck.
    pub struck: BTreeMap<Fault, u64>,
    /// Promises that were not kept.
    pub violations: Vec<String>,
}

/// Far more events than a run has that ends.
const MAX_EVENTS: usize = 1_000_000;

impl Chance {
    /// Some faults, each with a rate of its own: a run with few of them reaches other places than
    /// one with all (<https://users.cs.utah.edu/~regehr/papers/swarm12.pdf>).
    pub fn of(seed: u64) -> Arc<Self> {
        let mut rng = Rng::with_seed(seed);
        let share = rng.f64();
        let rates = HIGHEST
            .into_iter()
            .filter(|_| rng.f64() < share)
            .collect::<Vec<_>>()
            .into_iter()
            // Rare faults are as likely as frequent ones.
            .map(|(fault, highest)| (fault, highest * 0.01_f64.powf(rng.f64())))
            .collect();
        // From ten minutes to a day.
        let outage = Duration::from_secs(10 * 60).mul_f64(144_f64.powf(rng.f64()));
        let latency = Duration::from_millis(5)..Duration::from_millis(100);
        Arc::new(Self::with(rng, rates, outage, latency))
    }

    /// No faults.
    pub fn quiet(latency: Range<Duration>) -> Arc<Self> {
        let (rng, rates) = (Rng::with_seed(0), BTreeMap::new());
        Arc::new(Self::with(rng, rates, Duration::ZERO, latency))
    }

    fn with(
        rng: Rng,
        rates: BTreeMap<Fault, f64>,
        outage: Duration,
        latency: Range<Duration>,
    ) -> Self {
        Self {
            rng: Mutex::new(rng),
            rates,
            until: Instant::now() + outage,
            latency,
            begun: Instant::now(),
            record: Mutex::default(),
        }
    }

    /// Whether a fault strikes here and now.
    pub fn strikes(&self, fault: Fault) -> bool {
        let Some(&rate) = self.rates.get(&fault) else {
            return false;
        };
        let strikes = self.is_outage() && self.happens(rate);
        if strikes {
            *(self.record.lock().unwrap().struck)
                .entry(fault)
                .or_default() += 1;
            self.note(format_args!("! {fault:?}"));
        }
        strikes
    }

    pub fn is_outage(&self) -> bool {
        Instant::now() < self.until
    }

    /// When the last fault may strike.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Whether something happens that does in `rate` of all cases.
    pub fn happens(&self, rate: f64) -> bool {
        self.rng.lock().unwrap().f64() < rate
    }

    pub fn number(&self, range: Range<usize>) -> usize {
        self.rng.lock().unwrap().usize(range)
    }

    pub fn choose<T: Clone>(&self, from: &[T]) -> T {
        from[self.number(0..from.len())].clone()
    }

    /// A time in a range, short ones as likely as long ones.
    pub fn time(&self, range: Range<Duration>) -> Duration {
        let ratio = range.end.as_secs_f64() / range.start.as_secs_f64();
        let exponent = self.rng.lock().unwrap().f64();
        range.start.mul_f64(ratio.powf(exponent))
    }

    /// Waits for as long as one way over the network takes.
    pub async fn network_delay(&self) {
        if !self.latency.is_empty() {
            sleep(self.time(self.latency.clone())).await;
        }
    }

    /// How long ago the run began.
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Writes an event down.
    pub fn note(&self, event: impl Display) {
        let line = format!("{:>10.3} {event}", self.age().as_secs_f64());
        let mut record = self.record.lock().unwrap();
        record.trace.push(line);
        assert!(record.trace.len() < MAX_EVENTS, "it goes round in circles");
    }

    /// Writes a promise down that was not kept.
    pub fn violate(&self, promise: impl Display) {
        // Some keys are very long.
        let promise: String = promise.to_string().chars().take(300).collect();
        self.note(format_args!("VIOLATED {promise}"));
        self.record.lock().unwrap().violations.push(promise);
    }

    pub fn record(&self) -> Record {
        self.record.lock().unwrap().clone()
    }
}
