//! The columns of merged rows: a key, in which rows must be equal to become one, and measures.

use std::cmp::Ordering;

use super::digest::{FoldPorts, FoldedPorts, PORTS};
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

/// The first parts of the key of a flow log's rows: account, region and window of the file.
pub(super) const FILED: [usize; 3] = [0, 1, 2];

/// The seconds of a flow log's files
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
pub(super) const WINDOW_SECONDS: i64 = 300;

/// Where the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In this part of the key.
    Key(usize),
    /// This measure.
    Measure(usize),
    /// Nowhere.
    Nowhere,
}

/// What a column of a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Rows must be equal in it, and have it.
    Key,
    /// Rows must be equal in it after the ports were folded, and do not have it.
    Hidden,
    Measure(Measure),
    None,
}

/// When two rows of a key become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joins {
    Never,
    /// If one starts at most so many seconds after the other ends.
    Within(i64),
    Always,
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
    /// The columns of the file of the first parts. All others are in no column.
    pub(super) columns: Vec<usize>,
    /// The first is the time if rows have one, the last the number of records.
    pub(super) measures: Vec<Measure>,
    /// The columns of the file with measures, in order, and the measure of each.
    pub(super) measured: Vec<(usize, usize)>,
    /// Whether the first column is the time.
    pub(super) has_time: bool,
    /// The names of the measures that are summed.
    pub(super) sums: Vec<(usize, String)>,
    /// The ports of which one is folded.
    pub(super) ports: Option<FoldedPorts>,
    /// The measures between which a flow lasts, if rows are merged.
    interval: Option<(usize, usize)>,
    joins: Joins,
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
        let roles = schema.iter().enumerate().map(|(number, column)| {
            let of_flow = column.measure.filter(|_| number == 0 || are_flows);
            of_flow.map_or(Role::Key, Role::Measure)
        });
        let joins = match gap {
            Some(gap) if are_flows => Joins::Within(gap.into()),
            _ => Joins::Never,
        };
        let columns = Self::of(&schema, roles.collect(), joins, false);
        match are_flows {
            true => columns,
            false => Self {
                by_time: true,
                sorted_by: vec![0],
                ..columns
            },
        }
    }

    /// All rows that are equal in these columns become one.
    pub(super) fn of_digest(shape: &Shape, key: &[&str], fold_ports: FoldPorts) -> Self {
        let schema = shape.schema();
        let is_key = |name: &str| key.contains(&name);
        let has_ports = PORTS.iter().all(|port| {
            let mut columns = schema.iter();
            columns.any(|column| column.name == *port && column.kind == FieldKind::Int)
        });
        let do_fold =
            fold_ports == FoldPorts::Larger && has_ports && PORTS.iter().any(|port| is_key(port));
        let roles = schema.iter().enumerate().map(|(number, column)| {
            match column.measure.filter(|_| number > 0) {
                Some(measure) => Role::Measure(measure),
                None if is_key(column.name) => Role::Key,
                None if do_fold && PORTS.contains(&column.name) => Role::Hidden,
                None => Role::None,
            }
        });
        Self::of(&schema, roles.collect(), Joins::Always, do_fold)
    }

    /// Rows in the order of a flow log's files. The columns of the file after the number of records are
    /// account, region and window.
    pub(super) fn of_flow_log(shape: &Shape) -> Self {
        let schema = shape.schema();
        let roles = schema.iter().enumerate().map(|(number, column)| {
            // A record of AWS has no column with the event's time.
            let of_record = column.measure.map_or(Role::Key, Role::Measure);
            if number == 0 { Role::None } else { of_record }
        });
        let mut columns = Self::of(&schema, roles.collect(), Joins::Never, false);
        for place in &mut columns.places {
            if let Place::Key(part) = place {
                *part += FILED.len();
            }
        }
        let records = columns.measured.last().map_or(0, |(column, _)| *column);
        let filed = FILED.map(|part| records + 1 + part);
        columns.columns.splice(0..0, filed);
        let kinds = [PartKind::Text, PartKind::Text, PartKind::Number];
        columns.parts.splice(0..0, kinds);
        columns
    }

    /// Columns with these roles, and after them the folded port if ports are folded.
    fn of(schema: &[Column<'_>], roles: Vec<Role>, joins: Joins, do_fold: bool) -> Self {
        let mut places = Vec::with_capacity(schema.len());
        let (mut measures, mut measured, mut sums) = (Vec::new(), Vec::new(), Vec::new());
        let (mut keys, mut hidden) = (Vec::new(), Vec::new());
        let mut written = 0;
        for (number, (column, role)) in schema.iter().zip(&roles).enumerate() {
            match role {
                Role::Measure(measure) if measures.len() < MAX_MEASURES => {
                    places.push(Place::Measure(measures.len()));
                    if *measure == Measure::Sum {
                        sums.push((measures.len(), column.name.to_owned()));
                    }
                    measured.push((written, measures.len()));
                    measures.push(*measure);
                    written += 1;
                }
                Role::Measure(_) | Role::Key => {
                    places.push(Place::Nowhere);
                    keys.push((number, written));
                    written += 1;
                }
                Role::Hidden => {
                    places.push(Place::Nowhere);
                    hidden.push(number);
                }
                Role::None => places.push(Place::Nowhere),
            }
        }
        let rank = |number: usize| {
            FIRST
                .iter()
                .position(|first| **first == *schema[number].name)
        };
        keys.sort_by_key(|(number, _)| rank(*number).unwrap_or(FIRST.len()));
        let first = keys.iter().filter(|(number, _)| rank(*number).is_some());
        let sorted_by = first.map(|(_, written)| *written).collect();
        let kind = |number: usize| match schema[number].kind {
            FieldKind::Int => PartKind::Number,
            // Few are as large as they may be, and their text is as good.
            _ => PartKind::Text,
        };
        let mut columns: Vec<usize> = keys.iter().map(|(_, written)| *written).collect();
        let mut parts = Vec::with_capacity(keys.len() + hidden.len() + 2);
        for (number, _) in &keys {
            places[*number] = Place::Key(parts.len());
            parts.push(kind(*number));
        }
        let folded = do_fold.then(|| {
            columns.push(written);
            written += 1;
            parts.push(PartKind::Number);
            parts.len() - 1
        });
        for number in hidden {
            places[number] = Place::Key(parts.len());
            parts.push(kind(number));
        }
        let ports = folded.map(|folded| {
            let part_of = |port: &str| {
                let number = schema.iter().position(|column| column.name == port);
                match number.map(|number| places[number]) {
                    Some(Place::Key(part)) => part,
                    _ => folded,
                }
            };
            FoldedPorts {
                parts: PORTS.map(part_of),
                folded,
                column: written - 1,
            }
        });
        parts.push(PartKind::Number);
        sums.push((measures.len(), RECORDS.to_owned()));
        measured.push((written, measures.len()));
        measures.push(Measure::Sum);
        let measure_of = |name| {
            let column = schema.iter().position(|column| column.name == name)?;
            match places[column] {
                Place::Measure(measure) => Some(measure),
                Place::Key(_) | Place::Nowhere => None,
            }
        };
        let interval = measure_of("start").zip(measure_of("end"));
        Self {
            interval: interval.filter(|_| joins != Joins::Never),
            has_time: matches!(roles.first(), Some(Role::Measure(_))),
            by_time: false,
            ports,
            columns,
            joins,
            sorted_by,
            places,
            parts,
            measures,
            measured,
            sums,
        }
    }

    /// The part of the key with a column of the record.
    pub(super) fn part_of(&self, column: usize) -> Option<usize> {
        match self.places.get(column)? {
            Place::Key(part) => Some(*part),
            Place::Measure(_) | Place::Nowhere => None,
        }
    }

    /// The measure with a column of the record.
    pub(super) fn measure_of(&self, column: usize) -> Option<usize> {
        match self.places.get(column)? {
            Place::Measure(measure) => Some(*measure),
            Place::Key(_) | Place::Nowhere => None,
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
        let has_no_length = || measures[start] == NOTHING || measures[end] < measures[start];
        (self.joins != Joins::Always && has_no_length()) || self.sums.iter().any(is_large)
    }

    /// Adds a record to a row of the same key, if they continue each other. Returns whether they did.
    #[inline]
    pub(super) fn add(&self, row: &mut [i64], record: &[i64]) -> bool {
        let Some((start, end)) = self.interval else {
            return false;
        };
        let follows = |before: &[i64], after: &[i64]| match self.joins {
            Joins::Never => false,
            Joins::Within(gap) => after[start] <= before[end].saturating_add(gap),
            Joins::Always => true,
        };
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
