//! `rehose retry`: starts a job over the objects that failed or were lost in another job.

use rehose_reprocess::plan::retryable;
use serde_json::json;

use super::begin::begin;
use super::error::Result;
use super::ledger::open_ledger;
use crate::args::operate::RetryArgs;
use crate::stack::DeployedStack;

pub(super) async fn retry(args: RetryArgs) -> Result<u8> {
    let stack = DeployedStack::new(&args.stack);
    // The function `start` checks this too, but only after this command has ended.
    retryable(&open_ledger(&stack, &args.failed_job).await?).await?;
    let input = json!({"retry": args.failed_job});
    begin(&stack, &args.stack, args.job, &input, args.follow).await
}
