//! The format `nlb`: access logs of the TLS listeners of Network Load Balancers.

use super::quoted::Field::{Address, AsItIs, One};
use super::quoted::QuotedLog;
use crate::schema::FieldKind::{BigInt, Double, Int, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/networkloadbalancer-classic-logs.html>).
///
/// The first logs ended with `tls_named_group`, later ones with the list of ALPN. Times have no zone; they are
/// in UTC. The list of ALPN has a protocol in quotes after a comma, `"h2","http/1.1"`, and no space.
pub(super) const LOG: QuotedLog = QuotedLog {
    fields: &[
        One("type", Text),
        One("version", Text),
        One("time", Timestamp),
        One("elb", Text),
        One("listener_id", Text),
        Address(["client_ip", "client_port"]),
        Address(["target_ip", "target_port"]),
        One("tcp_connection_time_ms", Double),
        One("tls_handshake_time_ms", Double),
        One("received_bytes", BigInt),
        One("sent_bytes", BigInt),
        One("incoming_tls_alert", Int),
        One("cert_arn", Text),
        One("certificate_serial", Text),
        One("tls_cipher_suite", Text),
        One("tls_protocol_version", Text),
        One("tls_named_group", Text),
        One("domain_name", Text),
        One("alpn_fe_protocol", Text),
        One("alpn_be_protocol", Text),
        AsItIs("alpn_client_preference_list"),
        One("tls_connection_creation_time", Timestamp),
    ],
    earlier: &[17, 21],
    fact: "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html",
};
