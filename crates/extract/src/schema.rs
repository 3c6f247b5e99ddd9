//! Schemas: the columns of a table, and what each of them may hold.

/// A column of the output.
///
/// The CSV header, the checks of values and the tables of `rehose-catalog` all derive from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its values.
    pub kind: FieldKind,
    /// Whether a row can lack a value.
    pub is_optional: bool,
    /// The page that documents it, or an empty text if the user has named it.
    pub fact: &'static str,
}

/// The type of a field or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number of up to 32 bits.
    Int,
    /// A whole number of up to 64 bits.
    BigInt,
    /// Any text.
    Text,
    /// A time in UTC, with milliseconds.
    Timestamp,
    /// A JSON value as text.
    Json,
}

impl FieldKind {
    /// Whether a value consists of digits.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::BigInt)
    }
}

/// The time of each row, the first column of every output.
pub(crate) const TIMESTAMP: Column<'static> = Column {
    name: "timestamp",
    kind: FieldKind::Timestamp,
    is_optional: true,
    fact: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
};
