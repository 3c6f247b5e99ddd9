//! Least privilege: a job needs each permission of the roles.

use aws_sdk_sqs::types::QueueAttributeName;
use jiff::SignedDuration;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use rehose_tests::local_aws;
use serde_json::{Value, json};

use crate::api::{Api, Hour};
use crate::deployed::{Deployed, LIVE, fresh, live};
use crate::execution::End;

/// A function, actions, and the end of the resource.
type Needed = (&'static str, &'static [&'static str], &'static str);

/// Each permission that a job needs. The local AWS has another
/// action for batches of messages; see `scripts/local.d/permit_batches.py`. `start` also reads `jobs/`,
/// but only if it is repeated, or retries another job.
const NEEDED: [Needed; 11] = [
    ("Start", &["s3:ListBucket"], "-stash"),
    ("Start", &["s3:ListBucket"], ""),
    ("Start", &["s3:PutObject"], "/jobs/*"),
    ("Start", &["sqs:SendMessage", "sqs:SendMessageBatch"], ""),
    ("Process", &["s3:GetObject"], "/logs/*"),
    ("Process", &["s3:PutObject"], "/parquet/*"),
    ("Process", &["s3:GetObject"], "/receipts/*"),
    ("Process", &["s3:PutObject"], "/receipts/*"),
    ("Check", &["s3:ListBucket"], ""),
    ("Check", &["s3:GetObject"], "/jobs/*"),
    ("Check", &["s3:PutObject"], "/jobs/*"),
];

/// Each further permission that a merge needs. `check` reads `merged/` only if a file is published whose
/// source is gone.
const NEEDED_TO_MERGE: [Needed; 12] = [
    ("Start", &["s3:GetObject"], "/generations/*"),
    ("Start", &["s3:PutObject"], "/generations/*"),
    ("Start", &["s3:GetObject"], "/merge.json"),
    ("Start", &["s3:PutObject"], "/merge.json"),
    ("Merge", &["s3:GetObject"], "/logs/*"),
    ("Merge", &["s3:PutObject"], "/unpublished/*"),
    ("Merge", &["s3:PutObject"], "/receipts/*"),
    ("Merge", &["s3:GetObject"], "/generations/*"),
    ("Check", &["s3:GetObject"], "/generations/*"),
    ("Check", &["s3:PutObject"], "/generations/*"),
    ("Check", &["s3:GetObject"], "/unpublished/*"),
    ("Check", &["s3:PutObject"], "/merged/*"),
];

#[tokio::test]
async fn no_job_succeeds_without_any_one_permission() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let prefix = format!("logs/{}/", fresh("denied"));
    stack
        .put(&format!("{prefix}one"), &gzip(envelope(&[event(0, FLOW)])))
        .await;
    let run = async || {
        let execution = stack.start_over(&prefix, fresh("denied")).await;
        execution.end().await
    };
    each_is_needed(&stack, &NEEDED, run).await;
}

/// Each permission that the calls of the HTTP API need. The local AWS has no `states:RedriveExecution`.
const NEEDED_BY_API: [Needed; 8] = [
    ("Api", &["s3:ListBucket"], "-stash"),
    ("Api", &["s3:ListBucket"], ""),
    ("Api", &["s3:GetObject"], "/jobs/*"),
    ("Api", &["s3:GetObject"], "/digests/*"),
    ("Api", &["s3:GetObject"], "/generations/*"),
    ("Api", &["s3:PutObject"], "/digests/*.json"),
    ("Api", &["states:StartExecution"], ""),
    ("Api", &["states:DescribeExecution"], ""),
];

#[tokio::test]
async fn no_call_of_the_api_succeeds_without_any_one_permission() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let api = Api::of(&stack);
    let hour = Hour::any();
    hour.put(&stack, ["10.0.0.1".to_owned()].into_iter()).await;
    let ready = format!("/digests?{}", hour.window());
    assert_eq!(api.post(&ready).status, 202);
    assert_eq!(api.ended(&ready, &[]).await.status, 200);
    let merge = json!({"prefix": "logs/", "merge": {"from": hour.begin.strftime("%Y-%m-%dT%H:00:00").to_string(),
        "to": (hour.begin + SignedDuration::from_hours(1)).strftime("%Y-%m-%dT%H:00:00").to_string()}});
    stack
        .start(fresh("merge"), merge)
        .await
        .end()
        .await
        .output();
    let merged = format!("/merged?partition={}", hour.begin.strftime("%Y-%m-%d"));
    // The first answer that is none, if there is one.
    let refusal = || {
        let new = format!("/digests?{}", Hour::any().window());
        [
            api.get(&ready, &[]),
            api.get("/jobs?limit=5", &[]),
            api.get(&merged, &[]),
            api.post(&new),
            api.get(&new, &[]),
        ]
        .into_iter()
        .find(|answer| answer.status >= 400)
    };
    assert!(refusal().is_none(), "{:?}", refusal());
    for (function, actions, resource) in NEEDED_BY_API {
        let what = format!("{function} without {actions:?} on …{resource}");
        let role = Role::of(&stack, "HttpApiRole");
        let lesser = without(&role.policy, actions, resource);
        assert_ne!(lesser, role.policy, "{what} is what it was");
        role.put(&lesser);
        let refused = refusal();
        role.put(&role.policy);
        let refused = refused.unwrap_or_else(|| panic!("{what}, all calls succeed"));
        let said = String::from_utf8(refused.body).unwrap();
        assert!(said.contains("AccessDenied"), "{what}: {said}");
    }
    assert!(refusal().is_none(), "{:?}", refusal());
}

#[tokio::test]
async fn no_merge_succeeds_without_any_one_permission() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    // An hour of its own: a generation that is left by a failed merge is taken up by the next one.
    let hour = format!(
        "2021/{:02}/{:02}/{:02}",
        fastrand::u8(1..13),
        fastrand::u8(1..29),
        fastrand::u8(..24)
    );
    let prefix = format!("logs/{}/", fresh("denied"));
    let run = async || {
        let key = format!("{prefix}{hour}/{}", fresh("object"));
        stack.put(&key, &gzip(envelope(&[event(0, FLOW)]))).await;
        let input = json!({"prefix": prefix, "merge": {}});
        let execution = stack.start(fresh("denied"), input).await;
        execution.end().await
    };
    run().await.output();
    each_is_needed(&stack, &NEEDED_TO_MERGE, run).await;
}

/// Checks that a job ends as it should with all permissions, and with no one of them missing.
async fn each_is_needed(stack: &Deployed, needed: &[Needed], run: impl AsyncFn() -> End) {
    // The deployed timeout would hide the message of a task that is denied something for a minute each time.
    set_visibility(stack, "2").await;
    run().await.output();
    for (function, actions, resource) in needed {
        let what = format!("{function} without {actions:?} on …{resource}");
        let role = Role::of(stack, &format!("Functions{function}Role"));
        let lesser = without(&role.policy, actions, resource);
        assert_ne!(lesser, role.policy, "{what} is what it was");
        role.put(&lesser);
        let end = run().await;
        role.put(&role.policy);
        let End::Failed(error, cause) = end else {
            panic!("{what}, a job succeeds");
        };
        let told = cause.contains("AccessDenied") || error == "Rehose.Incomplete";
        assert!(told, "{what}: {error}: {cause}");
    }
    run().await.output();
    set_visibility(stack, "120").await;
}

async fn set_visibility(stack: &Deployed, seconds: &str) {
    for queue in ["HistoricQueueUrl", "MergeQueueUrl"] {
        let name = QueueAttributeName::VisibilityTimeout;
        stack.set(queue, name, seconds).await;
    }
}

/// A function's role and its policy.
struct Role {
    name: String,
    policy_name: String,
    policy: Value,
}

impl Role {
    /// The role with this id in the stack.
    fn of(stack: &Deployed, id: &str) -> Self {
        let beginning = format!("{}-{id}", stack.name);
        let roles = local_aws::call("iam", "list_roles", &json!({}));
        let mut roles = roles["Roles"].as_array().unwrap().iter();
        let name = roles.find_map(|role| {
            let name = role["RoleName"].as_str().unwrap();
            name.starts_with(&beginning).then(|| name.to_owned())
        });
        let name = name.unwrap_or_else(|| panic!("no role {beginning}…"));
        let policies = local_aws::call("iam", "list_role_policies", &json!({"RoleName": name}));
        let [policy_name] = &policies["PolicyNames"].as_array().unwrap()[..] else {
            panic!("{name} has policies {policies}");
        };
        let wanted = json!({"RoleName": name, "PolicyName": policy_name});
        let mut answer = local_aws::call("iam", "get_role_policy", &wanted);
        Self {
            policy_name: policy_name.as_str().unwrap().to_owned(),
            policy: answer["PolicyDocument"].take(),
            name,
        }
    }

    fn put(&self, policy: &Value) {
        let new = json!({
            "RoleName": self.name,
            "PolicyName": self.policy_name,
            "PolicyDocument": policy.to_string(),
        });
        local_aws::call("iam", "put_role_policy", &new);
    }
}

/// A policy without these actions on resources with this end.
fn without(policy: &Value, actions: &[&str], resource: &str) -> Value {
    let list = |value: &Value| match value {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let mut policy = policy.clone();
    let mut kept = Vec::new();
    for statement in list(&policy["Statement"]) {
        let of_it = |value: &Value| value.as_str().unwrap().ends_with(resource);
        let (these, others): (Vec<_>, Vec<_>) =
            list(&statement["Resource"]).into_iter().partition(of_it);
        let rest: Vec<_> = (list(&statement["Action"]).into_iter())
            .filter(|action| !actions.contains(&action.as_str().unwrap()))
            .collect();
        for (resources, actions) in [(these, rest), (others, list(&statement["Action"]))] {
            if resources.is_empty() || actions.is_empty() {
                continue;
            }
            let mut statement = statement.clone();
            statement["Resource"] = json!(resources);
            statement["Action"] = json!(actions);
            kept.push(statement);
        }
    }
    policy["Statement"] = json!(kept);
    policy
}
