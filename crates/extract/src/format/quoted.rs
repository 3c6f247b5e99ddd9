//! Logs of fields between spaces, of which some are in quotes, as load balancers write them.

use std::ops::Range;

use memchr::memchr_iter;

use super::log::{Log, LogColumn, column};
use super::places;
use super::row::Row;
use super::spaced::ABSENT;
use super::tokens::Tokens;
use crate::rejection::Rejection;
use crate::schema::FieldKind;

/// A log of such lines.
pub(super) struct QuotedLog {
    /// In the order of the line.
    pub(super) fields: &'static [Field],
    /// The numbers of fields that AWS has written before it added the last ones, in ascending order.
    pub(super) earlier: &'static [usize],
    /// The page that documents the fields.
    pub(super) fact: &'static str,
}

/// A field of a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    /// A column.
    One(&'static str, FieldKind),
    /// A column with the field as it is, its quotes included.
    AsItIs(&'static str),
    /// An address and a port, which the last colon separates.
    Address([&'static str; 2]),
    /// A request: the method, the URL and the protocol. The URL may have spaces.
    Request([&'static str; 3]),
    /// A list of addresses with ports, between spaces. It is not always in quotes.
    Targets(&'static str),
    /// A list with as many statuses as the list before it has targets.
    Statuses(&'static str),
}

/// The folders of the objects of all load balancers
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-file-format>).
const FOLDERS: &str = "AWSLogs/{account}/elasticloadbalancing/{region}/{yyyy}/{MM}/{dd}";

/// The last column of each line: what comes after the fields that are known.
pub(super) const MORE: LogColumn = column("more", FieldKind::Text);

impl Log for QuotedLog {
    fn columns(&self) -> Vec<LogColumn> {
        let mut columns = Vec::new();
        for field in self.fields {
            match *field {
                Field::One(name, kind) => columns.push(column(name, kind)),
                Field::Address([address, port]) => columns.extend([
                    column(address, FieldKind::Text),
                    column(port, FieldKind::Int),
                ]),
                Field::Request(parts) => {
                    columns.extend(parts.map(|part| column(part, FieldKind::Text)));
                }
                Field::AsItIs(name) | Field::Targets(name) | Field::Statuses(name) => {
                    columns.push(column(name, FieldKind::Text));
                }
            }
        }
        columns.push(MORE);
        columns
    }

    fn key_folders(&self) -> Option<&'static str> {
        Some(FOLDERS)
    }

    fn fact(&self) -> &'static str {
        self.fact
    }

    fn begins_with_time(&self) -> bool {
        matches!(self.fields, [Field::One(_, FieldKind::Timestamp), ..])
    }

    fn split(&self, row: &mut Row<'_>) -> Result<(), Rejection> {
        let result = self.split_by(row, true);
        if result.is_ok() || memchr::memmem::find(row.message, br#"\""#).is_none() {
            return result;
        }
        // A field may end with a backslash, which is then before its quote.
        row.restart();
        self.split_by(row, false).or(result)
    }
}

impl QuotedLog {
    /// Splits a message. `has_escapes` is whether a backslash before a quote makes it part of a field.
    fn split_by(&self, row: &mut Row<'_>, has_escapes: bool) -> Result<(), Rejection> {
        let mut ends = std::mem::take(&mut row.buffers.ends);
        let result = self.fill(row, Tokens::of(row.message, has_escapes, &mut ends));
        row.buffers.ends = ends;
        result
    }

    fn fill(&self, row: &mut Row<'_>, mut tokens: Tokens<'_>) -> Result<(), Rejection> {
        let mut targets = 0;
        for (count, field) in self.fields.iter().enumerate() {
            let is_raw = matches!(field, Field::AsItIs(_));
            let Some(token) = tokens.next(is_raw)? else {
                return match self.earlier.binary_search(&count) {
                    Ok(_) => Ok(()),
                    Err(_) => Err(Rejection::FieldCount(count)),
                };
            };
            match field {
                Field::AsItIs(_) if row.message[token.content.clone()] == *b"\"-\"" => row.skip(),
                Field::One(..) | Field::AsItIs(_) => row.add(token.content)?,
                Field::Address(_) => add_address(row, token.content)?,
                Field::Request(_) => add_request(row, token.content)?,
                Field::Targets(_) => {
                    let mut list = token.content;
                    targets = 1 + memchr_iter(b' ', &row.message[list.clone()]).count();
                    while !token.is_quoted
                        && let Some(other) = tokens.unquoted(|text| text.contains(&b':'))
                    {
                        list.end = other.end;
                        targets += 1;
                    }
                    row.add(list)?;
                }
                Field::Statuses(_) => {
                    let mut list = token.content;
                    for _ in 1..if token.is_quoted { 1 } else { targets } {
                        let other = tokens.unquoted(|_| true).ok_or(Rejection::Quotes)?;
                        list.end = other.end;
                    }
                    row.add(list)?;
                }
            }
        }
        if let Some(rest) = tokens.rest() {
            row.set_value(row.columns.len() - 1, rest)?;
        }
        Ok(())
    }
}

/// Adds an address and a port. IPv6 has colons too, and sometimes brackets.
fn add_address(row: &mut Row<'_>, field: Range<usize>) -> Result<(), Rejection> {
    let text = &row.message[field.clone()];
    let Some(colon) = places::last(row.message, field.clone(), b':') else {
        row.add(field)?;
        row.skip();
        return Ok(());
    };
    let mut address = field.start..colon;
    if text.starts_with(b"[") && row.message[..colon].ends_with(b"]") {
        address = address.start + 1..address.end - 1;
    }
    row.add(address)?;
    row.add(colon + 1..field.end)
}

/// Adds the method, the URL and the protocol of a request, any of which may be missing.
fn add_request(row: &mut Row<'_>, field: Range<usize>) -> Result<(), Rejection> {
    let text = &row.message[field.clone()];
    if text == ABSENT {
        for _ in 0..3 {
            row.skip();
        }
        return Ok(());
    }
    let (begin, end) = (field.start, field.end);
    let Some(first) = memchr::memchr(b' ', text) else {
        // Not even a method: all of it is what was asked for.
        row.skip();
        row.add(field)?;
        row.skip();
        return Ok(());
    };
    row.add(begin..begin + first)?;
    let url = first + 1;
    // AWS writes a protocol that it does not know with a space after it.
    let unknown = text[url..].ends_with(b" - ").then(|| end - 3);
    let last = unknown.or_else(|| places::last(row.message, begin + url..end, b' '));
    match last {
        Some(last) => {
            row.add_text(begin + url..last)?;
            match unknown {
                Some(_) => row.skip(),
                None => row.add_text(last + 1..end)?,
            }
        }
        None => {
            row.add_text(begin + url..end)?;
            row.skip();
        }
    }
    Ok(())
}
