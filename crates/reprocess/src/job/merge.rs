//! What a job that merges does.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use rehose_catalog::Layout;
use rehose_extract::Shape;
use serde::{Deserialize, Serialize};

use super::FlowLog;
use crate::error::Error;
use crate::partition::Per;

/// The gap within which flows continue, unless told otherwise: AWS aggregates over up to ten minutes but by
/// default writes a record for each minute of traffic
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-basics.html#flow-logs-aggregration-interval>).
const GAP: u32 = 60;

/// How long after its end an hour is open, unless told otherwise. Firehose waits up to 15 minutes
/// (<https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html>).
const LATENESS: Duration = Duration::from_secs(15 * 60);

/// The size of a file, unless told otherwise.
const TARGET_BYTES: u64 = 256 * 1024 * 1024;

/// The partitions of a job that merges, and how they are merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Merge {
    /// The time in the keys of the objects.
    pub layout: Layout,
    /// The time of a partition.
    pub per: Per,
    /// The begin of the first partition, or `None` for the first that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime>,
    /// The end of the last partition, or `None` for the last that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime>,
    /// Seconds after its end in which a partition still waits for objects.
    pub lateness: u32,
    /// The most seconds between two rows of a flow that become one. `None` merges no rows.
    pub gap: Option<u32>,
    /// Bytes of the objects of a task, and so about the largest size of a file.
    pub target_bytes: u64,
    /// The files are those of a flow log, as AWS writes them, and no rows are merged. Without it, they are
    /// Parquet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_log: Option<FlowLog>,
}

impl Default for Merge {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            per: Per::default(),
            from: None,
            to: None,
            lateness: LATENESS.as_secs() as u32,
            gap: Some(GAP),
            target_bytes: TARGET_BYTES,
            flow_log: None,
        }
    }
}

impl Merge {
    pub(crate) fn lateness(&self) -> SignedDuration {
        SignedDuration::from_secs(self.lateness.into())
    }

    /// Checks settings before anything is written.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the time is empty, a task could have no object, or the records fit no file of a
    /// flow log.
    pub fn check(&self, shape: &Shape) -> Result<(), Error> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(Error::Value {
                name: "to",
                reason: format!("{to} is not after {from}; the hour of `to` is left out"),
            });
        }
        if self.target_bytes == 0 {
            return Err(Error::Value {
                name: "target_bytes",
                reason: "it must be at least 1".to_owned(),
            });
        }
        if self.flow_log.is_some() && self.gap.is_some() {
            return Err(Error::Value {
                name: "gap",
                reason: "the files of a flow log have each record as it is; leave out the gap"
                    .to_owned(),
            });
        }
        match &self.flow_log {
            Some(flow_log) => flow_log.check(shape),
            None => Ok(()),
        }
    }
}
