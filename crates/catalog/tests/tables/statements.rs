//! The statements that create the tables.

use serde_json::json;

use crate::{rejected, rows};

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
