//! Layouts as expressions of SQL: which time a row is of, and which value the rows of a time would have.

use super::{Layout, TimePart, Unit};
use crate::Per;

/// Expressions over the column `datehour` and over the columns of merged rows. A layout has no quotes.
pub(crate) struct LayoutSql {
    /// The day of a value of `datehour`, as `2026-11-25`.
    pub(crate) day: String,
    /// Its hour, as `07`.
    pub(crate) hour: String,
    /// The value of `datehour` that a merged row would have; of a day, the first.
    pub(crate) datehour: String,
}

impl Layout {
    /// `None` if the keys have no such time, or other names beside it.
    pub(crate) fn sql(&self, per: Per) -> Option<LayoutSql> {
        let is_named = |part: &super::Part| part.column().is_some();
        if self.before.iter().chain(&self.after).any(is_named) {
            return None;
        }
        let part = |unit| {
            let (begin, length) = self.place(unit)?;
            Some(format!("substr(datehour, {begin}, {length})"))
        };
        let [year, month, day] = [Unit::Year, Unit::Month, Unit::Day].map(part);
        let values = self.time.iter().map(|part| match (part, per) {
            (TimePart::Text(text), _) => format!("'{text}'"),
            (TimePart::Unit(Unit::Year), _) => "substr(merged.day, 1, 4)".to_owned(),
            (TimePart::Unit(Unit::Month), _) => "substr(merged.day, 6, 2)".to_owned(),
            (TimePart::Unit(Unit::Day), _) => "substr(merged.day, 9, 2)".to_owned(),
            (TimePart::Unit(Unit::Hour), Per::Hour) => "merged.hour".to_owned(),
            (TimePart::Unit(Unit::Hour), Per::Day) => "'00'".to_owned(),
        });
        Some(LayoutSql {
            datehour: values.collect::<Vec<_>>().join(" || "),
            day: [year?, month?, day?].join(" || '-' || "),
            hour: match per {
                Per::Hour => part(Unit::Hour)?,
                Per::Day => String::new(),
            },
        })
    }

    /// Where a part of the time is in a value: the number of its first character, from 1, and its length.
    fn place(&self, wanted: Unit) -> Option<(usize, usize)> {
        let mut begin = 1;
        for part in &self.time {
            match part {
                TimePart::Unit(unit) if *unit == wanted => {
                    return Some((begin, unit.pattern().len()));
                }
                TimePart::Unit(unit) => begin += unit.pattern().len(),
                TimePart::Text(text) => begin += text.chars().count(),
            }
        }
        None
    }
}
