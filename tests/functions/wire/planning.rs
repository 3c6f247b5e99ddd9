//! Connections of `start` and `check`.

use super::*;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn messages_are_sent_again_when_the_response_is_lost() {
    let network = Network::new().await;
    let settings = [
        ("REHOSE_PAGE", "3"),
        ("AWS_ENDPOINT_URL", &*network.endpoint),
    ];
    let mut stack = Stack::with(&settings).await;
    let objects = sample::objects("dialects/key/");
    stack.resources.put_stash(&objects).await;
    network.fault("POST", "SendMessageBatch", 0..2, Fault::LoseAnswer);
    stack.plan("job").await;
    assert_eq!(network.faults(), 2);

    let mut tasks = Vec::new();
    loop {
        let messages = stack.resources.receive().await;
        if messages.is_empty() {
            break;
        }
        assert_eq!(stack.process(&messages).await, [""; 0]);
        tasks.extend(
            messages
                .iter()
                .map(|message| message.task()["task"]["slice"].clone()),
        );
    }
    tasks.sort_by_key(Value::to_string);
    assert_eq!(tasks, [0, 0, 0, 1, 2, 3].map(Value::from));
    assert_eq!(stack.check("job").await["state"], "succeeded");
    assert_eq!(stack.report("job").await["objects"]["done"], objects.len());
}

/// Asserts that a function responds before its deadline when a request stalls.
async fn refuses_in_time(
    function: &mut Function,
    event: &Value,
    network: &Network,
    request: &str,
    words: &str,
) {
    let time = Duration::from_secs(6);
    network.fault("", request, ALWAYS, Fault::Stall);
    let deadline = Instant::now() + time;
    let refusal = function.invoke_with(event, time).await.unwrap_err();
    assert!(Instant::now() < deadline, "Lambda would have killed it");
    assert_eq!(refusal.kind, "Transient");
    assert!(refusal.message.contains(words), "{}", refusal.message);
    network.heal();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn start_and_check_answer_before_their_deadline_when_aws_does_not() {
    let network = Network::new().await;
    let mut stack = Stack::with(&[("AWS_ENDPOINT_URL", &*network.endpoint)]).await;
    stack
        .resources
        .put(&stack.resources.source, "stash/x", "")
        .await;
    let start = json!({"prefix": "stash/", "job": "job"});
    let check = json!({"job": "job"});

    for request in ["list-type=2", "SendMessageBatch"] {
        refuses_in_time(&mut stack.start, &start, &network, request, "being planned").await;
    }
    persist(&mut stack.start, &start).await;
    for request in ["job.json", "GetQueueAttributes"] {
        refuses_in_time(&mut stack.check, &check, &network, request, "being checked").await;
    }
    stack.deliver(|_| false).await;
    assert_eq!(stack.check("job").await["state"], "succeeded");
}
