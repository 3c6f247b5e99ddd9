//! The HTTP API as a function: events of function URLs and HTTP APIs, and executions in every state. A server in place
//! of Step Functions says what their states are.

use std::sync::{Arc, Mutex};

use rehose_testkit::stash::{FLOW, document, gzip};
use rehose_tests::command::{Rehose, finish};
use rehose_tests::server::serve;
use serde_json::{Value, json};

use crate::aws::Resources;
use crate::job::Stack;
use crate::runtime_api::Function;

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:rehose";
/// The kinds of files that the API's digests have.
const FILES: [&str; 2] = ["--as", "parquet,csv,text"];
const WINDOW: &str = "start=2020-02-01T00:00:00Z&stop=2020-02-01T01:00:00Z";

/// What Step Functions knows, and was asked for.
#[derive(Default)]
struct Machine {
    /// The fields of the only execution that is asked about. Null if there is none.
    execution: Value,
    /// Operations, and the names that they had.
    calls: Vec<(String, String)>,
    /// The input of the execution that was started last.
    input: Value,
}

impl Machine {
    fn answer(&mut self, operation: &str, body: &str) -> (String, String) {
        let request: Value = serde_json::from_str(body).unwrap();
        let arn = request["executionArn"].as_str().unwrap_or_default();
        let of_arn = arn.rsplit(':').next().unwrap();
        let name = request["name"].as_str().unwrap_or(of_arn).to_owned();
        self.calls.push((operation.to_owned(), name.clone()));
        let refused = |kind: &str| ("400 Bad Request".to_owned(), json!({"__type": kind}));
        let accepted = |answer| ("200 OK".to_owned(), answer);
        let arn = format!("arn:aws:states:us-east-1:000000000000:execution:rehose:{name}");
        let (status, answer) = match (operation, &self.execution) {
            ("DescribeExecution", Value::String(kind)) => refused(kind),
            ("DescribeExecution", Value::Null) => refused("ExecutionDoesNotExist"),
            ("DescribeExecution", execution) if execution["name"] == name => {
                let mut answer =
                    json!({"executionArn": arn, "stateMachineArn": MACHINE, "startDate": 1});
                let fields = execution.as_object().unwrap().clone();
                answer.as_object_mut().unwrap().extend(fields);
                accepted(answer)
            }
            ("DescribeExecution", _) => refused("ExecutionDoesNotExist"),
            ("StartExecution", execution) if execution["name"] == name => {
                refused("ExecutionAlreadyExists")
            }
            ("StartExecution", _) => {
                self.input = serde_json::from_str(request["input"].as_str().unwrap()).unwrap();
                self.execution = json!({"name": name, "status": "RUNNING"});
                accepted(json!({"executionArn": arn, "startDate": 1}))
            }
            ("RedriveExecution", _) => {
                self.execution["status"] = json!("RUNNING");
                accepted(json!({"redriveDate": 1}))
            }
            _ => panic!("{operation} is not expected"),
        };
        (status, answer.to_string())
    }
}

/// The function, with what it needs.
struct Api {
    function: Function,
    resources: Resources,
    machine: Arc<Mutex<Machine>>,
}

impl Api {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With more in its environment.
    async fn with(settings: &[(&'static str, &str)]) -> Self {
        let resources = Resources::new().await;
        let machine = Arc::new(Mutex::new(Machine::default()));
        let answers = Arc::clone(&machine);
        let endpoint =
            serve(move |operation, body| answers.lock().unwrap().answer(operation, body));
        let mut environment = vec![
            (
                "REHOSE_SOURCES",
                format!("s3://{}/stash/", resources.source),
            ),
            ("REHOSE_OUTPUT", format!("s3://{}/rows", resources.output)),
            ("REHOSE_MERGE_QUEUE_URL", resources.queue.clone()),
            ("REHOSE_STATE_MACHINE", MACHINE.to_owned()),
            ("AWS_ENDPOINT_URL_SFN", endpoint),
        ];
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        Self {
            function: Function::start("api", &environment).await,
            resources,
            machine,
        }
    }

    /// Sends a request as both entrances do
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>).
    async fn ask(&mut self, method: &str, path: &str, query: &str) -> Value {
        let http = json!({"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"});
        let event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "id.lambda-url.us-east-1.on.aws", "x-forwarded-proto": "https"},
            "requestContext": {
                "accountId": "000000000000", "apiId": "id", "domainName": "id.lambda-url.us-east-1.on.aws",
                "domainPrefix": "id", "http": http, "requestId": "request", "routeKey": "$default",
                "stage": "$default", "time": "01/Feb/2020:00:00:00 +0000", "timeEpoch": 1_580_515_200_000_u64,
            },
            "isBase64Encoded": false,
        });
        self.function.invoke(&event).await.unwrap()
    }

    /// Puts a flow of the window into the stash.
    async fn put_flow(&self) {
        let flows = gzip(document(&[(1_580_515_200_000, FLOW)]));
        let Resources { source, .. } = &self.resources;
        let key = "stash/2020/02/01/00/flows";
        self.resources.put(source, key, flows).await;
    }

    /// Requests the digest of the window, and returns the job that makes it.
    async fn request(&mut self) -> String {
        let answer = self.ask("POST", "/digests", WINDOW).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        body(&answer)["job"].as_str().unwrap().to_owned()
    }

    /// The status of the digest of the window, and the reason of a failure.
    async fn find(&mut self) -> (u64, Value) {
        let answer = self.ask("GET", "/digests", WINDOW).await;
        let status = answer["statusCode"].as_u64().unwrap();
        let reason = match status {
            204 => Value::Null,
            _ => body(&answer)["reason"].clone(),
        };
        (status, reason)
    }

    /// Changes fields of the execution.
    fn set(&self, fields: Value) {
        let mut machine = self.machine.lock().unwrap();
        for (name, value) in fields.as_object().unwrap() {
            machine.execution[name] = value.clone();
        }
    }

    fn calls(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.machine.lock().unwrap().calls)
    }

    /// The documents of digests.
    async fn documents(&self) -> Vec<String> {
        let keys = self.resources.output_keys("rows/digests/").await;
        let names = keys.iter().map(|key| key.rsplit('/').next().unwrap());
        names.map(str::to_owned).collect()
    }
}

fn body(answer: &Value) -> Value {
    assert_eq!(answer["isBase64Encoded"], false, "{answer}");
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn the_page_the_description_and_problems_are_answers_of_the_function() {
    let mut api = Api::new().await;
    let page = api.ask("GET", "/", "").await;
    assert_eq!(page["statusCode"], 200);
    assert!(
        page["body"]
            .as_str()
            .unwrap()
            .starts_with("<!doctype html>")
    );
    let policy = page["headers"]["content-security-policy"].as_str();
    assert!(policy.unwrap().contains("connect-src 'self'"));
    assert_eq!(api.ask("GET", "/healthz", "").await["statusCode"], 200);
    let jobs = api.ask("GET", "/jobs", "limit=1").await;
    assert_eq!(body(&jobs), json!({"jobs": [], "next": null}));
    let absent = api.ask("GET", "/digests", WINDOW).await;
    assert_eq!(absent["statusCode"], 404);
    assert_eq!(
        absent["headers"]["content-type"],
        "application/problem+json"
    );
    let no_call = api.ask("GET", "/metrics", "").await;
    assert_eq!(no_call["statusCode"], 404);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_stopped_execution_is_a_failure_that_a_request_continues() {
    let mut api = Api::new().await;
    let job = api.request().await;
    assert!(job.starts_with("digest-") && job.ends_with("-1"), "{job}");
    let of_job = |operation: &str| (operation.to_owned(), job.clone());
    assert_eq!(api.calls(), [of_job("StartExecution")]);
    assert_eq!(api.find().await.0, 204);

    for status in ["ABORTED", "TIMED_OUT"] {
        api.set(json!({"status": status, "cause": "for a reason", "redriveStatus": "REDRIVABLE"}));
        let (gone, reason) = api.find().await;
        assert_eq!(gone, 410);
        let reason = reason.as_str().unwrap();
        assert!(reason.ends_with(": for a reason"), "{reason}");
        assert_eq!(api.documents().await, ["0001.claim.json"]);
        api.calls();
        assert_eq!(api.request().await, job);
        let operations = [
            "DescribeExecution",
            "StartExecution",
            "DescribeExecution",
            "RedriveExecution",
        ];
        assert_eq!(api.calls(), operations.map(of_job));
        assert_eq!(api.find().await.0, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn an_execution_that_nothing_continues_is_recorded_and_the_next_request_is_another_version() {
    let mut api = Api::new().await;
    let first = api.request().await;
    api.set(json!({"status": "ABORTED", "redriveStatus": "NOT_REDRIVABLE"}));
    let stopped = json!("its execution was stopped");
    assert_eq!(api.find().await, (410, stopped.clone()));
    assert_eq!(api.find().await, (410, stopped));
    assert_eq!(api.documents().await, ["0001.claim.json", "0001.json"]);

    let second = api.request().await;
    assert!(second.ends_with("-2"), "{second} after {first}");
    api.set(json!({"status": "FAILED", "error": "Rehose.Incomplete", "cause": "it has a report"}));
    assert_eq!(api.find().await.0, 204);
    api.set(json!({"error": "Rehose.Failed", "cause": "could not plan the job"}));
    // Nobody has asked for it since it failed.
    let third = api.request().await;
    assert!(third.ends_with("-3"), "{third}");
    let again = api.ask("POST", "/digests", WINDOW).await;
    assert_eq!(again["statusCode"], 409);
    api.set(
        json!({"status": "FAILED", "error": "Rehose.Failed", "cause": "could not plan the job"}),
    );
    assert_eq!(api.find().await, (410, json!("could not plan the job")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_state_machine_that_does_not_answer_is_no_failure_of_a_digest() {
    let mut api = Api::new().await;
    api.request().await;
    api.machine.lock().unwrap().execution = json!("AccessDeniedException");
    let answer = api.ask("GET", "/digests", WINDOW).await;
    assert_eq!(answer["statusCode"], 503);
    let detail = body(&answer)["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("states:DescribeExecution on arn:"),
        "{detail}"
    );
    assert!(detail.contains("AccessDenied"), "{detail}");
    assert_eq!(api.documents().await, ["0001.claim.json"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_digest_as_the_first_job_leaves_the_output_to_the_deployed_kind_of_files() {
    let settings = [
        ("REHOSE_OPTIONS", r#"{"to":"parquet"}"#),
        ("REHOSE_MERGE", "{}"),
    ];
    let mut api = Api::with(&settings).await;
    api.put_flow().await;
    let job = api.request().await;
    let mut input = std::mem::take(&mut api.machine.lock().unwrap().input);
    input["job"] = json!(job);

    let queue = api.resources.queue.clone();
    let settings = [&settings[..], &[("REHOSE_MERGE_QUEUE_URL", &queue)]].concat();
    let mut stack = Stack::at(api.resources, &settings).await;
    assert_eq!(stack.start.invoke(&input).await.unwrap()["planned"], true);
    let bound = stack.resources.output_json("rows/rehose.json").await;
    assert_eq!(bound["options"]["to"], "parquet");
    assert_eq!(stack.finish(&job, |_| false).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn the_link_to_a_large_digest_is_in_its_answer_and_in_no_log() {
    let mut api = Api::with(&[("RUST_LOG", "trace")]).await;
    api.put_flow().await;
    let (source, output) = (api.resources.source.clone(), api.resources.output.clone());
    let places = [
        format!("s3://{source}/stash/"),
        format!("s3://{output}/rows"),
    ];
    let window = [
        "--from",
        "2020-02-01T00:00:00Z",
        "--to",
        "2020-02-01T01:00:00Z",
    ];
    let mut command = Rehose::built().command(["digest"]);
    finish(command.args(&places).args(window).args(FILES)).with_status(0);

    // The command's digest is the function's. Its proof says that its file is a large one.
    let proofs = api.resources.output_keys("rows/digests/").await;
    let key = proofs
        .iter()
        .find(|key| key.ends_with("0001.json"))
        .unwrap();
    let mut proof = api.resources.output_json(key).await;
    proof["files"][0]["bytes"] = json!(5 * 1024 * 1024);
    api.resources.put(&output, key, proof.to_string()).await;
    let answer = api
        .ask("GET", "/digests", &format!("{WINDOW}&as=parquet"))
        .await;
    assert_eq!(answer["statusCode"], 307, "{answer}");
    let link = answer["headers"]["location"].as_str().unwrap();
    let (_, signature) = link.split_once("X-Amz-Signature=").unwrap();
    let signature = signature.split('&').next().unwrap();
    let expires = "X-Amz-Expires=900&";
    assert!(signature.len() == 64 && link.contains(expires), "{link}");

    let log = api.function.stopped().await;
    assert!(!log.is_empty());
    for line in log {
        for secret in [signature, "Signature", "Credential="] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
