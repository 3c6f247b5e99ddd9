//! The format `message`: the whole message in one column.

use super::Ranges;
use crate::record::Fields;
use crate::schema::{Column, FieldKind};

#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageFormat;

impl MessageFormat {
    pub(super) fn columns(&self) -> Vec<Column<'_>> {
        vec![Column {
            name: "message",
            kind: FieldKind::Text,
            is_optional: false,
            measure: None,
            fact: "",
        }]
    }

    pub(super) fn split<'a>(&self, message: &'a [u8], ranges: &'a mut Ranges) -> Fields<'a> {
        ranges.found.clear();
        ranges.found.push(Some(0..message.len()));
        Fields::Ranges {
            message,
            made: b"",
            ranges: &ranges.found,
            absent: b"",
        }
    }
}
