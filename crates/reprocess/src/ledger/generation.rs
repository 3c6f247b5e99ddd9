//! Generations: which objects of a partition are merged together, once and for all.
//!
//! ```text
//! merge.json                                   what all merges of the output have in common
//! generations/<day>/<hour>/<n>.json            a generation: its objects, divided into tasks
//! generations/<day>/<hour>/<n>.decided.json    which files it consists of
//! generations/<day>/<hour>/<n>.published.json  the marker: all of its files are in place
//! unpublished/<job>/<task>-<hash>.parquet      a file until it is published
//! merged/day=<day>/hour=<hour>/<n>-<task>.parquet
//! unpublished/<job>/<task>-<hash>/AWSLogs/…    a file of a flow log until it is published under AWSLogs/
//! ```
//!
//! A generation has the objects that no earlier one has. It is written once, if absent: of two jobs that
//! plan the same partition, the second takes over what the first has planned. So an object is in one
//! generation at most, and no row is published twice, without a database and without a lock.
//!
//! The decision is written once too. Whatever receipts come later, the same files are published.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rehose_catalog::Layout;
use rehose_extract::merge::Sums;
use rehose_store::{MAX_PAGE, Put, Store};
use serde::{Deserialize, Serialize};

use super::Version;
use super::document::{differences, get, put_if_absent};
use super::flow_log;
use super::tally::Tally;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::job::{FlowLog, JobId, Merge};
use crate::partition::{Partition, Per};
use crate::task::{PlannedObject, TaskId};

/// The folder of the generations.
pub(crate) const GENERATIONS: &str = "generations/";

/// The folder of the files, one folder below for each day.
pub const MERGED: &str = "merged/";

/// The folder of files that are not published. A bucket needs a rule that removes them in time, because
/// rehose never removes anything.
pub const UNPUBLISHED: &str = "unpublished/";

/// The name of what the merges of an output have in common.
pub(crate) const MERGE_BINDING: &str = "merge.json";

/// Files that are published at once. A task that writes a flow log has a dozen for an hour.
const PUBLISHED_AT_ONCE: usize = 16;

/// Names a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationId {
    /// Its partition.
    pub partition: Partition,
    /// Its number in the partition, from 1.
    pub generation: u32,
}

/// A generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// Its name.
    #[serde(flatten)]
    pub id: GenerationId,
    /// The objects of each task.
    pub tasks: Vec<Vec<PlannedObject>>,
}

/// A file of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedFile {
    /// Its key once it is published.
    pub key: String,
    /// Its key before that.
    pub from: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The sums over its rows.
    pub sums: Sums,
}

/// What a generation consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// The generation.
    #[serde(flatten)]
    pub id: GenerationId,
    /// The job whose tasks made it.
    pub job: JobId,
    /// The files that are published.
    pub files: Vec<MergedFile>,
    /// The sums over the records of its objects.
    pub read: Sums,
    /// The sums over the rows of its files, which are the same.
    pub written: Sums,
    /// The objects that are in no file, by key.
    pub missing: Vec<String>,
    /// What became of its objects.
    pub tally: Tally,
}

/// The marker of a generation, which says that all of its files are in place. It is one line, and a row of
/// a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The version of the document.
    #[serde(default)]
    pub v: Version,
    /// The generation.
    #[serde(flatten)]
    pub id: GenerationId,
    /// When all of its files were in place. A query that takes only what is older than itself sees the same
    /// generations in each of its parts.
    pub published: Timestamp,
    /// The keys of its files.
    pub files: Vec<String>,
    /// Objects whose records are in them.
    pub objects: u64,
    /// Objects that are in none, because they failed or were lost.
    pub missing: u64,
    /// Bytes of the objects.
    pub bytes_in: u64,
    /// Bytes of the files.
    pub bytes_out: u64,
    /// Rows in the files.
    pub rows: u64,
    /// The sums, of `records` first of all.
    pub sums: Sums,
}

/// What all merges of an output have in common. With other settings a partition would have other objects,
/// or other rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MergeBinding {
    #[serde(default)]
    v: Version,
    layout: Layout,
    per: Per,
    gap: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow_log: Option<FlowLog>,
}

/// The generations of an output.
#[derive(Debug, Clone)]
pub struct Generations {
    store: Arc<dyn Store>,
}

/// The state of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerationState {
    /// Its name.
    pub id: GenerationId,
    /// Whether it has its marker.
    pub is_published: bool,
}

impl GenerationId {
    fn key(&self, suffix: &str) -> String {
        format!("{GENERATIONS}{self}.{suffix}")
    }

    /// The key of a task's published file, of that before. A task with several files has decided their keys.
    pub(crate) fn file_key(&self, task: TaskId, unpublished: &str) -> String {
        if let Some(key) = flow_log::published_key(unpublished) {
            return key.to_owned();
        }
        let Self {
            partition,
            generation,
        } = self;
        let (folder, number) = (partition.folder(), task.task);
        match task.part() {
            None => format!("{MERGED}{folder}{generation:04}-{number:04}.parquet"),
            Some(part) => {
                let (begin, end) = (part.start, part.end);
                format!("{MERGED}{folder}{generation:04}-{number:04}-{begin:04}-{end:04}.parquet")
            }
        }
    }
}

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04}", self.partition, self.generation)
    }
}

impl FromStr for GenerationId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.rsplit_once('/');
        let parsed = parts.and_then(|(partition, generation)| {
            Some(Self {
                partition: partition.parse().ok()?,
                generation: generation.parse().ok()?,
            })
        });
        parsed.ok_or_else(|| Error::Value {
            name: "generation",
            reason: format!("{text:?} is no generation such as 2026-11-25/07/0001"),
        })
    }
}

impl Generations {
    /// The generations of an output.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Binds the merges of the output to these settings.
    ///
    /// # Errors
    ///
    /// [`Error::OtherBinding`] if they are bound to others.
    pub(crate) async fn bind(&self, merge: &Merge) -> Result<()> {
        let wanted = MergeBinding {
            v: Version,
            layout: merge.layout.clone(),
            per: merge.per,
            gap: merge.gap,
            flow_log: merge.flow_log.clone(),
        };
        let bound = match put_if_absent(&*self.store, MERGE_BINDING, &wanted).await? {
            Put::Created => return Ok(()),
            Put::Exists => get::<MergeBinding>(&*self.store, MERGE_BINDING).await?,
        };
        match bound {
            Some(bound) if bound != wanted => {
                let (bound, wanted) = differences(&bound, &wanted);
                Err(Error::OtherBinding {
                    output: self.store.url(""),
                    bound,
                    wanted,
                })
            }
            _ => Ok(()),
        }
    }

    /// The generations of a partition, in order.
    pub async fn of_partition(&self, partition: Partition) -> Result<Vec<GenerationState>> {
        self.under(&format!("{GENERATIONS}{partition}/")).await
    }

    /// The generations of all partitions whose text begins with this, in order.
    pub async fn all(&self, partitions: &str) -> Result<Vec<GenerationState>> {
        self.under(&format!("{GENERATIONS}{partitions}")).await
    }

    async fn under(&self, prefix: &str) -> Result<Vec<GenerationState>> {
        let mut states: Vec<GenerationState> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.list(prefix, after.as_deref(), MAX_PAGE).await?;
            for object in &page.objects {
                let Some((id, suffix)) = generation_of(&object.key) else {
                    continue;
                };
                let is_published = suffix == "published.json";
                match states.last_mut().filter(|state| state.id == id) {
                    Some(state) => state.is_published |= is_published,
                    None => states.push(GenerationState { id, is_published }),
                }
            }
            match page.objects.into_iter().next_back() {
                Some(last) if page.more => after = Some(last.key),
                _ => return Ok(states),
            }
        }
    }

    /// Writes a generation if it does not exist, and returns the one that does.
    pub(crate) async fn plan(&self, generation: Generation) -> Result<Generation> {
        match put_if_absent(&*self.store, &generation.id.key("json"), &generation).await? {
            Put::Created => Ok(generation),
            Put::Exists => self.require(generation.id).await,
        }
    }

    /// Reads a generation that must exist.
    pub async fn require(&self, id: GenerationId) -> Result<Generation> {
        let key = id.key("json");
        get(&*self.store, &key)
            .await?
            .ok_or_else(|| self.gone(&key))
    }

    /// Whether it is decided what a generation consists of.
    pub(crate) async fn is_decided(&self, id: GenerationId) -> Result<bool> {
        let decision = self.store.head(&id.key("decided.json")).await?;
        Ok(decision.is_some())
    }

    /// Reads what a generation consists of, if it is decided.
    pub async fn decision(&self, id: GenerationId) -> Result<Option<Decision>> {
        get(&*self.store, &id.key("decided.json")).await
    }

    /// Reads what a generation consists of, if it is published.
    pub(crate) async fn published(&self, id: GenerationId) -> Result<Option<Decision>> {
        match self.marker(id).await? {
            Some(_) => self.decision(id).await,
            None => Ok(None),
        }
    }

    /// Writes what a generation consists of if it is not decided, and returns what is.
    pub(crate) async fn decide(&self, decision: Decision) -> Result<Decision> {
        let key = decision.id.key("decided.json");
        match put_if_absent(&*self.store, &key, &decision).await? {
            Put::Created => Ok(decision),
            Put::Exists => {
                let decided = self.decision(decision.id).await?;
                decided.ok_or_else(|| self.gone(&key))
            }
        }
    }

    /// Reads the marker of a generation, if it is published.
    pub async fn marker(&self, id: GenerationId) -> Result<Option<Marker>> {
        get(&*self.store, &id.key("published.json")).await
    }

    /// Puts the files of a generation in place, and then writes its marker.
    pub(crate) async fn publish(&self, decision: &Decision, clock: Clock) -> Result<()> {
        self.put_in_place(&decision.files).await?;
        let totals = &decision.tally.totals;
        let marker = Marker {
            v: Version,
            id: decision.id,
            published: clock.now(),
            files: decision.files.iter().map(|file| file.key.clone()).collect(),
            objects: totals.objects.done,
            missing: totals.objects.failed + totals.objects.lost,
            bytes_in: totals.bytes.read,
            bytes_out: decision.files.iter().map(|file| file.bytes).sum(),
            rows: decision.files.iter().map(|file| file.rows).sum(),
            sums: decision.written.clone(),
        };
        put_if_absent(&*self.store, &decision.id.key("published.json"), &marker).await?;
        Ok(())
    }

    async fn put_in_place(&self, files: &[MergedFile]) -> Result<()> {
        // Collected: the compiler cannot prove that a stream with a closure may move between threads.
        let publishing: Vec<_> = (files.iter())
            .map(|file| self.store.publish(&file.from, &file.key))
            .collect();
        stream::iter(publishing)
            .map(Ok)
            .try_for_each_concurrent(PUBLISHED_AT_ONCE, |published| published)
            .await?;
        Ok(())
    }

    fn gone(&self, key: &str) -> Error {
        Error::Ledger {
            url: self.store.url(key),
            reason: "it existed and is gone".to_owned(),
        }
    }
}

/// The generation of a key, and what follows its number.
fn generation_of(key: &str) -> Option<(GenerationId, &str)> {
    let (id, suffix) = key.strip_prefix(GENERATIONS)?.split_once('.')?;
    Some((id.parse().ok()?, suffix))
}
