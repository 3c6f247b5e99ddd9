//! The format `elb`: access logs of Classic Load Balancers.

use super::quoted::Field::{Address, One, Request};
use super::quoted::QuotedLog;
use crate::schema::FieldKind::{BigInt, Double, Int, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/elasticloadbalancer-classic-logs.html>), except for its
/// `timestamp`.
///
/// The first logs ended with the request.
pub(super) const LOG: QuotedLog = QuotedLog {
    fields: &[
        One("time", Timestamp),
        One("elb_name", Text),
        Address(["request_ip", "request_port"]),
        Address(["backend_ip", "backend_port"]),
        One("request_processing_time", Double),
        One("backend_processing_time", Double),
        One("client_response_time", Double),
        One("elb_response_code", Int),
        One("backend_response_code", Int),
        One("received_bytes", BigInt),
        One("sent_bytes", BigInt),
        Request(["request_verb", "url", "protocol"]),
        One("user_agent", Text),
        One("ssl_cipher", Text),
        One("ssl_protocol", Text),
    ],
    earlier: &[12],
    fact: "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html",
};
