//! `rehose start`: begins a job on the stack.

use jiff::Timestamp;
use rehose_reprocess::job::{JobId, Mode};
use serde_json::{Value, json};

use super::Result;
use super::args::StartArgs;
use super::follow::{Since, follow};
use crate::stack::{Begun, Stack, StackArgs};
use crate::{SUCCEEDED, note, say};

pub(super) async fn start(args: StartArgs) -> Result<u8> {
    let mut input = json!({"prefix": args.prefix});
    if args.mode.mode() != Mode::default() {
        input["mode"] = json!(args.mode.mode());
    }
    if !args.exclude.is_empty() {
        input["exclude"] = json!(args.exclude);
    }
    let stack = Stack::new(&args.stack);
    begin(&stack, &args.stack, args.job, &input, args.follow).await
}

/// Starts a job with an input, and follows it if that is wanted.
pub(super) async fn begin(
    stack: &Stack,
    args: &StackArgs,
    job: Option<JobId>,
    input: &Value,
    follows: bool,
) -> Result<u8> {
    let job = job.unwrap_or_else(|| JobId::new(Timestamp::now()));
    match stack.start(&job, input).await? {
        Begun::Started => note(&format!("the job {job} has started")),
        Begun::WasThere(there) => note(&format!(
            "the job {job} was started before; its execution is {}",
            there.state()
        )),
    }
    if follows {
        return follow(stack, args, &job, Since::Now).await;
    }
    say(job.as_str());
    note(&format!("next: rehose status {job} --follow{args}"));
    Ok(SUCCEEDED)
}
