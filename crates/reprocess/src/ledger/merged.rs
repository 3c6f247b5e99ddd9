//! What is merged in an output, by partition.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::generation::{GenerationId, Generations, Marker};
use crate::error::Result;
use crate::partition::Partition;

/// Concurrent reads of markers.
const READS: usize = 16;

/// The published and the other generations of some partitions.
#[derive(Debug, Clone, Default)]
pub struct MergedPartitions {
    /// The markers of those that are published, in order.
    pub markers: Vec<Marker>,
    /// Those that are planned and not published.
    pub unpublished: Vec<GenerationId>,
}

/// The sums of a partition, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MergedSums {
    /// Published generations.
    pub generations: u64,
    /// Their files.
    pub files: u64,
    /// Objects whose records are in them.
    pub objects: u64,
    /// Objects of later generations than the first.
    pub late: u64,
    /// Objects that are in no file, because they failed or were lost.
    pub missing: u64,
    /// Records of the objects.
    pub records: u64,
    /// Rows in the files.
    pub rows: u64,
    /// Bytes of the objects.
    pub bytes_in: u64,
    /// Bytes of the files.
    pub bytes_out: u64,
}

/// A partition and its sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MergedPartition {
    /// The hour or day.
    pub partition: Partition,
    /// Its sums.
    #[serde(flatten)]
    pub sums: MergedSums,
}

impl MergedPartitions {
    /// Reads the generations of the partitions whose text begins with this, such as `2026-11`.
    ///
    /// # Errors
    ///
    /// Those of the store, and of a marker that is damaged.
    pub async fn read(generations: &Generations, partitions: &str) -> Result<Self> {
        let states = generations.all(partitions).await?;
        let mut found = Self::default();
        let mut read = stream::iter(states)
            .map(async |state| -> Result<_> { Ok((state.id, generations.marker(state.id).await?)) })
            .buffered(READS);
        while let Some((id, marker)) = read.try_next().await? {
            match marker {
                Some(marker) => found.markers.push(marker),
                None => found.unpublished.push(id),
            }
        }
        Ok(found)
    }

    /// The partitions in which something is published, in order.
    pub fn partitions(&self) -> Vec<MergedPartition> {
        let mut of_partition: BTreeMap<Partition, MergedSums> = BTreeMap::new();
        for marker in &self.markers {
            let sums = of_partition.entry(marker.id.partition).or_default();
            sums.add(marker);
        }
        let partitions = of_partition.into_iter();
        partitions
            .map(|(partition, sums)| MergedPartition { partition, sums })
            .collect()
    }

    /// The sums of all partitions.
    pub fn total(&self) -> MergedSums {
        let mut total = MergedSums::default();
        self.markers.iter().for_each(|marker| total.add(marker));
        total
    }
}

impl MergedSums {
    fn add(&mut self, marker: &Marker) {
        self.generations += 1;
        self.files += marker.files.len() as u64;
        self.objects += marker.objects;
        if marker.id.generation > 1 {
            self.late += marker.objects;
        }
        self.missing += marker.missing;
        self.records += marker.sums.get("records");
        self.rows += marker.rows;
        self.bytes_in += marker.bytes_in;
        self.bytes_out += marker.bytes_out;
    }
}
