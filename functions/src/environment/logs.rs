//! The logs of a deployment: a list in one variable, or the only log with a variable for each of its values.

use std::collections::HashMap;

use rehose_extract::Options;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{MaxRejected, Merge};
use rehose_reprocess::logs::{Log, Logs};
use rehose_store::Folder;
use rehose_store::location::{Location, Source, Stores};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Environment, EnvironmentError, checked_merge, json, optional};

/// The list of logs.
const LOGS: &str = "REHOSE_LOGS";

/// The values of the only log. In a list, each log has them.
const OF_THE_ONLY_LOG: [&str; 5] = [
    "REHOSE_OPTIONS",
    "REHOSE_EXCLUDE",
    "REHOSE_ERRORS",
    "REHOSE_MAX_REJECTED",
    "REHOSE_MERGE",
];

/// The logs, and what the jobs over each have.
#[derive(Debug)]
pub struct Deployment {
    /// The logs.
    pub logs: Logs,
    jobs: HashMap<Folder, JobDefaults>,
}

/// What a job has unless its event says otherwise, beside what its log has.
#[derive(Debug, Clone, Default)]
pub struct JobDefaults {
    /// The percentage of events that may be rejected.
    pub max_rejected: MaxRejected,
    /// How it merges, as far as it is not the default. `None` if the log is not merged.
    pub merge: Option<Map<String, Value>>,
}

/// A log that is merged, under one prefix.
#[derive(Debug)]
pub struct MergedLog<'a> {
    /// The log.
    pub log: &'a Log,
    /// Where its objects are.
    pub source: &'a Source,
    /// The percentage of events that may be rejected.
    pub max_rejected: MaxRejected,
    /// How it is merged.
    pub merge: Merge,
}

/// A log in the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The prefixes of the keys of its objects.
    prefixes: Vec<String>,
    /// The folder of its rows in the output.
    #[serde(default)]
    folder: Folder,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    errors: ErrorRecords,
    #[serde(default)]
    max_rejected: MaxRejected,
    merge: Option<Map<String, Value>>,
}

impl Deployment {
    /// What the jobs over a log have.
    pub fn jobs_over(&self, log: &Log) -> JobDefaults {
        self.jobs.get(&log.folder).cloned().unwrap_or_default()
    }

    /// The only log that is merged, if it has one prefix and its rows are in the root of the output.
    pub fn merged_log(&self) -> Result<MergedLog<'_>, EnvironmentError> {
        let merged = self.logs.all().iter().filter_map(|log| {
            let JobDefaults {
                max_rejected,
                merge,
            } = self.jobs_over(log);
            Some((log, max_rejected, merge?))
        });
        let merged: Vec<_> = merged.collect();
        let refused = |name, reason: String| EnvironmentError { name, reason };
        let (log, max_rejected, merge) = match merged.as_slice() {
            [only] => only,
            [] => {
                let reason = "is not set, or no log is merged; digests are made of one that is";
                return Err(refused("REHOSE_MERGE_QUEUE_URL", reason.to_owned()));
            }
            several => {
                let count = several.len();
                let reason = format!("has {count} logs that are merged; one would be right");
                return Err(refused(LOGS, reason));
            }
        };
        let [source] = log.sources.as_slice() else {
            let count = log.sources.len();
            let reason = format!("has {count} prefixes that are merged; one would be right");
            return Err(refused("REHOSE_SOURCES", reason));
        };
        if log.folder != Folder::default() {
            let folder = log.folder.as_str();
            let right = "the root of the output would be right";
            let reason = format!("has a merged log with the folder {folder:?}; {right}");
            return Err(refused(LOGS, reason));
        }
        let merge = serde_json::from_value(merge.clone().into());
        Ok(MergedLog {
            log,
            source,
            max_rejected: *max_rejected,
            merge: merge.map_err(|error| wrong(error.to_string()))?,
        })
    }
}

impl Environment {
    /// The logs, with the stores that they are in.
    pub fn deployment(&self, stores: &Stores) -> Result<Deployment, EnvironmentError> {
        let sources = self.sources()?;
        let Some(entries) = json::<Option<Vec<Entry>>>(LOGS)? else {
            return self.only_log(&sources, stores);
        };
        for name in OF_THE_ONLY_LOG {
            if optional(name)?.is_some() {
                return Err(wrong(format!(
                    "is set, and so is {name}, a value that each log in the list has"
                )));
            }
        }
        let mut logs = Vec::with_capacity(entries.len());
        let mut jobs = HashMap::with_capacity(entries.len());
        for entry in entries {
            let sources = entry.sources(&sources, stores)?;
            let shape = entry
                .options
                .compile()
                .map_err(|error| wrong(format!("has a log under {:?}: {error}", entry.prefixes)))?;
            jobs.insert(
                entry.folder.clone(),
                JobDefaults {
                    max_rejected: entry.max_rejected,
                    merge: (entry.merge.map(|merge| checked_merge(LOGS, merge))).transpose()?,
                },
            );
            logs.push(Log {
                sources,
                folder: entry.folder,
                shape,
                exclude: entry.exclude,
                errors: entry.errors,
            });
        }
        let logs = Logs::new(logs).map_err(|error| wrong(format!("is refused: {error}")))?;
        Ok(Deployment { logs, jobs })
    }

    fn only_log(
        &self,
        sources: &[Location],
        stores: &Stores,
    ) -> Result<Deployment, EnvironmentError> {
        let log = Log {
            sources: (sources.iter())
                .map(|source| open(source, stores))
                .collect::<Result<_, _>>()?,
            folder: Folder::default(),
            shape: self.shape()?,
            exclude: self.exclude()?,
            errors: self.errors()?,
        };
        let merges = self.merge_queue_url()?.is_some();
        let jobs = JobDefaults {
            max_rejected: self.max_rejected()?,
            merge: merges.then(|| self.merge()).transpose()?,
        };
        Ok(Deployment {
            jobs: HashMap::from([(log.folder.clone(), jobs)]),
            logs: Logs::from(log),
        })
    }
}

impl Entry {
    /// Where its objects are: in the bucket of the sources.
    fn sources(
        &self,
        readable: &[Location],
        stores: &Stores,
    ) -> Result<Vec<Source>, EnvironmentError> {
        if self.prefixes.is_empty() {
            return Err(wrong("has a log without prefixes".to_owned()));
        }
        let located = self.prefixes.iter().map(|prefix| {
            let within = readable.iter().find_map(|source| match source {
                Location::S3 {
                    bucket,
                    prefix: outer,
                } if prefix.starts_with(outer) => Some(bucket),
                _ => None,
            });
            let bucket = within.ok_or_else(|| {
                wrong(format!(
                    "has the prefix {prefix:?}, which is outside of REHOSE_SOURCES"
                ))
            })?;
            let location = Location::S3 {
                bucket: bucket.clone(),
                prefix: prefix.clone(),
            };
            open(&location, stores)
        });
        located.collect()
    }
}

fn open(location: &Location, stores: &Stores) -> Result<Source, EnvironmentError> {
    stores.source(location).map_err(|error| EnvironmentError {
        name: "REHOSE_SOURCES",
        reason: format!("cannot be read: {error}"),
    })
}

fn wrong(reason: String) -> EnvironmentError {
    EnvironmentError { name: LOGS, reason }
}
