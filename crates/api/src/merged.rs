//! `GET /merged`: what is merged of each hour or day.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use rehose_reprocess::ledger::generation::Generations;
use rehose_reprocess::ledger::merged::{MergedPartition, MergedPartitions};
use serde::Serialize;

use crate::Api;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Merged {
    partitions: Vec<MergedPartition>,
    /// Generations that are planned and not published.
    unpublished: Vec<String>,
}

/// The partitions whose names begin with the parameter `partition`: a month, a day or an hour.
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    mut parameters: Parameters,
) -> Result<Json<Merged>, Problem> {
    let partition = parameters.one("partition")?.unwrap_or_default();
    parameters.end()?;
    // A generation is in the folder of its partition. A year would be thousands of documents to read.
    let is_usable = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/');
    if partition.len() < "yyyy-MM".len() || !partition.chars().all(is_usable) {
        return Err(Problem::bad_request(format!(
            "partition is {partition:?}; a month such as 2026-11, a day such as 2026-11-25 or an hour such as \
             2026-11-25/07 would be right"
        )));
    }
    let generations = Generations::new(Arc::clone(&api.output));
    let found = MergedPartitions::read(&generations, &partition).await?;
    Ok(Json(Merged {
        partitions: found.partitions(),
        unpublished: found.unpublished.iter().map(ToString::to_string).collect(),
    }))
}
