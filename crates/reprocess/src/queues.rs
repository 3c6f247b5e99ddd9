//! The queues of tasks.

use std::sync::Arc;

use rehose_store::queue::Queue;

use crate::job::Job;

/// The queues of tasks. Those of merges and digests may have one of their own, so that these delay nothing else.
#[derive(Debug, Clone)]
pub struct Queues {
    rewriting: Arc<dyn Queue>,
    merging: Arc<dyn Queue>,
}

impl Queues {
    /// One queue for all jobs.
    pub fn one(queue: Arc<dyn Queue>) -> Self {
        Self::with(queue, None)
    }

    /// The queue of most jobs, and that of merges if it is another.
    pub fn with(rewriting: Arc<dyn Queue>, merging: Option<Arc<dyn Queue>>) -> Self {
        Self {
            merging: merging.unwrap_or_else(|| Arc::clone(&rewriting)),
            rewriting,
        }
    }

    /// The queue of a job.
    pub(crate) fn of(&self, job: &Job) -> &dyn Queue {
        match job.merge.is_some() || job.digest.is_some() {
            true => &*self.merging,
            false => &*self.rewriting,
        }
    }
}
