//! The suite of queues, through the adapter for SQS.

use rehose_distant_aws::Server;
use rehose_store::aws::{self, SqsQueue};
use rehose_store::queue::Queue;
use rehose_testkit::queue_suite;
use tokio::sync::Mutex;

use crate::{config, serve};

struct Place {
    client: aws_sdk_sqs::Client,
    url: String,
    queue: SqsQueue,
    receipts: Mutex<Vec<String>>,
}

impl queue_suite::Place for Place {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    async fn receive(&self) -> String {
        let request = self.client.receive_message().queue_url(&self.url);
        let answer = request.send().await.unwrap();
        let message = answer.messages().first().unwrap();
        let receipt = message.receipt_handle().unwrap().to_owned();
        self.receipts.lock().await.push(receipt);
        message.body().unwrap().to_owned()
    }

    async fn acknowledge_all(&self) {
        for receipt in self.receipts.lock().await.drain(..) {
            let request = self.client.delete_message().queue_url(&self.url);
            request.receipt_handle(receipt).send().await.unwrap();
        }
    }
}

async fn queue() -> Place {
    let client = aws::sqs(&config(serve(Server::default()).await).await);
    let request = client.create_queue().queue_name("queue");
    let url = request.send().await.unwrap().queue_url.unwrap();
    Place {
        queue: SqsQueue::new(client.clone(), &url),
        client,
        url,
        receipts: Mutex::default(),
    }
}

mod suite {
    rehose_testkit::suites!(queue super::queue);
}

#[tokio::test]
async fn a_missing_queue_is_an_error_that_names_it() {
    let place = queue().await;
    let url = place.url.replace("queue", "missing");
    let error = SqsQueue::new(place.client, &url).counters().await;
    let error = error.unwrap_err();
    assert_eq!(error.queue, url);
    assert!(error.reason.contains("QueueDoesNotExist"), "{error}");
}
