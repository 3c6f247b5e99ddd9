//! Lists a stash and reads some of its objects.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use futures::{StreamExt, TryStreamExt, stream};
use rehose_extract::survey::{Findings, Messages, Survey};
use rehose_extract::{
    Compression, DialectName, Error, Fault, FormatName, Options, OptionsError, Reason, Transcoder,
};
use rehose_reprocess::exclude::error_prefix;
use rehose_reprocess::ledger::BINDING;
use rehose_store::StoreErrorKind::{Archived, Denied, InvalidKey, NotFound};
use rehose_store::location::{LocationError, root};
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

/// An object that was read.
struct Surveyed {
    object: Listed,
    findings: Findings,
    is_whole: bool,
    /// Why it fails, if it does.
    failure: Option<String>,
}

impl Surveyed {
    /// Whether it may be one that the format of the other objects fails at.
    fn is_strange(&self) -> bool {
        let Findings {
            control,
            groups,
            has_strange_header,
            text,
            ..
        } = &self.findings;
        let is_unknown = |(name, messages): (&String, &Messages)| {
            name.is_empty() && messages.flows() == 0 && messages.logs.is_empty()
        };
        let is_other = *text > 0 && *control == 0 && groups.iter().all(is_unknown);
        self.failure.is_none() && self.is_whole && (*has_strange_header || is_other)
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
            .map(async |object| survey(store, object).await)
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let mut all = Events::default();
        for surveyed in &read {
            all.add(&surveyed.findings);
        }
        let format = all.format();
        for mut surveyed in read {
            if let Some(format) = format
                && surveyed.is_strange()
            {
                surveyed.failure = failure(store, &surveyed.object.key, format).await?;
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
        let dialect = dialect_name(&findings);
        self.read += 1;
        if let Some(reason) = failure {
            let key = object.key;
            self.failed.push(FailedSample { key, reason });
            return;
        }
        self.events.add(&findings);
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
        *self.dialects.entry(dialect).or_default() += 1;
    }
}

/// Whether an output is there. Who may read the stash alone, cannot tell.
async fn is_output(store: &dyn Store, prefix: &str) -> Result<bool, StoreError> {
    match store.head(&format!("{}{BINDING}", root(prefix))).await {
        Err(error) if matches!(error.kind, Denied | InvalidKey) => Ok(false),
        found => Ok(found?.is_some()),
    }
}

async fn survey(store: &dyn Store, object: Listed) -> Result<Surveyed, StoreError> {
    let mut body = match store.read(&object.key).await {
        Ok(body) => body,
        // A job fails at it too, and at nothing else.
        Err(error) if matches!(error.kind, NotFound | Archived) => {
            return Ok(Surveyed {
                object,
                findings: Findings::default(),
                is_whole: false,
                failure: Some(error.to_string()),
            });
        }
        Err(error) => return Err(error),
    };
    let mut survey = Survey::default();
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
    let findings = survey.finish(is_whole);
    Ok(Surveyed {
        failure: findings.fault.as_ref().map(Fault::to_string),
        object,
        findings,
        is_whole,
    })
}

/// Returns why an object fails, if it does when it is read as this format.
async fn failure(
    store: &dyn Store,
    key: &str,
    format: FormatName,
) -> Result<Option<String>, SampleError> {
    let options = Options {
        format: Some(format),
        ..Options::default()
    };
    let (shape, compression) = (options.compile()?, Compression::default());
    let mut body = store.read(key).await?;
    let mut chunks = Vec::new();
    while let Some(chunk) = body.try_next().await? {
        chunks.push(chunk);
    }
    let transcode = || {
        let mut transcoder = Transcoder::new(key, &shape, &compression, io::sink(), io::sink())?;
        for chunk in &chunks {
            transcoder.push(chunk)?;
        }
        transcoder.finish()
    };
    Ok(match transcode() {
        // The advice names the fields.
        Err(Error::Input(fault)) if matches!(fault.reason, Reason::UnknownColumns(_)) => None,
        Err(Error::Input(fault)) => Some(fault.to_string()),
        // Nothing is written, and nobody stops it.
        Ok(_) | Err(Error::Output(_) | Error::Stopped) => None,
    })
}

fn dialect_name(findings: &Findings) -> &'static str {
    let is_envelope =
        || findings.control > 0 || findings.groups.keys().any(|name| !name.is_empty());
    match findings.dialect {
        _ if findings.text == 0 => "no text",
        Some(dialect) => dialect.name(),
        None if is_envelope() => DialectName::CloudWatch.name(),
        None => DialectName::Json.name(),
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
