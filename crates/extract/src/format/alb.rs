//! The format `alb`: access logs of Application Load Balancers.

use super::quoted::Field::{Address, One, Request, Statuses, Targets};
use super::quoted::QuotedLog;
use crate::schema::FieldKind::{BigInt, Double, Int, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table.html>), and for later fields
/// those of the documentation.
///
/// AWS has written 18 fields in 2016 and since then more at the end, up to `ip_address` in 2026.
pub(super) const LOG: QuotedLog = QuotedLog {
    fields: &[
        One("type", Text),
        One("time", Timestamp),
        One("elb", Text),
        Address(["client_ip", "client_port"]),
        Address(["target_ip", "target_port"]),
        One("request_processing_time", Double),
        One("target_processing_time", Double),
        One("response_processing_time", Double),
        One("elb_status_code", Int),
        One("target_status_code", Int),
        One("received_bytes", BigInt),
        One("sent_bytes", BigInt),
        Request(["request_verb", "request_url", "request_proto"]),
        One("user_agent", Text),
        One("ssl_cipher", Text),
        One("ssl_protocol", Text),
        One("target_group_arn", Text),
        One("trace_id", Text),
        One("domain_name", Text),
        One("chosen_cert_arn", Text),
        One("matched_rule_priority", Text),
        One("request_creation_time", Timestamp),
        One("actions_executed", Text),
        One("redirect_url", Text),
        One("lambda_error_reason", Text),
        Targets("target_port_list"),
        Statuses("target_status_code_list"),
        One("classification", Text),
        One("classification_reason", Text),
        One("conn_trace_id", Text),
        One("transformed_host", Text),
        One("transformed_uri", Text),
        One("request_transform_status", Text),
        One("ip_address", Text),
    ],
    earlier: &[18, 19, 20, 25, 29, 30, 33],
    fact: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
};

/// Health check logs, which are in the same folder and are not read.
pub(super) const HEALTH_CHECKS: QuotedLog = QuotedLog {
    fields: &[
        One("type", Text),
        One("time", Timestamp),
        One("latency", Double),
        One("target_addr", Text),
        One("target_group_id", Text),
        One("status", Text),
        One("status_code", Int),
        One("reason_code", Text),
        One("elb", Text),
        One("ip_address", Text),
    ],
    earlier: &[],
    fact: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html",
};
