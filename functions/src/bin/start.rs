//! The `start` function: plans a job, as many pages as a call has time for.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rehose_extract::Options;
use rehose_functions::{
    Deployment, Environment, JobDefaults, deadline, emit_unless_zero, log_and_answer,
    of_planned_merge, parse, serve,
};
use rehose_reprocess::error;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{Digest, JobId, MaxRejected, Merge, Mode};
use rehose_reprocess::plan::RetryRequest;
use rehose_reprocess::plan::{Cursor, Planner, StartRequest, Started};
use rehose_reprocess::queues::Queues;
use rehose_store::aws;
use rehose_store::aws::SqsQueue;
use rehose_store::location::Stores;
use rehose_store::queue::Queue;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The event that the state machine sends: the caller's input, the job's id, and the last cursor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartEvent {
    job: JobId,
    /// `s3://bucket/prefix`, or a prefix in the only source. It belongs to one log.
    prefix: Option<String>,
    /// The job whose failed and lost objects are planned, instead of a prefix.
    retry: Option<JobId>,
    mode: Option<Mode>,
    /// The options of input and output; those of the log by default. If only `to` is missing, it is the log's.
    options: Option<Options>,
    exclude: Option<Vec<String>>,
    /// What becomes of the records that Firehose could not deliver; as deployed by default.
    errors: Option<ErrorRecords>,
    /// The percentage of events that may be rejected; as deployed by default.
    max_rejected: Option<MaxRejected>,
    /// How the objects are merged, where it differs from what is deployed; without it, each is rewritten.
    merge: Option<Map<String, Value>>,
    /// The digest that is made of the objects, instead of rewriting each. Its layout is that of merges unless it
    /// has one.
    digest: Option<Map<String, Value>>,
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
    let sqs = aws::sqs(&config);
    let queue = |url| -> Arc<dyn Queue> { Arc::new(SqsQueue::new(sqs.clone(), url)) };
    let merge_queue = environment.merge_queue_url()?.map(&queue);
    let deployed = environment.deployment(&stores)?;
    let planner = Planner {
        logs: deployed.logs.clone(),
        output: stores.output(&environment.output()?)?,
        queues: Queues::with(queue(environment.queue_url()?), merge_queue),
        page,
        pages,
    };
    run(service_fn(async |event: LambdaEvent<Value>| {
        start(&planner, &deployed, event)
            .await
            .map_err(|error| log_and_answer(&error))
    }))
    .await
}

/// The options of a job. The kind of the files is the deployed one unless it is chosen: an output has one kind, and
/// the first job binds it.
fn options(given: Option<Options>, deployed: &Options) -> Options {
    match given {
        Some(given) => Options {
            to: given.to.or(deployed.to),
            ..given
        },
        None => deployed.clone(),
    }
}

/// How a job merges.
fn merge(jobs: JobDefaults, given: Map<String, Value>) -> error::Result<Merge> {
    let deployed = jobs.merge.ok_or_else(|| {
        refused("the stack does not merge these objects: deploy it with merge=true, or leave out `merge`")
    })?;
    let merge: Merge = parse(deployed.into_iter().chain(given).collect())?;
    match merge.flow_log {
        // Its functions may not write there.
        Some(_) => Err(refused(
            "a stack writes no files of flow logs: use `rehose merge --as flow-log`, or leave out `flow_log`",
        )),
        None => Ok(merge),
    }
}

/// What a digest is. Its keys have the layout of merges, unless it says otherwise.
fn digest(
    deployed: Option<&Map<String, Value>>,
    given: Map<String, Value>,
) -> error::Result<Digest> {
    const LAYOUT: &str = "layout";
    // The function of merges makes digests too.
    let merge = deployed.ok_or_else(|| {
        refused("the stack makes no digests of these objects: deploy it with merge=true, or use `rehose digest`")
    })?;
    let layout = (merge.get(LAYOUT)).map(|layout| (LAYOUT.to_owned(), layout.clone()));
    parse(layout.into_iter().chain(given).collect())
}

async fn start(
    planner: &Planner,
    deployed: &Deployment,
    event: LambdaEvent<Value>,
) -> error::Result<Started> {
    let LambdaEvent { payload, context } = event;
    let deadline = deadline(&context);
    let now = Timestamp::now();
    let event: StartEvent = parse(payload)?;
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
            digest: None,
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
            merge: given,
            digest: wanted,
            ..
        } => {
            if given.is_some() && wanted.is_some() {
                return Err(refused("a job has `merge` or `digest`, and not both"));
            }
            let is_merge = given.is_some();
            let (source, prefix) = planner.logs.locate(&prefix)?;
            let (log, _) = planner.logs.of_prefix(&source, &prefix)?;
            let jobs = deployed.jobs_over(log);
            let wanted = wanted.map(|wanted| digest(jobs.merge.as_ref(), wanted));
            let request = StartRequest {
                job: event.job,
                source,
                prefix,
                mode: event.mode.unwrap_or_default(),
                exclude: [&log.exclude[..], &event.exclude.unwrap_or_default()].concat(),
                errors: event.errors.unwrap_or(log.errors),
                max_rejected: event.max_rejected.unwrap_or(jobs.max_rejected),
                merge: given.map(|given| merge(jobs, given)).transpose()?,
                digest: wanted.transpose()?,
                options: options(event.options, log.shape.options()),
                cursor: event.cursor,
            };
            let started = planner.start(request, now, deadline).await?;
            if is_merge {
                emit_unless_zero(&context, of_planned_merge(&started));
            }
            Ok(started)
        }
    }
}

fn refused(reason: &str) -> error::Error {
    error::Error::Value {
        name: "the event",
        reason: reason.to_owned(),
    }
}
