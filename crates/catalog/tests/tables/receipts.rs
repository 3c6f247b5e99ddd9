//! The table of receipts.

use std::collections::BTreeSet;

use rehose_catalog::Table;
use rehose_extract::Summary;
use rehose_extract::merge::Sums;
use rehose_reprocess::ledger::receipt::{Artifact, Failure, ObjectReceipt, Outcome};
use serde_json::Value;

use crate::{columns, location};

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
            sums: Some(Sums::default()),
            out_of_scope: 1,
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
        let names = fields.split(',').filter_map(|field| field.split_once(':'));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    assert_eq!(names(objects), properties);
    let artifact = Artifact {
        key: String::new(),
        bytes: 0,
        rows: 0,
        inputs: Vec::new(),
        sums: Some(Sums::default()),
    };
    let Value::Object(artifact) = serde_json::to_value(artifact).unwrap() else {
        panic!("an artifact is an object");
    };
    assert_eq!(
        names(artifacts),
        artifact.into_iter().map(|(name, _)| name).collect()
    );
}
