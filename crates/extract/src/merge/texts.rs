//! The distinct texts of rows in memory, each held once.

use ahash::RandomState;
use hashbrown::HashTable;

/// The id of no text.
pub(super) const NONE: u32 = 0;

/// Bytes of a text beside its own: its end, and its place in a table that is half full.
const OVERHEAD: usize = 16;

/// Texts by ids, which count from 1.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    ids: HashTable<u32>,
    hasher: RandomState,
}

impl Texts {
    /// The memory that they take, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.bytes.len() + self.ends.len() * OVERHEAD
    }

    /// Returns the id of a text.
    #[inline]
    pub(super) fn id(&mut self, text: &[u8]) -> u32 {
        let Self {
            bytes,
            ends,
            ids,
            hasher,
        } = self;
        let hash = hasher.hash_one(text);
        if let Some(id) = ids.find(hash, |id| get(bytes, ends, *id) == text) {
            return *id;
        }
        bytes.extend_from_slice(text);
        ends.push(bytes.len() as u32);
        let id = ends.len() as u32;
        ids.insert_unique(hash, id, |id| hasher.hash_one(get(bytes, ends, *id)));
        id
    }

    /// Returns the text of an id, or nothing for [`NONE`].
    #[inline]
    pub(super) fn get(&self, id: u32) -> Option<&[u8]> {
        (id != NONE).then(|| get(&self.bytes, &self.ends, id))
    }

    /// Returns the rank of each id in the order of the texts' bytes. [`NONE`] is the first.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (1..=self.ends.len() as u32).collect();
        order.sort_unstable_by_key(|id| get(&self.bytes, &self.ends, *id));
        let mut ranks = vec![0; order.len() + 1];
        for (rank, id) in (1..).zip(order) {
            ranks[id as usize] = rank;
        }
        ranks
    }

    /// Forgets all texts.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.ids.clear();
    }
}

#[inline]
fn get<'a>(bytes: &'a [u8], ends: &[u32], id: u32) -> &'a [u8] {
    let id = id as usize;
    let begin = if id > 1 { ends[id - 2] as usize } else { 0 };
    &bytes[begin..ends[id - 1] as usize]
}
