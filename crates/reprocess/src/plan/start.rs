//! `start`: a job over the objects under a prefix.

use jiff::Timestamp;
use rehose_extract::Options;
use rehose_store::{Folder, StoreName};

use super::planner::{Cursor, PLANNING, Planner, Started};
use crate::deadline::Deadline;
use crate::digest::DigestRequest;
use crate::error::{Error, Result};
use crate::exclude::{ErrorRecords, Exclusions};
use crate::job::{Digest, Job, JobId, MaxRejected, Merge, Mode};
use crate::ledger::flow_log::FLOW_LOGS;
use crate::ledger::{Version, bound_kind};

/// A call of `start`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRequest {
    /// The job.
    pub job: JobId,
    /// The name of the store to list.
    pub source: StoreName,
    /// The prefix to list.
    pub prefix: String,
    /// Which objects are planned.
    pub mode: Mode,
    /// Patterns of keys to skip; `*` matches anything, slashes included.
    pub exclude: Vec<String>,
    /// What becomes of the records that Firehose could not deliver.
    pub errors: ErrorRecords,
    /// The percentage of events that may be rejected.
    pub max_rejected: MaxRejected,
    /// How the objects are merged. Without it, each is rewritten.
    pub merge: Option<Merge>,
    /// The digest that is made of the objects, instead of rewriting each.
    pub digest: Option<Digest>,
    /// The options of input and output.
    pub options: Options,
    /// The cursor that the last call returned.
    pub cursor: Option<Cursor>,
}

/// The request in the one spelling of its meaning, if it is for a digest: its job's definition is compared.
fn canonical(request: StartRequest, now: Timestamp) -> Result<StartRequest> {
    let Some(digest) = request.digest.clone() else {
        return Ok(request);
    };
    let checked = DigestRequest {
        source: request.source.clone(),
        prefix: request.prefix.clone(),
        exclude: request.exclude.clone(),
        errors: request.errors,
        max_rejected: request.max_rejected,
        digest,
        options: request.options.clone(),
    };
    let checked = checked.checked(now)?;
    Ok(StartRequest {
        exclude: checked.exclude,
        digest: Some(checked.digest),
        ..request
    })
}

impl Planner {
    /// Plans the objects under a prefix: as many pages as the time allows, and at least one.
    ///
    /// # Errors
    ///
    /// Those of [`examine`](Self::examine), and [`Error::OutOfTime`] if the first page takes too long.
    pub async fn start(
        &self,
        request: StartRequest,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Started> {
        let planned = async {
            if request.cursor.is_none() {
                self.examine(&request, now).await?;
            }
            let (log, _) = self.logs.of_prefix(&request.source, &request.prefix)?;
            let folder = log.folder.clone();
            let options = self.options(&request, &folder).await?.with_defaults();
            let request = canonical(request, now)?;
            let job = Job {
                v: Version,
                job: request.job,
                source: request.source,
                prefix: request.prefix,
                folder,
                mode: request.mode,
                exclude: request.exclude,
                errors: request.errors,
                max_rejected: request.max_rejected,
                retry: None,
                options,
                merge: request.merge,
                digest: request.digest,
                started: now,
            };
            self.continue_job(&job, request.cursor, deadline).await
        };
        deadline.limit(PLANNING, &*self.output, planned).await
    }

    /// The options of a job. A merge fits an output with files of either kind: its own are always Parquet. A
    /// digest does too.
    async fn options(&self, request: &StartRequest, folder: &Folder) -> Result<Options> {
        let mut options = request.options.clone();
        if request.merge.is_some() || request.digest.is_some() {
            options.to = bound_kind(&*folder.of(&self.output)).await?.or(options.to);
        }
        Ok(options)
    }

    /// Checks a request before anything is written.
    ///
    /// # Errors
    ///
    /// An error of the kind [`InvalidInput`](crate::error::ErrorKind::InvalidInput) if the options,
    /// the patterns or the prefix are not usable.
    pub async fn examine(&self, request: &StartRequest, now: Timestamp) -> Result<()> {
        let shape = request.options.compile()?;
        if let Some(merge) = &request.merge {
            merge.check(&shape)?;
        }
        if let Some(digest) = &request.digest {
            digest.checked(&shape, now)?;
        }
        let format = request.options.format_name();
        Exclusions::new(&request.exclude, request.errors, format)?;
        let (log, source) = self.log(&request.source, &request.prefix)?;
        let page = source.store.list(&request.prefix, None, 1).await?;
        let Some(first) = page.objects.first() else {
            return Err(Error::NothingThere {
                source_url: source.store.url(&request.prefix),
            });
        };
        let flow_log = request
            .merge
            .as_ref()
            .and_then(|merge| merge.flow_log.as_ref());
        if let Some(flow_log) = flow_log {
            self.check_apart(&source.store.url(&request.prefix), &log.folder)?;
            flow_log.check_region(&first.key)?;
        }
        Ok(())
    }

    /// Checks that a listing would not have the files of flow logs that are written.
    fn check_apart(&self, source_url: &str, folder: &Folder) -> Result<()> {
        let output = folder.of(&self.output).url(FLOW_LOGS);
        match output.starts_with(source_url) || source_url.starts_with(&output) {
            true => Err(Error::OutputUnderSource {
                output,
                source_url: source_url.to_owned(),
            }),
            false => Ok(()),
        }
    }
}
