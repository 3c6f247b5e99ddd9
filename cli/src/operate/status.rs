//! `rehose status`: shows the state of a job.

use rehose_reprocess::check::watch::Watch;

use super::error::{OperateError, Result};
use super::follow::{Started, follow};
use super::ledger::open_ledger;
use super::report::print_report;
use super::unfinished::report_unfinished;
use crate::args::operate::StatusArgs;
use crate::console::{print, print_note};
use crate::exit::{SUCCEEDED, status_of};
use crate::stack::DeployedStack;
use crate::summary;

pub(super) async fn status(args: StatusArgs) -> Result<u8> {
    let StatusArgs {
        job,
        stack: stack_args,
        ..
    } = &args;
    let stack = DeployedStack::new(stack_args);
    if args.follow {
        return follow(&stack, stack_args, job, Started::Earlier).await;
    }
    // Read the execution before the ledger. After the execution has ended, the ledger no longer
    // changes.
    let execution = stack.execution_of(job).await?;
    let ledger = open_ledger(&stack, job).await?;
    let look = Watch::new(ledger.clone()).look().await?;
    if let Some(report) = &look.report {
        print_report(&ledger, report, stack_args);
        return Ok(status_of(report));
    }
    if execution.is_none() && ledger.definition().await?.is_none() {
        return Err(OperateError::no_job(job, stack_args));
    }
    let state = execution
        .as_ref()
        .map(|execution| execution.state().to_string());
    let state = state.as_deref().unwrap_or("no execution with this name");
    print(&summary::of_unfinished_job(job, state, &look));
    match execution {
        Some(execution) if !execution.is_running() => {
            Ok(report_unfinished(job, stack_args, &execution))
        }
        _ => {
            print_note(&format!("next: rehose status {job} --follow{stack_args}"));
            Ok(SUCCEEDED)
        }
    }
}
