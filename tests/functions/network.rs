//! A proxy between the functions and the local AWS that injects faults into chosen requests.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::aws;

/// Longer than a function needs to respond, shorter than it waits for its last requests.
const DELAY: Duration = Duration::from_millis(200);

/// What happens to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// AWS does not receive it. The response has this status and error code.
    Refuse(u16, &'static str),
    /// AWS does not receive it. The connection is reset.
    Reset,
    /// AWS receives it after [`DELAY`].
    Delay,
    /// AWS does not receive it, and there is no response.
    Stall,
    /// AWS executes it, and the connection is reset before the response.
    LoseAnswer,
    /// This many bytes of the response's body arrive, then the connection closes.
    CutAnswer(usize),
    /// This many bytes of the response's body arrive, then the connection is reset.
    ResetAnswer(usize),
    /// This many bytes of the response's body arrive, then nothing.
    StallAnswer(usize),
}

/// The fault of the n-th request that a rule matches.
type Choice = Box<dyn Fn(usize) -> Option<Fault> + Send>;

/// The faults of requests with this method and this text in their head.
struct Rule {
    method: &'static str,
    part: String,
    choice: Choice,
    met: usize,
}

#[derive(Default)]
struct Traffic {
    rules: Mutex<Vec<Rule>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    faults: AtomicUsize,
}

/// A running proxy.
pub(crate) struct Network {
    /// The URL of the proxy.
    pub(crate) endpoint: String,
    traffic: Arc<Traffic>,
    healed: watch::Sender<()>,
}

impl Network {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let traffic = Arc::<Traffic>::default();
        let healed = watch::Sender::new(());
        let (served, until) = (Arc::clone(&traffic), healed.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (traffic, healed) = (Arc::clone(&served), until.subscribe());
                tokio::spawn(async move {
                    let under_way = traffic.under_way.fetch_add(1, Ordering::Relaxed) + 1;
                    traffic
                        .most_under_way
                        .fetch_max(under_way, Ordering::Relaxed);
                    // An error means that the client has closed the connection.
                    let _ = traffic.serve(client, healed).await;
                    traffic.under_way.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self {
            endpoint,
            traffic,
            healed,
        }
    }

    /// Injects a fault into a range of the requests with this method and this text in their head. Only
    /// the first rule that matches a request counts it.
    pub(crate) fn fault(
        &self,
        method: &'static str,
        part: impl Into<String>,
        which: Range<usize>,
        fault: Fault,
    ) {
        let choice: Choice = Box::new(move |n| which.contains(&n).then_some(fault));
        self.add(method, part.into(), choice);
    }

    /// Injects the next of these faults into every `period`-th request.
    pub(crate) fn fault_every(&self, period: usize, faults: &'static [Fault]) {
        let choice: Choice =
            Box::new(move |n| ((n + 1) % period == 0).then(|| faults[n / period % faults.len()]));
        self.add("", String::new(), choice);
    }

    fn add(&self, method: &'static str, part: String, choice: Choice) {
        self.traffic.rules.lock().unwrap().push(Rule {
            method,
            part,
            choice,
            met: 0,
        });
    }

    /// Ends all faults, and closes the stalled connections.
    pub(crate) fn heal(&self) {
        self.traffic.rules.lock().unwrap().clear();
        self.healed.send_replace(());
    }

    /// The number of requests with a fault.
    pub(crate) fn faults(&self) -> usize {
        self.traffic.faults.load(Ordering::Relaxed)
    }

    /// The largest number of connections at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.traffic.most_under_way.load(Ordering::Relaxed)
    }
}

impl Traffic {
    /// Serves the only request of a connection.
    async fn serve(
        &self,
        client: TcpStream,
        mut healed: watch::Receiver<()>,
    ) -> std::io::Result<()> {
        let mut client = BufReader::new(client);
        let head = head(&mut client).await?;
        let fault = self.fault_of(&head);
        match fault {
            Some(Fault::Reset) => return client.into_inner().set_zero_linger(),
            Some(Fault::Delay) => tokio::time::sleep(DELAY).await,
            Some(Fault::Stall) => {
                let _ = healed.changed().await;
                return Ok(());
            }
            _ => {}
        }
        if field(&head, "expect").is_some() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let length = field(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        client.read_exact(&mut body).await?;
        if let Some(Fault::Refuse(status, code)) = fault {
            return client.write_all(&refusal(&head, status, code)).await;
        }

        let aws = aws::endpoint();
        let aws = TcpStream::connect(aws.trim_start_matches("http://")).await?;
        let mut aws = BufReader::new(aws);
        aws.write_all(&closing(&head)).await?;
        aws.write_all(&body).await?;
        let answer = loop {
            let answer = self::head(&mut aws).await?;
            if !answer[0].contains(" 100 ") {
                break answer;
            }
        };
        let (most, end) = match fault {
            Some(Fault::LoseAnswer) => return client.into_inner().set_zero_linger(),
            Some(end @ (Fault::CutAnswer(most) | Fault::ResetAnswer(most))) => (most, Some(end)),
            Some(end @ Fault::StallAnswer(most)) => (most, Some(end)),
            _ => (usize::MAX, None),
        };
        client.write_all(&closing(&answer)).await?;
        tokio::io::copy(&mut aws.take(most as u64), &mut client).await?;
        client.flush().await?;
        match end {
            Some(Fault::ResetAnswer(_)) => client.into_inner().set_zero_linger(),
            Some(Fault::StallAnswer(_)) => {
                let _ = healed.changed().await;
                Ok(())
            }
            _ => client.shutdown().await,
        }
    }

    fn fault_of(&self, head: &[String]) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| {
            head[0].starts_with(rule.method) && head.iter().any(|line| line.contains(&rule.part))
        })?;
        let fault = (rule.choice)(rule.met);
        rule.met += 1;
        let fault = fault?;
        self.faults.fetch_add(1, Ordering::Relaxed);
        Some(fault)
    }
}

/// The head of a request or a response.
async fn head(from: &mut BufReader<TcpStream>) -> std::io::Result<Vec<String>> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => return Ok(head),
            line => head.push(line.to_owned()),
        }
    }
}

fn field<'a>(head: &'a [String], wanted: &str) -> Option<&'a str> {
    head.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then_some(value.trim())
    })
}

/// The same head with `Connection: close`.
fn closing(head: &[String]) -> Vec<u8> {
    let is_kept = |line: &&String| {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        name != "connection" && name != "expect"
    };
    let kept: Vec<&str> = head.iter().filter(is_kept).map(String::as_str).collect();
    format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).into_bytes()
}

/// An error response of S3 or SQS.
fn refusal(head: &[String], status: u16, code: &str) -> Vec<u8> {
    let body = match field(head, "x-amz-target") {
        Some(_) => format!(r#"{{"__type": "com.amazonaws.sqs#{code}", "message": "injected"}}"#),
        None => format!("<Error><Code>{code}</Code><Message>injected</Message></Error>"),
    };
    let body = if head[0].starts_with("HEAD") {
        ""
    } else {
        &body
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Injected\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
