//! `rehose start`: starts a job on the stack.

use rehose_reprocess::job::Mode;
use serde_json::json;

use super::begin::begin;
use super::error::Result;
use crate::args::operate::StartArgs;
use crate::stack::DeployedStack;

pub(super) async fn start(args: StartArgs) -> Result<u8> {
    let mut input = json!({"prefix": args.prefix});
    if args.mode.mode() != Mode::default() {
        input["mode"] = json!(args.mode.mode());
    }
    if !args.exclude.is_empty() {
        input["exclude"] = json!(args.exclude);
    }
    let stack = DeployedStack::new(&args.stack);
    begin(&stack, &args.stack, args.job, &input, args.follow).await
}
