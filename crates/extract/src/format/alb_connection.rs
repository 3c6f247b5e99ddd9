//! The format `alb-connection`: connection logs of Application Load Balancers.

use super::quoted::Field::One;
use super::quoted::QuotedLog;
use crate::schema::FieldKind::{Double, Int, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/create-alb-connection-logs-table.html>).
///
/// The first logs had no `conn_trace_id`.
pub(super) const LOG: QuotedLog = QuotedLog {
    fields: &[
        One("time", Timestamp),
        One("client_ip", Text),
        One("client_port", Int),
        One("listener_port", Int),
        One("tls_protocol", Text),
        One("tls_cipher", Text),
        One("tls_handshake_latency", Double),
        One("leaf_client_cert_subject", Text),
        One("leaf_client_cert_validity", Text),
        One("leaf_client_cert_serial_number", Text),
        One("tls_verify_status", Text),
        One("conn_trace_id", Text),
    ],
    earlier: &[11],
    fact: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html",
};
