//! The `api` function: the HTTP API, whose jobs are executions of the state machine.

mod executions;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_http::Error;
use rehose_api::{Api, Defaults, Limits, router};
use rehose_functions::{Environment, MergedLog, serve};
use rehose_reprocess::digest::Digests;
use rehose_reprocess::job::Digest;
use rehose_store::aws;
use rehose_store::location::Stores;

use crate::executions::Executions;

/// The time for an answer. `infra/lib/api.ts` gives the function a few seconds more.
const TIME: Duration = Duration::from_secs(25);

#[tokio::main]
async fn main() -> ExitCode {
    serve(function()).await
}

async fn function() -> Result<(), Error> {
    let environment = Environment;
    let config = aws::config().await;
    let stores = Stores::on_aws(&config);
    let output = stores.output(&environment.output()?)?;
    let deployed = environment.deployment(&stores)?;
    let MergedLog {
        log,
        source,
        max_rejected,
        merge,
    } = deployed.merged_log()?;
    let api = Api {
        digests: Digests::new(Arc::clone(&output), vec![source.clone()]),
        output,
        jobs: Arc::new(Executions::new(
            aws_sdk_sfn::Client::new(&config),
            environment.state_machine()?,
        )),
        defaults: Defaults {
            source: source.name(),
            prefix: source.prefix.clone(),
            exclude: log.exclude.clone(),
            errors: log.errors,
            max_rejected,
            layout: merge.layout,
            // That of a merge says when an hour of keys has ended, and not when a record arrives.
            lateness: Digest::LATENESS,
            options: log.shape.options().with_defaults(),
        },
    };
    let limits = Limits {
        time: TIME,
        // IAM decides who may call, by any name that the deployment has.
        hosts: None,
        ..Limits::default()
    };
    lambda_http::run(router(api, limits, None)).await
}
