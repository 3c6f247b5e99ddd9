//! `rehose retry`: begins a job over what failed or was lost in another.

use rehose_reprocess::plan::retryable;
use serde_json::json;

use super::Result;
use super::args::RetryArgs;
use super::start::begin;
use crate::stack::Stack;

pub(super) async fn retry(args: RetryArgs) -> Result<u8> {
    let stack = Stack::new(&args.stack);
    // `start` looks itself, but nobody waits for it here.
    retryable(&stack.ledger(&args.left).await?).await?;
    let input = json!({"retry": args.left});
    begin(&stack, &args.stack, args.job, &input, args.follow).await
}
