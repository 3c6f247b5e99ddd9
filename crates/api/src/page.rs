//! The page: one file of HTML, which shows what the API answers, or one job.

use axum::http::{HeaderName, header};
use rehose_reprocess::error::{Error, Result};
use rehose_reprocess::ledger::Ledger;

use crate::jobs::JobDetails;

/// The page.
pub(crate) const PAGE: &str = include_str!("page.html");

/// Where a page of one job has the job.
const OWN_JOB: &str = "const own = null;";

/// A page of one job, which needs no service. `None` if there is no such job.
///
/// # Errors
///
/// Those of the store, and of a ledger that is damaged.
pub async fn job_page(ledger: Ledger) -> Result<Option<String>> {
    let name = ledger.job().clone();
    let Some(job) = JobDetails::read(ledger).await? else {
        return Ok(None);
    };
    let job = serde_json::to_string(&job).map_err(|error| Error::Internal {
        what: format!("writing the page of {name}"),
        reason: error.to_string(),
    })?;
    // Nothing in it ends the script.
    let own = format!("const own = {};", job.replace('<', "\\u003c"));
    Ok(Some(PAGE.replacen(OWN_JOB, &own, 1)))
}

/// It runs only its own script, and speaks only with this service.
pub(crate) const HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-cache"),
];
