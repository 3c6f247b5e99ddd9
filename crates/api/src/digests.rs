//! Digests: `POST /digests`, `GET /digests` and `GET /digests/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use rehose_reprocess::digest::{
    Claim, DigestId, DigestRequest, DigestState, DigestVersion, Proof, Requested,
};
use rehose_reprocess::error::{Error, Result};
use serde::Serialize;
use serde_json::json;

use crate::Api;
use crate::file::{self, Wanted};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::request;

/// Seconds after which a client may ask again for a digest that is in progress.
const RETRY_AFTER: u64 = 5;

/// How long a claim may be without a job before somebody else starts it.
const START_TIME: SignedDuration = SignedDuration::from_secs(60);

/// The most digests of a list.
const MAX_DIGESTS: usize = 1_000;

/// Concurrent reads of claims and proofs.
const READS: usize = 16;

/// `POST /digests`: claims a digest and starts its job.
pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    mut parameters: Parameters,
) -> std::result::Result<Response, Problem> {
    let right = "true or false";
    let refresh = parameters.parsed("refresh", right)?.unwrap_or(false);
    let request = request::of_window(&api, &mut parameters, request::Times::Exact)?;
    parameters.end()?;
    match api.request(&request, refresh).await? {
        Requested::Claimed(claim) => Ok(accepted(&claim)),
        Requested::InProgress { claim, .. } => Err(conflict(claim.id, "in-progress")),
        Requested::Present(proof) => Err(conflict(proof.id, "present")),
    }
}

fn accepted(claim: &Claim) -> Response {
    let location = location(claim.id);
    let body =
        json!({"id": claim.id, "job": claim.job, "state": "in-progress", "location": location});
    let headers = [(header::LOCATION, location)];
    (StatusCode::ACCEPTED, headers, Json(body)).into_response()
}

fn conflict(id: DigestId, state: &str) -> Problem {
    let detail = match state {
        "present" => "the digest exists; refresh=true makes it anew",
        _ => "the digest is in progress",
    };
    Problem::new(StatusCode::CONFLICT, detail)
        .with("id", id.to_string())
        .with("state", state)
        .with("location", location(id))
}

fn location(id: DigestId) -> String {
    format!("/digests/{id}")
}

/// `GET /digests`: the digest of a window, or the list of all.
pub(crate) async fn find(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> std::result::Result<Response, Problem> {
    if !request::has_window(&parameters) {
        parameters.end()?;
        return Ok(Json(list(&api).await?).into_response());
    }
    let wanted = Wanted::of(&mut parameters, &headers)?;
    let request = request::of_window(&api, &mut parameters, request::Times::Exact)?;
    parameters.end()?;
    let id = request.checked(Timestamp::now())?.id()?;
    answer(&api, id, None, &wanted).await
}

/// `GET /digests/{id}`.
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> std::result::Result<Response, Problem> {
    let wanted = Wanted::of(&mut parameters, &headers)?;
    let version = parameters.parsed("version", "a number such as 1")?;
    parameters.end()?;
    let id = id.parse().map_err(|_| absent(&id))?;
    answer(&api, id, version, &wanted).await
}

async fn answer(
    api: &Api,
    id: DigestId,
    version: Option<u32>,
    wanted: &Wanted,
) -> std::result::Result<Response, Problem> {
    if let Some(version) = version {
        let version = DigestVersion { id, version };
        let proof = api.digests.proof(version).await?;
        let proof = proof.ok_or_else(|| absent(&version.to_string()))?;
        return match proof.has_files() {
            true => file::answer(api, &proof, "superseded", wanted).await,
            false => Err(gone(&proof)),
        };
    }
    match api.state(id).await? {
        DigestState::Absent => Err(absent(&id.to_string())),
        DigestState::InProgress { .. } => Ok(in_progress()),
        DigestState::Failed(proof) => Err(gone(&proof)),
        DigestState::Ready(proof) => {
            let state = file::state(&proof);
            file::answer(api, &proof, state, wanted).await
        }
        DigestState::Stale { proof, .. } => file::answer(api, &proof, "stale", wanted).await,
    }
}

fn absent(id: &str) -> Problem {
    Problem::not_found(format!(
        "there is no digest {id}; POST /digests?start=…&stop=… makes one"
    ))
}

pub(crate) fn in_progress() -> Response {
    let headers = [(header::RETRY_AFTER, RETRY_AFTER.to_string())];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn gone(proof: &Proof) -> Problem {
    let reason = proof.reason.as_deref().unwrap_or("no reason was recorded");
    let detail = format!("there is no digest: {reason}; POST /digests tries again");
    Problem::new(StatusCode::GONE, detail)
        .with("id", proof.id.to_string())
        .with("state", "failed")
        .with("reason", reason)
}

/// The latest version of a digest, in the list.
#[derive(Debug, Serialize)]
struct DigestLine {
    id: DigestId,
    version: u32,
    state: &'static str,
    reason: Option<String>,
    from: Timestamp,
    to: Timestamp,
    scope: String,
    by: Vec<String>,
    started: Timestamp,
    ended: Option<Timestamp>,
    rows: Option<u64>,
}

/// The list.
#[derive(Debug, Serialize)]
struct DigestList {
    digests: Vec<DigestLine>,
    /// Whether there are more than are listed.
    more: bool,
}

/// The digests of the output, the last one that was asked for first. Whether one is stale is not looked at.
async fn list(api: &Api) -> Result<DigestList> {
    let mut latest: Vec<DigestVersion> = Vec::new();
    for state in api.digests.list().await? {
        match latest.last_mut().filter(|last| last.id == state.version.id) {
            Some(last) => *last = state.version,
            None => latest.push(state.version),
        }
    }
    let more = latest.len() > MAX_DIGESTS;
    let lines: Vec<Option<DigestLine>> = stream::iter(latest.into_iter().take(MAX_DIGESTS))
        .map(async |version| line(api, version).await)
        .buffered(READS)
        .try_collect()
        .await?;
    let mut digests: Vec<DigestLine> = lines.into_iter().flatten().collect();
    digests.sort_by_key(|digest| std::cmp::Reverse(digest.started));
    Ok(DigestList { digests, more })
}

async fn line(api: &Api, version: DigestVersion) -> Result<Option<DigestLine>> {
    if let Some(proof) = api.digests.proof(version).await? {
        return Ok(Some(DigestLine {
            state: file::state(&proof),
            reason: proof.reason,
            started: proof.started,
            ended: Some(proof.ended),
            rows: Some(proof.rows),
            id: version.id,
            version: version.version,
            from: proof.digest.from,
            to: proof.digest.to,
            scope: proof.digest.scope.to_string(),
            by: proof.digest.by,
        }));
    }
    let claim = api.digests.claim(version).await?;
    Ok(claim.map(|claim| DigestLine {
        id: version.id,
        version: version.version,
        state: "in-progress",
        reason: None,
        from: claim.digest.from,
        to: claim.digest.to,
        scope: claim.digest.scope.to_string(),
        by: claim.digest.by,
        started: claim.claimed,
        ended: None,
        rows: None,
    }))
}

impl Api {
    /// Claims a digest, and starts its job. A claim whose job has failed is tried again, or claimed anew. One that
    /// somebody else has left without a job is started.
    pub(crate) async fn request(
        &self,
        request: &DigestRequest,
        refresh: bool,
    ) -> std::result::Result<Requested, Problem> {
        let now = Timestamp::now();
        let mut requested = self.digests.request(request, refresh, now).await?;
        if let Requested::InProgress { claim, is_started } = &requested {
            match self.jobs.failure(&claim.job).await? {
                None => self.keep_going(claim, *is_started).await?,
                Some(failure) if failure.is_final => {
                    self.digests.fail(claim, &failure.reason, now).await?;
                    requested = self.digests.request(request, refresh, now).await?;
                }
                Some(_) => requested = Requested::Claimed(claim.clone()),
            }
        }
        if let Requested::Claimed(claim) = &requested {
            self.jobs.start(claim).await?;
        }
        Ok(requested)
    }

    /// The state of a digest. One whose job has failed for good is recorded as failed first.
    pub(crate) async fn state(&self, id: DigestId) -> std::result::Result<DigestState, Problem> {
        let state = match self.digests.state(id).await {
            // It is of a source that this service does not read. What is written is still true.
            Err(Error::Outside { .. }) => self.digests.recorded(id).await,
            state => state,
        };
        let state = state?;
        let DigestState::InProgress {
            claim, is_started, ..
        } = &state
        else {
            return Ok(state);
        };
        let now = Timestamp::now();
        match self.jobs.failure(&claim.job).await? {
            None => {
                self.keep_going(claim, *is_started).await?;
                Ok(state)
            }
            Some(failure) if failure.is_final => {
                self.digests.fail(claim, &failure.reason, now).await?;
                Ok(self.digests.recorded(id).await?)
            }
            // Nothing is recorded, because a job that continues may still make it.
            Some(failure) => {
                let proof = Proof::failed(claim, &failure.reason, now);
                Ok(DigestState::Failed(Box::new(proof)))
            }
        }
    }

    /// Starts the job of a claim whose claimant seems to be dead.
    async fn keep_going(
        &self,
        claim: &Claim,
        is_started: bool,
    ) -> std::result::Result<(), Problem> {
        if !is_started
            && claim
                .claimed
                .saturating_add(START_TIME)
                .is_ok_and(|late| late < Timestamp::now())
        {
            self.jobs.start(claim).await?;
        }
        Ok(())
    }
}
