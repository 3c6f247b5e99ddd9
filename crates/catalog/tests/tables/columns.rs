//! The columns of rows: their names and types.

use std::collections::BTreeSet;

use rehose_extract::FIELDS;
use serde_json::json;

use crate::{columns, rows};

#[test]
fn flow_logs_have_the_names_and_types_of_awss_own_table() {
    assert_eq!(
        columns(&rows(json!({}))),
        [
            ("timestamp", "timestamp"),
            ("version", "int"),
            ("account_id", "string"),
            ("interface_id", "string"),
            ("srcaddr", "string"),
            ("dstaddr", "string"),
            ("srcport", "int"),
            ("dstport", "int"),
            ("protocol", "bigint"),
            ("packets", "bigint"),
            ("bytes", "bigint"),
            ("start", "bigint"),
            ("end", "bigint"),
            ("action", "string"),
            ("log_status", "string"),
        ]
    );
}

#[test]
fn logs_have_the_names_of_awss_own_tables_and_types() {
    for (format, expected) in [
        (
            "alb",
            "time timestamp,client_ip string,client_port int,request_processing_time double,\
                 elb_status_code int,sent_bytes bigint,request_verb string,lambda_error_reason string",
        ),
        (
            "elb",
            "request_port int,client_response_time double,backend_response_code int",
        ),
        (
            "nlb",
            "tcp_connection_time_ms double,incoming_tls_alert int",
        ),
        (
            "s3-access",
            "requestdatetime timestamp,httpstatus int,bytessent bigint,useragent string",
        ),
        (
            "cloudfront",
            "time timestamp,sc_status int,time_taken double,cs_user_agent string",
        ),
        (
            "cloudtrail",
            "eventtime timestamp,requestparameters string,readonly string,more string",
        ),
        (
            "waf",
            "time timestamp,responsecodesent int,clientip string,httprequest string",
        ),
        ("resolver", "query_timestamp timestamp,srcport int"),
        (
            "network-firewall",
            "event_flow_id bigint,event_netflow_bytes bigint",
        ),
    ] {
        let table = rows(json!({"format": format, "to": "parquet"}));
        assert_eq!(table.name, format!("{}_logs", format.replace('-', "_")));
        let columns: Vec<_> = columns(&table);
        for column in expected.split(',') {
            let column = column.trim().split_once(' ').unwrap();
            assert!(
                columns.contains(&column),
                "{format}: {column:?} in {columns:?}"
            );
        }
        let mut names = BTreeSet::new();
        assert!(
            columns.iter().all(|(name, _)| names.insert(*name)),
            "{format}"
        );
        let csv = rows(json!({"format": format}));
        assert!(
            csv.columns.iter().all(|column| column.kind == "string"),
            "{format}"
        );
    }
}

#[test]
fn every_field_can_be_a_column_of_its_own() {
    let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    let table = rows(json!({"fields": names}));
    let distinct: BTreeSet<_> = columns(&table).into_iter().map(|(name, _)| name).collect();
    assert_eq!(distinct.len(), FIELDS.len() + 1);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(
        distinct.iter().all(|name| name.chars().all(plain)),
        "{distinct:?}"
    );
}

#[test]
fn groups_of_a_regex_become_names_that_athena_takes_and_that_are_distinct() {
    let regex = "(?P<Level>a)(?P<level>b)(?P<level_2>c)(?<größe>d)(?<a.b>e)(?<datehour>f)(?<end>g)";
    let table = rows(json!({"message_regex": regex}));
    let names: Vec<_> = columns(&table).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "timestamp",
            "level",
            "level_2",
            "level_2_2",
            "gr__e",
            "a_b",
            "datehour_2",
            "end"
        ]
    );
    assert!(table.columns.iter().all(|column| column.kind == "string"));
}

#[test]
fn in_parquet_every_column_has_its_type_in_every_format() {
    let origin = ["owner", "log-group", "source"];
    for (options, own) in [
        (json!({"format": "message"}), ("message", "string")),
        (json!({"message_regex": "(?<end>.*)"}), ("end", "string")),
        (json!({"fields": ["end"]}), ("end", "bigint")),
        (
            json!({"format": "tgw-flow-logs", "fields": ["packets-lost-ttl-expired"]}),
            ("packets_lost_ttl_expired", "bigint"),
        ),
    ] {
        let mut options = options;
        options["to"] = json!("parquet");
        options["with"] = json!(origin);
        assert_eq!(
            columns(&rows(options)),
            [
                ("timestamp", "timestamp"),
                own,
                ("owner", "string"),
                ("log_group", "string"),
                ("source", "string"),
            ]
        );
    }
}
