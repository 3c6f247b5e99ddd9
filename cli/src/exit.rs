//! The exit statuses of the command.

use rehose_reprocess::ledger::report::{JobOutcome, Report};

/// The command succeeded, or the job did.
pub(crate) const SUCCEEDED: u8 = 0;
/// The command could not start or could not finish.
pub(crate) const FAILED: u8 = 1;
/// The arguments are not valid.
pub(crate) const USAGE: u8 = 2;
/// The job has ended, but some objects failed or were lost.
pub(crate) const INCOMPLETE: u8 = 3;

/// The job has ended, but more events than it accepts fit no row.
pub(crate) const REJECTED: u8 = 4;

/// The exit status for a job that has ended.
pub(crate) fn status_of(report: &Report) -> u8 {
    match report.state {
        JobOutcome::Succeeded => SUCCEEDED,
        JobOutcome::Incomplete => INCOMPLETE,
        JobOutcome::Rejected => REJECTED,
    }
}
