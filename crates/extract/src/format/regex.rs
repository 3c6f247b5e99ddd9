//! The format `regex`: a column for each named group of a regex.

use ::regex::Regex;

use super::Ranges;
use crate::pattern;
use crate::record::Fields;
use crate::rejection::Rejection;
use crate::schema::{Column, FieldKind};

/// A compiled message regex. It matches characters, not bytes, so that no column holds half of one.
#[derive(Debug, Clone)]
pub(crate) struct RegexFormat {
    regex: Regex,
}

impl RegexFormat {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// Returns the reason, in words, if the pattern is invalid or too large, has no named group, or
    /// has a group `timestamp`.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let regex = pattern::text(pattern)?;
        match regex.capture_names().flatten().find(|n| *n == "timestamp") {
            Some(_) => {
                Err("the column timestamp is the event's: give the group another name".into())
            }
            None if regex.capture_names().flatten().next().is_none() => {
                Err("it has no named group (?P<column>...)".into())
            }
            None => Ok(Self { regex }),
        }
    }

    pub(super) fn columns(&self) -> Vec<Column<'_>> {
        let column = |name| Column {
            name,
            kind: FieldKind::Text,
            is_optional: true,
            measure: None,
            fact: "",
        };
        self.regex.capture_names().flatten().map(column).collect()
    }

    pub(super) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Ranges,
    ) -> Result<Fields<'a>, Rejection> {
        let text = std::str::from_utf8(message).map_err(|_| Rejection::NoMatch)?;
        let groups = self.regex.captures(text).ok_or(Rejection::NoMatch)?;
        ranges.found.clear();
        for (name, group) in self.regex.capture_names().zip(groups.iter()) {
            if name.is_some() {
                ranges.found.push(group.map(|group| group.range()));
            }
        }
        Ok(Fields::Ranges {
            message,
            made: b"",
            ranges: &ranges.found,
            absent: b"",
        })
    }
}
