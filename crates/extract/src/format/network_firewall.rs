//! The format `network-firewall`: alerts, flows and TLS logs of Network Firewall.

use super::json_log::{JsonLog, Member, member, object, required};
use crate::schema::FieldKind::{BigInt, Int, Json, Text, Timestamp};

/// The event is one of Suricata (<https://docs.suricata.io/en/latest/output/eve/eve-json-format.html>). Those
/// of its members that people ask for have columns too.
pub(super) const LOG: JsonLog = JsonLog {
    members: &[
        member("firewall_name", "firewall_name", Text),
        member("availability_zone", "availability_zone", Text),
        required("event_timestamp", "event_timestamp", Timestamp),
        object("event", "event", EVENT),
    ],
    time: "event_timestamp",
    in_array: false,
    others: &[],
    folders: "AWSLogs/{account}/network-firewall/{log}/{region}/{firewall}/{yyyy}/{MM}/{dd}/{HH}",
    fact: "https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging.html",
};

const EVENT: &[Member] = &[
    member("timestamp", "event_time", Timestamp),
    member("flow_id", "event_flow_id", BigInt),
    member("event_type", "event_type", Text),
    member("src_ip", "event_src_ip", Text),
    member("src_port", "event_src_port", Int),
    member("dest_ip", "event_dest_ip", Text),
    member("dest_port", "event_dest_port", Int),
    member("proto", "event_proto", Text),
    member("app_proto", "event_app_proto", Text),
    object(
        "netflow",
        "event_netflow",
        &[
            member("pkts", "event_netflow_pkts", BigInt),
            member("bytes", "event_netflow_bytes", BigInt),
            member("start", "event_netflow_start", Timestamp),
            member("end", "event_netflow_end", Timestamp),
        ],
    ),
    object(
        "alert",
        "event_alert",
        &[
            member("action", "event_alert_action", Text),
            member("signature_id", "event_alert_signature_id", BigInt),
            member("signature", "event_alert_signature", Text),
            member("category", "event_alert_category", Text),
            member("severity", "event_alert_severity", Int),
        ],
    ),
    object(
        "tls",
        "event_tls",
        &[
            member("sni", "event_tls_sni", Text),
            member("version", "event_tls_version", Text),
        ],
    ),
    object(
        "http",
        "event_http",
        &[
            member("hostname", "event_http_hostname", Text),
            member("url", "event_http_url", Text),
            member("http_method", "event_http_method", Text),
            member("status", "event_http_status", Int),
        ],
    ),
    member("metadata", "event_metadata", Json),
];
