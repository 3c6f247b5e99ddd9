//! The sums over rows and records, which prove that none is missing and none doubled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::{Columns, NOTHING};

/// The sums of columns, by name: `records`, and of flow logs `packets`, `bytes` and others.
///
/// They are sums modulo 2⁶⁴, so that equal rows have equal sums whatever the values are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sums(BTreeMap<String, u64>);

impl Sums {
    /// Adds other sums.
    pub fn add(&mut self, other: &Self) {
        for (name, more) in &other.0 {
            match self.0.get_mut(name) {
                Some(sum) => *sum = sum.wrapping_add(*more),
                None => _ = self.0.insert(name.clone(), *more),
            }
        }
    }

    /// The sum of a column, which is 0 if there is none of this name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The sums by column.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, sum)| (name.as_str(), *sum))
    }
}

impl FromIterator<(String, u64)> for Sums {
    fn from_iter<T: IntoIterator<Item = (String, u64)>>(sums: T) -> Self {
        Self(sums.into_iter().collect())
    }
}

/// Sums over rows by the places of their measures: names are looked up once for many rows.
#[derive(Debug)]
pub(super) struct RowSums(Vec<u64>);

impl RowSums {
    pub(super) fn new(columns: &Columns) -> Self {
        Self(vec![0; columns.sums.len()])
    }

    #[inline]
    pub(super) fn add(&mut self, columns: &Columns, measures: &[i64]) {
        for (sum, (measure, _)) in self.0.iter_mut().zip(&columns.sums) {
            if measures[*measure] != NOTHING {
                *sum = sum.wrapping_add(measures[*measure] as u64);
            }
        }
    }

    /// The sums by name. The next ones begin at zero.
    pub(super) fn take(&mut self, columns: &Columns) -> Sums {
        let names = columns.sums.iter().map(|(_, name)| name.clone());
        let sums = names.zip(self.0.iter().copied()).collect();
        self.clear();
        sums
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }
}
