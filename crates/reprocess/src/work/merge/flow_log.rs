//! Writing the files of a flow log, one after another.

use std::io;

use rehose_extract::merge::{FlowLogs, Merger, Summary};
use rehose_store::{Store, Upload};
use tokio::time::{Instant, timeout_at};

use super::{MergeWorker, ROWS_AT_ONCE, send_on};
use crate::error::{Error, Result};
use crate::ledger::flow_log::FlowLogNames;
use crate::ledger::receipt::Artifact;
use crate::work::convert::late;
use crate::work::pipe::pipe;

/// The most bytes of a file, which AWS calls 75 MB
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
const MAX_BYTES: u64 = 75_000_000;

/// The most files of a task, because its receipt names all of them. An hour of an account and region has a dozen.
const MAX_FILES: usize = 10_000;

impl MergeWorker {
    /// Writes the files of all records, if there are any. Each is in a folder of this name until it is published.
    pub(super) async fn write_flow_log(
        &self,
        output: &dyn Store,
        name: &str,
        names: &FlowLogNames,
        merger: Merger,
        reading_ends: Instant,
    ) -> Result<Vec<Artifact>> {
        let broken = |reason: String| broken(&output.url(name), reason);
        let logs = merger.into_flow_logs(&self.compression, MAX_BYTES);
        let Some(mut logs) = logs.map_err(|error| broken(error.to_string()))? else {
            return Ok(Vec::new());
        };
        let mut artifacts = Vec::new();
        while let Some(file) = logs.next_file() {
            if artifacts.len() == MAX_FILES {
                return Err(broken(format!(
                    "its records are of more than {MAX_FILES} accounts, regions and windows of time; merge \
                     with a smaller --target-size"
                )));
            }
            let key = format!("{name}/{}", names.key(&file, artifacts.len())?);
            let mut upload = output.write(&key).await?;
            let written = timeout_at(reading_ends, write_file(&mut logs, &mut *upload, &key));
            let written = written
                .await
                .unwrap_or_else(|_| Err(late(&output.url(&key))));
            match written {
                Ok(summary) => artifacts.push(Artifact {
                    key,
                    bytes: upload.complete().await?,
                    rows: summary.rows,
                    // Any of the task's objects.
                    inputs: Vec::new(),
                    sums: Some(summary.sums),
                }),
                Err(error) => {
                    upload.abort().await;
                    return Err(error);
                }
            }
        }
        Ok(artifacts)
    }
}

/// Writes the next file.
async fn write_file(logs: &mut FlowLogs, upload: &mut dyn Upload, key: &str) -> Result<Summary> {
    let broken = |error: io::Error| broken(key, error.to_string());
    let (inlet, mut outlet) = pipe();
    let mut file = logs.write_file(inlet);
    while file.write(ROWS_AT_ONCE).map_err(broken)? {
        send_on(&mut outlet, upload).await?;
    }
    let summary = file.finish().map_err(broken)?;
    send_on(&mut outlet, upload).await?;
    Ok(summary)
}

fn broken(what: &str, reason: String) -> Error {
    Error::Internal {
        what: format!("merging into {what}"),
        reason,
    }
}
