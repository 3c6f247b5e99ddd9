//! The calls of vpcflow-digesterd, whose clients continue to work: `POST /?start=…&stop=…` and
//! `GET /?start=…&stop=…` (<https://github.com/asecurityteam/vpcflow-digesterd>).
//!
//! Times may have seconds, which are left out. A digest is gzip of lines of 14 fields, without a header that says
//! so. Digests are those of `/digests` with the default of every parameter.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use rehose_reprocess::digest::{DigestFile, DigestState, Requested};

use crate::Api;
use crate::digests::in_progress;
use crate::file;
use crate::page;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::request::{self, Times};

/// `POST /`: claims a digest.
pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    mut parameters: Parameters,
) -> Result<StatusCode, Problem> {
    let request = request::of_window(&api, &mut parameters, Times::Truncated)?;
    parameters.end()?;
    match api.request(&request, false).await? {
        Requested::Claimed(_) => Ok(StatusCode::ACCEPTED),
        Requested::InProgress { .. } => Err(conflict("the digest is in progress")),
        Requested::Present(_) => Err(conflict("the digest exists")),
    }
}

fn conflict(message: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, message).with("message", message)
}

/// `GET /`: a digest, or without a window the page.
pub(crate) async fn find(
    State(api): State<Arc<Api>>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    if !request::has_window(&parameters) {
        parameters.end()?;
        return Ok((page::HEADERS, Html(page::PAGE)).into_response());
    }
    let request = request::of_window(&api, &mut parameters, Times::Truncated)?;
    parameters.end()?;
    let id = request.checked(Timestamp::now())?.id()?;
    let proof = match api.state(id).await? {
        DigestState::Absent => return Ok(StatusCode::NOT_FOUND.into_response()),
        DigestState::InProgress { .. } => return Ok(in_progress()),
        DigestState::Failed(proof) => {
            let reason = proof.reason.unwrap_or_default();
            return Err(Problem::new(
                StatusCode::GONE,
                format!("there is no digest: {reason}"),
            ));
        }
        DigestState::Ready(proof) | DigestState::Stale { proof, .. } => proof,
    };
    let Some(text) = proof.file(DigestFile::Text) else {
        return Err(Problem::not_found(
            "these records have no such text; ask for it by /digests",
        ));
    };
    file::stored(&api, text).await
}
