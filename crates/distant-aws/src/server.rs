//! Connections, and the distance to them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until};

use crate::answer::Answer;
use crate::operation::Operation;
use crate::private::PrivateRequest;
use crate::refusal::Refusal;
use crate::request::Head;
use crate::s3::Buckets;
use crate::sqs::Queues;
use crate::statistics::Statistics;

/// S3 and SQS. Clones are the same server.
///
/// Beside the requests of AWS, which it delays and counts, it answers these:
///
/// - `PUT /-/delay/40` sets the delay to 40 milliseconds. It is 0 at first.
/// - `GET /-/statistics` tells the number of requests by operation and the peak number in flight, as
///   JSON, and begins to count again.
#[derive(Debug, Clone, Default)]
pub struct Server(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    delay_ms: AtomicU64,
    statistics: Statistics,
    buckets: Mutex<Buckets>,
    queues: Mutex<Queues>,
}

impl Server {
    /// Adds objects to a bucket, which need not exist.
    pub fn fill(&self, bucket: &str, objects: impl IntoIterator<Item = (String, Vec<u8>)>) {
        lock(&self.0.buckets).fill(bucket, objects);
    }

    /// Serves connections until accepting one fails.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        loop {
            let (connection, _) = listener.accept().await?;
            // Otherwise an answer could wait for an acknowledgement, beyond the delay.
            connection.set_nodelay(true)?;
            let server = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| server.answer(request));
                // It fails if the client hangs up, which a client may do.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
        let arrival = Instant::now();
        let (parts, body) = request.into_parts();
        if let Some(request) = PrivateRequest::of(&parts) {
            return Ok(self.answer_private(request));
        }
        match understand(parts) {
            Ok((operation, head)) => self.answer_delayed(arrival, operation, &head, body).await,
            Err(refusal) => Ok(refusal.of_s3()),
        }
    }

    fn answer_private(&self, request: PrivateRequest) -> Answer {
        match request {
            PrivateRequest::SetDelay { milliseconds } => {
                self.0.delay_ms.store(milliseconds, Ordering::Relaxed);
                Answer::default()
            }
            PrivateRequest::TakeStatistics => Answer::new(self.0.statistics.take().json().into()),
        }
    }

    async fn answer_delayed(
        &self,
        arrival: Instant,
        operation: Operation,
        head: &Head,
        body: Incoming,
    ) -> Result<Answer, hyper::Error> {
        let _in_flight = self.0.statistics.begin(operation);
        let delay = Duration::from_millis(self.0.delay_ms.load(Ordering::Relaxed));
        let body = body.collect().await?.to_bytes();
        let answer = self.perform(operation, head, body);
        if !delay.is_zero() {
            sleep_until(arrival + delay).await;
        }
        Ok(answer)
    }

    fn perform(&self, operation: Operation, head: &Head, body: Bytes) -> Answer {
        if operation.is_of_sqs() {
            let answer = lock(&self.0.queues).perform(operation, head, &body);
            return answer.unwrap_or_else(|refusal| refusal.of_sqs());
        }
        let answer = head
            .content(body)
            .and_then(|content| lock(&self.0.buckets).perform(operation, head, content));
        answer.unwrap_or_else(|refusal| refusal.of_s3())
    }
}

fn understand(parts: Parts) -> Result<(Operation, Head), Refusal> {
    let head = Head::new(parts)?;
    Ok((Operation::of(&head)?, head))
}

/// Nothing that is done under a lock leaves it half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
