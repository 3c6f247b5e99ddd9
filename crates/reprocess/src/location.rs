//! Where objects are, as a user writes it: `s3://bucket/prefix` or a folder.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use aws_config::SdkConfig;

use crate::aws;
use crate::error::{Error, Result};
use crate::store::{LocalStore, S3Store, Store};

/// A place with objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Objects of a bucket whose keys begin with a prefix.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix, without a leading slash; it may be empty.
        prefix: String,
    },
    /// The files in a folder.
    Folder(PathBuf),
}

impl Location {
    /// The bucket, if it is one.
    pub fn bucket(&self) -> Option<&str> {
        match self {
            Self::S3 { bucket, .. } => Some(bucket),
            Self::Folder(_) => None,
        }
    }
}

impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.is_empty() || text.contains("://") {
                return Err(Error::Value {
                    name: "location",
                    reason: format!("{text:?} is neither a folder nor s3://bucket/prefix"),
                });
            }
            return Ok(Self::Folder(text.into()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(Error::Value {
                name: "location",
                reason: format!("{text:?} names no bucket; write s3://bucket/prefix"),
            });
        }
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Opens locations. The clients are built once and shared.
#[derive(Debug, Clone, Default)]
pub struct Places {
    s3: Option<aws_sdk_s3::Client>,
}

impl Places {
    /// Folders, and buckets on AWS.
    pub fn on_aws(config: &SdkConfig) -> Self {
        Self {
            s3: Some(aws::s3(config)),
        }
    }

    /// Folders, and buckets on AWS if one of the locations is there.
    pub async fn of(locations: &[&Location]) -> Self {
        let on_aws = |location: &&Location| matches!(location, Location::S3 { .. });
        match locations.iter().any(on_aws) {
            true => Self::on_aws(&aws::config().await),
            false => Self::default(),
        }
    }

    /// What may be read: each location's store from its root, as far as the location reaches.
    pub fn sources(&self, locations: &[Location]) -> Result<Vec<Source>> {
        locations
            .iter()
            .map(|location| self.source(location))
            .collect()
    }

    /// A location to read.
    pub fn source(&self, location: &Location) -> Result<Source> {
        Ok(match location {
            Location::S3 { bucket, prefix } => Source {
                store: Arc::new(self.bucket(bucket, "")?),
                prefix: prefix.clone(),
            },
            Location::Folder(path) => Source {
                store: Arc::new(LocalStore::open(path)?),
                prefix: String::new(),
            },
        })
    }

    /// A location to write: a store rooted there.
    pub fn output(&self, location: &Location) -> Result<Arc<dyn Store>> {
        Ok(match location {
            Location::S3 { bucket, prefix } => {
                let root = match prefix.trim_end_matches('/') {
                    "" => String::new(),
                    prefix => format!("{prefix}/"),
                };
                Arc::new(self.bucket(bucket, &root)?)
            }
            Location::Folder(path) => Arc::new(LocalStore::open(path)?),
        })
    }

    fn bucket(&self, bucket: &str, root: &str) -> Result<S3Store> {
        let client = self.s3.clone().ok_or_else(|| Error::Value {
            name: "location",
            reason: format!("s3://{bucket} needs a connection to AWS"),
        })?;
        Ok(S3Store::new(client, bucket, root))
    }
}

/// A store that may be read, as far as a prefix reaches.
#[derive(Debug, Clone)]
pub struct Source {
    /// The store, rooted at the bucket or folder itself: keys are whole.
    pub store: Arc<dyn Store>,
    /// Only keys that begin so may be read.
    pub prefix: String,
}

impl Source {
    /// The store's own name; tasks and jobs know it by this.
    pub fn name(&self) -> String {
        self.store.url("")
    }

    /// Whether an object of the store `name` may be read.
    pub fn holds(&self, name: &str, key: &str) -> bool {
        self.name() == name && key.starts_with(&self.prefix)
    }
}
