//! The tables that Athena reads an output through: what they say, and that the CDK app says the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

mod cdk;
mod columns;
mod folders;
mod layout;
mod merged;
mod receipts;
mod statements;

use std::sync::LazyLock;

use rehose_catalog::{Column, Layout, SINCE, SINCE_DAY, Table, TableLocation, Zone};
use rehose_extract::{Options, Shape};
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
