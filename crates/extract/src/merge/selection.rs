//! Which records of an object a digest takes.

use std::ops::Range;

use super::number;
use crate::format::spaced;
use crate::record::{Fields, Record};
use crate::shape::Shape;

/// The records that are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// When they start, in seconds since 1970.
    pub start: Range<i64>,
    /// Their accounts, by the field `account-id`. Empty for all.
    pub accounts: Vec<String>,
    /// Their regions, by the field `region`. Empty for all.
    pub regions: Vec<String>,
}

/// A selection for records of a shape.
#[derive(Debug)]
pub(super) struct Selector {
    start: Range<i64>,
    /// The field with the start.
    starts: Option<usize>,
    /// The fields that must have one of these texts. A record without the field has none.
    wanted: Vec<(Option<usize>, Vec<String>)>,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Inside,
    Outside,
    OutOfScope,
}

impl Selector {
    pub(super) fn new(shape: &Shape, selection: Selection) -> Self {
        let schema = shape.schema();
        // The first column is not a field.
        let field = |name: &str| (schema.iter().skip(1)).position(|column| column.name == name);
        let wanted = [
            (field("account-id"), selection.accounts),
            (field("region"), selection.regions),
        ];
        Self {
            start: selection.start,
            starts: field("start"),
            wanted: (wanted.into_iter().filter(|(_, texts)| !texts.is_empty())).collect(),
        }
    }

    /// Whether a record is taken. `ends` is for the ends of its fields.
    #[inline]
    pub(super) fn take(&self, record: &Record<'_>, ends: &mut Vec<u32>) -> Taken {
        if let Fields::Spaced(message) = record.fields {
            spaced::find_ends(message, ends);
        }
        let ends = &*ends;
        let field = |number: &usize| match record.fields {
            Fields::Spaced(message) => {
                let begin = number.checked_sub(1).and_then(|before| ends.get(before));
                let begin = begin.map_or(0, |end| *end as usize + 1);
                message.get(begin..*ends.get(*number)? as usize)
            }
            fields => fields.iter().nth(*number),
        };
        let start = self.starts.as_ref().and_then(field).and_then(number);
        if !start.is_some_and(|start| self.start.contains(&start)) {
            return Taken::Outside;
        }
        let has_one = |(number, texts): &(Option<usize>, Vec<String>)| {
            let found = number.as_ref().and_then(field);
            found.is_some_and(|found| texts.iter().any(|text| text.as_bytes() == found))
        };
        match self.wanted.iter().all(has_one) {
            true => Taken::Inside,
            false => Taken::OutOfScope,
        }
    }
}
