//! The plans of the jobs, which decide what a message means.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join;
use rehose_extract::{Options, Shape};

use crate::error::{Error, Result};
use crate::job::{Job, JobId};
use crate::ledger::manifest::Slice;
use crate::ledger::{Ledger, fold};
use crate::task::{PlannedObject, TaskId};

/// The capacity of the cache, in slices. The tasks of a slice arrive close together. The largest
/// slice, a thousand of the longest keys, takes a megabyte.
const SLICES: usize = 4;

/// A cache of the slices that were read last. A slice never changes.
#[derive(Debug)]
pub(super) struct Plans {
    /// The deployed shape, which most jobs use.
    deployed: Shape,
    recent: Mutex<VecDeque<Arc<PlannedSlice>>>,
}

/// A slice, and its job's definition.
#[derive(Debug)]
struct PlannedSlice {
    job: Job,
    shape: Shape,
    slice: Slice,
}

/// A task in the plan.
#[derive(Debug)]
pub(super) struct PlannedTask {
    slice: Arc<PlannedSlice>,
    task: TaskId,
}

impl PlannedTask {
    pub(super) fn job(&self) -> &Job {
        &self.slice.job
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.slice.shape
    }

    /// The objects, in the plan's order.
    pub(super) fn objects(&self) -> &[PlannedObject] {
        self.slice.slice.objects(self.task).unwrap_or_default()
    }
}

impl Plans {
    pub(super) fn new(deployed: Shape) -> Self {
        Self {
            deployed,
            recent: Mutex::default(),
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
        let defined = fold::defined(ledger);
        let slice = match self.recent(ledger.job(), task.slice) {
            Some(recent) => {
                let job = defined.await?;
                match recent.job == job {
                    true => recent,
                    false => self.keep(job, fold::planned(ledger, task.slice).await?)?,
                }
            }
            None => {
                let (job, slice) = join(defined, fold::planned(ledger, task.slice)).await;
                self.keep(job?, slice?)?
            }
        };
        if slice.slice.objects(task).is_none_or(<[_]>::is_empty) {
            return Err(Error::NotInPlan {
                job: ledger.job().to_string(),
                task,
            });
        }
        Ok(PlannedTask { slice, task })
    }

    fn recent(&self, job: &JobId, number: u32) -> Option<Arc<PlannedSlice>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            |known: &&Arc<PlannedSlice>| known.slice.slice == number && known.job.job == *job;
        recent.iter().find(found).map(Arc::clone)
    }

    fn keep(&self, job: Job, slice: Slice) -> Result<Arc<PlannedSlice>> {
        let shape = self.shape_of(&job.options)?;
        let slice = Arc::new(PlannedSlice { job, shape, slice });
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(SLICES - 1);
        recent.push_front(Arc::clone(&slice));
        Ok(slice)
    }

    fn shape_of(&self, options: &Options) -> Result<Shape> {
        match options == self.deployed.options() {
            true => Ok(self.deployed.clone()),
            false => Ok(options.compile()?),
        }
    }
}
