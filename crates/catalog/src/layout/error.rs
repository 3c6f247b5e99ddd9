//! Why a text is no layout.

/// Why a text is no layout. Each is a predicate, as in `it has …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// It is a prefix as Firehose takes it.
    #[error(
        "has {0:?}, an expression that Firehose fills in: write {{yyyy}}, {{MM}}, {{dd}}, {{HH}} and names \
         such as {{account}} instead"
    )]
    Expression(String),
    /// A slash is at the beginning, at the end, or next to another one.
    #[error("has a slash at the beginning, at the end or after another slash: leave it out")]
    Slash,
    /// A brace has no partner.
    #[error("has a brace without its partner: a placeholder is a name in braces, as {{yyyy}}")]
    Brace,
    /// A character would have a meaning in a table or in a policy.
    #[error("has {:?}, which cannot be in the location of a table", .0.to_string())]
    Character(char),
    /// A placeholder is neither a time nor a name.
    #[error(
        "has {{{0}}}, which is no placeholder: the time is {{yyyy}}, {{MM}}, {{dd}} and {{HH}}, and any \
         other name has only lower-case letters, digits and underscores"
    )]
    Placeholder(String),
    /// A placeholder has the name of a column.
    #[error("has {{{0}}}, but the tables have a column of that name: choose another name")]
    Taken(String),
    /// Rows of such keys cannot be told apart by the time of merged rows.
    #[error(
        "has names beside the time, or no {{HH}}, so there is no view of all rows: query the table of \
         merged rows"
    )]
    NoView,
    /// The output has folders of days, whatever the layout is.
    #[error(
        "is not that of the output: its rows are in a folder for each day, so there is no view of all \
         rows: query the table of merged rows"
    )]
    OnlyDays,
    /// A placeholder is there twice.
    #[error("has {{{0}}} twice: keep one, as Athena has one column for it")]
    Twice(String),
    /// There is no time.
    #[error("has no {{yyyy}}: Athena finds the objects of a time by it")]
    NoTime,
    /// A part of the time is missing, or comes too late to sort as the time does.
    #[error("has {{{fine}}} without {{{coarse}}} before it: write the time from the year on")]
    Order {
        /// The part that is there.
        fine: &'static str,
        /// The part that is not before it.
        coarse: &'static str,
    },
    /// A name is between parts of the time.
    #[error("has {{{0}}} within the time: Athena needs one column for the whole time")]
    Within(String),
    /// Values are given for a placeholder that is not there.
    #[error("has no {{{0}}} whose values could be named")]
    NoName(String),
    /// A value cannot be in a list of values.
    #[error(
        "cannot have {value:?} as {{{name}}}: a value is part of a key, without white space, commas or quotes"
    )]
    Value {
        /// The placeholder.
        name: String,
        /// Its value.
        value: String,
    },
    /// A value is there twice, so Athena would read its objects twice.
    #[error("cannot have {value:?} as {{{name}}} twice")]
    ValueTwice {
        /// The placeholder.
        name: String,
        /// Its value.
        value: String,
    },
}
