//! The tables of merged rows, and the view of all rows. `tests/athena` runs their statements.

use std::path::Path;

use jiff::Timestamp;
use rehose_catalog::{
    Layout, LayoutError, Per, SINCE, SINCE_DAY, Table, TableLocation, View, Zone,
};
use rehose_extract::merge::Sums;
use rehose_reprocess::ledger::Version;
use rehose_reprocess::ledger::generation::{Decision, GenerationId, Marker};
use rehose_reprocess::ledger::tally::Tally;
use serde_json::{Value, json};

use crate::shape;

fn location(layout: &Layout) -> TableLocation<'_> {
    TableLocation {
        output: "s3://tables/out/",
        prefix: "AWSLogs/",
        layout,
        zone: Zone::default(),
        since: SINCE,
        since_day: SINCE_DAY,
    }
}

fn merged(options: Value, per: Per) -> Table {
    Table::merged(&shape(options), location(&Layout::default()), per).unwrap()
}

fn view(options: Value, layout: &str, per: Per) -> Result<View, LayoutError> {
    let (shape, layout): (_, Layout) = (shape(options), layout.parse().unwrap());
    let location = location(&layout);
    let rows = Table::rows(&shape, location).unwrap();
    let merged = Table::merged(&shape, location, per).unwrap();
    View::new(&rows, &merged, &layout, per)
}

#[test]
fn merged_rows_are_parquet_with_a_count_of_records_whatever_the_rows_are() {
    for to in ["csv", "parquet"] {
        let ddl = merged(json!({"fields": ["srcaddr", "end"], "to": to}), Per::Hour).ddl(None);
        assert_eq!(
            ddl,
            r#"CREATE EXTERNAL TABLE IF NOT EXISTS `merged` (
  `timestamp` timestamp,
  `srcaddr` string,
  `end` bigint,
  `records` bigint
)
COMMENT 'Merged rows: a row for each flow'
PARTITIONED BY (`day` string, `hour` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION 's3://tables/out/merged/'
TBLPROPERTIES (
  'projection.day.format' = 'yyyy-MM-dd',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'projection.day.range' = '2015-06-01,NOW',
  'projection.day.type' = 'date',
  'projection.enabled' = 'true',
  'projection.hour.digits' = '2',
  'projection.hour.range' = '0,23',
  'projection.hour.type' = 'integer',
  'storage.location.template' = 's3://tables/out/merged/day=${day}/hour=${hour}/'
)"#
        );
    }
}

#[test]
fn a_day_has_no_hours() {
    let layout = Layout::default();
    for table in [
        merged(json!({}), Per::Day),
        Table::generations(location(&layout), Per::Day),
    ] {
        let names: Vec<_> = table.partitions.iter().map(|column| &column.name).collect();
        assert_eq!(names, ["day"]);
        assert!(!table.ddl(None).contains("hour"), "{}", table.ddl(None));
    }
}

#[test]
fn the_columns_of_generations_are_those_of_a_marker_that_no_decision_has() {
    let id = GenerationId {
        partition: "2026-11-25/07".parse().unwrap(),
        generation: 1,
    };
    let sums = Sums::default();
    let marker = json!(Marker {
        v: Version,
        id,
        published: Timestamp::UNIX_EPOCH,
        files: Vec::new(),
        objects: 1,
        missing: 0,
        bytes_in: 2,
        bytes_out: 3,
        rows: 4,
        sums: sums.clone(),
    });
    let decision = json!(Decision {
        v: Version,
        id,
        job: "job".parse().unwrap(),
        files: Vec::new(),
        read: sums.clone(),
        written: sums,
        missing: Vec::new(),
        tally: Tally::default(),
    });
    let table = Table::generations(location(&Layout::default()), Per::Hour);
    for column in &table.columns {
        let name = column.name.as_str();
        let is_of = |document: &Value| document.get(name).is_some();
        let is_common = ["partition", "generation"].contains(&name);
        assert!(is_of(&marker), "{name}");
        assert_eq!(is_of(&decision), is_common, "{name}");
    }
}

#[test]
fn a_column_cannot_have_the_name_of_a_partition() {
    let shape = shape(json!({"message_regex": "(?<hour>.*)"}));
    let of = |per| Table::merged(&shape, location(&Layout::default()), per);
    assert_eq!(of(Per::Hour), Err(LayoutError::Taken("hour".to_owned())));
    assert!(of(Per::Day).is_ok());
}

#[test]
fn the_view_takes_each_hour_from_one_table() {
    let view = view(
        json!({"fields": ["srcaddr", "end"]}),
        "{yyyy}/{MM}/{dd}/{HH}",
        Per::Hour,
    );
    assert_eq!(
        view.unwrap().ddl(Some("logs")),
        r#"CREATE OR REPLACE VIEW "logs"."all_flow_logs" AS
WITH generation AS (
  SELECT day, hour, generation FROM generations
  WHERE from_iso8601_timestamp(published) < current_timestamp - INTERVAL '1' MINUTE
)
SELECT merged."timestamp", merged."srcaddr", merged."end", merged."records", merged.day, merged.hour, substr(merged.day, 1, 4) || '/' || substr(merged.day, 6, 2) || '/' || substr(merged.day, 9, 2) || '/' || merged.hour AS datehour
FROM merged
JOIN generation ON generation.day = merged.day AND generation.hour = merged.hour
  AND generation.generation = CAST(regexp_extract(merged."$path", '([0-9]+)-[^/]*$', 1) AS integer)
UNION ALL
SELECT "timestamp", "srcaddr", "end", 1, substr(datehour, 1, 4) || '-' || substr(datehour, 6, 2) || '-' || substr(datehour, 9, 2), substr(datehour, 12, 2), datehour
FROM "flow_logs"
LEFT JOIN (SELECT DISTINCT day, hour FROM generation) AS done
  ON done.day = substr(datehour, 1, 4) || '-' || substr(datehour, 6, 2) || '-' || substr(datehour, 9, 2) AND done.hour = substr(datehour, 12, 2)
WHERE done.day IS NULL"#
    );
}

#[test]
fn text_of_csv_becomes_the_types_of_merged_rows() {
    let options = json!({"fields": ["srcport", "bytes"], "with": ["owner"]});
    let query = view(options, "{yyyy}/{MM}/{dd}/{HH}", Per::Hour)
        .unwrap()
        .query;
    let expected = r#"SELECT CAST(from_iso8601_timestamp("timestamp") AS timestamp), TRY_CAST("srcport" AS integer), TRY_CAST("bytes" AS bigint), "owner", 1, "#;
    assert!(query.contains(expected), "{query}");
}

#[test]
fn the_view_follows_the_layout() {
    let query = |layout, per| view(json!({}), layout, per).map(|view| view.query);
    let hive = query("year={yyyy}/month={MM}/day={dd}/hour={HH}", Per::Hour).unwrap();
    assert!(hive.contains("substr(datehour, 32, 2), datehour"), "{hive}");
    assert!(
        hive.contains("'year=' || substr(merged.day, 1, 4) || '/month=' || "),
        "{hive}"
    );
    let daily = query("{yyyy}-{MM}-{dd}", Per::Day).unwrap();
    assert!(!daily.contains("hour ="), "{daily}");
    assert!(!daily.contains('{'), "{daily}");
    let whole = query("{yyyy}/{MM}/{dd}/{HH}", Per::Day).unwrap();
    assert!(whole.contains("|| '/' || '00' AS datehour"), "{whole}");
    for (layout, per) in [
        ("{yyyy}/{MM}/{dd}", Per::Hour),
        ("{yyyy}/{MM}", Per::Day),
        ("{account}/{yyyy}/{MM}/{dd}/{HH}", Per::Hour),
    ] {
        assert_eq!(query(layout, per), Err(LayoutError::NoView), "{layout}");
    }
    let of_days = view(
        json!({"format": "cloudfront"}),
        "{yyyy}/{MM}/{dd}",
        Per::Day,
    );
    assert_eq!(of_days, Err(LayoutError::OnlyDays));
}

/// The CDK app makes views too, and has a file with what this crate makes, which this test keeps:
/// `UPDATE_SNAPSHOT=1 cargo test -p rehose-catalog`.
#[test]
fn the_cdk_app_makes_the_same_views() {
    let mut views = Vec::new();
    for (options, layout, per) in [
        (json!({}), "{yyyy}/{MM}/{dd}/{HH}", Per::Hour),
        (
            json!({"to": "parquet"}),
            "year={yyyy}/month={MM}/day={dd}/hour={HH}",
            Per::Hour,
        ),
        (
            json!({"format": "message"}),
            "{yyyy}/{MM}/{dd}/{HH}",
            Per::Day,
        ),
        (json!({"fields": ["end"]}), "d-{yyyy}-{MM}-{dd}", Per::Day),
        (json!({}), "{yyyy}/{MM}/{dd}", Per::Hour),
        (json!({}), "{account}/{yyyy}/{MM}/{dd}/{HH}", Per::Hour),
    ] {
        let view = view(options.clone(), layout, per);
        views.push(json!({
            "options": options,
            "layout": layout,
            "per": per,
            "query": view.ok().map(|view| view.query),
        }));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/views.json");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        let text = serde_json::to_string_pretty(&views).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written, json!(views), "on purpose? then UPDATE_SNAPSHOT=1");
}
