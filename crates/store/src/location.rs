//! Locations, as a user writes them: `s3://bucket/prefix` or a folder.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

#[cfg(feature = "aws")]
use crate::aws::{self, S3Store};
use crate::{LocalStore, Store, StoreError, StoreName};

/// Why a location cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// The text is not a location.
    #[error("location: {0}")]
    Malformed(String),
    /// The location is a bucket, and there is no connection to AWS.
    #[error("location: s3://{bucket} needs a connection to AWS")]
    NotConnected {
        /// The bucket.
        bucket: String,
    },
    /// The location is a bucket, and AWS's sources of configuration name no region.
    #[error("no AWS region is set; set AWS_REGION, or set AWS_PROFILE to a profile with a region")]
    NoRegion,
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A folder, or the objects of a bucket under a prefix.
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
    /// The bucket, or `None` for a folder.
    pub fn bucket(&self) -> Option<&str> {
        match self {
            Self::S3 { bucket, .. } => Some(bucket),
            Self::Folder(_) => None,
        }
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if text.is_empty() || text.contains("://") {
                return Err(LocationError::Malformed(format!(
                    "{text:?} is neither a folder nor s3://bucket/prefix"
                )));
            }
            return Ok(Self::Folder(text.into()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(LocationError::Malformed(format!(
                "{text:?} names no bucket; write s3://bucket/prefix"
            )));
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

/// The beginning of every key of an output at a prefix.
pub fn root(prefix: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    }
}

/// Opens locations. Clients are built once and shared.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    #[cfg(feature = "aws")]
    s3: Option<aws_sdk_s3::Client>,
    #[cfg(feature = "aws")]
    has_region: bool,
}

impl Stores {
    /// Opens folders, and buckets on AWS.
    #[cfg(feature = "aws")]
    pub fn on_aws(config: &aws_config::SdkConfig) -> Self {
        Self {
            s3: Some(aws::s3(config)),
            has_region: config.region().is_some(),
        }
    }

    /// Opens these locations. It connects to AWS only if one of them is a bucket.
    #[cfg(feature = "aws")]
    pub async fn of(locations: &[&Location]) -> Self {
        let on_aws = |location: &&Location| matches!(location, Location::S3 { .. });
        match locations.iter().any(on_aws) {
            true => Self::on_aws(&aws::config().await),
            false => Self::default(),
        }
    }

    /// Opens the locations to read from.
    pub fn sources(&self, locations: &[Location]) -> Result<Vec<Source>, LocationError> {
        locations
            .iter()
            .map(|location| self.source(location))
            .collect()
    }

    /// Opens a location to read from.
    pub fn source(&self, location: &Location) -> Result<Source, LocationError> {
        Ok(match location {
            Location::S3 { bucket, prefix } => Source {
                store: self.bucket(bucket, "")?,
                prefix: prefix.clone(),
            },
            Location::Folder(path) => Source {
                store: Arc::new(LocalStore::open(path)?),
                prefix: String::new(),
            },
        })
    }

    /// Opens a location to write to: a store rooted there.
    pub fn output(&self, location: &Location) -> Result<Arc<dyn Store>, LocationError> {
        match location {
            Location::S3 { bucket, prefix } => self.bucket(bucket, &root(prefix)),
            Location::Folder(path) => Ok(Arc::new(LocalStore::open(path)?)),
        }
    }

    #[cfg(feature = "aws")]
    fn bucket(&self, bucket: &str, root: &str) -> Result<Arc<dyn Store>, LocationError> {
        match &self.s3 {
            Some(_) if !self.has_region => Err(LocationError::NoRegion),
            Some(client) => Ok(Arc::new(S3Store::new(client.clone(), bucket, root))),
            None => Err(LocationError::NotConnected {
                bucket: bucket.to_owned(),
            }),
        }
    }

    #[cfg(not(feature = "aws"))]
    fn bucket(&self, bucket: &str, _: &str) -> Result<Arc<dyn Store>, LocationError> {
        Err(LocationError::NotConnected {
            bucket: bucket.to_owned(),
        })
    }
}

/// A store that may be read, restricted to a prefix.
#[derive(Debug, Clone)]
pub struct Source {
    /// The store, rooted at the bucket or folder: its keys include the prefix.
    pub store: Arc<dyn Store>,
    /// The prefix of the keys that may be read.
    pub prefix: String,
}

impl Source {
    /// The store's name, by which jobs refer to it.
    pub fn name(&self) -> StoreName {
        StoreName::of(&*self.store)
    }

    /// Whether an object of the store `name` may be read.
    pub fn holds(&self, name: &StoreName, key: &str) -> bool {
        self.name() == *name && key.starts_with(&self.prefix)
    }
}
