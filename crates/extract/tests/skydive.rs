//! The format `skydive`: flows become flow logs, one for each direction.

use rehose_extract::{OptionsError, Shape};
use rehose_testkit::shapes::options;
use rehose_testkit::stash::document;
use rehose_testkit::subject::{Output, SIZES, SOURCE, transcode, transcode_in_chunks};
use serde_json::{Value, json};

fn skydive() -> Shape {
    options(json!({"format": "skydive"}))
}

/// An update of a TCP flow, as Skydive writes it.
fn flow() -> Value {
    json!({
        "UUID": "7521e85422cbc042",
        "LayersPath": "Ethernet/IPv4/TCP",
        "Network": {"Protocol": "IPV4", "A": "10.0.0.1", "B": "10.0.0.2"},
        "Transport": {"Protocol": "TCP", "A": 32396, "B": 443},
        "LastUpdateMetric": {
            "ABPackets": 3, "ABBytes": 180, "BAPackets": 2, "BABytes": 120,
            "Start": 1_580_515_200_889_i64, "Last": 1_580_515_230_889_i64
        },
        "Metric": {"ABPackets": 30, "ABBytes": 1800, "BAPackets": 20, "BABytes": 1200, "Start": 0, "Last": 0},
        "Start": 1_580_515_000_000_i64,
        "Last": 1_580_515_230_000_i64,
        "NodeTID": "422190f1-bbde-4eb0",
        "Status": "UPDATED",
        "ReportCounter": 7
    })
}

/// The same with other members. `null` removes one.
fn flow_with(members: Value) -> Value {
    let mut flow = flow();
    for (name, value) in members.as_object().unwrap() {
        match value {
            Value::Null => flow.as_object_mut().unwrap().remove(name),
            value => flow
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    flow
}

fn output(shape: &Shape, flows: &[Value]) -> Output {
    let text = serde_json::to_vec(flows).unwrap();
    transcode_in_chunks(shape, &text, &SIZES).unwrap()
}

/// Returns the rows without their timestamp.
fn rows(shape: &Shape, flows: &[Value]) -> Vec<String> {
    let output = output(shape, flows);
    assert_eq!(output.rejected_lines(), "");
    let csv = output.csv();
    let rows = csv.lines().skip(1);
    rows.map(|row| row.split_once(',').unwrap().1.to_owned())
        .collect()
}

/// Returns the reason why a flow is rejected, and what belongs to it. It must be kept as it is.
fn rejection(flow: &Value) -> (String, Option<String>) {
    let output = output(&skydive(), std::slice::from_ref(flow));
    let summary = &output.summary;
    assert_eq!(
        (summary.events, summary.written, summary.rejected),
        (1, 0, 1)
    );
    let line: Value = serde_json::from_str(&output.rejected_lines()).unwrap();
    let message = line["message"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(message).unwrap(), *flow);
    let detail = line["detail"].as_str().map(str::to_owned);
    (line["reason"].as_str().unwrap().to_owned(), detail)
}

fn of_column(reason: &str, column: &str) -> (String, Option<String>) {
    (reason.to_owned(), Some(column.to_owned()))
}

#[test]
fn a_flow_is_a_flow_log_for_each_direction() {
    let output = output(&skydive(), &[flow()]);
    assert_eq!(
        output.csv(),
        "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log-status\n\
         2020-02-01T00:00:00.000Z,2,-,422190f1-bbde-4eb0,10.0.0.1,10.0.0.2,32396,443,6,3,180,1580515200,1580515230,ACCEPT,OK\n\
         2020-02-01T00:00:00.000Z,2,-,422190f1-bbde-4eb0,10.0.0.2,10.0.0.1,443,32396,6,2,120,1580515200,1580515230,ACCEPT,OK\n"
    );
    assert_eq!((output.summary.events, output.summary.written), (2, 2));
}

#[test]
fn account_interface_and_action_are_options() {
    let shape = options(
        json!({"format": "skydive", "account_id": "123456789012", "interface_id": "br-int", "action": "REJECT"}),
    );
    assert_eq!(
        rows(&shape, &[flow()])[0],
        "2,123456789012,br-int,10.0.0.1,10.0.0.2,32396,443,6,3,180,1580515200,1580515230,REJECT,OK"
    );
}

#[test]
fn flows_in_lines_and_in_messages_of_cloudwatch_are_read() {
    let text = flow().to_string();
    let lines = transcode(&skydive(), format!("{text}\n{text}\n").as_bytes(), &[7]).unwrap();
    assert_eq!((lines.summary.events, lines.summary.written), (4, 4));
    let envelope = document(&[(1_580_515_299_000, &text)]);
    let envelope = transcode(&skydive(), envelope.as_bytes(), &[7]).unwrap();
    let times = envelope.csv();
    let times = times
        .lines()
        .skip(1)
        .map(|row| row.split_once(',').unwrap().0);
    assert_eq!(
        times.collect::<Vec<_>>(),
        ["2020-02-01T00:01:39.000Z"; 2],
        "the event's own time"
    );
}

#[test]
fn without_the_difference_it_is_computed_from_the_totals() {
    let total = |packets: u64, last: u64, status: &str| {
        flow_with(json!({
            "LastUpdateMetric": null,
            "Status": status,
            "Metric": {
                "ABPackets": packets, "ABBytes": packets * 60, "BAPackets": packets + 1, "BABytes": 0,
                "Start": 1_580_515_200_000_u64, "Last": last
            },
        }))
    };
    let mut other = total(1, 1_580_515_205_000, "STARTED");
    other["UUID"] = json!("another");
    let flows = [
        total(10, 1_580_515_210_000, "STARTED"),
        other,
        total(15, 1_580_515_240_000, "UPDATED"),
        total(15, 1_580_515_270_000, "ENDED"),
    ];
    let numbers = |row: &String| row.split(',').skip(8).take(4).collect::<Vec<_>>().join(" ");
    let rows = rows(&skydive(), &flows);
    assert_eq!(
        rows.iter().map(numbers).collect::<Vec<_>>(),
        [
            "10 600 1580515200 1580515210",
            "11 0 1580515200 1580515210",
            "1 60 1580515200 1580515205",
            "2 0 1580515200 1580515205",
            "5 300 1580515210 1580515240",
            "5 0 1580515210 1580515240",
            "0 0 1580515240 1580515270",
            "0 0 1580515240 1580515270",
        ]
    );
}

#[test]
fn updates_with_and_without_the_difference_may_alternate() {
    let update = |bytes: i64, has_difference: bool, status: &str| {
        let metric = |bytes| json!({"ABPackets": 1, "ABBytes": bytes, "Start": 1, "Last": bytes});
        let difference = has_difference.then(|| metric(10));
        flow_with(
            json!({"LastUpdateMetric": difference, "Metric": metric(bytes), "Status": status}),
        )
    };
    let bytes = |flows: &[Value]| -> Vec<String> {
        let rows = rows(&skydive(), flows);
        // The first row of each flow is from A to B.
        let rows = rows.iter().step_by(2);
        rows.map(|row| row.split(',').nth(9).unwrap().to_owned())
            .collect()
    };
    let all = [
        update(20, false, "STARTED"),
        update(30, true, "UPDATED"),
        update(45, false, "ENDED"),
    ];
    assert_eq!(bytes(&all), ["20", "10", "15"]);
    // The first one is in another object.
    assert_eq!(bytes(&all[1..]), ["10", "15"]);
}

#[test]
fn an_update_whose_update_before_is_in_another_object_is_rejected() {
    let update = flow_with(json!({"LastUpdateMetric": null}));
    assert_eq!(rejection(&update), of_column("field-missing", "packets"));
    let nothing = flow_with(json!({"LastUpdateMetric": null, "Metric": null, "Status": null}));
    assert_eq!(rejection(&nothing), of_column("field-missing", "packets"));
}

#[test]
fn layers_that_a_flow_lacks_are_no_values() {
    let arp = flow_with(json!({
        "LayersPath": "Ethernet/ARP", "Network": null, "Transport": null, "NodeTID": null
    }));
    assert_eq!(
        rows(&skydive(), &[arp])[0],
        "2,-,-,-,-,-,-,-,3,180,1580515200,1580515230,ACCEPT,OK"
    );
    let ping = flow_with(json!({
        "LayersPath": "Ethernet/IPv6/ICMPv6", "Transport": null,
        "Network": {"Protocol": "IPV6", "A": "fe80::1", "B": "fe80::2"}
    }));
    assert_eq!(
        rows(&skydive(), &[ping])[1],
        "2,-,422190f1-bbde-4eb0,fe80::2,fe80::1,0,0,58,2,120,1580515200,1580515230,ACCEPT,OK"
    );
}

#[test]
fn ports_as_text_and_protocols_as_numbers_are_read() {
    let text = flow_with(json!({"Transport": {"Protocol": 3, "A": "53", "B": "5353"}}));
    let row = &rows(&skydive(), &[text])[0];
    assert!(row.contains(",53,5353,17,"), "{row}");
}

#[test]
fn times_in_seconds_and_times_of_the_flow_are_read() {
    let seconds =
        json!({"ABPackets": 1, "ABBytes": 1, "Start": 1_580_515_200, "Last": 1_580_515_260});
    let flow_in_seconds = flow_with(json!({"LastUpdateMetric": seconds}));
    assert!(rows(&skydive(), &[flow_in_seconds])[0].contains(",1,1,1580515200,1580515260,"));
    let without = json!({"ABPackets": 1, "ABBytes": 1, "Start": 0, "Last": 0});
    let without = flow_with(json!({"LastUpdateMetric": without}));
    assert!(rows(&skydive(), &[without])[0].contains(",1,1,1580515000,1580515230,"));
}

#[test]
fn a_flow_with_a_fault_is_rejected_as_it_is() {
    let network = |a: &str| json!({"Network": {"A": a, "B": "10.0.0.2"}});
    let metric = |packets: i64, bytes: i64, last: i64| {
        let metric = json!({"BAPackets": packets, "ABBytes": bytes, "Start": 1, "Last": last});
        json!({"LastUpdateMetric": metric, "Last": null})
    };
    let faults = [
        (network("10.0.0.1 2"), of_column("field-type", "srcaddr")),
        (
            json!({"Transport": {"A": 1, "B": 65536}}),
            of_column("field-type", "dstport"),
        ),
        (metric(-1, 0, 2), of_column("field-type", "packets")),
        (metric(0, -1, 2), of_column("field-type", "bytes")),
        (metric(0, 0, 0), of_column("field-missing", "end")),
        (metric(0, 0, i64::MAX), ("timestamp".to_owned(), None)),
        (
            json!({"NodeTID": "two words"}),
            ("character".to_owned(), None),
        ),
        (json!({"Metric": "much"}), ("json".to_owned(), None)),
    ];
    for (members, expected) in faults {
        assert_eq!(
            rejection(&flow_with(members.clone())),
            expected,
            "{members}"
        );
    }
}

#[test]
fn options_that_have_no_effect_or_no_sense_are_refused() {
    let refusal = |value: Value| {
        let options: rehose_extract::Options = serde_json::from_value(value).unwrap();
        options.compile().unwrap_err()
    };
    assert_eq!(
        refusal(json!({"account_id": "1"})),
        OptionsError::Stray {
            option: "account_id",
            with: "the format skydive"
        }
    );
    let fields = refusal(json!({"format": "skydive", "fields": ["bytes"]}));
    assert!(matches!(
        fields,
        OptionsError::Stray {
            option: "fields",
            ..
        }
    ));
    let account = refusal(json!({"format": "skydive", "account_id": "1 2"}));
    assert!(matches!(
        account,
        OptionsError::Value {
            option: "account_id",
            ..
        }
    ));
}

#[test]
fn rejected_flows_name_their_object() {
    let output = output(&skydive(), &[json!({"UUID": "1"})]);
    let line: Value = serde_json::from_str(&output.rejected_lines()).unwrap();
    assert_eq!(line["source"], SOURCE);
}
