//! The layout of a source's keys: which part of them is the time, and what else varies.

mod error;
mod key;
mod sql;

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use rehose_extract::FormatName;
use serde::{Deserialize, Serialize};

pub use self::error::LayoutError;
pub use self::key::KeyTime;
use crate::REJECTED;

/// The column with the time, whatever the layout is. So a query needs no change for another layout but
/// of the values that it compares.
pub(crate) const TIME: &str = rehose_extract::TIME_PARTITION;

/// Names that a user may write for a part of the time. They would become columns that no query expects.
const TIME_WORDS: [&str; 4] = ["year", "month", "day", "hour"];

/// Letters of Java's patterns for time. A placeholder of only one of them, such as `{mm}`, is no name.
const TIME_LETTERS: &str = "yudhkmsn";

/// Characters that a pattern of Java's `DateTimeFormatter` writes as they are. It takes letters as fields
/// and keeps others for later use, so all other text is quoted.
const PLAIN_IN_PATTERNS: &str = "/-_.:=";

/// Characters that no text of a layout has: Athena reads `$`, quotes and commas in a table's parameters,
/// S3's policies read `*` and `?`, and a nightly schedule reads `[` and `]`.
const REFUSED: &str = ",*?$\"'\\[]";

/// The layout of keys between the prefix and the name of an object, as in `{yyyy}/{MM}/{dd}/{HH}`, the
/// default and Firehose's own (<https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>).
///
/// `{yyyy}`, `{MM}`, `{dd}` and `{HH}` are the time, from the year to the finest part that keys have. Athena
/// computes one partition column for all of them, so nothing else varies between them. Any other
/// placeholder, such as `{account}`, is a partition column of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Layout {
    before: Vec<Part>,
    /// Begins with the folder that has the year, so that a value can be copied from a key.
    time: Vec<TimePart>,
    after: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name {
        name: String,
        /// Its values. Without any, a query must name one.
        values: Vec<String>,
    },
}

impl Part {
    fn column(&self) -> Option<(&str, &[String])> {
        match self {
            Self::Name { name, values } => Some((name, values)),
            Self::Text(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TimePart {
    Text(String),
    Unit(Unit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
}

impl Unit {
    /// From the coarsest to the finest.
    const ALL: [Self; 4] = [Self::Year, Self::Month, Self::Day, Self::Hour];

    /// Its pattern, for Firehose and for Athena.
    fn pattern(self) -> &'static str {
        match self {
            Self::Year => "yyyy",
            Self::Month => "MM",
            Self::Day => "dd",
            Self::Hour => "HH",
        }
    }

    /// Its name as the unit of an interval.
    fn interval(self) -> &'static str {
        match self {
            Self::Year => "YEARS",
            Self::Month => "MONTHS",
            Self::Day => "DAYS",
            Self::Hour => "HOURS",
        }
    }
}

impl Layout {
    /// The layout that is usual for a format: of a log of AWS its own, else Firehose's.
    pub fn usual(format: FormatName) -> Self {
        let folders = format.key_folders().map(str::parse);
        folders.and_then(Result::ok).unwrap_or_default()
    }

    /// Names all values of a placeholder that is not a time, so that a query need not name one.
    ///
    /// # Errors
    ///
    /// If there is no such placeholder, or a value cannot be a part of a key or is there already.
    pub fn with_values(
        mut self,
        name: &str,
        more: impl IntoIterator<Item = String>,
    ) -> Result<Self, LayoutError> {
        let parts = self.before.iter_mut().chain(&mut self.after);
        let found = parts.filter_map(|part| match part {
            Part::Name { name: own, values } if own == name => Some(values),
            _ => None,
        });
        let Some(values) = found.last() else {
            return Err(LayoutError::NoName(name.to_owned()));
        };
        for value in more {
            let name = name.to_owned();
            if value.is_empty() || value.chars().any(|c| "{}".contains(c) || is_refused(c)) {
                return Err(LayoutError::Value { name, value });
            }
            if values.contains(&value) {
                return Err(LayoutError::ValueTwice { name, value });
            }
            values.push(value);
        }
        Ok(self)
    }

    /// The value of the column `datehour` for the objects of a time, as their keys have it.
    pub fn value(&self, time: DateTime) -> String {
        let parts = self.time.iter().map(|part| match part {
            TimePart::Text(text) => text.clone(),
            TimePart::Unit(Unit::Year) => format!("{:04}", time.year()),
            TimePart::Unit(Unit::Month) => format!("{:02}", time.month()),
            TimePart::Unit(Unit::Day) => format!("{:02}", time.day()),
            TimePart::Unit(Unit::Hour) => format!("{:02}", time.hour()),
        });
        parts.collect()
    }

    /// The partition columns in the order of the key. Each but the time has its values, or none.
    pub(crate) fn columns(&self) -> Vec<(&str, &[String])> {
        let mut columns: Vec<_> = self.before.iter().filter_map(Part::column).collect();
        columns.push((TIME, &[]));
        columns.extend(self.after.iter().filter_map(Part::column));
        columns
    }

    /// The pattern of the time, as Athena takes it: that of Java's `DateTimeFormatter`
    /// (<https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html>).
    pub(crate) fn pattern(&self) -> String {
        let parts = self.time.iter().map(|part| match part {
            TimePart::Unit(unit) => unit.pattern().to_owned(),
            TimePart::Text(text) if text.chars().all(|c| PLAIN_IN_PATTERNS.contains(c)) => {
                text.clone()
            }
            TimePart::Text(text) => format!("'{text}'"),
        });
        parts.collect()
    }

    /// The unit of the finest part of the time.
    pub(crate) fn interval(&self) -> &'static str {
        let mut units = self.time.iter().rev().filter_map(|part| match part {
            TimePart::Unit(unit) => Some(unit.interval()),
            TimePart::Text(_) => None,
        });
        units.next().unwrap_or_default()
    }

    /// The layout with `${column}` for each partition column.
    pub(crate) fn template(&self) -> String {
        let text = |parts: &[Part]| -> String {
            let parts = parts.iter().map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Name { name, .. } => format!("${{{name}}}"),
            });
            parts.collect()
        };
        format!("{}${{{TIME}}}{}", text(&self.before), text(&self.after))
    }
}

impl Default for Layout {
    /// Firehose's own.
    fn default() -> Self {
        let mut time = Vec::new();
        for unit in Unit::ALL {
            if unit != Unit::Year {
                time.push(TimePart::Text("/".to_owned()));
            }
            time.push(TimePart::Unit(unit));
        }
        Self {
            before: Vec::new(),
            time,
            after: Vec::new(),
        }
    }
}

impl TryFrom<String> for Layout {
    type Error = LayoutError;

    fn try_from(text: String) -> Result<Self, LayoutError> {
        text.parse()
    }
}

impl From<Layout> for String {
    fn from(layout: Layout) -> Self {
        layout.to_string()
    }
}

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, LayoutError> {
        if let Some(expression) = expression(text) {
            return Err(LayoutError::Expression(expression.to_owned()));
        }
        if text.starts_with('/') || text.ends_with('/') || text.contains("//") {
            return Err(LayoutError::Slash);
        }
        let mut seen = Vec::new();
        let mut due = Unit::ALL.into_iter();
        // Text and names since the last part of the time.
        let mut parts = Vec::new();
        let mut layout = Self {
            before: Vec::new(),
            time: Vec::new(),
            after: Vec::new(),
        };
        for token in tokens(text)? {
            let placeholder = match token {
                Token::Text(text) => {
                    if let Some(c) = text.chars().find(|c| is_refused(*c)) {
                        return Err(LayoutError::Character(c));
                    }
                    parts.push(Part::Text(text.to_owned()));
                    continue;
                }
                Token::Placeholder(placeholder) => placeholder,
            };
            if seen.contains(&placeholder) {
                return Err(LayoutError::Twice(placeholder.to_owned()));
            }
            seen.push(placeholder);
            let unit = Unit::ALL
                .into_iter()
                .find(|unit| unit.pattern() == placeholder);
            let Some(unit) = unit else {
                parts.push(named(placeholder)?);
                continue;
            };
            if let Some(coarse) = due.next().filter(|due| *due != unit) {
                return Err(LayoutError::Order {
                    fine: unit.pattern(),
                    coarse: coarse.pattern(),
                });
            }
            let parts = std::mem::take(&mut parts);
            if unit == Unit::Year {
                (layout.before, layout.time) = split(parts);
            } else {
                for part in parts {
                    match part {
                        Part::Text(text) => layout.time.push(TimePart::Text(text)),
                        Part::Name { name, .. } => return Err(LayoutError::Within(name)),
                    }
                }
            }
            layout.time.push(TimePart::Unit(unit));
        }
        if layout.time.is_empty() {
            return Err(LayoutError::NoTime);
        }
        layout.after = parts;
        Ok(layout)
    }
}

/// The first expression of Firehose in a prefix, as in `!{timestamp:yyyy}`, or the rest of the prefix if
/// it does not end (<https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>).
///
/// Firehose fills it in, so no key has it.
pub fn expression(prefix: &str) -> Option<&str> {
    let (_, rest) = prefix.split_at(prefix.find("!{")?);
    let end = rest.find('}').map_or(rest.len(), |end| end + 1);
    rest.get(..end)
}

/// Takes the beginning of the folder with the year to the time.
fn split(mut before: Vec<Part>) -> (Vec<Part>, Vec<TimePart>) {
    let Some(Part::Text(text)) = before.pop_if(|part| matches!(part, Part::Text(_))) else {
        return (before, Vec::new());
    };
    let (outside, inside) = match text.rfind('/') {
        Some(slash) => text.split_at(slash + 1),
        None if before.is_empty() => ("", text.as_str()),
        // The folder begins with a name.
        None => (text.as_str(), ""),
    };
    if !outside.is_empty() {
        before.push(Part::Text(outside.to_owned()));
    }
    let time = (!inside.is_empty()).then(|| TimePart::Text(inside.to_owned()));
    (before, time.into_iter().collect())
}

fn named(name: &str) -> Result<Part, LayoutError> {
    let mut letters = name.chars();
    let is_time = TIME_WORDS.contains(&name)
        || letters.next().is_some_and(|first| {
            TIME_LETTERS.contains(first) && letters.all(|letter| letter == first)
        });
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && (name.chars()).all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_time || !is_name {
        return Err(LayoutError::Placeholder(name.to_owned()));
    }
    if name == TIME || REJECTED.contains(&name) {
        return Err(LayoutError::Taken(name.to_owned()));
    }
    Ok(Part::Name {
        name: name.to_owned(),
        values: Vec::new(),
    })
}

fn is_refused(c: char) -> bool {
    c.is_whitespace() || c.is_control() || REFUSED.contains(c)
}

enum Token<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, LayoutError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        let inside = from.strip_prefix('{').ok_or(LayoutError::Brace)?;
        let (placeholder, after) = inside.split_once('}').ok_or(LayoutError::Brace)?;
        if placeholder.contains('{') {
            return Err(LayoutError::Brace);
        }
        if !before.is_empty() {
            tokens.push(Token::Text(before));
        }
        tokens.push(Token::Placeholder(placeholder));
        rest = after;
    }
    if !rest.is_empty() {
        tokens.push(Token::Text(rest));
    }
    Ok(tokens)
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, parts: &[Part]| {
            parts.iter().try_for_each(|part| match part {
                Part::Text(text) => f.write_str(text),
                Part::Name { name, .. } => write!(f, "{{{name}}}"),
            })
        };
        write(f, &self.before)?;
        for part in &self.time {
            match part {
                TimePart::Text(text) => f.write_str(text)?,
                TimePart::Unit(unit) => write!(f, "{{{}}}", unit.pattern())?,
            }
        }
        write(f, &self.after)
    }
}
