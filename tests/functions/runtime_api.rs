//! Lambda's runtime API, which hands out events and takes the responses
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rehose_tests::command::built;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The time of an invocation in tests that need no deadline.
const PLENTY: Duration = Duration::from_secs(15 * 60);

/// How long a test waits for a function. None needs a tenth of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running function. The test serves its only connection, so the function waits between two calls of
/// [`invoke`](Self::invoke).
pub(crate) struct Function {
    name: String,
    process: Child,
    api: TcpListener,
    log: Vec<JoinHandle<Vec<String>>>,
    invocations: u32,
    /// The size of the last response in bytes.
    pub(crate) last_answer: usize,
}

/// An error response.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl Function {
    /// Starts the binary `rehose-<name>` with these variables and those of Lambda.
    pub(crate) async fn start(name: &str, environment: &[(&str, String)]) -> Self {
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut process = Command::new(built(&format!("rehose-{name}")))
            .env_remove("RUST_LOG")
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                api.local_addr().unwrap().to_string(),
            )
            .env("AWS_LAMBDA_FUNCTION_NAME", format!("deployed-{name}"))
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = vec![
            tokio::spawn(lines(process.stdout.take().unwrap())),
            tokio::spawn(lines(process.stderr.take().unwrap())),
        ];
        Self {
            name: name.to_owned(),
            process,
            api,
            log,
            invocations: 0,
            last_answer: 0,
        }
    }

    /// Hands out an event and returns the response.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Value, Refusal> {
        self.invoke_with(event, PLENTY).await
    }

    /// The same with this much time until the deadline.
    pub(crate) async fn invoke_with(
        &mut self,
        event: &Value,
        time: Duration,
    ) -> Result<Value, Refusal> {
        let id = self.hand_out(event, time).await;
        let answer = self.request().await;
        // Lambda freezes a function between a response and the next event.
        self.signal("STOP").await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let way = format!("POST /2018-06-01/runtime/invocation/{id}/");
        let result = match answer.line.strip_prefix(&way) {
            Some("response") => Ok(body),
            Some("error") => Err(Refusal {
                kind: body["errorType"].as_str().unwrap().to_owned(),
                message: body["errorMessage"].as_str().unwrap().to_owned(),
            }),
            _ => panic!("{} is no answer to {id}: {body}", answer.line),
        };
        self.last_answer = answer.body.len();
        answer.reply("202 Accepted", "", "").await;
        result
    }

    /// Hands out an event and returns the invocation's id.
    async fn hand_out(&mut self, event: &Value, time: Duration) -> String {
        self.invocations += 1;
        let id = format!("{}-{}", self.name, self.invocations);
        self.signal("CONT").await;
        let next = self.request().await;
        assert_eq!(next.line, "GET /2018-06-01/runtime/invocation/next");
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        let headers = format!(
            "Lambda-Runtime-Aws-Request-Id: {id}\r\n\
             Lambda-Runtime-Deadline-Ms: {}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:{}\r\n",
            deadline.as_millis(),
            self.name,
        );
        next.reply("200 OK", &headers, &event.to_string()).await;
        id
    }

    /// Terminates the function as Lambda does when an extension is registered, and returns its exit
    /// status.
    pub(crate) async fn terminated(mut self) -> ExitStatus {
        self.signal("CONT").await;
        self.signal("TERM").await;
        let ended = timeout(PATIENCE, self.process.wait()).await;
        ended.expect("it goes on").unwrap()
    }

    /// Hands out an event and terminates the function before it responds.
    pub(crate) async fn terminated_during(
        mut self,
        event: &Value,
        moment: impl Future<Output = ()>,
    ) -> ExitStatus {
        self.hand_out(event, PLENTY).await;
        tokio::select! {
            () = moment => self.terminated().await,
            _ = self.api.accept() => panic!("{} has answered", self.name),
        }
    }

    async fn signal(&self, name: &str) {
        let id = self.process.id().expect("it has ended").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.unwrap().success(), "kill -s {name} {id}");
    }

    /// Waits until the function ends by itself, and returns its exit status and log.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let status = tokio::select! {
            status = timeout(PATIENCE, self.process.wait()) => status.unwrap().unwrap(),
            _ = self.api.accept() => panic!("{} asks for an event", self.name),
        };
        (status, self.log().await)
    }

    /// Kills the function and returns its log.
    pub(crate) async fn stopped(mut self) -> Vec<String> {
        self.process.kill().await.unwrap();
        self.log().await
    }

    async fn log(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for lines in self.log.drain(..) {
            all.extend(lines.await.unwrap());
        }
        all
    }

    async fn request(&mut self) -> Request {
        let accepted = tokio::select! {
            accepted = timeout(PATIENCE, self.api.accept()) => accepted,
            status = self.process.wait() => {
                let log = self.log().await.join("\n");
                panic!("{} has ended, {}:\n{log}", self.name, status.unwrap());
            }
        };
        let Ok(accepted) = accepted else {
            panic!("{} neither asks nor answers", self.name);
        };
        Request::read(accepted.unwrap().0).await
    }
}

async fn lines(output: impl AsyncRead + Unpin) -> Vec<String> {
    let mut output = BufReader::new(output).lines();
    let mut lines = Vec::new();
    while let Some(line) = output.next_line().await.unwrap() {
        lines.push(line);
    }
    lines
}

/// A request, and the connection for the response.
struct Request {
    /// The method and the path.
    line: String,
    body: Vec<u8>,
    connection: BufReader<TcpStream>,
}

impl Request {
    async fn read(connection: TcpStream) -> Self {
        let mut connection = BufReader::new(connection);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            connection.read_line(&mut line).await.unwrap();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let length = head.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            (name.eq_ignore_ascii_case("content-length")).then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        connection.read_exact(&mut body).await.unwrap();
        Self {
            line: head[0].strip_suffix(" HTTP/1.1").unwrap().to_owned(),
            body,
            connection,
        }
    }

    async fn reply(mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        );
        self.connection.write_all(reply.as_bytes()).await.unwrap();
        self.connection.shutdown().await.unwrap();
    }
}
