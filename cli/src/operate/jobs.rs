//! `rehose jobs`: the latest jobs.

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Result;
use super::args::JobsArgs;
use crate::stack::{Execution, Stack};
use crate::{SUCCEEDED, note, say, say_json, summary};

/// A job as it is listed.
#[derive(Debug, Serialize)]
struct Line {
    job: String,
    state: String,
    started: Timestamp,
    ended: Option<Timestamp>,
    /// What it was started with.
    input: Value,
}

impl From<Execution> for Line {
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
    let stack = Stack::new(&args.stack);
    let lines: Vec<Line> = stack
        .executions(None)
        .await?
        .try_filter(|execution| std::future::ready(!execution.is_restart()))
        .map_ok(Line::from)
        .take(args.limit)
        .try_collect()
        .await?;
    if args.json {
        say_json(&lines);
    } else if lines.is_empty() {
        note(&format!(
            "there are no jobs; `rehose start PREFIX{}` starts one",
            args.stack
        ));
    } else {
        say(&table(&lines));
    }
    Ok(SUCCEEDED)
}

fn table(lines: &[Line]) -> String {
    let mut table = summary::empty();
    table.set_header(["job", "state", "started", "ended", "input"]);
    for line in lines {
        let ended = line
            .ended
            .map_or_else(String::new, |ended| ended.to_string());
        table.add_row([
            line.job.clone(),
            line.state.clone(),
            line.started.to_string(),
            ended,
            line.input.to_string(),
        ]);
    }
    table.trim_fmt()
}
