//! The sums over an object's records, without merging them.

use std::io;

use super::columns::{Columns, NOTHING, Place};
use super::number;
use super::sums::{RowSums, Sums};
use crate::record::Record;
use crate::shape::Shape;
use crate::sink::Sink;

/// Sums over the records of objects, to compare them with those of the files that they were merged into.
#[derive(Debug)]
pub struct ObjectSums {
    columns: Columns,
    measures: Vec<i64>,
    sums: RowSums,
}

impl ObjectSums {
    /// Returns the sums of no record of this shape.
    pub fn new(shape: &Shape) -> Self {
        let columns = Columns::new(shape, None);
        Self {
            measures: Vec::new(),
            sums: RowSums::new(&columns),
            columns,
        }
    }

    /// The sums over the records of every object that was added with
    /// [`Transcoder::summing`](crate::Transcoder::summing).
    pub fn into_sums(mut self) -> Sums {
        self.sums.take(&self.columns)
    }

    fn add(&mut self, record: &Record<'_>) {
        self.measures.clear();
        self.measures.resize(self.columns.measures.len(), NOTHING);
        let places = self.columns.places.iter().skip(1);
        for (place, field) in places.zip(record.fields.iter()) {
            if let (Place::Measure(measure), Some(number)) = (place, number(field)) {
                self.measures[*measure] = number;
            }
        }
        if let Some(records) = self.measures.last_mut() {
            *records = 1;
        }
        self.sums.add(&self.columns, &self.measures);
    }
}

/// The sink of the records of an object.
#[derive(Debug)]
pub(crate) struct SumSink<'a>(pub(crate) &'a mut ObjectSums);

impl Sink for SumSink<'_> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.0.add(record);
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        Ok(0)
    }
}
