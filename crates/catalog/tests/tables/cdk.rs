//! The CDK app has the same tables.

use std::collections::BTreeMap;
use std::path::Path;

use rehose_catalog::{Per, SINCE, Table, TableLocation, View, Zone};
use rehose_extract::{DEFAULT_FIELDS, FIELDS, FieldKind, FormatName, Options};
use rehose_reprocess::ledger::WRITTEN;
use serde_json::{Value, json};

use crate::{LAYOUT, shape};

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
