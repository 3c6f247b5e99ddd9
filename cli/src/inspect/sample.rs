//! Lists a stash, and adds up what some of its objects hold.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures::{StreamExt, TryStreamExt, stream};
use rehose_extract::survey::{Findings, Messages};
use rehose_extract::{FormatName, OptionsError};
use rehose_reprocess::exclude::error_prefix;
use rehose_reprocess::ledger::BINDING;
use rehose_store::StoreErrorKind::{Denied, InvalidKey};
use rehose_store::location::{LocationError, root};
use rehose_store::{Listed, MAX_PAGE, Store, StoreError};
use serde::{Serialize, Serializer};

use super::keys::Keys;
use super::surveyed::{Surveyed, dialect_name};

/// Objects that are read at once.
const AT_ONCE: usize = 16;

#[derive(Debug, thiserror::Error)]
pub(super) enum SampleError {
    #[error("{} does not exist; name the folder or the s3://bucket/prefix with the stash", .0.display())]
    NoFolder(PathBuf),
    #[error(
        "no object has a key that begins with {0}; see the bucket or the folder for the right one"
    )]
    Empty(String),
    #[error(
        "{0} is an output of rehose, and no stash; to read the flow logs that a merge has written there, name \
         their folder AWSLogs/"
    )]
    Output(String),
    #[error(transparent)]
    Location(#[from] LocationError),
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error("cannot inspect the stash: {0}")]
    Store(#[from] StoreError),
}

/// The objects of a stash, and what some of them hold.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sample {
    /// All objects, and their bytes as stored.
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// Objects under an error prefix of Firehose, by prefix. They are not read.
    pub(super) error_records: BTreeMap<&'static str, u64>,
    /// Objects that were read, and those of them that are no events.
    pub(super) read: u64,
    pub(super) failed: Vec<FailedSample>,
    /// Numbers of objects by their layers of compression, and by dialect.
    pub(super) compressions: BTreeMap<String, u64>,
    pub(super) dialects: BTreeMap<&'static str, u64>,
    pub(super) events: Events,
    /// Bytes of text, and of the objects that were read whole, which it was in.
    #[serde(skip)]
    pub(super) text: u64,
    #[serde(skip)]
    pub(super) whole: u64,
}

/// An object that `rehose run` would fail.
#[derive(Debug, Serialize)]
pub(super) struct FailedSample {
    pub(super) key: String,
    pub(super) reason: String,
}

/// Events of the objects that were read.
#[derive(Debug, Default, Serialize)]
pub(super) struct Events {
    pub(super) control: u64,
    /// No dialect reads them.
    pub(super) unreadable: u64,
    /// By log group. Its name is empty where there is none.
    #[serde(serialize_with = "by_group")]
    pub(super) groups: BTreeMap<String, Messages>,
}

impl Events {
    fn add(&mut self, findings: &Findings) {
        self.control += findings.control;
        self.unreadable += findings.unreadable;
        for (name, messages) in &findings.groups {
            self.groups
                .entry(name.clone())
                .or_default()
                .extend(messages);
        }
    }

    /// The number of flow logs.
    pub(super) fn flows(&self) -> u64 {
        self.groups.values().map(Messages::flows).sum()
    }

    /// The commonest of AWS's other logs, and how many records it has, if that are more than flow logs.
    pub(super) fn log(&self) -> Option<(&'static str, u64)> {
        let mut logs: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (kind, count) in self.groups.values().flat_map(|group| &group.logs) {
            *logs.entry(kind).or_default() += count;
        }
        let commonest = logs.into_iter().max_by_key(|(_, count)| *count);
        commonest.filter(|(_, count)| *count > self.flows())
    }

    /// The format that reads most events, if it is known.
    fn format(&self) -> Option<FormatName> {
        let named = |kind: &str| FormatName::ALL.iter().find(|format| format.name() == kind);
        if let Some((kind, _)) = self.log() {
            return named(kind).copied();
        }
        let records = self.groups.values().flat_map(|group| &group.flow_logs);
        let commonest = records.max_by_key(|(_, count)| *count);
        commonest.map(|(record, _)| record.format)
    }
}

impl Sample {
    /// Lists the objects under a prefix, and reads `count` of them, evenly from the whole listing.
    pub(super) async fn take(
        store: &dyn Store,
        prefix: &str,
        count: usize,
    ) -> Result<(Self, Keys), SampleError> {
        if is_output(store, prefix).await? {
            return Err(SampleError::Output(store.url(prefix)));
        }
        let (mut sample, mut keys) = (Self::default(), Keys::default());
        let mut chosen: Vec<Listed> = Vec::new();
        // The same objects each time, so that a user can repeat what was said.
        let mut random = fastrand::Rng::with_seed(0);
        let (mut after, mut seen) = (None, 0);
        loop {
            let page = store.list(prefix, after.as_deref(), MAX_PAGE).await?;
            after = page.objects.last().map(|object| object.key.clone());
            for object in page.objects {
                sample.objects += 1;
                sample.bytes += object.bytes;
                if let Some(prefix) = error_prefix(&object.key) {
                    *sample.error_records.entry(prefix).or_default() += 1;
                    continue;
                }
                keys.add(&object.key);
                // Each object has the same chance: reservoir sampling.
                match chosen.len() < count {
                    true => chosen.push(object),
                    false => {
                        let place = random.usize(..=seen);
                        if let Some(other) = chosen.get_mut(place) {
                            *other = object;
                        }
                    }
                }
                seen += 1;
            }
            if !page.more {
                break;
            }
        }
        if sample.objects == 0 {
            return Err(SampleError::Empty(store.url(prefix)));
        }
        let read = stream::iter(chosen)
            .map(async |object| Surveyed::read(store, object).await)
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let mut all = Events::default();
        for surveyed in &read {
            all.add(&surveyed.findings);
        }
        let format = all.format();
        for mut surveyed in read {
            if let Some(format) = format {
                surveyed.judge(store, format).await?;
            }
            sample.add(surveyed);
        }
        sample.failed.sort_by(|one, other| one.key.cmp(&other.key));
        Ok((sample, keys))
    }

    fn add(&mut self, surveyed: Surveyed) {
        let Surveyed {
            object,
            findings,
            is_whole,
            failure,
        } = surveyed;
        self.read += 1;
        if let Some(reason) = failure {
            let key = object.key;
            self.failed.push(FailedSample { key, reason });
            return;
        }
        self.events.add(&findings);
        *self.dialects.entry(dialect_name(&findings)).or_default() += 1;
        let Findings { layers, text, .. } = findings;
        if is_whole {
            self.text += text;
            self.whole += object.bytes;
        }
        let compression = match layers.as_slice() {
            [] => "none".to_owned(),
            layers => layers.join(" over "),
        };
        *self.compressions.entry(compression).or_default() += 1;
    }
}

/// Whether an output is there. Credentials for the stash alone cannot look, and get no for an answer.
async fn is_output(store: &dyn Store, prefix: &str) -> Result<bool, StoreError> {
    match store.head(&format!("{}{BINDING}", root(prefix))).await {
        Err(error) if matches!(error.kind, Denied | InvalidKey) => Ok(false),
        found => Ok(found?.is_some()),
    }
}

fn by_group<S: Serializer>(
    groups: &BTreeMap<String, Messages>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Group<'a> {
        flow_logs: Vec<Record<'a>>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        logs: &'a BTreeMap<&'static str, u64>,
        others: u64,
    }
    #[derive(Serialize)]
    struct Record<'a> {
        version: u8,
        fields: &'a str,
        messages: u64,
    }
    serializer.collect_map(groups.iter().map(|(name, group)| {
        let records = group.flow_logs.iter().map(|(record, messages)| Record {
            version: record.version,
            fields: &record.fields,
            messages: *messages,
        });
        let group = Group {
            flow_logs: records.collect(),
            logs: &group.logs,
            others: group.others,
        };
        (name, group)
    }))
}
