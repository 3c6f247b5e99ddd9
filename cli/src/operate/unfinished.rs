//! Executions that have ended without a report.

use rehose_reprocess::job::JobId;

use crate::args::stack::StackArgs;
use crate::console::print_error;
use crate::exit::{FAILED, USAGE};
use crate::stack::{Execution, ExecutionState};

/// Prints why an execution ended without a report, and returns the exit status.
pub(super) fn report_unfinished(job: &JobId, args: &StackArgs, execution: &Execution) -> u8 {
    let cause = execution.cause.as_deref().unwrap_or("no cause was given");
    let next =
        format!("`rehose start PREFIX --mode missing{args}` processes the remaining objects");
    match execution.state() {
        ExecutionState::Refused => {
            print_error(&format!("the job {job} was refused: {cause}"));
            USAGE
        }
        ExecutionState::Failed => {
            print_error(&format!(
                "the job {job} failed: {cause}; fix this, then {next}"
            ));
            FAILED
        }
        state => {
            print_error(&format!(
                "the job {job} is {state} and has no report; {next}"
            ));
            FAILED
        }
    }
}
