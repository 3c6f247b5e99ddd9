//! Object stores and queues, reduced to the operations that a job needs.
//!
//! | trait | on AWS (feature `aws`) | on this machine |
//! |---|---|---|
//! | [`Store`] | `aws::S3Store` | [`LocalStore`], a folder |
//! | [`Queue`](queue::Queue) | `aws::SqsQueue` | [`LocalQueue`](queue::LocalQueue), in this process |
//!
//! Every adapter passes the conformance suites of `rehose-testkit`. A
//! [`Location`](location::Location) is the text by which a user names a store, and
//! [`Stores`](location::Stores) opens locations. `examples/store.rs` implements a store.
//!
//! ```
//! use rehose_store::{LocalStore, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! let store = LocalStore::open(folder.path())?;
//! let mut upload = store.write("2020/02/01/a").await?;
//! upload.write("rows".into()).await?;
//! upload.complete().await?;
//! assert_eq!(store.head("2020/02/01/a").await?.map(|found| found.bytes), Some(4));
//! # Ok(()) })
//! # }
//! ```
#![warn(missing_docs)]

#[cfg(feature = "aws")]
pub mod aws;
mod folder;
mod keys;
mod local;
pub mod location;
pub mod queue;
mod store;

pub use folder::{Folder, FolderError};
pub use keys::decode_key;
pub use local::{LocalLock, LocalStore};
pub use store::{
    Body, Head, Listed, MAX_PAGE, Page, Put, Store, StoreError, StoreErrorKind, StoreName, Upload,
};
