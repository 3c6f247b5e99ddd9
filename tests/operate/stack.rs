//! A new stack on the local AWS for each test: the part of the stack in `infra/` that a job needs.

use std::io::{Cursor, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleRule,
    LifecycleRuleFilter,
};
use aws_sdk_sfn::types::ExecutionStatus;
use rehose_store::aws;
use rehose_testkit::stash::{self, FLOW};
use rehose_tests::local_aws;
use serde_json::{Value, json};
use tokio::time::sleep;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::REHOSE;
use crate::command::{Finished, built, finish};

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

const DEFINITION: &str = include_str!("../../statemachine.asl.json");

/// The settings of a stack.
pub(crate) struct Settings {
    /// Whether Lambda delivers messages to `process`.
    pub(crate) delivers: bool,
    /// The number of calls after which a job continues in a new execution.
    pub(crate) restart_after: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            delivers: true,
            restart_after: 500,
        }
    }
}

/// A deployed stack.
pub(crate) struct Stack {
    pub(crate) name: String,
    pub(crate) machine: String,
    pub(crate) output: String,
    source: String,
    s3: aws_sdk_s3::Client,
    sfn: aws_sdk_sfn::Client,
}

impl Stack {
    pub(crate) async fn deploy(settings: Settings) -> Self {
        // Without it, this would deploy to the real AWS.
        std::env::var("AWS_ENDPOINT_URL")
            .expect("AWS_ENDPOINT_URL is not set: scripts/test starts the local AWS and sets it");
        let config = aws::config().await;
        let s3 = aws::s3(&config);
        let name = fresh_name();
        let [source, bucket, code] =
            ["source", "output", "code"].map(|what| format!("{name}-{what}"));
        for bucket in [&source, &bucket, &code] {
            s3.create_bucket().bucket(bucket).send().await.unwrap();
        }
        abort_incomplete_uploads(&s3, &bucket).await;
        for function in ["start", "process", "check"] {
            let request = s3.put_object().bucket(&code).key(function);
            request.body(archive(function).into()).send().await.unwrap();
        }
        let output = format!("s3://{bucket}/rows");
        let template = template(&name, &source, &output, &code, &settings);
        let outputs = local_aws::deploy(&name, &template);
        let machine = outputs["StateMachineArn"].as_str().unwrap().to_owned();
        Self {
            name,
            machine,
            output,
            source,
            s3,
            sfn: aws_sdk_sfn::Client::new(&config),
        }
    }

    /// Puts an object into the source.
    pub(crate) async fn put(&self, key: &str, body: &str) {
        let request = self.s3.put_object().bucket(&self.source).key(key);
        request
            .body(body.as_bytes().to_vec().into())
            .send()
            .await
            .unwrap();
    }

    /// Puts this many objects, with one event each.
    pub(crate) async fn put_good(&self, count: usize) {
        for i in 0..count {
            self.put(&format!("stash/{i:03}"), &good()).await;
        }
    }

    /// Runs a command with `--stack`.
    pub(crate) fn rehose(&self, args: &[&str]) -> Finished {
        finish(REHOSE.command(args).args(["--stack", &self.name]))
    }

    /// Starts an execution as any client of Step Functions does, under a name that AWS chooses.
    pub(crate) async fn execute(&self, input: &Value) {
        let request = self.sfn.start_execution().state_machine_arn(&self.machine);
        request.input(input.to_string()).send().await.unwrap();
    }

    /// The executions that are running.
    pub(crate) async fn running(&self) -> usize {
        self.executions(Some(ExecutionStatus::Running)).await
    }

    /// All executions, or those with a status.
    pub(crate) async fn executions(&self, status: Option<ExecutionStatus>) -> usize {
        let request = self.sfn.list_executions().state_machine_arn(&self.machine);
        let answer = request.set_status_filter(status).send().await.unwrap();
        answer.executions.len()
    }

    /// Waits until a condition is true.
    pub(crate) async fn wait_until(&self, what: &str, mut is_true: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !is_true().await {
            assert!(begun.elapsed() < PATIENCE, "waited too long until {what}");
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Adds the lifecycle rule without which `start` warns.
async fn abort_incomplete_uploads(s3: &aws_sdk_s3::Client, bucket: &str) {
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(1);
    let rule = LifecycleRule::builder()
        .id("abort")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .abort_incomplete_multipart_upload(abort.build())
        .build()
        .unwrap();
    let rules = BucketLifecycleConfiguration::builder().rules(rule).build();
    let request = s3.put_bucket_lifecycle_configuration().bucket(bucket);
    let request = request.lifecycle_configuration(rules.unwrap());
    request.send().await.unwrap();
}

/// A valid object with one event.
pub(crate) fn good() -> String {
    stash::document(&[(1_580_515_200_000, FLOW)])
}

/// The archive of a function. It runs the binary by its path, because the local AWS runs functions on
/// this machine.
fn archive(function: &str) -> Vec<u8> {
    let binary = built(&format!("rehose-{function}"));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .unix_permissions(0o755);
    archive.start_file("bootstrap", options).unwrap();
    writeln!(archive, "#!/bin/sh\nexec '{}'", binary.display()).unwrap();
    archive.finish().unwrap().into_inner()
}

fn template(name: &str, source: &str, output: &str, code: &str, settings: &Settings) -> Value {
    let function = |function: &str| {
        json!({
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": format!("{name}-{function}"),
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Code": {"S3Bucket": code, "S3Key": function},
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Timeout": 60,
                "MemorySize": 512,
                "Environment": {"Variables": {
                    "REHOSE_SOURCES": format!("s3://{source}/stash/"),
                    "REHOSE_OUTPUT": output,
                    "REHOSE_QUEUE_URL": {"Ref": "Queue"},
                    "REHOSE_PAGE": "3",
                    "REHOSE_PAGES": "1",
                    "REHOSE_WAIT_SECONDS": "1",
                }},
            },
        })
    };
    json!({
        "Resources": {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": name, "VisibilityTimeout": 360},
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": name,
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow",
                        "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
                        "Action": "sts:AssumeRole",
                    }]},
                },
            },
            "Start": function("start"),
            "Process": function("process"),
            "Check": function("check"),
            "Feed": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "FunctionName": {"Ref": "Process"},
                    "BatchSize": 1,
                    "Enabled": settings.delivers,
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                },
            },
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "StateMachineName": name,
                    "Tags": [{"Key": "rehose:output", "Value": output}],
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "DefinitionString": DEFINITION,
                    "DefinitionSubstitutions": {
                        "Partition": "aws",
                        "StartFunctionArn": {"Fn::GetAtt": ["Start", "Arn"]},
                        "CheckFunctionArn": {"Fn::GetAtt": ["Check", "Arn"]},
                        "RestartAfter": settings.restart_after.to_string(),
                    },
                },
            },
        },
        "Outputs": {
            "StateMachineArn": {"Value": {"Ref": "Machine"}},
            "OutputLocation": {"Value": output},
        },
    })
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("operate-{}-{next}", now.as_nanos())
}
