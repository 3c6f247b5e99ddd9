//! The folder of a partition is the one in which the functions write.

use rehose_catalog::Table;
use rehose_extract::{FileKind, FormatName};
use rehose_reprocess::ledger::OutputId;
use serde_json::json;

use crate::{columns_of, location, rejected, rows, shape};

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
