//! The columns of merged rows: a key, in which rows must be equal to become one, and measures.

use std::cmp::Ordering;

use crate::schema::{Column, FieldKind, Measure};
use crate::shape::Shape;

/// The measure of a row without a value. No number of a log and no time is as small.
pub(super) const NOTHING: i64 = i64::MIN;

/// The name of the last column: the number of records that a row was merged from.
pub(super) const RECORDS: &str = "records";

/// The most measures, whose presence fits a part of the key. Formats have eleven; a layout that repeats
/// fields can have more, and those are compared like any other column.
const MAX_MEASURES: usize = 30;

/// In the last part of the key: the row is merged with no other.
const ALONE: u32 = 1 << 31;

/// Packets or bytes from which on a record stays alone. Sums of smaller ones fit 64 bits, up to eight
/// million records in one row.
const LARGE: i64 = 1 << 40;

/// The columns by which flows are sorted before all others, as queries ask for them, and as equal values
/// side by side take the least space.
const FIRST: [&str; 4] = ["interface-id", "tgw-attachment-id", "srcaddr", "dstaddr"];

/// Where the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In this part of the key.
    Key(usize),
    /// This measure.
    Measure(usize),
}

/// How a part of the key is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// The id of a text, or 0 for none.
    Text,
    /// One more than the number, or 0 for none.
    Number,
}

/// How rows are compared and become one.
#[derive(Debug)]
pub(super) struct Columns {
    /// For each column of a record, where its values are. The first is the time.
    pub(super) places: Vec<Place>,
    /// The parts of the key in the order of sorting. The last one is which measures there are.
    pub(super) parts: Vec<PartKind>,
    /// The column of each part but the last.
    pub(super) columns: Vec<usize>,
    /// The first is the time, the last the number of records.
    pub(super) measures: Vec<Measure>,
    /// The names of the measures that are summed.
    pub(super) sums: Vec<(usize, String)>,
    /// The measures between which a flow lasts, if rows are merged.
    interval: Option<(usize, usize)>,
    /// The most seconds between two rows that are merged.
    gap: i64,
    /// Whether the time comes before the key in the order of rows.
    pub(super) by_time: bool,
    /// The first columns in the order of rows.
    pub(super) sorted_by: Vec<usize>,
}

impl Columns {
    /// Rows that continue each other after at most `gap` seconds become one. Without `gap`, or if a row
    /// has no start and end, none do.
    pub(super) fn new(shape: &Shape, gap: Option<u32>) -> Self {
        let schema = shape.schema();
        let is_flow = |name| {
            schema
                .iter()
                .any(|column| is_measure(column) && column.name == name)
        };
        let are_flows = is_flow("start") && is_flow("end");
        let mut places = Vec::with_capacity(schema.len());
        let (mut measures, mut sums) = (Vec::new(), Vec::new());
        let mut keys = Vec::new();
        for (number, column) in schema.iter().enumerate() {
            let of_flow = column.measure.filter(|_| number == 0 || are_flows);
            match of_flow.filter(|_| measures.len() < MAX_MEASURES) {
                Some(measure) => {
                    places.push(Place::Measure(measures.len()));
                    if measure == Measure::Sum {
                        sums.push((measures.len(), column.name.to_owned()));
                    }
                    measures.push(measure);
                }
                None => {
                    places.push(Place::Key(0));
                    keys.push(number);
                }
            }
        }
        let rank = |number: &usize| {
            FIRST
                .iter()
                .position(|first| **first == *schema[*number].name)
        };
        keys.sort_by_key(|number| rank(number).unwrap_or(FIRST.len()));
        let first = keys.iter().filter(|number| rank(number).is_some());
        let sorted_by = match are_flows {
            true => first.copied().collect(),
            false => vec![0],
        };
        for (part, number) in keys.iter().enumerate() {
            places[*number] = Place::Key(part);
        }
        let kind = |number: &usize| match schema[*number].kind {
            FieldKind::Int => PartKind::Number,
            // Few are as large as they may be, and their text is as good.
            _ => PartKind::Text,
        };
        let mut parts: Vec<PartKind> = keys.iter().map(kind).collect();
        parts.push(PartKind::Number);
        sums.push((measures.len(), RECORDS.to_owned()));
        measures.push(Measure::Sum);
        let measure_of = |name| {
            let column = schema.iter().position(|column| column.name == name)?;
            match places[column] {
                Place::Measure(measure) => Some(measure),
                Place::Key(_) => None,
            }
        };
        let interval = measure_of("start").zip(measure_of("end"));
        Self {
            interval: interval.filter(|_| gap.is_some()),
            gap: gap.unwrap_or_default().into(),
            by_time: !are_flows,
            sorted_by,
            places,
            parts,
            columns: keys,
            measures,
            sums,
        }
    }

    /// Whether rows are merged at all.
    pub(super) fn do_merge(&self) -> bool {
        self.interval.is_some()
    }

    /// The last part of the key of a row: which measures it has, and whether it stays alone.
    pub(super) fn presence(&self, measures: &[i64]) -> u32 {
        let mut presence = 0;
        for (i, measure) in measures.iter().enumerate() {
            presence |= u32::from(*measure != NOTHING) << i;
        }
        match self.stays_alone(measures) {
            true => presence | ALONE,
            false => presence,
        }
    }

    fn stays_alone(&self, measures: &[i64]) -> bool {
        let Some((start, end)) = self.interval else {
            return false;
        };
        let is_large = |(measure, _): &(usize, String)| measures[*measure] >= LARGE;
        measures[start] == NOTHING
            || measures[end] < measures[start]
            || self.sums.iter().any(is_large)
    }

    /// Adds a record to a row of the same key, if they continue each other. Returns whether they did.
    #[inline]
    pub(super) fn add(&self, row: &mut [i64], record: &[i64]) -> bool {
        let Some((start, end)) = self.interval else {
            return false;
        };
        let follows =
            |before: &[i64], after: &[i64]| after[start] <= before[end].saturating_add(self.gap);
        if !follows(row, record) || !follows(record, row) || self.stays_alone(record) {
            return false;
        }
        let sum = |measure: usize| row[measure].checked_add(record[measure]);
        let has_room = |measure| row[measure] == NOTHING || sum(measure).is_some();
        if !self.sums.iter().all(|(measure, _)| has_room(*measure)) {
            return false;
        }
        for ((value, more), measure) in row.iter_mut().zip(record).zip(&self.measures) {
            // Rows with the same key lack the same measures.
            if *value != NOTHING {
                *value = match measure {
                    Measure::Sum => *value + more,
                    Measure::Min => *more.min(value),
                    Measure::Max => *more.max(value),
                    Measure::Or => *value | more,
                };
            }
        }
        true
    }

    /// The order of rows with the same key. It begins with the start, because only neighbours are added.
    pub(super) fn order(&self, row: &[i64], other: &[i64]) -> Ordering {
        (self.start_and_end(row).cmp(&self.start_and_end(other))).then_with(|| row.cmp(other))
    }

    /// The interval of a row, if rows are merged.
    pub(super) fn start_and_end(&self, measures: &[i64]) -> Option<(i64, i64)> {
        self.interval
            .map(|(start, end)| (measures[start], measures[end]))
    }
}

fn is_measure(column: &Column<'_>) -> bool {
    column.measure.is_some()
}
