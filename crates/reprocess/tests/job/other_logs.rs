//! Objects of other logs than the one that is read.

use rehose_reprocess::plan::StartRequest;

use crate::fixture::Fixture;

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
