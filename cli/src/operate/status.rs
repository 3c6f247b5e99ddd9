//! `rehose status`: how a job stands.

use rehose_reprocess::check::watch::Watch;

use super::args::StatusArgs;
use super::follow::{Since, follow, mourn};
use super::{OperateError, Result, report};
use crate::stack::Stack;
use crate::{SUCCEEDED, note, say, status_of, summary};

pub(super) async fn status(args: StatusArgs) -> Result<u8> {
    let StatusArgs { job, stack: of, .. } = &args;
    let stack = Stack::new(of);
    if args.follow {
        return follow(&stack, of, job, Since::Before).await;
    }
    // First the execution: when it has ended, the ledger changes no more.
    let execution = stack.execution(job.as_str()).await?;
    let ledger = stack.ledger(job).await?;
    let look = Watch::new(ledger.clone()).look().await?;
    if let Some(ended) = &look.report {
        report::show(&ledger, ended, of);
        return Ok(status_of(ended));
    }
    if execution.is_none() && ledger.definition().await?.is_none() {
        return Err(OperateError::no_job(job, of));
    }
    let state = execution
        .as_ref()
        .map(|execution| execution.state().to_string());
    let state = state.as_deref().unwrap_or("no execution of its name");
    say(&summary::standing(job, state, &look));
    match execution {
        Some(ended) if !ended.is_running() => Ok(mourn(job, of, &ended)),
        _ => {
            note(&format!("next: rehose status {job} --follow{of}"));
            Ok(SUCCEEDED)
        }
    }
}
