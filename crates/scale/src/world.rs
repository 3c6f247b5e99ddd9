//! The stash: keys and sizes are computed from an object's number.

pub(crate) mod accounts;
pub(crate) mod firehose;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rehose_store::{Listed, Page};
use rehose_testkit::stash::{FLOW, envelope, event, gzip};

use self::accounts::Accounts;
use self::firehose::Firehose;
use crate::scenario::{Scenario, Stack};
use crate::work;

/// The first line of a file of flow logs with the default fields.
const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                      start end action log-status";

/// The stash.
#[derive(Debug)]
pub(crate) struct World {
    keys: Box<dyn Keys>,
    stored: u64,
    /// The bytes of every object.
    pub(crate) body: Bytes,
    /// What a core has to do for one.
    pub(crate) work: Duration,
}

/// The keys of a stash.
pub(crate) trait Keys: fmt::Debug + Send + Sync {
    /// What all of them begin with.
    fn prefix(&self) -> &'static str;

    /// How many objects there will ever be. Their numbers are below.
    fn objects(&self) -> u64;

    /// The key of an object.
    fn key(&self, number: u64) -> String;

    /// The number that a key has in it, if it has one.
    fn number_in(&self, key: &str) -> Option<u64>;

    /// The objects after a key that there are at a time, in the order of their keys.
    fn after(&self, key: Option<&str>, limit: usize, now: Timestamp) -> Numbers;

    /// The number of an object.
    fn number(&self, key: &str) -> Option<u64> {
        let number = self.number_in(key)?;
        (number < self.objects() && self.key(number) == key).then_some(number)
    }
}

/// A page of numbers.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) numbers: Vec<u64>,
    pub(crate) more: bool,
}

impl World {
    /// The stash of a job that rewrites.
    pub(crate) fn rewritten(scenario: &Scenario) -> Self {
        let Stack {
            stored, decoded, ..
        } = scenario.stack;
        Self {
            keys: Box::new(Firehose {
                objects: scenario.objects,
            }),
            stored,
            body: gzip(envelope(&[event(1_577_836_800_000, FLOW)])).into(),
            work: work::of_text(decoded),
        }
    }

    /// The stash of a stack that merges, with these keys.
    pub(crate) fn merged(stack: &Stack, keys: Accounts) -> Self {
        Self {
            keys: Box::new(keys),
            stored: stack.stored,
            body: gzip(format!("{HEADER}\n{FLOW}\n")).into(),
            work: work::of_merged_text(stack.decoded),
        }
    }

    /// What all keys begin with.
    pub(crate) fn prefix(&self) -> &'static str {
        self.keys.prefix()
    }

    pub(crate) fn objects(&self) -> u64 {
        self.keys.objects()
    }

    /// The number of an object, if it exists.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.keys.number(key)
    }

    /// The page after a key.
    pub(crate) fn page(&self, after: Option<&str>, limit: usize, now: Timestamp) -> Page {
        let Numbers { numbers, more } = self.keys.after(after, limit, now);
        let listed = |number| Listed {
            key: self.keys.key(number),
            bytes: self.stored,
            // As long as an ETag. No object changes.
            tag: format!("{number:032x}"),
            modified: crate::s3::MODIFIED,
        };
        Page {
            objects: numbers.into_iter().map(listed).collect(),
            more,
        }
    }
}
