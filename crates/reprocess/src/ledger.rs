//! The ledger: the layout of an output, and how its documents are read and written.
//!
//! ```text
//! rehose.json                          the bucket and the options of the output
//! csv/<source key>.csv.gz              the rows of an object, in an output of CSV
//! parquet/<source key>.parquet         the same, in an output of Parquet
//! rejected/<source key>.jsonl.gz       its events that are not rows
//! jobs/<job>/job.json                  the definition of the job
//! jobs/<job>/manifest/<slice>.json     a slice of the plan
//! jobs/<job>/receipts/<task>.json      the outcome of a task
//! jobs/<job>/decided/<slice>.json      which parts of a slice of a digest count
//! jobs/<job>/progress.json             the progress of check
//! jobs/<job>/report.json               the result of the job
//! athena/                              results of queries, which Athena writes
//! merge.json, generations/, unpublished/, merged/
//!                                      merges; see [`generation`]
//! AWSLogs/                             the files of merges into a flow log; see [`flow_log`]
//! digests/                             digests; see [`digest`]
//! ```
//!
//! Every JSON document is written once, if absent, except `progress.json`. The watermark in that could be
//! computed again; the rounds, and since when nothing has moved, could not.

mod binding;
pub mod digest;
mod document;
pub mod flow_log;
pub mod generation;
mod layout;
pub mod manifest;
pub mod merged;
pub(crate) mod progress;
pub mod receipt;
pub mod report;
pub(crate) mod statuses;
pub mod tally;
mod version;

use std::collections::BTreeSet;
use std::sync::Arc;

use rehose_store::{Folder, MAX_PAGE, Put, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::job::{Job, JobId};
use crate::task::TaskId;
use digest::{Decided, DigestLedger};
use document::{get, put_if_absent, to_line};
use generation::Generations;
use manifest::Slice;
use receipt::Receipt;
use report::Report;

pub use binding::{Binding, bind, binding};
pub(crate) use binding::{bound_kind, without_implied_dialect};
pub(crate) use document::differences;
pub use layout::{BINDING, OutputId, REPORT, ROWS, WRITTEN, receipt_name, slice_name};
pub(crate) use layout::{DEFINITION, PROGRESS, decided_name, task_of_receipt, unpublished_name};
pub use version::{NewerVersion, VERSION, Version};

/// The ledger of one job.
#[derive(Debug, Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    job: JobId,
    /// The folder of the job's rows.
    folder: Folder,
}

impl Ledger {
    /// The ledger of a job in an output.
    pub fn new(store: Arc<dyn Store>, job: JobId) -> Self {
        Self {
            store,
            job,
            folder: Folder::default(),
        }
    }

    /// The ledger of the job with this definition, which says where its rows are.
    pub(crate) fn defined(self, job: &Job) -> Self {
        Self {
            folder: job.folder.clone(),
            ..self
        }
    }

    /// The job.
    pub fn job(&self) -> &JobId {
        &self.job
    }

    /// The generations of the job's rows.
    pub(crate) fn generations(&self) -> Generations {
        Generations::new(self.folder.of(&self.store))
    }

    /// The digests of the output.
    pub(crate) fn digests(&self) -> DigestLedger {
        DigestLedger::new(Arc::clone(&self.store))
    }

    /// The store of the output.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The URL of the report, which exists once the job has ended.
    pub fn report_url(&self) -> String {
        self.store.url(&self.key(REPORT))
    }

    /// Reads the document `name`, if it exists.
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        get(&*self.store, &self.key(name)).await
    }

    /// Writes the document `name` if it does not exist.
    pub async fn put_if_absent<T: Serialize>(&self, name: &str, value: &T) -> Result<Put> {
        put_if_absent(&*self.store, &self.key(name), value).await
    }

    /// Writes or replaces the document `name`.
    pub async fn put<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let key = self.key(name);
        let text = to_line(&*self.store, &key, value)?;
        let mut upload = self.store.write(&key).await?;
        upload.write(text).await?;
        upload.complete().await?;
        Ok(())
    }

    /// The definition of the job, if it exists.
    pub async fn definition(&self) -> Result<Option<Job>> {
        self.get(DEFINITION).await
    }

    /// The definition of a job that must exist.
    ///
    /// # Errors
    ///
    /// [`Error::NotPlanned`] if it does not.
    pub async fn require_definition(&self) -> Result<Job> {
        let definition = self.definition().await?;
        definition.ok_or_else(|| self.not_planned(DEFINITION))
    }

    /// A slice of the manifest, if it exists.
    pub async fn slice(&self, slice: u32) -> Result<Option<Slice>> {
        self.get(&slice_name(slice)).await
    }

    /// A slice that must exist.
    ///
    /// # Errors
    ///
    /// [`Error::NotPlanned`] if it does not.
    pub(crate) async fn require_slice(&self, slice: u32) -> Result<Slice> {
        let stored = self.slice(slice).await?;
        stored.ok_or_else(|| self.not_planned(&slice_name(slice)))
    }

    /// The error for a document of the plan that does not exist.
    pub(crate) fn not_planned(&self, missing: &str) -> Error {
        Error::NotPlanned {
            job: self.job.to_string(),
            missing: missing.to_owned(),
        }
    }

    /// Stores a slice if it does not exist, and returns the stored one.
    pub async fn store_slice(&self, slice: Slice) -> Result<Slice> {
        let name = slice_name(slice.slice);
        match self.put_if_absent(&name, &slice).await? {
            Put::Created => Ok(slice),
            Put::Exists => self.get(&name).await?.ok_or_else(|| Error::Ledger {
                url: self.store.url(&self.key(&name)),
                reason: "it existed and is gone".to_owned(),
            }),
        }
    }

    /// Which parts of a slice of a digest count, once that is decided.
    pub(crate) async fn decided(&self, slice: u32) -> Result<Option<Decided>> {
        self.get(&decided_name(slice)).await
    }

    /// Which parts of a slice of a digest count, which must be decided.
    pub(crate) async fn require_decided(&self, slice: u32) -> Result<Decided> {
        let decided = self.decided(slice).await?;
        decided.ok_or_else(|| self.not_planned(&decided_name(slice)))
    }

    /// Whether it is decided which parts of a slice of a digest count.
    pub(crate) async fn is_decided(&self, slice: u32) -> Result<bool> {
        let key = self.key(&decided_name(slice));
        Ok(self.store.head(&key).await?.is_some())
    }

    /// Writes which parts of a slice of a digest count, unless that is decided.
    pub(crate) async fn decide(&self, slice: u32, decided: &Decided) -> Result<()> {
        self.put_if_absent(&decided_name(slice), decided).await?;
        Ok(())
    }

    /// Stores the receipt of a task. If another delivery of its message was first, that one's receipt
    /// stands, and says the same.
    pub(crate) async fn store_receipt(&self, task: TaskId, receipt: &Receipt) -> Result<()> {
        self.put_if_absent(&receipt_name(task), receipt).await?;
        Ok(())
    }

    /// Whether a task needs no more work: it has a receipt, or the job has ended.
    pub async fn is_settled(&self, task: TaskId) -> Result<bool> {
        let receipt = self.key(&receipt_name(task));
        let report = self.key(REPORT);
        let (receipt, report) =
            futures::try_join!(self.store.head(&receipt), self.store.head(&report))?;
        Ok(receipt.is_some() || report.is_some())
    }

    /// The report, once the job has ended.
    pub async fn report(&self) -> Result<Option<Report>> {
        self.get(REPORT).await
    }

    /// The names of the receipts of a slice.
    pub async fn receipt_names_of(&self, slice: u32) -> Result<BTreeSet<String>> {
        self.names(&format!("receipts/{slice:08}-"), None).await
    }

    /// The names of the receipts, from a slice on.
    pub async fn receipt_names_from(&self, slice: u32) -> Result<BTreeSet<String>> {
        // It sorts before the slice's own receipts, which have a suffix.
        let after = format!("receipts/{slice:08}");
        self.names("receipts/", Some(&after)).await
    }

    /// The number of slices, from `slice` on.
    pub(crate) async fn count_slices_from(&self, slice: u32) -> Result<u32> {
        let after = slice.checked_sub(1).map(slice_name);
        let names = self.names("manifest/", after.as_deref()).await?;
        Ok(names.len() as u32)
    }

    async fn names(&self, prefix: &str, after: Option<&str>) -> Result<BTreeSet<String>> {
        let prefix = self.key(prefix);
        let mut after = after.map(|name| self.key(name));
        let mut names = BTreeSet::new();
        loop {
            let page = self.store.list(&prefix, after.as_deref(), MAX_PAGE).await?;
            let keys = page.objects.into_iter().map(|object| object.key);
            after = keys.clone().next_back();
            let job = self.key("").len();
            names.extend(keys.map(|key| key[job..].to_owned()));
            if !page.more {
                return Ok(names);
            }
        }
    }

    /// The number of receipts from a slice on, counted up to about `limit`.
    pub async fn count_receipts_from(&self, slice: u32, limit: usize) -> Result<usize> {
        let prefix = self.key("receipts/");
        let mut after = format!("{prefix}{slice:08}");
        let mut count = 0;
        loop {
            let page = self.store.list(&prefix, Some(&after), MAX_PAGE).await?;
            count += page.objects.len();
            match page.objects.into_iter().next_back() {
                Some(last) if page.more && count < limit => after = last.key,
                _ => return Ok(count),
            }
        }
    }

    /// An error about the document `name`.
    pub fn damaged(&self, name: &str, reason: impl Into<String>) -> Error {
        Error::Ledger {
            url: self.store.url(&self.key(name)),
            reason: reason.into(),
        }
    }

    /// The error for a receipt of a merge whose sums differ.
    pub(crate) fn sums_differ(&self, name: &str, difference: String) -> Error {
        Error::SumsDiffer {
            url: self.store.url(&self.key(name)),
            difference,
        }
    }

    fn key(&self, name: &str) -> String {
        format!("jobs/{}/{name}", self.job)
    }
}
