//! Logs whose records are JSON objects: a column for each member that is documented.

use std::ops::Range;

use super::log::{Log, LogColumn, column};
use super::row::Row;
use crate::dialect::json_text::{key_end, skip_space, value_end};
use crate::rejection::Rejection;
use crate::schema::FieldKind;

/// A log of such records.
///
/// The columns are the members in their order, then those inside of each, and then `more`: an object of all
/// other members of the record. So no part of a record is lost: an object of which some members have columns
/// has one itself, with its text.
pub(super) struct JsonLog {
    pub(super) members: &'static [Member],
    /// The column with the time of a record.
    pub(super) time: &'static str,
    /// Whether AWS writes many records as the array `Records` of one document.
    pub(super) in_array: bool,
    /// Members that records of other kinds of logs have, which may be in the same folder, and their kinds.
    pub(super) others: &'static [(&'static str, &'static str)],
    /// The folders of the objects' keys, as a layout.
    pub(super) folders: &'static str,
    /// The page that documents the members.
    pub(super) fact: &'static str,
}

/// A member of an object.
pub(super) struct Member {
    key: &'static str,
    column: LogColumn,
    /// Whether an object without it is no record.
    is_required: bool,
    /// The members of its value that have columns too.
    inner: &'static [Member],
    /// The columns of these, and of those inside them.
    inner_columns: usize,
}

/// A member with a column.
pub(super) const fn member(key: &'static str, name: &'static str, kind: FieldKind) -> Member {
    Member {
        key,
        column: column(name, kind),
        is_required: false,
        inner: &[],
        inner_columns: 0,
    }
}

/// A member with a column, without which an object is no record.
pub(super) const fn required(key: &'static str, name: &'static str, kind: FieldKind) -> Member {
    Member {
        is_required: true,
        ..member(key, name, kind)
    }
}

/// A member with a column, whose own members have columns too.
pub(super) const fn object(
    key: &'static str,
    name: &'static str,
    inner: &'static [Member],
) -> Member {
    let (mut inner_columns, mut place) = (inner.len(), 0);
    while place < inner.len() {
        inner_columns += inner[place].inner_columns;
        place += 1;
    }
    Member {
        inner,
        inner_columns,
        ..member(key, name, FieldKind::Json)
    }
}

/// The last column: the members that have no other.
const MORE: LogColumn = column("more", FieldKind::Json);

impl Log for JsonLog {
    fn columns(&self) -> Vec<LogColumn> {
        fn add(members: &[Member], columns: &mut Vec<LogColumn>) {
            columns.extend(members.iter().map(|member| member.column));
            for member in members {
                add(member.inner, columns);
            }
        }
        let mut columns = Vec::new();
        add(self.members, &mut columns);
        columns.push(MORE);
        columns
    }

    fn time(&self) -> &'static str {
        self.time
    }

    fn key_folders(&self) -> Option<&'static str> {
        Some(self.folders)
    }

    fn fact(&self) -> &'static str {
        self.fact
    }

    fn in_array(&self) -> bool {
        self.in_array
    }

    fn split(&self, row: &mut Row<'_>) -> Result<(), Rejection> {
        let begin = skip_space(row.message, 0);
        let result = self.read(row, begin);
        // Text that is no JSON has no members with faults.
        if result.is_err() {
            let end = value_end(row.message, begin, 0).map(|end| skip_space(row.message, end));
            if end != Some(row.message.len()) || row.message.get(begin) != Some(&b'{') {
                return Err(Rejection::Json);
            }
        }
        result
    }
}

impl JsonLog {
    fn read(&self, row: &mut Row<'_>, begin: usize) -> Result<(), Rejection> {
        let mut record = Record {
            seen: 0,
            others: self.others,
            more: Vec::new(),
        };
        let end = record.object(row, begin, self.members, 0)?;
        if skip_space(row.message, end) != row.message.len() {
            return Err(Rejection::Json);
        }
        for (place, member) in self.members.iter().enumerate() {
            if member.is_required && !row.has(place) {
                return Err(Rejection::FieldMissing(place));
            }
        }
        match record.more.is_empty() {
            true => Ok(()),
            false => row.set_object(row.columns.len() - 1, &record.more),
        }
    }
}

/// What is known of a record so far.
struct Record {
    /// A bit for each column whose member has come.
    seen: u128,
    others: &'static [(&'static str, &'static str)],
    /// The other members: their keys and their values.
    more: Vec<[Range<usize>; 2]>,
}

impl Record {
    /// Reads an object whose members have the columns from `first` on. Returns its end.
    fn object(
        &mut self,
        row: &mut Row<'_>,
        at: usize,
        members: &'static [Member],
        first: usize,
    ) -> Result<usize, Rejection> {
        let text = row.message;
        if text.get(at) != Some(&b'{') {
            return Err(Rejection::Json);
        }
        let mut at = skip_space(text, at + 1);
        if text.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        // Members come in the order of the documentation, or nearly.
        let mut expected = 0;
        loop {
            let key = at..key_end(text, at).ok_or(Rejection::Json)?;
            let colon = skip_space(text, key.end);
            if text.get(colon) != Some(&b':') {
                return Err(Rejection::Json);
            }
            let begin = skip_space(text, colon + 1);
            let name = &text[key.start + 1..key.end - 1];
            let is_it = |member: &Member| member.key.as_bytes() == name;
            let place = match members.get(expected).is_some_and(is_it) {
                true => Some(expected),
                false => members.iter().position(is_it),
            };
            let end = match place {
                Some(place) => {
                    expected = place + 1;
                    let column = first + place;
                    self.see(column)?;
                    let inner = members[place].inner;
                    let end = match inner.is_empty() || text.get(begin) != Some(&b'{') {
                        true => value_end(text, begin, 1).ok_or(Rejection::Json)?,
                        false => {
                            let before = members[..place].iter().map(|member| member.inner_columns);
                            let inside = first + members.len() + before.sum::<usize>();
                            self.object(row, begin, inner, inside)?
                        }
                    };
                    row.set_json(column, begin..end)?;
                    end
                }
                None => {
                    let end = value_end(text, begin, 1).ok_or(Rejection::Json)?;
                    self.other(key, begin..end, name, first)?;
                    end
                }
            };
            at = skip_space(text, end);
            match text.get(at) {
                Some(b',') => at = skip_space(text, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return Err(Rejection::Json),
            }
        }
    }

    /// Takes a member without a column. Those of an object that has one itself are in its text.
    fn other(
        &mut self,
        key: Range<usize>,
        value: Range<usize>,
        name: &[u8],
        first: usize,
    ) -> Result<(), Rejection> {
        if first > 0 {
            return Ok(());
        }
        let kind = self.others.iter().find(|(key, _)| key.as_bytes() == name);
        if let Some((_, kind)) = kind {
            return Err(Rejection::OtherKind(kind));
        }
        self.more.push([key, value]);
        Ok(())
    }

    /// Notes the member of a column. JSON does not say which of two equal keys counts.
    fn see(&mut self, column: usize) -> Result<(), Rejection> {
        let bit = 1 << column;
        if self.seen & bit != 0 {
            return Err(Rejection::FieldRepeated(column));
        }
        self.seen |= bit;
        Ok(())
    }
}
