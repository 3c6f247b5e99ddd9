//! Rejections: why an event becomes no row.
//!
//! The regex dialect finds `Escape`, the record builder `Timestamp`, and the formats the others.

use std::fmt;

/// The reason why an event is not a record. A rejected event is kept, with the name of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The timestamp is not an integer, or it is outside the years 1 to 9999.
    Timestamp,
    /// The message has more or fewer fields than the format.
    FieldCount,
    /// A field has a comma, quote, backslash or line break.
    Character,
    /// The message regex does not match.
    NoMatch,
    /// The event regex matches a message that is not the content of a JSON string.
    Escape,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timestamp => "timestamp",
            Self::FieldCount => "field-count",
            Self::Character => "character",
            Self::NoMatch => "no-match",
            Self::Escape => "escape",
        })
    }
}
