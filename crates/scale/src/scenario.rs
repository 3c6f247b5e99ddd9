//! What is simulated.

/// The stack that runs jobs, the objects of its stash, and the distance to AWS.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// The size of each object as stored, in bytes.
    pub stored: u64,
    /// The size of its text, in bytes.
    pub decoded: u64,
    /// The maximum concurrency of the function that processes tasks: the stack's value `concurrency`.
    pub concurrency: usize,
    /// Objects that a `process` has in flight: its variable `REHOSE_TRANSFERS`. By default, the product's
    /// own number.
    pub transfers: Option<usize>,
    /// Ranges of keys in each bucket that have request rates of their own.
    pub partitions: u32,
    /// The median latency of a request for an object of S3, in milliseconds. All others are in
    /// proportion.
    pub latency: f64,
    /// Whether every request has the median latency.
    pub constant: bool,
    /// The most attempts of a request: `ATTEMPTS` in `rehose_store::aws`.
    pub attempts: u32,
    /// The SDK's quota of retries for the requests of a process; a retry takes five of it.
    pub retry_quota: u32,
    /// What decides latencies and jitter.
    pub seed: u64,
}

/// A job that rewrites objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The objects of the stash.
    pub objects: u64,
    /// The stack.
    pub stack: Stack,
}

/// A stack that merges by itself, for some hours from midnight on.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeScenario {
    /// The objects that arrive in a day.
    pub files_per_day: u64,
    /// The accounts that they come from.
    pub accounts: u64,
    /// How many hours are simulated, 1 to 24.
    pub hours: u64,
    /// The stack. Its concurrency is that of the function that merges.
    pub stack: Stack,
}

/// The default of the stack, in `infra/lib/config.ts`.
pub const CONCURRENCY: usize = 100;

/// The default of the stack's value `mergeConcurrency`, in `infra/lib/merge.ts`.
pub const MERGE_CONCURRENCY: usize = 20;

/// The most attempts of a request to S3, as `rehose_store::aws` has them.
pub const ATTEMPTS: u32 = 10;

/// The tokens for retries, as `rehose_store::aws` has them.
pub const RETRY_QUOTA: u32 = 5_000;

/// The size of the objects of `docs/COST.md`: what Firehose writes for a quiet log group.
pub const STORED: u64 = 50_000;

/// Bytes of text in a stored byte: 0.44 MB in 50 KB, as `docs/COST.md` has it.
pub const DECODED_PER_STORED: f64 = 8.8;

/// The largest object, as stored. The output of a larger one would be written in parts.
pub const MAX_STORED: u64 = 8 * 1024 * 1024 - 1;

impl Default for Stack {
    /// A stack with default values, and objects of the default size.
    fn default() -> Self {
        Self {
            stored: STORED,
            decoded: decoded(STORED),
            concurrency: CONCURRENCY,
            transfers: None,
            partitions: 1,
            latency: crate::latency::MEDIAN_MS,
            constant: false,
            attempts: ATTEMPTS,
            retry_quota: RETRY_QUOTA,
            seed: 0,
        }
    }
}

impl MergeScenario {
    /// A day of so many objects of the default size from so many accounts, in a stack with default values.
    pub fn of(files_per_day: u64, accounts: u64) -> Self {
        Self {
            files_per_day,
            accounts,
            hours: 24,
            stack: Stack {
                concurrency: MERGE_CONCURRENCY,
                ..Stack::default()
            },
        }
    }
}

impl Scenario {
    /// A job over this many objects of the default size, in a stack with default values.
    pub fn of(objects: u64) -> Self {
        Self {
            objects,
            stack: Stack::default(),
        }
    }
}

/// The usual size of the text of an object.
pub fn decoded(stored: u64) -> u64 {
    (stored as f64 * DECODED_PER_STORED) as u64
}
