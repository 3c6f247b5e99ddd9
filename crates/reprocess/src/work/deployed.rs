//! The logs as `process` knows them: what it may read for each, and where it writes.

use std::sync::Arc;

use rehose_extract::Shape;
use rehose_store::location::Source;
use rehose_store::{Store, StoreName};
use tokio::sync::OnceCell;

use crate::error::{Error, Result};
use crate::exclude::Exclusions;
use crate::job::Job;
use crate::ledger;
use crate::logs::{Log, Logs};
use crate::task::PlannedObject;

/// All logs, and the root of the output that they share.
#[derive(Debug)]
pub(super) struct DeployedLogs {
    logs: Logs,
    pub(super) root: Arc<dyn Store>,
    deployed: Vec<DeployedLog>,
}

/// A log.
#[derive(Debug)]
pub(super) struct DeployedLog {
    log: Log,
    /// Where its files go.
    pub(super) output: Arc<dyn Store>,
    exclude: Exclusions,
    /// Set once the output's binding fits events. For a task, `start` has checked it.
    is_bound: OnceCell<()>,
}

impl DeployedLogs {
    pub(super) fn open(logs: Logs, root: Arc<dyn Store>) -> Result<Self> {
        let deployed = logs.all().iter().map(|log| {
            let format = log.shape.format_name();
            Ok(DeployedLog {
                log: log.clone(),
                output: log.folder.of(&root),
                exclude: Exclusions::new(&log.exclude, log.errors, format)?,
                is_bound: OnceCell::new(),
            })
        });
        Ok(Self {
            deployed: deployed.collect::<Result<_>>()?,
            logs,
            root,
        })
    }

    pub(super) fn shapes(&self) -> Vec<Shape> {
        let shapes = self.deployed.iter().map(|one| one.shape().clone());
        shapes.collect()
    }

    /// The log to which an object belongs, and the source with it.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`] if it belongs to none, or rehose itself has written it.
    pub(super) fn of_object(
        &self,
        store: &StoreName,
        key: &str,
    ) -> Result<(&DeployedLog, &Source)> {
        let found = |one| Some((one, self.readable(one, store, key)?));
        let found = self.deployed.iter().find_map(found);
        found.ok_or_else(|| Error::Outside {
            url: format!("{store}{key}"),
        })
    }

    /// The log of a task, and the source with all of its objects: sources are prefixes of one bucket.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`] if no log has the job's folder, or an object of the task does not belong to it.
    pub(super) fn of_task(
        &self,
        job: &Job,
        objects: &[PlannedObject],
    ) -> Result<(&DeployedLog, &Source)> {
        let outside = |url| Error::Outside { url };
        let of_job = self
            .deployed
            .iter()
            .find(|one| one.log.folder == job.folder);
        let log = of_job.ok_or_else(|| outside(self.root.url(job.folder.as_str())))?;
        let sources = objects.iter().map(|PlannedObject { key, .. }| {
            let source = self.readable(log, &job.source, key);
            source.ok_or_else(|| outside(format!("{}{key}", job.source)))
        });
        let sources: Vec<&Source> = sources.collect::<Result<_>>()?;
        let source = sources.first().copied();
        Ok((log, source.ok_or_else(|| outside(job.source.to_string()))?))
    }

    fn readable<'a>(
        &self,
        one: &'a DeployedLog,
        store: &StoreName,
        key: &str,
    ) -> Option<&'a Source> {
        let is_written = |url: &str| self.logs.is_written_by_us(&*self.root, url);
        let source = one.log.source_of(store, key);
        source.filter(|source| !is_written(&source.store.url(key)))
    }
}

impl DeployedLog {
    /// The shape of the rows of events. A task has its job's.
    pub(super) fn shape(&self) -> &Shape {
        &self.log.shape
    }

    /// Whether events skip an object. The objects of a task were chosen by its job.
    pub(super) fn excludes(&self, key: &str) -> bool {
        self.exclude.reason(key).is_some()
    }

    /// Binds the output to a store and the deployed options, unless that is done.
    pub(super) async fn bind(&self, store: &StoreName) -> Result<()> {
        let bind = || ledger::bind(&*self.output, store, self.shape().options());
        self.is_bound.get_or_try_init(bind).await?;
        Ok(())
    }
}
