//! Requests that are refused.

use super::*;

#[test]
fn bad_requests_are_refused_with_what_would_be_right() {
    let workspace = hour();
    let service = Service::start(&workspace.stash(), &workspace.path("out"), &[]);
    for (query, reason) in [
        ("", "start is missing"),
        ("start=2020-01-01T08:00:00Z", "stop is missing"),
        (
            "start=yesterday&stop=2020-01-01T09:00:00Z",
            "start is \"yesterday\"",
        ),
        (
            "start=2020-01-01T08:00:01Z&stop=2020-01-01T09:00:00Z",
            "whole minute",
        ),
        (
            "start=2020-01-01T09:00:00Z&stop=2020-01-01T09:00:00Z",
            "stop: 2020-01-01T09:00:00Z is not after",
        ),
        (
            "start=2020-01-01T08:00:00Z&stop=2120-01-01T09:00:00Z",
            "stop: 2120-01-01T09:00:00Z is in the future",
        ),
        (&format!("{WINDOW}&by=colour"), "no column colour"),
        (&format!("{WINDOW}&fold=both"), "larger or none"),
        (&format!("{WINDOW}&fold=none&fold=larger"), "more than once"),
        (&format!("{WINDOW}&scope=moon"), "moon"),
        (&format!("{WINDOW}&refresh=maybe"), "true or false"),
        (&format!("{WINDOW}&limit=1"), "no parameter \"limit\""),
    ] {
        let detail = service.post(&format!("/digests?{query}")).problem(400);
        assert!(detail.contains(reason), "{query}: {detail}");
    }
    assert!(
        !workspace.path("out/digests").exists(),
        "nothing is claimed"
    );
    for path in [
        "/digests/none",
        "/digests/00000000-0000-5000-8000-000000000000",
        "/jobs/none",
        "/x",
    ] {
        service.get(path).problem(404);
    }
    for path in [
        "/jobs?limit=0",
        "/jobs?limit=101",
        "/jobs?limit=x",
        "/merged",
        "/merged?partition=2026",
        "/?start=x",
    ] {
        service.get(path).problem(400);
    }
    service.ask("DELETE", "/digests", &[]).problem(405);
    service
        .get(&format!("/digests?scope={}", "x".repeat(9_000)))
        .problem(414);
    service
        .ask(
            "POST",
            &format!("/digests?{WINDOW}"),
            &[("content-length", "100000")],
        )
        .problem(413);
}

#[test]
fn another_site_cannot_use_a_browser_to_reach_it() {
    let workspace = hour();
    let service = Service::start(
        &workspace.stash(),
        &workspace.path("out"),
        &["--host", "logs.example"],
    );
    let path = format!("/digests?{WINDOW}");
    let port = service.address.port();
    let named = |name: &str| format!("{name}:{port}");
    service
        .ask("GET", "/healthz", &[("host", &named("attacker.example"))])
        .problem(421);
    let host = named("localhost");
    for origin in [
        "https://attacker.example",
        "null",
        &format!("http://{}", named("127.0.0.1")),
    ] {
        service
            .ask("POST", &path, &[("host", &host), ("origin", origin)])
            .problem(403);
    }
    assert!(!workspace.path("out/digests").exists());
    for name in ["localhost", "logs.example", "127.0.0.1"] {
        let host = named(name);
        let origin = format!("http://{host}");
        let answer = service.ask("POST", &path, &[("host", &host), ("origin", &origin)]);
        assert!([202, 409].contains(&answer.status), "{answer:?}");
    }
    let everywhere = finish(
        REHOSE
            .command(["serve"])
            .arg(workspace.stash())
            .arg(workspace.path("out2"))
            .args(["--listen", "0.0.0.0:0"]),
    )
    .with_status(2);
    assert!(everywhere.last_line().contains("--host"), "{everywhere:?}");
}
