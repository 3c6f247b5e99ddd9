//! The planned tasks, read from the ledgers of their jobs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join;
use rehose_extract::Shape;

use crate::error::{Error, Result};
use crate::job::{Digest, Job, JobId, Merge};
use crate::ledger::Ledger;
use crate::ledger::flow_log::FlowLogNames;
use crate::ledger::generation::GenerationId;
use crate::ledger::manifest::Slice;
use crate::task::{PlannedObject, TaskId};

/// The capacity of the cache, in slices. The tasks of a slice arrive close together. The largest
/// slice, a thousand of the longest keys, takes a megabyte.
const SLICES: usize = 4;

/// A cache of the slices that were read last. A slice never changes.
#[derive(Debug)]
pub(super) struct Plans {
    /// The deployed shapes, which most jobs use.
    deployed: Vec<Shape>,
    cached: Mutex<VecDeque<Arc<CachedSlice>>>,
}

/// A slice, and its job's definition.
#[derive(Debug)]
struct CachedSlice {
    job: Job,
    shape: Shape,
    slice: Slice,
}

/// A task in the plan.
#[derive(Debug)]
pub(super) struct PlannedTask {
    from: Arc<CachedSlice>,
    task: TaskId,
}

impl PlannedTask {
    pub(super) fn job(&self) -> &Job {
        &self.from.job
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.from.shape
    }

    /// The generation, if the objects are merged.
    pub(super) fn generation(&self) -> Option<GenerationId> {
        self.from.slice.generation()
    }

    /// How the objects are merged, if they are.
    pub(super) fn merge(&self) -> Option<&Merge> {
        self.generation()?;
        self.from.job.merge.as_ref()
    }

    /// The names of the task's files, if they are those of a flow log.
    pub(super) fn flow_log_names(&self) -> Option<FlowLogNames> {
        let flow_log = self.merge()?.flow_log.as_ref()?;
        let (source, generation) = (&self.from.job.source, self.generation()?);
        let names = FlowLogNames::new(flow_log.hive, source, generation, self.task);
        Some(names)
    }

    /// The digest that a part is made for.
    pub(super) fn digest(&self) -> Option<&Digest> {
        self.from.job.digest.as_ref()
    }

    /// Whether it folds the parts of a digest.
    pub(super) fn is_fold(&self) -> bool {
        self.from.slice.fold() == Some(self.task)
    }

    /// The objects, in the plan's order. There is at least one, except for a task that folds:
    /// [`Plans::find`] has looked.
    pub(super) fn objects(&self) -> &[PlannedObject] {
        self.from.slice.objects(self.task).unwrap_or_default()
    }
}

impl Plans {
    pub(super) fn new(deployed: Vec<Shape>) -> Self {
        Self {
            deployed,
            cached: Mutex::default(),
        }
    }

    /// Finds a task in its job's plan.
    ///
    /// The job's definition is read each time, although it never changes. If a job was deleted by hand
    /// and started anew with the same id, the cached slices of the old one must not be used.
    ///
    /// # Errors
    ///
    /// [`Error::NotPlanned`] and [`Error::NotInPlan`] if there is no such job or task.
    pub(super) async fn find(&self, ledger: &Ledger, task: TaskId) -> Result<PlannedTask> {
        let from = self.read(ledger, task.slice).await?;
        let is_fold = from.slice.fold() == Some(task);
        if !is_fold && from.slice.objects(task).is_none_or(<[_]>::is_empty) {
            return Err(Error::NotInPlan {
                job: ledger.job().to_string(),
                task,
            });
        }
        Ok(PlannedTask { from, task })
    }

    async fn read(&self, ledger: &Ledger, number: u32) -> Result<Arc<CachedSlice>> {
        let definition = ledger.require_definition();
        match self.cached(ledger.job(), number) {
            Some(cached) => {
                let job = definition.await?;
                match cached.job == job {
                    true => Ok(cached),
                    false => self.insert(job, ledger.require_slice(number).await?),
                }
            }
            None => {
                let (job, slice) = join(definition, ledger.require_slice(number)).await;
                self.insert(job?, slice?)
            }
        }
    }

    fn cached(&self, job: &JobId, number: u32) -> Option<Arc<CachedSlice>> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it =
            |known: &&Arc<CachedSlice>| known.slice.slice == number && known.job.job == *job;
        cached.iter().find(is_it).map(Arc::clone)
    }

    fn insert(&self, job: Job, slice: Slice) -> Result<Arc<CachedSlice>> {
        let is_it = |shape: &&Shape| *shape.options() == job.options;
        let shape = match self.deployed.iter().find(is_it) {
            Some(shape) => shape.clone(),
            None => job.options.compile()?,
        };
        let shape = match job.merge.as_ref().and_then(|merge| merge.flow_log.as_ref()) {
            Some(_) => shape.with_origin()?,
            None => shape,
        };
        let slice = Arc::new(CachedSlice { job, shape, slice });
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.truncate(SLICES - 1);
        cached.push_front(Arc::clone(&slice));
        Ok(slice)
    }
}
