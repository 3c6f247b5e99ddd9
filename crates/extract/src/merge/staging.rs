//! Staging: the fields of a record become a row in memory.

use std::io;

use super::Merger;
use super::columns::{NOTHING, PartKind, Place};
use super::digest::FoldedPorts;
use super::filer::Filer;
use super::selection::Taken;
use super::texts::{NONE, Texts};
use crate::format::spaced;
use crate::record::{self, Fields, Record};
use crate::sink::Sink;

/// The sink of the records of an object.
#[derive(Debug)]
pub(crate) struct MergeSink<'a>(pub(crate) &'a mut Merger);

impl Sink for MergeSink<'_> {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.0.stage(record)
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        Ok(0)
    }
}

/// What is added to the key of a record when it has its fields.
pub(super) enum More {
    /// The folded port.
    Folded(FoldedPorts),
    /// The file of a flow log.
    Filed(Filer),
}

impl More {
    /// Apart from [`Merger::stage`], which most rows pass without it.
    #[inline(never)]
    fn add(&mut self, record: &Record<'_>, key: &mut [u32], measures: &[i64], texts: &mut Texts) {
        match self {
            Self::Folded(ports) => ports.fold(key),
            Self::Filed(filer) => filer.file(record, key, measures, texts),
        }
    }
}

impl Merger {
    /// Stages a record.
    #[inline]
    fn stage(&mut self, record: &Record<'_>) -> io::Result<()> {
        let Self {
            columns,
            texts,
            last,
            staged,
            ends,
            selection,
            out_of_scope,
            more,
            ..
        } = self;
        if let Some(selector) = selection {
            match selector.take(record, ends) {
                Taken::Inside => {}
                Taken::Outside => return Ok(()),
                Taken::OutOfScope => {
                    *out_of_scope += 1;
                    return Ok(());
                }
            }
        }
        let (key, measures) = staged.add(NOTHING);
        if let Some(time) = record.timestamp.filter(|_| columns.has_time) {
            measures[0] = time;
        }
        let mut places = columns.places.iter().skip(1);
        let mut add = |field: Option<&[u8]>| match places.next() {
            Some(Place::Measure(measure)) => {
                if let Some(number) = field.and_then(number) {
                    measures[*measure] = number;
                }
            }
            Some(Place::Key(part)) => {
                key[*part] = match (field, columns.parts[*part]) {
                    (None, _) => NONE,
                    (Some(field), PartKind::Number) => {
                        number(field).map_or(NONE, |number| number as u32 + 1)
                    }
                    (Some(field), PartKind::Text) => {
                        let last = &mut last[*part];
                        if texts.get(*last) != Some(field) {
                            *last = texts.id(field);
                        }
                        *last
                    }
                };
            }
            Some(Place::Nowhere) | None => {}
        };
        match record.fields {
            Fields::Spaced(message) => {
                // A selection has found them.
                if selection.is_none() {
                    spaced::find_ends(message, ends);
                }
                let mut begin = 0;
                for end in ends {
                    add(Some(&message[begin..*end as usize]));
                    begin = *end as usize + 1;
                }
            }
            Fields::Ranges {
                message,
                made,
                ranges,
                absent,
            } => {
                for field in record::ranged(message, made, ranges, absent) {
                    add(field);
                }
            }
        }
        for value in record.origin.iter() {
            add((!value.is_empty()).then_some(value));
        }
        if let Some(more) = more {
            more.add(record, key, measures, texts);
        }
        if let Some(records) = measures.last_mut() {
            *records = 1;
        }
        if let Some(presence) = key.last_mut() {
            *presence = columns.presence(measures);
        }
        self.sums.add(columns, measures);
        match self.memory_used() > self.memory {
            true => self.spill(),
            false => Ok(()),
        }
    }
}

/// The number of a field, or nothing for `-`. The format has checked that it is one of these.
#[inline]
pub(super) fn number(field: &[u8]) -> Option<i64> {
    let mut number: i64 = 0;
    for byte in field {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.wrapping_mul(10).wrapping_add(digit.into());
    }
    Some(number)
}
