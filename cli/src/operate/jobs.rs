//! `rehose jobs`: lists the latest jobs.

use std::future::ready;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::error::Result;
use crate::args::operate::JobsArgs;
use crate::console::{print, print_json, print_note};
use crate::exit::SUCCEEDED;
use crate::stack::{DeployedStack, Execution};
use crate::summary::empty_grid;

/// A job in the list. These are the fields of `--json`.
#[derive(Debug, Serialize)]
struct ListedJob {
    job: String,
    state: String,
    started: Timestamp,
    ended: Option<Timestamp>,
    /// The input of the state machine.
    input: Value,
}

impl From<Execution> for ListedJob {
    fn from(execution: Execution) -> Self {
        Self {
            job: execution.job().to_owned(),
            state: execution.state().to_string(),
            started: execution.started,
            ended: execution.ended,
            input: execution.input,
        }
    }
}

pub(super) async fn jobs(args: JobsArgs) -> Result<u8> {
    let stack = DeployedStack::new(&args.stack);
    let jobs: Vec<ListedJob> = stack
        .executions(None)
        .await?
        .try_filter(|execution| ready(!execution.is_restart()))
        .map_ok(ListedJob::from)
        .take(args.limit)
        .try_collect()
        .await?;
    if args.json {
        print_json(&jobs);
    } else if jobs.is_empty() {
        print_note(&format!(
            "there are no jobs; `rehose start PREFIX{}` starts one",
            args.stack
        ));
    } else {
        print(&format_jobs(&jobs));
    }
    Ok(SUCCEEDED)
}

fn format_jobs(jobs: &[ListedJob]) -> String {
    let mut grid = empty_grid();
    grid.set_header(["job", "state", "started", "ended", "input"]);
    for job in jobs {
        let ended = job
            .ended
            .map_or_else(String::new, |ended| ended.to_string());
        grid.add_row([
            job.job.clone(),
            job.state.clone(),
            job.started.to_string(),
            ended,
            job.input.to_string(),
        ]);
    }
    grid.trim_fmt()
}
