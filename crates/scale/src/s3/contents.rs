//! What the output holds.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Bound;

use bytes::Bytes;
use rehose_store::{Listed, Page};

use crate::bits::Bits;

/// The objects of the output: the ledger, which objects of the stash have rows, and the sizes of merged
/// files.
#[derive(Debug)]
pub(crate) struct Contents {
    ledger: BTreeMap<String, Bytes>,
    rows: Bits,
    files: BTreeMap<String, u64>,
    /// Rows that were written again.
    pub(crate) again: u64,
    /// Keys that no object of the stash gives.
    pub(crate) strange: Vec<String>,
}

impl Contents {
    pub(crate) fn new(objects: u64) -> Self {
        Self {
            ledger: BTreeMap::new(),
            rows: Bits::new(objects),
            files: BTreeMap::new(),
            again: 0,
            strange: Vec::new(),
        }
    }

    /// Writes the rows of an object, by its number.
    pub(crate) fn write_rows(&mut self, number: u64) {
        if !self.rows.insert(number) {
            self.again += 1;
        }
    }

    pub(crate) fn has_rows(&self, number: u64) -> bool {
        self.rows.contains(number)
    }

    /// How many objects have rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.len()
    }

    /// The documents of the ledger.
    pub(crate) fn ledger(&self) -> &BTreeMap<String, Bytes> {
        &self.ledger
    }

    pub(crate) fn write(&mut self, key: &str, body: Bytes) {
        self.ledger.insert(key.to_owned(), body);
    }

    pub(crate) fn write_file(&mut self, key: &str, bytes: u64) {
        self.files.insert(key.to_owned(), bytes);
    }

    /// The size of a merged file.
    pub(crate) fn file(&self, key: &str) -> Option<u64> {
        self.files.get(key).copied()
    }

    /// A page of the ledger.
    pub(crate) fn page(&self, prefix: &str, after: Option<&str>, limit: usize) -> Page {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut objects = (self.ledger.range::<str, _>((from, Bound::Unbounded)))
            .take_while(|(key, _)| key.starts_with(prefix));
        let page = objects.by_ref().take(limit).map(|(key, body)| Listed {
            key: key.clone(),
            bytes: body.len() as u64,
            tag: tag(body),
            modified: super::MODIFIED,
        });
        Page {
            objects: page.collect(),
            more: objects.next().is_some(),
        }
    }
}

/// As long as an ETag. Equal contents have equal tags.
fn tag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("{:032x}", hasher.finish())
}
