//! Sums over rows, from their text.

use std::collections::BTreeMap;

use rehose_extract::merge::Sums;
use rehose_reprocess::promise::Promise;
use rehose_testkit::shapes::flow_logs;

use super::super::{Check, equal};

/// The sums over rows of an object, or over merged rows, which end with the number of records.
pub(super) fn sums_of(rows: &[String], are_merged: bool) -> BTreeMap<String, u64> {
    let header = flow_logs().header();
    let place = |name: &str| header.split(',').position(|column| column == name);
    let sum = |at: Option<usize>| {
        let fields = rows
            .iter()
            .map(|row| row.split(',').nth(at?)?.parse::<u64>().ok());
        fields.flatten().sum::<u64>()
    };
    let records = match are_merged {
        true => sum(Some(header.split(',').count())),
        false => rows.len() as u64,
    };
    let mut sums = BTreeMap::from([("records".to_owned(), records)]);
    for name in ["packets", "bytes"] {
        sums.insert(name.to_owned(), sum(place(name)));
    }
    sums
}

/// Checks that sums in a document are these.
pub(super) fn agree(what: &str, sums: Option<&Sums>, truth: &BTreeMap<String, u64>) -> Check {
    let named = sums.into_iter().flat_map(Sums::iter);
    let named = named.map(|(name, sum)| (name.to_owned(), sum)).collect();
    equal(Promise::MergedRows, what, &named, truth)
}
