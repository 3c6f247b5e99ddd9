//! The `check` function: returns the state of a job, and ends it.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rehose_functions::{
    Environment, deadline, emit_unless_zero, log_and_answer, of_check, parse, serve,
};
use rehose_reprocess::check::{Checked, Checker};
use rehose_reprocess::error;
use rehose_reprocess::job::JobId;
use rehose_reprocess::queues::Queues;
use rehose_store::aws;
use rehose_store::aws::SqsQueue;
use rehose_store::location::Stores;
use rehose_store::queue::Queue;
use serde::Deserialize;
use serde_json::Value;

/// The event that the state machine sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckEvent {
    job: JobId,
}

#[tokio::main]
async fn main() -> ExitCode {
    serve(function()).await
}

async fn function() -> Result<(), Error> {
    let environment = Environment;
    let config = aws::config().await;
    let sqs = aws::sqs(&config);
    let queue = |url| -> Arc<dyn Queue> { Arc::new(SqsQueue::new(sqs.clone(), url)) };
    let merge_queue = environment.merge_queue_url()?.map(&queue);
    let checker = Checker {
        output: Stores::on_aws(&config).output(&environment.output()?)?,
        queues: Queues::with(queue(environment.queue_url()?), merge_queue),
        patience: environment.patience()?,
    };
    run(service_fn(async |event: LambdaEvent<Value>| {
        check(&checker, event)
            .await
            .map_err(|error| log_and_answer(&error))
    }))
    .await
}

async fn check(checker: &Checker, event: LambdaEvent<Value>) -> error::Result<Checked> {
    let deadline = deadline(&event.context);
    let CheckEvent { job } = parse(event.payload)?;
    let checked = checker.check(&job, Timestamp::now(), deadline).await;
    emit_unless_zero(&event.context, of_check(&checked));
    checked
}
