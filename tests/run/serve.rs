//! `rehose serve`: digests on request over HTTP, jobs, and what is refused.

mod refused;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use flate2::read::MultiGzDecoder;
use rehose_testkit::stash::{envelope, event, gzip};
use rehose_tests::http::{Answer, ask};
use rehose_tests::workspace::Workspace;
use serde_json::Value;

use crate::REHOSE;
use crate::command::{finish, signal, wait_until};

/// A service that is killed when it is dropped.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Service {
    fn start(stash: &Path, output: &Path, options: &[&str]) -> Self {
        let mut command = REHOSE.command(["serve"]);
        command
            .arg(stash)
            .arg(output)
            .args(["--listen", "127.0.0.1:0"]);
        let mut process = command
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            process,
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address, method, path, headers)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    fn post(&self, path: &str) -> Answer {
        self.ask("POST", path, &[])
    }

    /// The answer to a request for a digest, once it is not in progress.
    fn ended(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut answer = self.ask("GET", path, headers);
        wait_until("an answer", || {
            answer = self.ask("GET", path, headers);
            answer.status != 204
        });
        answer
    }
}

fn unzipped(gzip: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(gzip).read_to_string(&mut text).unwrap();
    text
}

/// An hour with two objects of flow logs, and the window that has all of their records.
fn hour() -> Workspace {
    let workspace = Workspace::new();
    for (name, port) in [("a", 40_000), ("b", 40_001)] {
        let flow = |source: &str, bytes: u32| {
            let message = format!(
                "2 123456789010 eni-0 {source} 10.0.0.9 {port} 443 6 10 {bytes} 1577865700 1577865760 ACCEPT OK"
            );
            event(1_577_865_700_000, &message)
        };
        let events = [flow("10.0.0.1", 100), flow("10.0.0.2", 7)];
        workspace.put(&format!("2020/01/01/08/{name}"), &gzip(envelope(&events)));
    }
    workspace
}

const WINDOW: &str = "start=2020-01-01T08:00:00Z&stop=2020-01-01T09:00:00Z";

#[test]
fn a_digest_is_requested_awaited_and_read_in_every_form() {
    let workspace = hour();
    let service = Service::start(&workspace.stash(), &workspace.path("out"), &[]);
    service.get(&format!("/digests?{WINDOW}")).problem(404);

    let accepted = service.post(&format!("/digests?{WINDOW}"));
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let location = accepted.header("location").to_owned();
    assert_eq!(accepted.json()["location"], location.as_str());
    let csv = service.ended(&location, &[("accept", "text/csv")]);
    assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv"));
    assert_eq!(csv.header("rehose-digest-state"), "ready");
    let csv = String::from_utf8(csv.body).unwrap();
    let mut rows: Vec<&str> = csv.lines().collect();
    let header = rows.remove(0);
    assert!(
        header.contains("srcaddr") && header.ends_with("records") || header.contains("records"),
        "{header}"
    );
    assert_eq!(rows.len(), 2, "{csv}");

    // The same window in another time zone, and once more.
    let shifted = "start=2020-01-01T09:00:00%2B01:00&stop=2020-01-01T10:00:00%2B01:00";
    let conflict = service.post(&format!("/digests?{shifted}"));
    conflict.problem(409);
    assert_eq!(conflict.json()["state"], "present");
    assert_eq!(conflict.json()["location"], location.as_str());

    let compressed = service.ask(
        "GET",
        &location,
        &[("accept", "text/csv"), ("accept-encoding", "br, gzip")],
    );
    assert_eq!(compressed.header("content-encoding"), "gzip");
    assert_eq!(unzipped(&compressed.body), csv);
    let parquet = service.get(&location);
    assert_eq!(
        parquet.header("content-type"),
        "application/vnd.apache.parquet"
    );
    assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
    let text = service.get(&format!("{location}?as=text"));
    let text = String::from_utf8(text.body).unwrap();
    assert!(
        text.lines().all(|line| line.split(' ').count() == 14),
        "{text}"
    );
    let proof = service
        .ask("GET", &location, &[("accept", "application/json")])
        .json();
    assert_eq!(proof["records"]["inside"], 4);
    assert_eq!(proof["read"], proof["written"]);
    service
        .ask("GET", &location, &[("accept", "image/png")])
        .problem(406);
    service.get(&format!("{location}?as=xml")).problem(400);

    // Its predecessor's clients.
    let before = service.get(&format!("/?{WINDOW}"));
    assert_eq!(
        (before.status, before.header("content-type")),
        (200, "application/octet-stream")
    );
    assert_eq!(unzipped(&before.body), text);
    let seconds = "start=2020-01-01T08:00:59.5Z&stop=2020-01-01T09:00:31Z";
    assert_eq!(service.get(&format!("/?{seconds}")).body, before.body);
    let again = service.post(&format!("/?{WINDOW}"));
    again.problem(409);
    assert!(again.json()["message"].is_string());
    let other = "start=2020-01-01T07:00:00Z&stop=2020-01-01T08:00:00Z";
    let absent = service.get(&format!("/?{other}"));
    assert_eq!((absent.status, absent.body.len()), (404, 0));
    let accepted = service.post(&format!("/?{other}"));
    assert_eq!((accepted.status, accepted.body.len()), (202, 0));
}

#[test]
fn of_two_hundred_requests_at_once_one_is_accepted() {
    let workspace = hour();
    let service = Service::start(&workspace.stash(), &workspace.path("out"), &[]);
    let address = service.address;
    let path = format!("/digests?{WINDOW}");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> = (0..200)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let answer = ask(address, "POST", &path, &[]);
                        // Too many at once: ask again.
                        if answer.status != 503 {
                            return answer.status;
                        }
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let of = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((of(202), of(409)), (1, 199));
    let digests = workspace.path("out/digests");
    assert_eq!(digests.read_dir().unwrap().count(), 1);
    assert_eq!(workspace.path("out/jobs").read_dir().unwrap().count(), 1);
}

#[test]
fn a_server_that_is_killed_finishes_its_digests_when_it_starts_again() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "300", "--events", "300"]);
    let output = workspace.path("out");
    let window = "start=2020-01-31T00:00:00Z&stop=2020-02-02T00:00:00Z";
    let service = Service::start(&workspace.stash(), &output, &[]);
    let accepted = service.post(&format!("/digests?{window}"));
    assert_eq!(accepted.status, 202);
    let location = accepted.header("location").to_owned();
    wait_until("the job", || output.join("jobs").is_dir());
    drop(service);

    let service = Service::start(&workspace.stash(), &output, &[]);
    let proof = service.ended(&format!("{location}?as=proof"), &[]).json();
    let objects = &proof["objects"];
    assert!(objects["done"].as_u64() > Some(50), "{proof}");
    assert_eq!(objects["done"], objects["listed"]);
    assert_eq!(proof["state"], "ready");
    let of_job = format!("/jobs/{}", proof["job"].as_str().unwrap());
    let mut job = Value::Null;
    // A digest is published before its job ends.
    wait_until("the end of the job", || {
        job = service.get(&of_job).json();
        job["state"] != "running"
    });
    assert_eq!(
        (&job["state"], &job["kind"]),
        (&"succeeded".into(), &"digest".into())
    );
    assert_eq!(job["report"]["objects"]["done"], objects["done"]);
    let jobs = service.get("/jobs").json();
    assert_eq!(jobs["jobs"][0]["job"], proof["job"]);
    assert_eq!(jobs["next"], Value::Null);
}

#[test]
fn a_digest_whose_job_fails_says_so_and_can_be_requested_again() {
    let workspace = hour();
    let service = Service::start(
        &workspace.stash(),
        &workspace.path("out"),
        &["--prefix", "2020/"],
    );
    let stash = workspace.stash();
    let away = workspace.path("away");
    std::fs::rename(&stash, &away).unwrap();
    let accepted = service.post(&format!("/digests?{WINDOW}"));
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let location = accepted.header("location").to_owned();
    let failed = service.ended(&location, &[]);
    let detail = failed.problem(410);
    assert!(detail.contains("there is no digest: "), "{detail}");
    assert_eq!(failed.json()["state"], "failed");

    std::fs::rename(&away, &stash).unwrap();
    assert_eq!(service.post(&format!("/digests?{WINDOW}")).status, 202);
    let proof = service.ended(&format!("{location}?as=proof"), &[]).json();
    assert_eq!(proof["records"]["inside"], 4);
    service.get(&format!("{location}?version=1")).problem(410);
    assert_eq!(
        service.get(&format!("{location}?version=2&as=csv")).status,
        200
    );
}

#[test]
fn late_objects_make_a_digest_stale_until_it_is_refreshed() {
    let workspace = hour();
    let service = Service::start(&workspace.stash(), &workspace.path("out"), &[]);
    let location = service
        .post(&format!("/digests?{WINDOW}"))
        .header("location")
        .to_owned();
    assert_eq!(
        service.ended(&location, &[]).header("rehose-digest-state"),
        "ready"
    );
    let late =
        "2 123456789010 eni-0 10.0.0.3 10.0.0.9 1 443 6 10 5 1577865700 1577865760 ACCEPT OK";
    workspace.put("2020/01/01/08/late", &gzip(envelope(&[event(0, late)])));
    assert_eq!(
        service.get(&location).header("rehose-digest-state"),
        "stale"
    );
    let refreshed = service.post(&format!("/digests?{WINDOW}&refresh=true"));
    assert_eq!(refreshed.status, 202, "{refreshed:?}");
    let proof = service.ended(&format!("{location}?as=proof"), &[]);
    assert_eq!(proof.header("rehose-digest-state"), "ready");
    assert_eq!(proof.json()["records"]["inside"], 5);
    let first = service.get(&format!("{location}?as=proof&version=1"));
    assert_eq!(first.header("rehose-digest-state"), "superseded");
    assert_eq!(first.json()["records"]["inside"], 4);
}

#[test]
fn it_describes_and_counts_itself_and_ends_at_a_signal() {
    let workspace = hour();
    let mut service = Service::start(&workspace.stash(), &workspace.path("out"), &[]);
    assert_eq!(service.get("/healthz").json()["status"], "ok");
    let page = service.get("/");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    let description = service.get("/openapi.json").json();
    for path in description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|path| !path.contains('{'))
    {
        assert_ne!(service.get(path).status, 405, "{path}");
    }
    let answer = service.get("/healthz");
    assert!(answer.header("x-request-id").len() > 30, "{answer:?}");
    let metrics = String::from_utf8(service.get("/metrics").body).unwrap();
    let counted = r#"rehose_http_requests_total{method="GET",route="/healthz",status="200"} 3"#;
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));

    // The output is locked as long as it serves.
    let locked = REHOSE.run(&workspace.stash(), &workspace.path("out"), &[]);
    locked.with_status(1);
    signal(&service.process, "TERM");
    assert_eq!(service.process.wait().unwrap().code(), Some(0));
}
