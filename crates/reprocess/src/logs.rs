//! The logs of a deployment: which objects each has, how they are read, and where its rows go.
//!
//! The logs share an output. The root of the output has the ledger of every job, and each log has a folder
//! for its rows. The folder of a log may be the root, as that of the only log is.

use rehose_extract::Shape;
use rehose_store::location::Source;
use rehose_store::{Folder, Store, StoreName};

use crate::error::{Error, Result};
use crate::exclude::ErrorRecords;
use crate::ledger::WRITTEN;

/// A log: objects whose rows have one shape.
#[derive(Debug, Clone)]
pub struct Log {
    /// Where its objects are.
    pub sources: Vec<Source>,
    /// The folder of its rows in the output.
    pub folder: Folder,
    /// How new objects are read. A job may say otherwise, as for the next two.
    pub shape: Shape,
    /// Patterns of keys to skip; `*` matches anything, slashes included.
    pub exclude: Vec<String>,
    /// What becomes of the records that Firehose could not deliver.
    pub errors: ErrorRecords,
}

impl Log {
    /// A log whose rows are in the root of the output.
    pub fn in_root(sources: Vec<Source>, shape: Shape) -> Self {
        Self {
            sources,
            folder: Folder::default(),
            shape,
            exclude: Vec::new(),
            errors: ErrorRecords::default(),
        }
    }

    /// The source with an object, or with all objects under a prefix, if there is one.
    pub(crate) fn source_of(&self, store: &StoreName, key: &str) -> Option<&Source> {
        (self.sources.iter()).find(|source| source.holds(store, key))
    }
}

/// Why logs cannot share an output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogsError {
    /// There is no log.
    #[error("there is no log")]
    None,
    /// An object would belong to two logs.
    #[error(
        "the prefix {inner} of a log is under {outer} of another; an object belongs to one log"
    )]
    Nested {
        /// The prefix, as a URL.
        inner: String,
        /// The prefix of the other log.
        outer: String,
    },
    /// The rows of two logs would be in one folder.
    #[error("two logs have the folder {:?}; a folder has rows of one shape", .0.as_str())]
    Shared(Folder),
    /// Something else is written where the rows of a log would be.
    #[error("a log has the folder {:?}, but rehose writes other files to {place:?}", folder.as_str())]
    Written {
        /// The folder.
        folder: Folder,
        /// What the keys of the other files begin with.
        place: String,
    },
}

/// The logs of a deployment. Each object belongs to at most one.
#[derive(Debug, Clone)]
pub struct Logs {
    logs: Vec<Log>,
    /// The keys in the output that rehose and Athena write begin with these.
    written: Vec<String>,
}

impl From<Log> for Logs {
    /// The only log.
    fn from(log: Log) -> Self {
        Self::checked(vec![log])
    }
}

impl Logs {
    /// The logs that share an output.
    ///
    /// # Errors
    ///
    /// If an object could belong to two logs, or files of one log could be taken for those of another.
    pub fn new(logs: Vec<Log>) -> std::result::Result<Self, LogsError> {
        if logs.is_empty() {
            return Err(LogsError::None);
        }
        for (number, log) in logs.iter().enumerate() {
            let others = || {
                let all = logs.iter().enumerate();
                all.filter_map(|(other, log)| (other != number).then_some(log))
            };
            let folder = &log.folder;
            for other in others() {
                if let Some((inner, outer)) = nested(log, other) {
                    return Err(LogsError::Nested { inner, outer });
                }
                if *folder == other.folder {
                    return Err(LogsError::Shared(folder.clone()));
                }
            }
            for outer in others().map(|other| other.folder.as_str()).chain([""]) {
                let within = folder.as_str().strip_prefix(outer).unwrap_or_default();
                if let Some(place) = WRITTEN.iter().find(|place| within.starts_with(**place)) {
                    return Err(LogsError::Written {
                        folder: folder.clone(),
                        place: format!("{outer}{place}"),
                    });
                }
            }
        }
        Ok(Self::checked(logs))
    }

    fn checked(logs: Vec<Log>) -> Self {
        let folders = logs.iter().map(|log| log.folder.as_str());
        let written = folders
            .chain([""])
            .flat_map(|folder| WRITTEN.iter().map(move |place| format!("{folder}{place}")))
            .collect();
        Self { logs, written }
    }

    /// All of them.
    pub fn all(&self) -> &[Log] {
        &self.logs
    }

    /// Splits `s3://bucket/prefix` into the store's name and the prefix. If all logs are in one store, the
    /// prefix alone is enough.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if it names another store.
    pub fn locate(&self, prefix: &str) -> Result<(StoreName, String)> {
        let mut names: Vec<StoreName> = self.sources().map(Source::name).collect();
        names.dedup();
        if let Some(name) = (names.iter()).find(|name| prefix.starts_with(name.as_str())) {
            return Ok((name.clone(), prefix[name.as_str().len()..].to_owned()));
        }
        match names.as_slice() {
            [only] if !prefix.contains("://") => Ok((only.clone(), prefix.to_owned())),
            names => Err(Error::Value {
                name: "prefix",
                reason: format!(
                    "{prefix:?} is in no source; it must begin with {}",
                    names
                        .iter()
                        .map(StoreName::as_str)
                        .collect::<Vec<_>>()
                        .join(" or ")
                ),
            }),
        }
    }

    /// The log to which all objects under a prefix belong, and its source with them.
    ///
    /// # Errors
    ///
    /// [`Error::NoLog`] if there is none, and [`Error::SeveralLogs`] if they belong to several.
    pub fn of_prefix(&self, store: &StoreName, prefix: &str) -> Result<(&Log, &Source)> {
        let found = |log| Some((log, Log::source_of(log, store, prefix)?));
        self.logs.iter().find_map(found).ok_or_else(|| {
            let url = format!("{store}{prefix}");
            let begins =
                |source: &&Source| source.name() == *store && source.prefix.starts_with(prefix);
            let within = |log: &&Log| log.sources.iter().any(|source| begins(&source));
            match self.logs.iter().filter(within).count() {
                0 | 1 => Error::NoLog {
                    url,
                    prefixes: listed(self.sources()),
                },
                _ => Error::SeveralLogs {
                    url,
                    prefixes: listed(self.sources().filter(begins)),
                },
            }
        })
    }

    /// Whether rehose or Athena writes the object at a URL. Such an object is never a source: converting it
    /// would write more of them, without end if each new object sends an event.
    pub(crate) fn is_written_by_us(&self, output: &dyn Store, url: &str) -> bool {
        let key = url.strip_prefix(&output.url(""));
        key.is_some_and(|key| self.written.iter().any(|place| key.starts_with(place)))
    }

    /// Whether a listing of a URL as a prefix would include objects that rehose or Athena writes.
    pub(crate) fn would_be_listed(&self, output: &dyn Store, url: &str) -> bool {
        (self.written.iter()).any(|place| output.url(place).starts_with(url))
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.logs.iter().flat_map(|log| &log.sources)
    }
}

/// A prefix of one log that is under one of another, if there are such, and that one.
fn nested(log: &Log, other: &Log) -> Option<(String, String)> {
    log.sources.iter().find_map(|inner| {
        let outer = other.source_of(&inner.name(), &inner.prefix)?;
        Some((url_of(inner), url_of(outer)))
    })
}

fn url_of(source: &Source) -> String {
    source.store.url(&source.prefix)
}

fn listed<'a>(sources: impl Iterator<Item = &'a Source>) -> String {
    sources.map(url_of).collect::<Vec<_>>().join(" or ")
}
