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
    /// How the values of rows that are merged become one. `None` if only rows with the same value are.
    pub measure: Option<Measure>,
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
    /// A decimal number, which may have a fraction and a minus sign.
    Double,
    /// Any text.
    Text,
    /// A time in UTC.
    Timestamp,
    /// A JSON value as text.
    Json,
}

/// How the values of a column become one, when rows are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The bits of all.
    Or,
}

impl FieldKind {
    /// Whether a field of flow logs is of this type: text, or digits of a number that fits.
    pub(crate) fn holds(self, field: &[u8]) -> bool {
        let is_number = || field.iter().all(u8::is_ascii_digit);
        let number = || std::str::from_utf8(field).ok()?.parse::<i64>().ok();
        let fits = |most: u32| (1..=most as usize).contains(&field.len());
        match self {
            Self::Int => {
                let fits = || {
                    fits(i32::MAX.ilog10()) || number().is_some_and(|n| i32::try_from(n).is_ok())
                };
                is_number() && fits()
            }
            Self::BigInt => is_number() && (fits(i64::MAX.ilog10()) || number().is_some()),
            Self::Double | Self::Text | Self::Timestamp | Self::Json => true,
        }
    }

    pub(crate) fn in_parquet(self) -> colparquet::Kind {
        match self {
            Self::Int => colparquet::Kind::Int,
            Self::BigInt => colparquet::Kind::BigInt,
            Self::Double => colparquet::Kind::Double,
            Self::Text | Self::Json => colparquet::Kind::Text,
            Self::Timestamp => colparquet::Kind::Timestamp,
        }
    }
}

/// The time of each row, the first column of every output.
pub(crate) const TIMESTAMP: Column<'static> = Column {
    name: "timestamp",
    kind: FieldKind::Timestamp,
    is_optional: true,
    measure: Some(Measure::Min),
    fact: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
};

/// The partition column with the time of every table.
pub const TIME_PARTITION: &str = "datehour";

/// Returns the names of columns in tables and in Parquet files, whose readers find a column by its name.
///
/// They are lower case and have no special characters except the underscore, as Athena wants
/// (<https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html>). A name that is
/// taken gets a number.
pub(crate) fn table_names<'a>(columns: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let plain = |c: char| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        };
        let name: String = column.chars().map(plain).collect();
        let mut own = name.clone();
        let mut number = 2;
        while own == TIME_PARTITION || names.contains(&own) {
            own = format!("{name}_{number}");
            number += 1;
        }
        names.push(own);
    }
    names
}
