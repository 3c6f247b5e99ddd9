//! Lists a stash and reads some of its objects.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures::{StreamExt, TryStreamExt, stream};
use rehose_extract::DialectName;
use rehose_extract::survey::{Findings, Messages, Survey};
use rehose_reprocess::exclude::error_prefix;
use rehose_store::location::LocationError;
use rehose_store::{Listed, MAX_PAGE, Store, StoreError};
use serde::{Serialize, Serializer};

use super::keys::Keys;

/// Bytes that are read of an object.
const READ: u64 = 1024 * 1024;

/// Objects that are read at once.
const AT_ONCE: usize = 16;

#[derive(Debug, thiserror::Error)]
pub(super) enum SampleError {
    #[error("{} does not exist; name the folder or the s3://bucket/prefix with the stash", .0.display())]
    NoFolder(PathBuf),
    #[error("no object has a key that begins with {0}; see the bucket for the right prefix")]
    Empty(String),
    #[error(transparent)]
    Location(#[from] LocationError),
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

/// An object that `rehose run` would fail with any options.
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

impl Sample {
    /// Lists the objects under a prefix, and reads `count` of them, evenly from the whole listing.
    pub(super) async fn take(
        store: &dyn Store,
        prefix: &str,
        count: usize,
    ) -> Result<(Self, Keys), SampleError> {
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
            .map(async |object| Ok::<_, StoreError>((read(store, &object).await?, object)))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        for ((findings, whole), object) in read {
            sample.add(object, findings, whole);
        }
        sample.failed.sort_by(|one, other| one.key.cmp(&other.key));
        Ok((sample, keys))
    }

    fn add(&mut self, object: Listed, findings: Findings, is_whole: bool) {
        let Findings {
            layers,
            dialect,
            text,
            control,
            unreadable,
            groups,
            fault,
        } = findings;
        self.read += 1;
        if let Some(fault) = fault {
            self.failed.push(FailedSample {
                key: object.key,
                reason: fault.to_string(),
            });
            return;
        }
        if is_whole {
            self.text += text;
            self.whole += object.bytes;
        }
        let compression = match layers.as_slice() {
            [] => "none".to_owned(),
            layers => layers.join(" over "),
        };
        *self.compressions.entry(compression).or_default() += 1;
        if text > 0 {
            *self.dialects.entry(dialect_name(dialect)).or_default() += 1;
        }
        self.events.control += control;
        self.events.unreadable += unreadable;
        for (name, messages) in groups {
            (self.events.groups.entry(name).or_default()).extend(&messages);
        }
    }
}

/// Surveys an object. Also returns whether all of it was read.
async fn read(store: &dyn Store, object: &Listed) -> Result<(Findings, bool), StoreError> {
    let mut survey = Survey::default();
    let mut body = store.read(&object.key).await?;
    let mut left = READ;
    while let Some(chunk) = body.try_next().await? {
        let chunk = &chunk[..chunk.len().min(left as usize)];
        survey.push(chunk);
        left -= chunk.len() as u64;
        if left == 0 {
            break;
        }
    }
    let is_whole = object.bytes <= READ;
    Ok((survey.finish(is_whole), is_whole))
}

fn dialect_name(dialect: Option<DialectName>) -> &'static str {
    match dialect {
        None => "JSON documents",
        Some(dialect) => dialect.name(),
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
