//! Rows in their order, and the merging of neighbours.

use std::io;
use std::sync::Arc;

use super::columns::Columns;

/// A part of a row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Text(Option<&'a [u8]>),
    Number(Option<u32>),
}

/// Rows in the order of their keys, and of [`Columns::order`] where these are equal.
pub(super) trait SortedRows {
    type Key;

    /// Returns the key of the next row, and replaces `measures` by its measures.
    fn next(&mut self, measures: &mut Vec<i64>) -> io::Result<Option<Self::Key>>;

    fn is_same(&self, key: &Self::Key, other: &Self::Key) -> bool;

    /// Calls `each` with every part of a key, in order.
    fn try_each_part(
        &self,
        key: &Self::Key,
        each: impl FnMut(Part<'_>) -> io::Result<()>,
    ) -> io::Result<()>;
}

/// Sorted rows, of which those that continue each other have become one.
pub(super) struct Merged<R: SortedRows> {
    pub(super) rows: R,
    columns: Arc<Columns>,
    /// The row after the one that was returned.
    next: Option<R::Key>,
    next_measures: Vec<i64>,
    measures: Vec<i64>,
}

impl<R: SortedRows> Merged<R> {
    pub(super) fn new(mut rows: R, columns: Arc<Columns>) -> io::Result<Self> {
        let mut next_measures = Vec::new();
        Ok(Self {
            next: rows.next(&mut next_measures)?,
            next_measures,
            measures: Vec::new(),
            rows,
            columns,
        })
    }

    /// Whether there is no other row.
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_none()
    }

    /// Moves to the next row, and returns its key.
    pub(super) fn advance(&mut self) -> io::Result<Option<R::Key>> {
        let Some(key) = self.next.take() else {
            return Ok(None);
        };
        std::mem::swap(&mut self.measures, &mut self.next_measures);
        loop {
            match self.rows.next(&mut self.next_measures)? {
                Some(next)
                    if self.columns.do_merge()
                        && self.rows.is_same(&key, &next)
                        && self.columns.add(&mut self.measures, &self.next_measures) => {}
                next => {
                    self.next = next;
                    return Ok(Some(key));
                }
            }
        }
    }

    /// The measures of the row to which [`advance`](Self::advance) has moved.
    pub(super) fn measures(&self) -> &[i64] {
        &self.measures
    }
}
