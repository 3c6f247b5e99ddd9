//! The format `message`: the whole message in one column.

use std::ops::Range;

use super::{Column, FieldKind};
use crate::record::Fields;

#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageFormat;

impl MessageFormat {
    pub(crate) fn schema(&self) -> Vec<Column<'_>> {
        vec![Column {
            name: "message",
            kind: FieldKind::Text,
        }]
    }

    pub(crate) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Vec<Range<usize>>,
    ) -> Fields<'a> {
        ranges.clear();
        ranges.push(0..message.len());
        Fields::Ranges { message, ranges }
    }
}
