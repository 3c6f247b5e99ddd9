//! Where objects are, as a user writes it: `s3://bucket/prefix` or a folder.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::Error;
use crate::store::Store;

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

impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
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
