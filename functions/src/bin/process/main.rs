//! The `process` function: converts the objects of its messages.

mod sqs;

use std::process::ExitCode;
use std::time::Instant;

use futures::future::join_all;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rehose_functions::{Environment, deadline, emit, log, log_and_answer, of_batch, parse, serve};
use rehose_reprocess::error;
use rehose_reprocess::work::Processor;
use rehose_store::aws;
use rehose_store::location::Stores;
use serde_json::Value;

use crate::sqs::{Batch, BatchResponse, ItemFailure};

#[tokio::main]
async fn main() -> ExitCode {
    serve(function()).await
}

async fn function() -> Result<(), Error> {
    let environment = Environment;
    let stores = Stores::on_aws(&aws::config().await);
    let processor = Processor::new(
        environment.deployment(&stores)?.logs,
        stores.output(&environment.output()?)?,
        environment.compression()?,
        environment.limits()?,
    )?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        process(&processor, event)
            .await
            .map_err(|error| log_and_answer(&error))
    }))
    .await
}

/// Handles the messages of a batch independently. Only those that fail go back to the queue.
async fn process(processor: &Processor, event: LambdaEvent<Value>) -> error::Result<BatchResponse> {
    let begun = Instant::now();
    let LambdaEvent { payload, context } = event;
    let deadline = deadline(&context);
    let batch: Batch = parse(payload)?;
    let results = join_all(batch.records.into_iter().map(async |record| {
        let result = processor.process(&record.body, deadline).await;
        (record.message_id, result)
    }))
    .await;
    let mut response = BatchResponse::default();
    let mut processed = Vec::new();
    for (item_identifier, result) in results {
        match result {
            Ok(message) => processed.push(message),
            Err(error) => {
                log(&error);
                let failure = ItemFailure { item_identifier };
                response.batch_item_failures.push(failure);
            }
        }
    }
    let returned = response.batch_item_failures.len();
    emit(&context, &of_batch(&processed, returned, begun.elapsed()));
    Ok(response)
}
