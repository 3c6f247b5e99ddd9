//! `rehose start`: starts a job on the stack.

use rehose_reprocess::job::Mode;
use rehose_store::aws;
use rehose_store::location::{Location, root};
use serde_json::json;

use super::begin::begin;
use super::error::Result;
use crate::args::operate::StartArgs;
use crate::console::print_note;
use crate::stack::DeployedStack;

pub(super) async fn start(args: StartArgs) -> Result<u8> {
    let mut input = json!({"prefix": args.prefix});
    if args.mode.mode() != Mode::default() {
        input["mode"] = json!(args.mode.mode());
    }
    if !args.acceptance.exclude.is_empty() {
        input["exclude"] = json!(args.acceptance.exclude);
    }
    if let Some(errors) = args.acceptance.errors() {
        input["errors"] = json!(errors);
    }
    if let Some(max_rejected) = args.acceptance.max_rejected() {
        input["max_rejected"] = json!(max_rejected);
    }
    let stack = DeployedStack::new(&args.stack);
    warn_of_leftover_parts(&stack).await;
    begin(&stack, &args.stack, args.job, &input, args.follow).await
}

/// Warns if nothing removes the parts of an upload whose function died. The deployment adds a rule to
/// a bucket that it creates, but not to an existing one.
async fn warn_of_leftover_parts(stack: &DeployedStack) {
    let Ok(Location::S3 { bucket, prefix }) = stack.output_location().await else {
        return;
    };
    let config = stack.config().await;
    match aws::aborts_incomplete_uploads(config, bucket, &root(prefix)).await {
        Ok(true) => {}
        Ok(false) => print_note(&format!(
            "warning: no lifecycle rule of {bucket} aborts incomplete multipart uploads: parts that a \
             killed function leaves behind are charged for ever; add one (docs/DEPLOY.md)"
        )),
        Err(reason) => print_note(&format!(
            "note: cannot see whether a lifecycle rule of {bucket} aborts incomplete multipart uploads: \
             {reason}"
        )),
    }
}
