//! A folder of a store, as a store of its own.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Body, Head, Page, Put, Store, StoreError, Upload};

/// The path of a folder in a store: names with a slash after each, as `alb/` or `logs/alb/`. The empty one
/// is the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Folder(String);

/// The text is not the path of a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no folder; names with a slash after each, as alb/ or logs/alb/, would be right")]
pub struct FolderError(String);

impl Folder {
    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder of a store, as a store.
    pub fn of(&self, store: &Arc<dyn Store>) -> Arc<dyn Store> {
        match self.is_root() {
            true => Arc::clone(store),
            false => Arc::new(InFolder {
                store: Arc::clone(store),
                path: self.0.clone(),
            }),
        }
    }
}

impl FromStr for Folder {
    type Err = FolderError;

    fn from_str(path: &str) -> Result<Self, FolderError> {
        let is_name = |name: &str| !matches!(name, "" | "." | "..");
        match path.strip_suffix('/') {
            None if path.is_empty() => Ok(Self::default()),
            Some(names) if names.split('/').all(is_name) => Ok(Self(path.to_owned())),
            _ => Err(FolderError(path.to_owned())),
        }
    }
}

impl TryFrom<String> for Folder {
    type Error = FolderError;

    fn try_from(path: String) -> Result<Self, FolderError> {
        path.parse()
    }
}

impl From<Folder> for String {
    fn from(folder: Folder) -> Self {
        folder.0
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A store whose keys are those of another one, without the path of a folder before them.
#[derive(Debug)]
struct InFolder {
    store: Arc<dyn Store>,
    path: String,
}

impl InFolder {
    fn key(&self, key: &str) -> String {
        match key {
            // No store has an object without a name, and the path alone would be one.
            "" => String::new(),
            key => format!("{}{key}", self.path),
        }
    }
}

#[async_trait]
impl Store for InFolder {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let after = after.map(|after| format!("{}{after}", self.path));
        let prefix = format!("{}{prefix}", self.path);
        let mut page = self.store.list(&prefix, after.as_deref(), limit).await?;
        for object in &mut page.objects {
            object.key.drain(..self.path.len());
        }
        Ok(page)
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let prefix = format!("{}{prefix}", self.path);
        let mut folders = self.store.folders(&prefix).await?;
        for folder in &mut folders {
            folder.drain(..self.path.len());
        }
        Ok(folders)
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        self.store.read(&self.key(key)).await
    }

    async fn read_range(
        &self,
        key: &str,
        range: std::ops::Range<u64>,
    ) -> Result<Bytes, StoreError> {
        self.store.read_range(&self.key(key), range).await
    }

    async fn write(&self, key: &str) -> Result<Box<dyn Upload>, StoreError> {
        self.store.write(&self.key(key)).await
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Result<Put, StoreError> {
        self.store.put_if_absent(&self.key(key), body).await
    }

    async fn publish(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.store.publish(&self.key(from), &self.key(to)).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        self.store.head(&self.key(key)).await
    }

    async fn link(&self, key: &str, valid: Duration) -> Result<Option<String>, StoreError> {
        self.store.link(&self.key(key), valid).await
    }

    async fn tidy(&self) {
        self.store.tidy().await;
    }

    fn url(&self, key: &str) -> String {
        self.store.url(&format!("{}{key}", self.path))
    }
}
