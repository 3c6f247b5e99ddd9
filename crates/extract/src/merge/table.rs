//! Rows in memory.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use super::columns::{Columns, PartKind};
use super::sorted::{Part, SortedRows};
use super::texts::Texts;

/// The parts of a key that are compared at once.
const PREFIX: usize = 4;

/// Bytes that a row takes while rows are sorted, and in the index of keys.
const OVERHEAD: usize = 32 + 10;

/// Rows in no order. Their texts are in a [`Texts`].
#[derive(Debug)]
pub(super) struct Table {
    parts: usize,
    measures: usize,
    keys: Vec<u32>,
    values: Vec<i64>,
}

impl Table {
    pub(super) fn new(columns: &Columns) -> Self {
        Self {
            parts: columns.parts.len(),
            measures: columns.measures.len(),
            keys: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len() / self.parts
    }

    /// The memory of a row, in bytes, with what sorting takes.
    pub(super) fn row_memory(&self) -> usize {
        self.parts * size_of::<u32>() + self.measures * size_of::<i64>() + OVERHEAD
    }

    /// Adds a row without values, and returns its key and measures.
    #[inline]
    pub(super) fn add(&mut self, measure: i64) -> (&mut [u32], &mut [i64]) {
        let (key, values) = (self.keys.len(), self.values.len());
        self.keys.resize(key + self.parts, 0);
        self.values.resize(values + self.measures, measure);
        (&mut self.keys[key..], &mut self.values[values..])
    }

    #[inline]
    pub(super) fn push(&mut self, key: &[u32], measures: &[i64]) {
        self.keys.extend_from_slice(key);
        self.values.extend_from_slice(measures);
    }

    #[inline]
    pub(super) fn key(&self, row: usize) -> &[u32] {
        &self.keys[row * self.parts..][..self.parts]
    }

    #[inline]
    pub(super) fn measures(&self, row: usize) -> &[i64] {
        &self.values[row * self.measures..][..self.measures]
    }

    #[inline]
    pub(super) fn measures_mut(&mut self, row: usize) -> &mut [i64] {
        &mut self.values[row * self.measures..][..self.measures]
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    /// The order of the rows.
    fn order(&self, texts: &Texts, columns: &Columns) -> Vec<u32> {
        let ranks = texts.ranks();
        let rank = |part: usize, value: u32| match columns.parts[part] {
            PartKind::Text => ranks[value as usize],
            PartKind::Number => value,
        };
        let prefix = |row: usize| -> u128 {
            let key = self.key(row);
            let mut prefix = 0;
            let mut parts = PREFIX;
            if columns.by_time {
                prefix = u128::from(biased(self.measures(row)[0]));
                parts -= 2;
            }
            for part in 0..parts {
                let value = key.get(part).map_or(0, |value| rank(part, *value));
                prefix = prefix << 32 | u128::from(value);
            }
            prefix
        };
        let rest = if columns.by_time { PREFIX - 2 } else { PREFIX };
        let mut order: Vec<(u128, u32)> = (0..self.len() as u32)
            .map(|row| (prefix(row as usize), row))
            .collect();
        order.sort_unstable_by(|(prefix, row), (other_prefix, other)| {
            let (row, other) = (*row as usize, *other as usize);
            let by_key = || {
                let keys = self.key(row).iter().zip(self.key(other));
                let mut parts = keys.enumerate().skip(rest);
                parts
                    .find(|(_, (value, other))| value != other)
                    .map_or(Ordering::Equal, |(part, (value, other))| {
                        rank(part, *value).cmp(&rank(part, *other))
                    })
            };
            prefix
                .cmp(other_prefix)
                .then_with(by_key)
                .then_with(|| columns.order(self.measures(row), self.measures(other)))
        });
        order.into_iter().map(|(_, row)| row).collect()
    }
}

/// A number without a sign that has the same order.
pub(super) fn biased(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

/// The rows of a table in their order.
pub(super) struct SortedTable<T, X> {
    table: T,
    texts: X,
    columns: Arc<Columns>,
    order: Vec<u32>,
    next: usize,
}

impl<T: AsRef<Table>, X: AsRef<Texts>> SortedTable<T, X> {
    pub(super) fn new(table: T, texts: X, columns: Arc<Columns>) -> Self {
        Self {
            order: table.as_ref().order(texts.as_ref(), &columns),
            table,
            texts,
            columns,
            next: 0,
        }
    }
}

impl<T: AsRef<Table>, X: AsRef<Texts>> SortedRows for SortedTable<T, X> {
    type Key = usize;

    fn next(&mut self, measures: &mut Vec<i64>) -> io::Result<Option<usize>> {
        let Some(row) = self.order.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let row = *row as usize;
        measures.clear();
        measures.extend_from_slice(self.table.as_ref().measures(row));
        Ok(Some(row))
    }

    fn is_same(&self, row: &usize, other: &usize) -> bool {
        let table = self.table.as_ref();
        table.key(*row) == table.key(*other)
    }

    fn try_each_part(
        &self,
        row: &usize,
        mut each: impl FnMut(Part<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let key = self.table.as_ref().key(*row);
        for (value, kind) in key.iter().zip(&self.columns.parts) {
            each(match kind {
                PartKind::Text => Part::Text(self.texts.as_ref().get(*value)),
                PartKind::Number => Part::Number(value.checked_sub(1)),
            })?;
        }
        Ok(())
    }
}

impl AsRef<Self> for Table {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<Self> for Texts {
    fn as_ref(&self) -> &Self {
        self
    }
}
