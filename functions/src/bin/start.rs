//! The `start` function: plans a job, as many pages as a call has time for.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rehose_extract::Options;
use rehose_functions::{Environment, deadline, log_and_answer, parse, serve};
use rehose_reprocess::error;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected, Merge, Mode};
use rehose_reprocess::plan::RetryRequest;
use rehose_reprocess::plan::{Cursor, Planner, StartRequest, Started};
use rehose_store::aws;
use rehose_store::aws::SqsQueue;
use rehose_store::location::Stores;
use serde::Deserialize;
use serde_json::Value;

/// The event that the state machine sends: the caller's input, the job's id, and the last cursor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartEvent {
    job: JobId,
    /// `s3://bucket/prefix`, or a prefix in the only source.
    prefix: Option<String>,
    /// The job whose failed and lost objects are planned, instead of a prefix.
    retry: Option<JobId>,
    mode: Option<Mode>,
    /// The options of input and output; the deployed ones by default.
    options: Option<Options>,
    exclude: Option<Vec<String>>,
    /// What becomes of the records that Firehose could not deliver; as deployed by default.
    errors: Option<ErrorRecords>,
    /// The percentage of events that may be rejected; as deployed by default.
    max_rejected: Option<MaxRejected>,
    /// How the objects are merged; without it, each is rewritten.
    merge: Option<Merge>,
    cursor: Option<Cursor>,
}

#[tokio::main]
async fn main() -> ExitCode {
    serve(function()).await
}

async fn function() -> Result<(), Error> {
    let environment = Environment;
    let config = aws::config().await;
    let stores = Stores::on_aws(&config);
    let (page, pages) = environment.pages()?;
    let planner = Planner {
        sources: stores.sources(&environment.sources()?)?,
        output: stores.output(&environment.output()?)?,
        queue: Arc::new(SqsQueue::new(aws::sqs(&config), environment.queue_url()?)),
        page,
        pages,
    };
    let options = environment.shape()?.options().clone();
    let deployed = Deployed {
        options,
        exclude: environment.exclude()?,
        errors: environment.errors()?,
        max_rejected: environment.max_rejected()?,
    };
    run(service_fn(async |event: LambdaEvent<Value>| {
        start(&planner, &deployed, event)
            .await
            .map_err(|error| log_and_answer(&error))
    }))
    .await
}

/// What a job has unless its event says otherwise.
struct Deployed {
    options: Options,
    exclude: Vec<String>,
    errors: ErrorRecords,
    max_rejected: MaxRejected,
}

async fn start(
    planner: &Planner,
    deployed: &Deployed,
    event: LambdaEvent<Value>,
) -> error::Result<Started> {
    let deadline = deadline(&event.context);
    let now = Timestamp::now();
    let event: StartEvent = parse(event.payload)?;
    match event {
        StartEvent {
            job,
            retry: Some(retry),
            prefix: None,
            mode: None,
            options: None,
            exclude: None,
            errors: None,
            max_rejected: None,
            merge: None,
            cursor,
        } => {
            let request = RetryRequest { job, retry, cursor };
            planner.retry(request, now, deadline).await
        }
        StartEvent { retry: Some(_), .. } => Err(refused(
            "with `retry`, only `job` may be given: objects, source and options are those of the job that it names",
        )),
        StartEvent { prefix: None, .. } => Err(refused("missing field `prefix`, or `retry`")),
        StartEvent {
            prefix: Some(prefix),
            retry: None,
            ..
        } => {
            let (source, prefix) = planner.locate(&prefix)?;
            let request = StartRequest {
                job: event.job,
                source,
                prefix,
                mode: event.mode.unwrap_or_default(),
                exclude: [&deployed.exclude[..], &event.exclude.unwrap_or_default()].concat(),
                errors: event.errors.unwrap_or(deployed.errors),
                max_rejected: event.max_rejected.unwrap_or(deployed.max_rejected),
                merge: event.merge,
                options: event.options.unwrap_or_else(|| deployed.options.clone()),
                cursor: event.cursor,
            };
            planner.start(request, now, deadline).await
        }
    }
}

fn refused(reason: &str) -> error::Error {
    error::Error::Value {
        name: "the event",
        reason: reason.to_owned(),
    }
}
