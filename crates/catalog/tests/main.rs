//! The tables that Athena reads an output through: what they say, and that the CDK app says the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use rehose_catalog::{Column, Layout, Per, SINCE, SINCE_DAY, Table, TableLocation, View, Zone};
use rehose_extract::{
    DEFAULT_FIELDS, FIELDS, FieldKind, FileKind, FormatName, Options, Shape, Summary,
};
use rehose_reprocess::ledger::receipt::{Artifact, Failure, ObjectReceipt, Outcome};
use rehose_reprocess::ledger::{OutputId, WRITTEN};
use serde_json::{Value, json};

static LAYOUT: LazyLock<Layout> = LazyLock::new(Layout::default);

fn location(prefix: &str) -> TableLocation<'_> {
    TableLocation {
        output: "s3://tables/out/",
        prefix,
        layout: &LAYOUT,
        zone: Zone::default(),
        since: SINCE,
        since_day: SINCE_DAY,
    }
}

fn shape(options: Value) -> Shape {
    let options: Options = serde_json::from_value(options).unwrap();
    options.compile().unwrap()
}

fn rows(options: Value) -> Table {
    Table::rows(&shape(options), location("AWSLogs/")).unwrap()
}

fn rejected(prefix: &str) -> Table {
    Table::rejected(&shape(json!({})), location(prefix))
}

fn columns(table: &Table) -> Vec<(&str, &str)> {
    columns_of(&table.columns)
}

fn columns_of(columns: &[Column]) -> Vec<(&str, &str)> {
    (columns.iter())
        .map(|column| (column.name.as_str(), column.kind.as_str()))
        .collect()
}

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
fn the_template_with_an_hour_filled_in_is_the_folder_of_what_process_writes() {
    let key = "AWSLogs/2020/02/01/00/vpc-flow-logs-1";
    let [csv, parquet] = [FileKind::Csv, FileKind::Parquet]
        .map(|kind| OutputId::of_object(key, FormatName::VpcFlowLogs, kind));
    for (table, written) in [
        (rows(json!({})), csv.rows_key()),
        (rows(json!({"format": "message"})), csv.rows_key()),
        (rows(json!({"to": "parquet"})), parquet.rows_key()),
        (rejected("AWSLogs/"), csv.rejected_key()),
    ] {
        let folder =
            table.parameters["storage.location.template"].replace("${datehour}", "2020/02/01/00");
        let (found, _) = written.rsplit_once('/').unwrap();
        assert_eq!(folder, format!("s3://tables/out/{found}/"));
        assert!(folder.starts_with(&table.location));
    }
}

#[test]
fn receipts_have_every_property_that_a_receipt_can_have() {
    let outcomes = [
        Outcome::Done(Summary::default()),
        Outcome::Failed(Failure {
            reason: String::new(),
            detail: String::new(),
        }),
    ];
    let properties: BTreeSet<String> = outcomes
        .into_iter()
        .map(|outcome| ObjectReceipt {
            key: String::new(),
            sums: None,
            out_of_scope: 0,
            outcome,
        })
        .flat_map(|receipt| match serde_json::to_value(receipt).unwrap() {
            Value::Object(properties) => properties.into_iter().map(|(name, _)| name),
            other => panic!("{other}"),
        })
        .collect();
    let table = Table::receipts(location("AWSLogs/"));
    let [("v", "int"), ("objects", objects), ("artifacts", artifacts)] = columns(&table)[..] else {
        panic!("{table:?}");
    };
    let names = |kind: &str| -> BTreeSet<String> {
        let fields = (kind.strip_prefix("array<struct<"))
            .and_then(|kind| kind.strip_suffix(">>"))
            .unwrap();
        let names = fields.split(',').map(|field| field.split(':').next());
        names.map(|name| name.unwrap().to_owned()).collect()
    };
    assert_eq!(names(objects), properties);
    let artifact = Artifact {
        key: String::new(),
        bytes: 0,
        rows: 0,
        inputs: Vec::new(),
        sums: None,
    };
    let Value::Object(artifact) = serde_json::to_value(artifact).unwrap() else {
        panic!("an artifact is an object");
    };
    assert_eq!(
        names(artifacts),
        artifact.into_iter().map(|(name, _)| name).collect()
    );
}

#[test]
fn the_statement_says_all_that_the_table_does() {
    let ddl = rows(json!({"fields": ["srcaddr", "end"]})).ddl(Some("logs"));
    assert_eq!(
        ddl,
        r#"CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`flow_logs` (
  `timestamp` timestamp,
  `srcaddr` string,
  `end` bigint
)
COMMENT 'Flow logs: a row for each event'
PARTITIONED BY (`datehour` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES (
  'field.delim' = ',',
  'timestamp.formats' = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
)
STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://tables/out/csv/'
TBLPROPERTIES (
  'projection.datehour.format' = 'yyyy/MM/dd/HH',
  'projection.datehour.interval' = '1',
  'projection.datehour.interval.unit' = 'HOURS',
  'projection.datehour.range' = '2015/06/01/00,NOW',
  'projection.datehour.type' = 'date',
  'projection.enabled' = 'true',
  'skip.header.line.count' = '1',
  'storage.location.template' = 's3://tables/out/csv/AWSLogs/${datehour}/'
)"#
    );
}

#[test]
fn the_statement_of_parquet_names_the_classes_of_awss_own() {
    let ddl = rows(json!({"fields": ["srcaddr", "end"], "to": "parquet"})).ddl(None);
    assert_eq!(
        ddl,
        r#"CREATE EXTERNAL TABLE IF NOT EXISTS `flow_logs` (
  `timestamp` timestamp,
  `srcaddr` string,
  `end` bigint
)
COMMENT 'Flow logs: a row for each event'
PARTITIONED BY (`datehour` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION 's3://tables/out/parquet/'
TBLPROPERTIES (
  'projection.datehour.format' = 'yyyy/MM/dd/HH',
  'projection.datehour.interval' = '1',
  'projection.datehour.interval.unit' = 'HOURS',
  'projection.datehour.range' = '2015/06/01/00,NOW',
  'projection.datehour.type' = 'date',
  'projection.enabled' = 'true',
  'storage.location.template' = 's3://tables/out/parquet/AWSLogs/${datehour}/'
)"#
    );
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

#[test]
fn logs_without_folders_of_days_have_them_in_the_output() {
    for (format, prefix, key, day) in [
        (
            "cloudfront",
            "cdn/",
            "cdn/E2AB.2026-01-05-23.0a1b2c3d.gz",
            "2026-01-05",
        ),
        (
            "s3-access",
            "logs/shop-2025-12-31-01-",
            "logs/shop-2025-12-31-01-2026-01-05-23-15-00-79A59DF900B949E5",
            "2026-01-05",
        ),
        (
            "s3-access",
            "1/",
            "1/eu-west-1/shop/2026/01/05/2026-01-05-00-00-00-79A59DF900B949E5",
            "2026-01-05",
        ),
    ] {
        let shape = shape(json!({"format": format, "to": "parquet"}));
        let id = OutputId::of_object(key, shape.format_name(), FileKind::Parquet);
        let location = location(prefix);
        for (table, written) in [
            (Table::rows(&shape, location).unwrap(), id.rows_key()),
            (Table::rejected(&shape, location), id.rejected_key()),
        ] {
            assert_eq!(columns_of(&table.partitions), [("day", "string")]);
            assert_eq!(table.parameters["projection.day.range"], "2015-06-01,NOW");
            assert!(!table.parameters.contains_key("projection.datehour.type"));
            let template = &table.parameters["storage.location.template"];
            let folder = template.replace("${day}", day);
            let found = format!("s3://tables/out/{written}");
            assert!(found.starts_with(&folder), "{found} in {folder}");
            assert!(folder.starts_with(&table.location));
        }
    }
    // Without a day, and in other logs, a key is as it was.
    for (format, key) in [
        (FormatName::CloudFront, "E2AB.2026-01-05.0a1b2c3d.gz"),
        (FormatName::CloudFront, "2026-01-05-10/x.gz"),
        (FormatName::S3Access, "2026-13-05-10-15-00-79A59DF900B949E5"),
        (FormatName::Alb, "2026-01-05-10-15-00-79A59DF900B949E5"),
    ] {
        let id = OutputId::of_object(key, format, FileKind::Csv);
        assert_eq!(id.rows_key(), format!("csv/{key}.csv.gz"));
        assert_eq!(id.rejected_key(), format!("rejected/{key}.jsonl.gz"));
    }
}

#[test]
fn what_would_end_a_literal_is_escaped_in_it() {
    let template = |prefix| {
        let ddl = rejected(prefix).ddl(None);
        let (_, value) = ddl.split_once("'storage.location.template' = ").unwrap();
        value.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        template("it's/"),
        r#""s3://tables/out/rejected/it's/${datehour}/""#
    );
    assert_eq!(
        template(r#"a\"'/"#),
        r#"'s3://tables/out/rejected/a\\"\'/${datehour}/'"#
    );
    assert!(
        rows(json!({"format": "message"}))
            .ddl(None)
            .contains(r"'escapeChar' = '\u0001'")
    );
}

/// The CDK app knows no Rust, so what it needs of this stands in a file that this test keeps:
/// `UPDATE_SNAPSHOT=1 cargo test -p rehose-catalog`.
#[test]
fn the_cdk_app_has_the_same_tables() {
    let location = TableLocation {
        output: "{output}",
        prefix: "{prefix}",
        layout: &LAYOUT,
        zone: Zone::default(),
        since: "{since}",
        since_day: "{since_day}",
    };
    // The columns after the timestamp follow from the options, there as here.
    let rows = |format: &str, to: &str| {
        let options = json!({"format": format, "to": to});
        let options: Options = serde_json::from_value(options).unwrap();
        let mut table = Table::rows(&options.compile().unwrap(), location).unwrap();
        table.columns.truncate(1);
        table
    };
    let rows = |to| {
        json!({
            "flow_logs": rows("vpc-flow-logs", to),
            "messages": rows("message", to),
        })
    };
    let kind = |kind| match kind {
        FieldKind::Int => "int",
        FieldKind::BigInt => "bigint",
        FieldKind::Double => "double",
        FieldKind::Text => "string",
        FieldKind::Json => "json",
        FieldKind::Timestamp => "timestamp",
    };
    let fields = FIELDS.iter();
    let kinds: BTreeMap<_, _> = fields.map(|field| (field.name, kind(field.kind))).collect();
    // The tables of these are as that of messages, with their own columns. In CSV, all are text.
    let formats = FormatName::ALL.iter().filter(|f| f.has_fixed_columns());
    let formats: BTreeMap<_, _> = formats
        .map(|format| {
            let shape = shape(json!({"format": format, "to": "parquet"}));
            let table = Table::rows(&shape, location).unwrap();
            let columns: Vec<String> = (table.columns.iter().zip(shape.schema()))
                .map(|(column, field)| format!("{} {}", column.name, kind(field.kind)))
                .collect();
            let table = json!({
                "name": table.name,
                "comment": table.comment,
                "columns": columns,
                "layout": format.key_folders(),
            });
            (format.name(), table)
        })
        .collect();
    // All columns of merged rows follow from the options.
    let merging = |per| {
        let shape = Options::default().compile().unwrap();
        let mut merged = Table::merged(&shape, location, per).unwrap();
        merged.columns.clear();
        [merged, Table::generations(location, per)]
    };
    let known = json!({
        "written": WRITTEN,
        "since": SINCE,
        "fields": kinds,
        "formats": formats,
        "default_fields": DEFAULT_FIELDS,
        "rows": {"csv": rows("csv"), "parquet": rows("parquet")},
        "rejected": Table::rejected(&shape(json!({})), location),
        "rejected_by_day": Table::rejected(&shape(json!({"format": "s3-access"})), location),
        "receipts": Table::receipts(location),
        "merging": {"hour": merging(Per::Hour), "day": merging(Per::Day)},
        "views": {"hour": View::template(Per::Hour), "day": View::template(Per::Day)},
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/lib/tables.json");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        let text = serde_json::to_string_pretty(&known).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written, known, "on purpose? then UPDATE_SNAPSHOT=1");
}
