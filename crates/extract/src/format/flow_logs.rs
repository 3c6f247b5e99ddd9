//! Flow logs of all kinds: records of named fields between spaces, in one or more layouts.

use std::collections::HashMap;
use std::sync::Arc;

use super::names;
use super::spaced::{self, ABSENT, FieldTypes};
use super::{Ranges, record_named_by};
use crate::error::Reason;
use crate::record::Fields;
use crate::rejection::Rejection;
use crate::schema::{Column, FieldKind, Measure};

/// A field of flow logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name, as AWS writes it.
    pub name: &'static str,
    /// The version of the record format that introduced the field.
    pub version: u8,
    /// The type of its values. Any value can also be `-`, for no value.
    pub kind: FieldKind,
    /// How the values of records that continue each other become one.
    pub measure: Option<Measure>,
}

/// Returns how a flow's records add up in a field, for flow logs of all kinds.
pub(super) const fn measure(name: &str) -> Option<Measure> {
    match name.as_bytes() {
        b"packets"
        | b"bytes"
        | b"packets-lost-no-route"
        | b"packets-lost-blackhole"
        | b"packets-lost-mtu-exceeded"
        | b"packets-lost-ttl-expired" => Some(Measure::Sum),
        b"start" => Some(Measure::Min),
        b"end" => Some(Measure::Max),
        b"tcp-flags" => Some(Measure::Or),
        _ => None,
    }
}

/// The documented fields of a kind of flow logs.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// In the documentation's order.
    pub(super) fields: &'static [Field],
    /// The record that AWS writes unless told otherwise.
    pub(super) default: &'static [&'static str],
    /// The page that documents the fields.
    pub(super) fact: &'static str,
}

impl Catalogue {
    fn find(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether a word is a field's name in any [spelling](names::is_spelling).
    fn has(&self, word: &[u8]) -> bool {
        (self.fields.iter()).any(|field| names::is_spelling(word, field.name))
    }

    /// Whether a line names fields. Most records begin with the number of an account or a version, and no
    /// value of a field is a field's name.
    pub(super) fn is_header(&self, line: &[u8]) -> bool {
        !line.first().is_some_and(u8::is_ascii_digit)
            && names::words(line).take(2).any(|word| self.has(word))
    }

    /// Returns the names that are those of no field.
    pub(super) fn unknown(&self, names: &[String]) -> Vec<String> {
        let is_unknown = |name: &&String| self.field_of(name).is_none();
        names.iter().filter(is_unknown).cloned().collect()
    }

    /// Returns the field of a column, which may have a number.
    pub(super) fn field_of(&self, column: &str) -> Option<&'static Field> {
        self.find(column).or_else(|| self.find(repeated(column)?))
    }

    /// Returns the version that introduced a field.
    pub(super) fn version_of(&self, name: &str) -> Option<u8> {
        self.find(name).map(|field| field.version)
    }

    /// Returns the record that has this number of fields: that of a version, or else the first fields of
    /// the catalogue, if they are more than AWS writes unless told otherwise.
    pub(super) fn record(&self, count: usize) -> Option<Record> {
        let fields = self.fields.get(..count)?;
        let next = self.fields.get(count).map(|field| field.version);
        let version = fields.last()?.version;
        let names: Vec<_> = fields.iter().map(|field| field.name).collect();
        (count >= self.default.len()).then(|| Record {
            version,
            is_whole: next != Some(version),
            fields: names.join(" "),
        })
    }
}

/// A record of the catalogue.
pub(super) struct Record {
    /// The version of its last field.
    pub(super) version: u8,
    /// Whether it has every field up to that version.
    pub(super) is_whole: bool,
    /// Its fields, between spaces.
    pub(super) fields: String,
}

/// Compiled layouts.
#[derive(Debug, Clone)]
pub(crate) struct FlowLogsFormat {
    catalogue: &'static Catalogue,
    /// The fields of all layouts, in the order in which they are first named.
    columns: Arc<[FlowColumn]>,
    layouts: Arc<[Layout]>,
    /// What the object's own header says of the lines after it.
    header: Option<Header>,
    /// The column with the time of a record, in seconds.
    time: Option<usize>,
}

#[derive(Debug)]
struct FlowColumn {
    /// The field's name, with a number if a layout repeats the field: `srcaddr_2`.
    name: String,
    field: &'static Field,
}

/// A line of field names.
#[derive(Debug, Clone)]
enum Header {
    Layout(Layout),
    /// The lines are of another kind of flow logs.
    OtherKind(&'static str),
}

/// The fields of a record, in the order in which it has them.
#[derive(Debug, Clone)]
struct Layout {
    types: FieldTypes,
    /// For each column, the field that it holds. `None` if the fields are the columns.
    fields: Option<Vec<Option<usize>>>,
}

impl FlowLogsFormat {
    /// Compiles lists of field names.
    ///
    /// # Errors
    ///
    /// Returns the reason, in words, if a list is empty, if a field is unknown, or if two lists have the
    /// same length.
    pub(super) fn new(
        catalogue: &'static Catalogue,
        lists: &[Vec<String>],
    ) -> Result<Self, String> {
        let named = (lists.iter())
            .map(|list| columns_of(catalogue, list))
            .collect::<Result<Vec<_>, _>>()?;
        if named.is_empty() || named.iter().any(Vec::is_empty) {
            return Err("no field is named".to_owned());
        }
        for (i, list) in named.iter().enumerate() {
            if named[..i].iter().any(|other| other.len() == list.len()) {
                let count = list.len();
                return Err(format!(
                    "two layouts have {count} fields, so a record could be of either; convert the \
                     objects of each into an output of its own"
                ));
            }
        }
        let mut columns: Vec<FlowColumn> = Vec::new();
        for (name, field) in named.iter().flatten() {
            if !columns.iter().any(|column| column.name == *name) {
                columns.push(FlowColumn {
                    name: name.clone(),
                    field,
                });
            }
        }
        let layouts = named
            .iter()
            .map(|list| Layout::new(list, &columns))
            .collect();
        let time = ["start", "end"]
            .iter()
            .find_map(|name| columns.iter().position(|column| column.name == *name));
        Ok(Self {
            catalogue,
            columns: columns.into(),
            layouts,
            header: None,
            time,
        })
    }

    pub(super) fn columns(&self) -> Vec<Column<'_>> {
        let columns = self.columns.iter();
        columns
            .map(|column| Column {
                name: &column.name,
                kind: column.field.kind,
                is_optional: true,
                measure: column.field.measure,
                fact: self.catalogue.fact,
            })
            .collect()
    }

    #[inline]
    pub(super) fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Ranges,
    ) -> Result<Fields<'a>, Rejection> {
        match (&self.header, &*self.layouts) {
            (Some(Header::Layout(layout)), _) | (None, [layout]) => layout.split(message, ranges),
            (Some(Header::OtherKind(kind)), _) => Err(Rejection::OtherKind(kind)),
            (None, layouts) => {
                let count = spaced::fields(message).count();
                let fits = |layout: &&Layout| layout.types.len() == count;
                match layouts.iter().find(fits) {
                    Some(layout) => layout.split(message, ranges),
                    None => Err(spaced::misfit(message, count)),
                }
            }
        }
    }

    pub(super) fn time_column(&self) -> Option<usize> {
        self.time
    }

    /// Takes a line of field names. The lines after it have these fields. Returns whether the line was
    /// one.
    ///
    /// # Errors
    ///
    /// Returns the reason why the lines after it cannot be read.
    pub(super) fn header(&mut self, line: &[u8]) -> Result<bool, Reason> {
        if !self.catalogue.is_header(line) {
            return Ok(false);
        }
        let names = names::names_of_line(line);
        let Ok(list) = columns_of(self.catalogue, &names) else {
            let Some(other) = record_named_by(&names) else {
                return Err(Reason::UnknownFields(self.catalogue.unknown(&names)));
            };
            self.header = Some(Header::OtherKind(other.format.name()));
            return Ok(true);
        };
        let missing: Vec<String> = (list.iter())
            .filter(|(name, _)| !self.columns.iter().any(|column| column.name == *name))
            .map(|(name, _)| name.clone())
            .collect();
        if !missing.is_empty() {
            return Err(Reason::UnknownColumns(missing));
        }
        self.header = Some(Header::Layout(Layout::new(&list, &self.columns)));
        Ok(true)
    }
}

impl Layout {
    fn new(list: &[(String, &'static Field)], columns: &[FlowColumn]) -> Self {
        let places: HashMap<&str, usize> = (list.iter().enumerate())
            .map(|(i, (name, _))| (name.as_str(), i))
            .collect();
        let fields: Vec<_> = columns
            .iter()
            .map(|column| places.get(column.name.as_str()).copied())
            .collect();
        let is_same = fields.len() == list.len()
            && fields
                .iter()
                .enumerate()
                .all(|(i, field)| *field == Some(i));
        Self {
            types: FieldTypes::new(list.iter().map(|(_, field)| field.kind)),
            fields: (!is_same).then_some(fields),
        }
    }

    #[inline]
    fn split<'a>(
        &self,
        message: &'a [u8],
        ranges: &'a mut Ranges,
    ) -> Result<Fields<'a>, Rejection> {
        match &self.fields {
            None => self.types.split(message, &mut ranges.found),
            Some(fields) => {
                let column = |place| fields.iter().position(|field| *field == Some(place));
                let split = self.types.split(message, &mut ranges.found);
                split.map_err(|rejection| match rejection {
                    Rejection::FieldType(place) => {
                        Rejection::FieldType(column(place).unwrap_or(place))
                    }
                    rejection => rejection,
                })?;
                ranges.arrange(message, fields);
                Ok(Fields::Ranges {
                    message,
                    made: b"",
                    ranges: &ranges.arranged,
                    absent: ABSENT,
                })
            }
        }
    }
}

/// Returns the name of the column of each field in a list. A field that is named again gets a number.
fn columns_of(
    catalogue: &'static Catalogue,
    list: &[String],
) -> Result<Vec<(String, &'static Field)>, String> {
    let mut columns: Vec<(String, &'static Field)> = Vec::with_capacity(list.len());
    for name in list {
        let Some(field) = catalogue.field_of(name) else {
            let known: Vec<_> = catalogue.fields.iter().map(|known| known.name).collect();
            return Err(format!(
                "there is no field {name:?}; the fields are {}",
                known.join(", ")
            ));
        };
        let count = columns
            .iter()
            .filter(|(_, other)| other.name == field.name)
            .count();
        let column = match count {
            0 => field.name.to_owned(),
            _ => format!("{}_{}", field.name, count + 1),
        };
        columns.push((column, field));
    }
    Ok(columns)
}

/// Returns the field of a column that has a number, such as `srcaddr_2` or, spelt as a field,
/// `srcaddr-2`.
fn repeated(column: &str) -> Option<&str> {
    let (field, number) = column.rsplit_once(['_', '-'])?;
    number.bytes().all(|b| b.is_ascii_digit()).then_some(field)
}
