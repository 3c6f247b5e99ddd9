//! Bloom filters: whether a row group may have a value
//! (<https://github.com/apache/parquet-format/blob/master/BloomFilter.md>).

use std::io;

use parquet::bloom_filter::Sbbf;

use crate::failed;

/// How many of the row groups without a value are read in vain. A tenth of it would take half as much space
/// again.
const FALSE_POSITIVES: f64 = 0.01;

/// Bytes of a filter of an unknown number of values: enough for as many as a row group has rows.
const MAX_BYTES: usize = 1024 * 1024;

/// The values of a column that are in no dictionary.
#[derive(Debug, Default)]
pub(crate) struct Filter(Option<Sbbf>);

impl Filter {
    #[inline]
    pub(crate) fn insert(&mut self, value: &[u8]) {
        (self.0)
            .get_or_insert_with(|| Sbbf::new_with_num_of_bytes(MAX_BYTES))
            .insert(value);
    }

    /// Returns the filter of these values and of the entries of a dictionary, and begins the next one.
    pub(crate) fn finish<'a>(
        &mut self,
        entries: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> io::Result<Sbbf> {
        let mut filter = match self.0.take() {
            Some(filter) => filter,
            None => {
                Sbbf::new_with_ndv_fpp(entries.len() as u64, FALSE_POSITIVES).map_err(failed)?
            }
        };
        entries.for_each(|entry| filter.insert(entry));
        filter.fold_to_target_fpp(FALSE_POSITIVES);
        Ok(filter)
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}
