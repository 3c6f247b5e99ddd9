//! A line can be put together again from its row: no field is lost, shifted or changed.

use proptest::collection::vec;
use proptest::prelude::*;

use super::subject::{Rows, rows};

/// The fields of a line, each as `columns`. A field of several columns has what separates them between their
/// names, and one in quotes has quotes.
const ALB: &str = "type|time|elb|client_ip:client_port|target_ip:target_port|request_processing_time|\
    target_processing_time|response_processing_time|elb_status_code|target_status_code|received_bytes|sent_bytes|\
    \"request_verb request_url request_proto\"|\"user_agent\"|ssl_cipher|ssl_protocol|target_group_arn|\
    \"trace_id\"|\"domain_name\"|\"chosen_cert_arn\"|matched_rule_priority|request_creation_time|\
    \"actions_executed\"|\"redirect_url\"|\"lambda_error_reason\"|\"target_port_list\"|\
    \"target_status_code_list\"|\"classification\"|\"classification_reason\"|conn_trace_id|\
    \"transformed_host\"|\"transformed_uri\"|\"request_transform_status\"|ip_address";

const ELB: &str = "time|elb_name|request_ip:request_port|backend_ip:backend_port|request_processing_time|\
    backend_processing_time|client_response_time|elb_response_code|backend_response_code|received_bytes|sent_bytes|\
    \"request_verb url protocol\"|\"user_agent\"|ssl_cipher|ssl_protocol";

const NLB: &str = "type|version|time|elb|listener_id|client_ip:client_port|target_ip:target_port|\
    tcp_connection_time_ms|tls_handshake_time_ms|received_bytes|sent_bytes|incoming_tls_alert|cert_arn|\
    certificate_serial|tls_cipher_suite|tls_protocol_version|tls_named_group|domain_name|alpn_fe_protocol|\
    alpn_be_protocol|alpn_client_preference_list|tls_connection_creation_time";

const CONNECTION: &str = "time|client_ip|client_port|listener_port|tls_protocol|tls_cipher|tls_handshake_latency|\
    \"leaf_client_cert_subject\"|leaf_client_cert_validity|leaf_client_cert_serial_number|tls_verify_status|\
    conn_trace_id";

const S3: &str = "bucketowner|bucket_name|[requestdatetime]|remoteip|requester|requestid|operation|key|\
    \"request_uri\"|httpstatus|errorcode|bytessent|objectsize|totaltime|turnaroundtime|\"referrer\"|\"useragent\"|\
    versionid|hostid|sigv|ciphersuite|authtype|endpoint|tlsversion|accesspointarn|aclrequired|sourceregion";

/// Columns of numbers, and of decimal ones.
const NUMBERS: [&str; 19] = [
    "client_port",
    "target_port",
    "request_port",
    "backend_port",
    "listener_port",
    "elb_status_code",
    "target_status_code",
    "elb_response_code",
    "backend_response_code",
    "received_bytes",
    "sent_bytes",
    "incoming_tls_alert",
    "bytessent",
    "objectsize",
    "totaltime",
    "turnaroundtime",
    "tcp_connection_time_ms",
    "tls_handshake_time_ms",
    "tls_handshake_latency",
];

fn columns(field: &str) -> Vec<&str> {
    let plain = field.trim_matches(['"', '[', ']']);
    plain.split([':', ' ']).collect()
}

/// A value that a column can have.
fn value(column: &str, is_quoted: bool) -> BoxedStrategy<String> {
    let is_time = column == "time" || column.ends_with("_creation_time");
    let is_decimal = column.ends_with("_time") && !is_time;
    match column {
        "requestdatetime" => "0[1-9]/Jan/20[0-9]{2}:0[0-9]:[0-5][0-9]:[0-5][0-9] [+]0000".boxed(),
        "httpstatus" => "[1-5][0-9]{2}".boxed(),
        "errorcode" => "[A-Z][a-z]{1,9}".boxed(),
        "request_url" | "url" => "http://[a-z0-9:]{1,9}/[!#-~]{0,5}( [!#-,.-~]{1,5}){0,2}".boxed(),
        "request_verb" => "[A-Z]{3,7}".boxed(),
        "request_proto" | "protocol" => "HTTP/[12][.][01]".boxed(),
        _ if is_time => {
            "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z".boxed()
        }
        _ if is_decimal => "(0|[1-9][0-9]{0,5})[.][0-9]{3,6}".boxed(),
        _ if NUMBERS.contains(&column) => "(0|[1-9][0-9]{0,8})".boxed(),
        _ if is_quoted => "[a-z][ !#-\\[\\]-~é]{0,20}[a-z]".boxed(),
        _ => "[a-z][!#-9;-\\[\\]-~]{0,12}[a-z]".boxed(),
    }
}

/// A line with any values in its fields.
fn line(spec: &'static str) -> impl Strategy<Value = String> {
    let fields: Vec<_> = spec
        .split('|')
        .map(|field| {
            let names = columns(field);
            let values: Vec<_> = (names.iter())
                .map(|name| value(name, field.starts_with('"')))
                .collect();
            let field = field.to_owned();
            values.prop_map(move |values| {
                let mut text = field.clone();
                for (name, value) in columns(&field).iter().zip(values) {
                    text = text.replacen(name, &value, 1);
                }
                text
            })
        })
        .collect();
    fields.prop_map(|fields| fields.join(" "))
}

/// Puts the line of a row together again.
fn joined(spec: &str, rows: &Rows, row: usize) -> String {
    let fields = spec.split('|').map(|field| {
        let mut text = String::new();
        let mut rest = field;
        for name in columns(field) {
            let (before, after) = rest.split_once(name).unwrap();
            text += before;
            let value = rows.value(row, name).replace("\\\\", "\\");
            text += &match name {
                "requestdatetime" => access_time(&value),
                _ => value,
            };
            rest = after;
        }
        text + rest
    });
    fields.collect::<Vec<_>>().join(" ")
}

/// Writes `2020-01-02T03:04:05Z` as in an access log.
fn access_time(time: &str) -> String {
    let (date, time) = time.trim_end_matches('Z').split_once('T').unwrap();
    let parts: Vec<&str> = date.split('-').collect();
    format!("{}/Jan/{}:{time} +0000", parts[2], parts[0])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_row_has_all_of_its_line(
        (format, spec, lines) in prop_oneof![
            Just(("alb", ALB)),
            Just(("elb", ELB)),
            Just(("nlb", NLB)),
            Just(("alb-connection", CONNECTION)),
            Just(("s3-access", S3)),
        ].prop_flat_map(|(format, spec)| (Just(format), Just(spec), vec(line(spec), 1..4))),
    ) {
        let rows = rows(format, &lines.join("\n"));
        prop_assert_eq!(rows.rows.len(), lines.len(), "{:?}", rows.rejected);
        for (row, line) in lines.iter().enumerate() {
            prop_assert_eq!(&joined(spec, &rows, row), line);
            prop_assert_eq!(rows.value(row, "more"), "");
        }
    }
}
