//! Jobs: who runs them, and `GET /jobs`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Json;
use axum::extract::{Path, State};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rehose_reprocess::check::watch::Watch;
use rehose_reprocess::digest::Claim;
use rehose_reprocess::error::Result;
use rehose_reprocess::job::{Job, JobId};
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::tally::Totals;
use rehose_store::Store;
use serde::Serialize;

use crate::Api;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// The most jobs of a page.
const MAX_JOBS: usize = 100;

/// Concurrent reads of ledgers.
const READS: usize = 16;

/// Where the jobs of digests run: in this process, or as executions of a state machine.
#[async_trait]
pub trait Jobs: fmt::Debug + Send + Sync {
    /// Starts the job of a claim, or continues one whose [failure](Self::failure) is not final. Otherwise, if it was
    /// started before, nothing happens.
    ///
    /// # Errors
    ///
    /// If it cannot be started now. The claim stays, and a later request tries again.
    async fn start(&self, claim: &Claim) -> std::result::Result<(), JobsError>;

    /// Why a job has ended without a report, if it has.
    ///
    /// # Errors
    ///
    /// If that cannot be known now.
    async fn failure(&self, job: &JobId) -> std::result::Result<Option<Failure>, JobsError>;
}

/// The end of a job without a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why it has ended.
    pub reason: String,
    /// Whether nothing can continue it.
    pub is_final: bool,
}

/// A job could not be started or asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobsError(pub String);

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Rewrite,
    Merge,
    Digest,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum JobState {
    /// It has no report. It may also have been given up.
    Running,
    Succeeded,
    Incomplete,
    Rejected,
    /// It has ended without a report.
    Failed,
}

impl From<JobOutcome> for JobState {
    fn from(outcome: JobOutcome) -> Self {
        match outcome {
            JobOutcome::Succeeded => Self::Succeeded,
            JobOutcome::Incomplete => Self::Incomplete,
            JobOutcome::Rejected => Self::Rejected,
        }
    }
}

/// A job in the list.
#[derive(Debug, Serialize)]
struct JobLine {
    job: JobId,
    kind: Kind,
    state: JobState,
    source: String,
    started: Timestamp,
    ended: Option<Timestamp>,
}

impl JobLine {
    fn new(job: Job, report: Option<&Report>) -> Self {
        Self {
            kind: match (&job.merge, &job.digest) {
                (_, Some(_)) => Kind::Digest,
                (Some(_), None) => Kind::Merge,
                (None, None) => Kind::Rewrite,
            },
            state: report.map_or(JobState::Running, |report| report.state.into()),
            source: format!("{}{}", job.source, job.prefix),
            started: job.started,
            ended: report.map(|report| report.ended),
            job: job.job,
        }
    }
}

/// A page of the list.
#[derive(Debug, Serialize)]
pub(crate) struct JobsPage {
    jobs: Vec<JobLine>,
    /// The value of `before` that gives the next page, if there is one.
    next: Option<JobId>,
}

/// A job.
#[derive(Debug, Serialize)]
pub(crate) struct JobDetails {
    #[serde(flatten)]
    line: JobLine,
    /// Why it has no report, if it has failed.
    reason: Option<String>,
    /// Objects planned so far, and whether they are all.
    planned: u64,
    all_planned: bool,
    /// Objects that are done, failed or lost.
    settled: u64,
    totals: Totals,
    report: Option<Report>,
}

/// `GET /jobs`: the jobs of the output by name, the last one first. The names of most begin with their time.
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    mut parameters: Parameters,
) -> std::result::Result<Json<JobsPage>, Problem> {
    let right = "a number from 1 to 100";
    let limit = parameters.parsed::<usize>("limit", right)?.unwrap_or(50);
    if !(1..=MAX_JOBS).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "limit is {limit}; {right} would be right"
        )));
    }
    let before = parameters.parsed::<JobId>("before", "the name of a job")?;
    parameters.end()?;
    let mut names = names(&*api.output).await?;
    names.sort_unstable_by(|one, other| other.cmp(one));
    let mut names = names
        .into_iter()
        .filter(|name| before.as_ref().is_none_or(|before| name < before));
    let page: Vec<JobId> = names.by_ref().take(limit).collect();
    let next = names.next().and(page.last().cloned());
    let jobs: Vec<Option<JobLine>> = stream::iter(page)
        .map(async |name| line(&Ledger::new(Arc::clone(&api.output), name)).await)
        .buffered(READS)
        .try_collect()
        .await?;
    Ok(Json(JobsPage {
        jobs: jobs.into_iter().flatten().collect(),
        next,
    }))
}

/// `GET /jobs/{job}`.
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    parameters: Parameters,
) -> std::result::Result<Json<JobDetails>, Problem> {
    parameters.end()?;
    let no_job = || Problem::not_found(format!("there is no job {name:?} in this output"));
    let job: JobId = name.parse().map_err(|_| no_job())?;
    let ledger = Ledger::new(Arc::clone(&api.output), job.clone());
    let mut details = JobDetails::read(ledger).await?.ok_or_else(no_job)?;
    if details.report.is_none() {
        details.reason = (api.jobs.failure(&job).await?).map(|failure| failure.reason);
    }
    if details.reason.is_some() {
        details.line.state = JobState::Failed;
    }
    Ok(Json(details))
}

impl JobDetails {
    /// `None` if there is no such job.
    pub(crate) async fn read(ledger: Ledger) -> Result<Option<Self>> {
        let Some(definition) = ledger.definition().await? else {
            return Ok(None);
        };
        let look = Watch::new(ledger).look().await?;
        Ok(Some(Self {
            line: JobLine::new(definition, look.report.as_ref()),
            reason: None,
            planned: look.planned,
            all_planned: look.all_planned,
            settled: look.settled,
            totals: look.totals,
            report: look.report,
        }))
    }
}

async fn names(output: &dyn Store) -> Result<Vec<JobId>> {
    let folders = output.folders("jobs/").await?;
    let name = |folder: &String| {
        folder
            .strip_prefix("jobs/")?
            .strip_suffix('/')?
            .parse()
            .ok()
    };
    Ok(folders.iter().filter_map(name).collect())
}

/// `None` if the job has no definition yet.
async fn line(ledger: &Ledger) -> Result<Option<JobLine>> {
    let (job, report) = futures::try_join!(ledger.definition(), ledger.report())?;
    Ok(job.map(|job| JobLine::new(job, report.as_ref())))
}
