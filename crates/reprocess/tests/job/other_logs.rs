//! Objects of other logs than the one that is read.

use std::sync::Arc;

use rehose_reprocess::deadline::Deadline;
use rehose_reprocess::plan::StartRequest;
use rehose_store::StoreErrorKind;
use rehose_testkit::fault_store::FaultStore;
use rehose_testkit::output::rows;

use crate::fixture::{AMPLE, Fixture};

#[tokio::test]
async fn other_logs_in_the_folder_are_excluded_by_their_kind() {
    let alb = "http 2026-01-05T10:15:59.1Z app/a/1 192.0.2.7:4 - -1 -1 -1 503 - 1 2 \
               \"GET http://a:80/ HTTP/1.1\" \"curl\" - - - \"Root=1\"\n";
    let nlb = "tls 2.0 2026-01-05T10:15:59 net/a/1 1 192.0.2.7:4 - 5 2 98 246 - - - - tlsv12 -\n";
    let folder = "AWSLogs/1/elasticloadbalancing/us-gov-west-1/2026/01/05";
    let fixture = Fixture::with_objects(0);
    for (name, text) in [
        ("1_elasticloadbalancing_us-gov-west-1_app.a.1_x.log.gz", alb),
        ("1_elasticloadbalancing_us-gov-west-1_net.a.1_x.log.gz", nlb),
        (
            "conn_log_1_elasticloadbalancing_us-gov-west-1_app.a.1_x.log.gz",
            alb,
        ),
        (
            "health_check_log_1_elasticloadbalancing_us-gov-west-1_app.a.1_x.log.gz",
            alb,
        ),
        ("renamed-1", nlb),
        (
            "renamed-2",
            "Enable AccessLog for ELB: app/a/1 at 2026-01-05T10:15:59Z",
        ),
        (
            "renamed-3",
            "http 2026-01-05T10:15:59Z 1 10.0.0.1:8 tg PASS 200 - app/a/1 10.0.0.2",
        ),
        ("renamed-4", alb),
    ] {
        fixture.put(&format!("{folder}/{name}"), text);
    }
    fixture.put("AWSLogs/1/ELBAccessLogTestFile", "Enable AccessLog for ELB");
    let request = StartRequest {
        options: serde_json::from_value(serde_json::json!({"format": "alb"})).unwrap(),
        ..fixture.request()
    };
    fixture.start_with(request).await.unwrap();
    let tasks = fixture.queue.take_tasks();
    fixture.process_tasks(&tasks).await;
    let objects = fixture.check().await.totals.objects;
    assert_eq!(
        (
            objects.listed,
            objects.excluded,
            objects.done,
            objects.failed
        ),
        (9, 7, 2, 0)
    );
    let report = fixture.ledger("job").report().await.unwrap().unwrap();
    assert_eq!(report.totals.rows.written, 2);
    assert_eq!(
        serde_json::to_value(report.other_kinds).unwrap(),
        serde_json::json!({"alb-connection": 1, "alb-health-check": 2, "elb-test-file": 2, "nlb": 2})
    );
}

#[tokio::test]
async fn flow_logs_of_a_transit_gateway_are_told_by_their_header() {
    let fixture = Fixture::with_objects(1);
    let header = "version resource-type account-id tgw-id srcaddr dstaddr start end";
    let record = "6 TransitGateway 111122223333 tgw-1 10.0.0.1 10.0.0.2 1580515200 1580515260";
    fixture.put("tgw", &format!("{header}\n{record}\n"));
    fixture.start().await;
    let tasks = fixture.queue.take_tasks();
    fixture.process_tasks(&tasks).await;
    let objects = fixture.check().await.totals.objects;
    assert_eq!((objects.listed, objects.excluded), (2, 1));
    assert_eq!((objects.done, objects.failed), (1, 0));
    let report = fixture.ledger("job").report().await.unwrap().unwrap();
    assert_eq!(
        serde_json::to_value(report.other_kinds).unwrap(),
        serde_json::json!({"tgw-flow-logs": 1})
    );
}

/// The receipt is the commit. A converter that appends its rows, and notes what it has read after that, doubles
/// them here.
#[tokio::test]
async fn a_commit_that_fails_and_a_second_job_double_no_row() {
    let fixture = Fixture::with_objects(2);
    fixture.start().await;
    let message = fixture.queue.take().remove(0);
    let receipt = "jobs/job/receipts/00000000-0000.json";
    let output = FaultStore::refusing(fixture.store(), receipt, StoreErrorKind::Transient);
    let failed = fixture
        .processor_into(Arc::new(output))
        .process(&message, Deadline::after(AMPLE))
        .await;
    failed.unwrap_err();
    let outputs = || -> Vec<_> {
        let files = fixture.files().into_iter();
        files.filter(|(key, _)| key.starts_with("csv/")).collect()
    };
    let before = outputs();
    assert_eq!(before.len(), 2, "the rows are written, and not committed");
    fixture.process(&message).await.unwrap();
    assert_eq!(fixture.check().await.totals.rows.written, 2);
    let again = StartRequest {
        job: "again".parse().unwrap(),
        ..fixture.request()
    };
    fixture.start_with(again).await.unwrap();
    fixture.process_all().await;
    assert_eq!(fixture.check_job("again").await.totals.rows.written, 2);
    assert_eq!(outputs(), before);
    for key in ["object-0000", "object-0001"] {
        assert_eq!(rows(&fixture.output(), key).len(), 2, "a header and a row");
    }
}
