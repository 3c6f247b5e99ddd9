//! The decisions of a seed: every choice, the faults of a run, and how often each strikes.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep};

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A bucket answers 503, or the connection breaks before the request has arrived.
    Unavailable,
    /// A conditional write conflicts with a concurrent one: 409, until the adapter gives up.
    Conflict,
    /// A write succeeds, and its response is lost.
    WriteAnswerLost,
    /// A conditional write succeeds, its response is lost, and the SDK's retry finds its own object:
    /// 412.
    OwnObjectMet,
    /// The completion of an upload, or a copy, answers 200 with an error inside.
    ErrorInside,
    /// The connection breaks in the middle of a body.
    BodyReset,
    /// The connection breaks in the middle of a part.
    PartReset,
    /// A request takes seconds or minutes.
    Slow,
    /// A write arrives late, maybe after its function has died.
    Late,

    /// An entry of a batch comes back in `Failed[]`.
    Refused,
    /// A queue refuses a batch.
    QueueUnavailable,
    /// A queue accepts a batch, and its response is lost.
    SendAnswerLost,
    /// A message is delivered a second time.
    Duplicated,
    /// A message is not delivered for some minutes.
    Delayed,
    /// A message is deleted: by hand, or at the end of its retention.
    Lost,
    /// A message is delivered again after its acknowledgement.
    AcknowledgementLost,
    /// The counters lag behind.
    StaleCounters,

    /// A function is killed at some await point.
    Killed,
    /// A function is started twice with the same event.
    StartedTwice,
    /// A `process` of the previous version gets the message during a deployment, and refuses it.
    OldVersion,
    /// A function cannot be started.
    Throttled,
    /// The response of an invocation is lost.
    InvocationAnswerLost,
}

/// The highest rate of each fault, per request, entry, message or invocation.
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

/// The only source of randomness in a run, and the record of its events.
#[derive(Debug)]
pub struct Chance {
    rng: Mutex<Rng>,
    /// The faults of this run, with their rates.
    rates: BTreeMap<Fault, f64>,
    /// The end of the faults.
    until: Instant,
    latency: Range<Duration>,
    begun: Instant,
    record: Mutex<Record>,
}

/// The events of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// A line for each event, with its time.
    pub trace: Vec<String>,
    /// How often each fault struck.
    pub struck: BTreeMap<Fault, u64>,
    /// Broken promises.
    pub violations: Vec<String>,
}

/// Far more events than any run that ends.
const MAX_EVENTS: usize = 1_000_000;

impl Chance {
    /// A run with a random subset of the faults, each with a random rate. A run with few faults
    /// reaches other states than one with all of them
    /// (<https://users.cs.utah.edu/~regehr/papers/swarm12.pdf>).
    pub fn of(seed: u64) -> Arc<Self> {
        let mut rng = Rng::with_seed(seed);
        let share = rng.f64();
        let rates = HIGHEST
            .into_iter()
            .filter(|_| rng.f64() < share)
            .collect::<Vec<_>>()
            .into_iter()
            // Low rates are as likely as high ones.
            .map(|(fault, highest)| (fault, highest * 0.01_f64.powf(rng.f64())))
            .collect();
        // From ten minutes to a day.
        let outage = Duration::from_secs(10 * 60).mul_f64(144_f64.powf(rng.f64()));
        let latency = Duration::from_millis(5)..Duration::from_millis(100);
        Arc::new(Self::with(rng, rates, outage, latency))
    }

    /// A run without faults.
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

    /// The end of the faults.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// True with the probability `rate`.
    pub fn happens(&self, rate: f64) -> bool {
        self.rng.lock().unwrap().f64() < rate
    }

    pub fn number(&self, range: Range<usize>) -> usize {
        self.rng.lock().unwrap().usize(range)
    }

    pub fn choose<T: Clone>(&self, from: &[T]) -> T {
        from[self.number(0..from.len())].clone()
    }

    /// A time in a range, with a uniform logarithm.
    pub fn time(&self, range: Range<Duration>) -> Duration {
        let ratio = range.end.as_secs_f64() / range.start.as_secs_f64();
        let exponent = self.rng.lock().unwrap().f64();
        range.start.mul_f64(ratio.powf(exponent))
    }

    /// Waits for the latency of one direction of the network.
    pub async fn network_delay(&self) {
        if !self.latency.is_empty() {
            sleep(self.time(self.latency.clone())).await;
        }
    }

    /// The time since the start of the run.
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Records an event.
    pub fn note(&self, event: impl Display) {
        let line = format!("{:>10.3} {event}", self.age().as_secs_f64());
        let mut record = self.record.lock().unwrap();
        record.trace.push(line);
        assert!(record.trace.len() < MAX_EVENTS, "the run does not end");
    }

    /// Records a broken promise.
    pub fn violate(&self, promise: impl Display) {
        // The detail may have a very long key.
        let promise: String = promise.to_string().chars().take(300).collect();
        self.note(format_args!("VIOLATED {promise}"));
        self.record.lock().unwrap().violations.push(promise);
    }

    pub fn record(&self) -> Record {
        self.record.lock().unwrap().clone()
    }
}
