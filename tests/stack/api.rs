//! The HTTP API of a stack, called as clients do: by the function's own URL, with signed requests.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rehose_extract::Options;
use rehose_reprocess::digest::{DigestRequest, Digests, Requested};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{Digest, JobId, MaxRejected};
use rehose_store::StoreName;
use rehose_store::aws::S3Store;
use rehose_testkit::stash::{envelope, event, gzip};
use rehose_tests::http::{Answer, ask};

use crate::deployed::{Deployed, LIVE, live, python, script, wait_for};

/// The API, behind a proxy that signs requests.
pub(crate) struct Api {
    proxy: Child,
    address: SocketAddr,
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ended = self.proxy.kill();
        let _ended = self.proxy.wait();
    }
}

impl Api {
    pub(crate) fn of(stack: &Deployed) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut proxy = Command::new(root.join("../.tools/local/venv/bin/python"))
            .arg(root.join("signing_proxy.py"))
            .arg(stack.output_of("ApiUrl"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(proxy.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            proxy,
        }
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address, "GET", path, headers)
    }

    pub(crate) fn post(&self, path: &str) -> Answer {
        ask(self.address, "POST", path, &[])
    }

    /// The answer to a request for a digest, once it is not in progress.
    pub(crate) async fn ended(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        wait_for(path, async || {
            let answer = self.get(path, headers);
            (answer.status != 204).then_some(answer)
        })
        .await
    }
}

/// An hour of which no other test has objects.
pub(crate) struct Hour {
    pub(crate) begin: Timestamp,
}

impl Hour {
    pub(crate) fn any() -> Self {
        let begin: Timestamp = "2015-01-01T00:00:00Z".parse().unwrap();
        let hours = fastrand::i64(0..4 * 365) * 24 + 12;
        Self {
            begin: begin + SignedDuration::from_hours(hours),
        }
    }

    /// The parameters of its digest.
    pub(crate) fn window(&self) -> String {
        let end = self.begin + SignedDuration::from_hours(1);
        format!("start={}&stop={end}", self.begin)
    }

    /// Puts an object with records of these addresses.
    pub(crate) async fn put(&self, stack: &Deployed, addresses: impl Iterator<Item = String>) {
        let start = self.begin.as_second();
        let end = start + 60;
        let events: Vec<_> = addresses
            .map(|address| {
                let message = format!(
                    "2 123456789012 eni-0 {address} 10.0.0.9 50000 443 6 1 40 {start} {end} ACCEPT OK"
                );
                event(start * 1_000, &message)
            })
            .collect();
        let key = format!("logs/{}/object", self.begin.strftime("%Y/%m/%d/%H"));
        stack.put(&key, &gzip(envelope(&events))).await;
    }
}

#[tokio::test]
async fn a_digest_is_requested_over_http_and_arrives() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let api = Api::of(&stack);
    let hour = Hour::any();
    let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.1"].map(str::to_owned);
    hour.put(&stack, addresses.into_iter()).await;
    let path = format!("/digests?{}", hour.window());
    api.get(&path, &[]).problem(404);

    let accepted = api.post(&path);
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let location = accepted.header("location").to_owned();
    let job = accepted.json()["job"].as_str().unwrap().to_owned();
    assert_eq!(api.get(&path, &[]).status, 204);
    let conflict = api.post(&path);
    conflict.problem(409);
    assert_eq!(conflict.json()["state"], "in-progress");

    let arrived = api.ended(&location, &[("accept", "text/csv")]).await;
    assert_eq!(arrived.status, 200, "{arrived:?}");
    assert_eq!(arrived.header("rehose-digest-state"), "ready");
    let rows = String::from_utf8(arrived.body).unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let place = |column| rows[0].split(',').position(|name| name == column).unwrap();
    let of_row = |row: &str| {
        ["srcaddr", "bytes", "records"].map(|c| row.split(',').nth(place(c)).unwrap().to_owned())
    };
    let found: Vec<_> = rows[1..].iter().map(|row| of_row(row)).collect();
    assert_eq!(found, [["10.0.0.1", "80", "2"], ["10.0.0.2", "40", "1"]]);
    let proof = api.get(&path, &[("accept", "application/json")]).json();
    assert_eq!(proof["records"]["inside"], 3);
    assert_eq!(proof["read"], proof["written"]);
    let conflict = api.post(&path);
    conflict.problem(409);
    assert_eq!(conflict.json()["state"], "present");
    assert_eq!(
        api.get(&format!("/jobs/{job}"), &[]).json()["state"],
        "succeeded"
    );

    // One more object in its hour.
    stack
        .put(
            &format!("logs/{}/late", hour.begin.strftime("%Y/%m/%d/%H")),
            b"",
        )
        .await;
    let stale = api.get(&location, &[]);
    assert_eq!(
        (stale.status, stale.header("rehose-digest-state")),
        (200, "stale")
    );
    assert_eq!(
        stale.header("content-type"),
        "application/vnd.apache.parquet"
    );
    assert!(stale.body.starts_with(b"PAR1") && stale.body.ends_with(b"PAR1"));
}

#[tokio::test]
async fn a_large_digest_is_a_link() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let api = Api::of(&stack);
    let hour = Hour::any();
    let addresses =
        (0..70_000_u32).map(|n| format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255));
    hour.put(&stack, addresses).await;
    let path = format!("/digests?{}", hour.window());
    assert_eq!(api.post(&path).status, 202);
    let compressed = [("accept", "text/csv"), ("accept-encoding", "gzip")];
    let arrived = api.ended(&path, &compressed).await;
    assert_eq!(arrived.status, 200);
    assert_eq!(arrived.header("content-encoding"), "gzip");

    // The text is longer than a response of Lambda may be.
    let large = api.get(&path, &compressed[..1]);
    assert_eq!(large.status, 307);
    let lines = script("stack/link.py", &[large.header("location")]);
    assert_eq!(lines, 70_001);
}

#[tokio::test]
async fn a_digest_whose_job_fails_says_so() {
    let stack = live().await;
    let _alone = LIVE.lock().await;
    let api = Api::of(&stack);
    // Somebody has claimed it and died. Its job is refused, because no log of the stack has this prefix.
    let output = S3Store::new(stack.s3.clone(), &stack.output, "");
    let digests = Digests::new(Arc::new(output), Vec::new());
    let hour = Hour::any();
    let request = DigestRequest {
        source: StoreName::of_bucket(&stack.source),
        prefix: "elsewhere/".to_owned(),
        exclude: Vec::new(),
        errors: ErrorRecords::default(),
        max_rejected: MaxRejected::default(),
        digest: Digest::of(hour.begin, hour.begin + SignedDuration::from_hours(1)),
        options: Options::default(),
    };
    let claimed = Timestamp::now() - SignedDuration::from_mins(2);
    let Requested::Claimed(claim) = digests.request(&request, false, claimed).await.unwrap() else {
        panic!("nobody else has asked");
    };
    let path = format!("/digests/{}", claim.id);
    assert_eq!(api.get(&path, &[]).status, 204);
    let gone = api.ended(&path, &[]).await;
    let detail = gone.problem(410);
    assert!(detail.contains("belong to no log"), "{detail}");
    let proof = digests.proof(claim.version()).await.unwrap().unwrap();
    assert_eq!(gone.json()["reason"], proof.reason.unwrap());

    // An operator stops one.
    hour.put(&stack, ["10.0.0.1".to_owned()].into_iter()).await;
    let path = format!("/digests?{}", hour.window());
    let job: JobId = api.post(&path).json()["job"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    stack.stop(job.as_str(), "not now").await;
    let detail = api.ended(&path, &[]).await.problem(410);
    assert!(
        detail.contains("its execution was stopped: not now"),
        "{detail}"
    );

    // A request tries again.
    assert_eq!(api.post(&path).status, 202);
    assert_eq!(api.ended(&path, &[]).await.status, 200);
}

#[tokio::test]
async fn a_request_that_is_not_signed_is_refused() {
    let stack = live().await;
    let refused = python("stack/unsigned.py", &[stack.output_of("ApiUrl")]);
    assert_eq!(refused.trim(), "403");
}
