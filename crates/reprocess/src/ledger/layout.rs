//! Where things are in an output.

use rehose_store::Store;

/// The name of an output, from which the keys of its files are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputId(String);

impl OutputId {
    /// The output of one object: its key in the source. Suffixes are always appended to it, so no
    /// two objects share an output.
    pub fn of_object(source_key: &str) -> Self {
        Self(source_key.to_owned())
    }

    /// The key of the rows.
    pub fn rows_key(&self) -> String {
        format!("csv/{}.csv.gz", self.0)
    }

    /// The key of the rejected events.
    pub fn rejected_key(&self) -> String {
        format!("rejected/{}.jsonl.gz", self.0)
    }
}

/// The prefixes in an output that rehose, or queries of its tables, write under.
pub const WRITTEN: [&str; 5] = ["csv/", "rejected/", "jobs/", "rehose.json", "athena/"];

/// Whether rehose or a query writes what lies under a URL. That must not be a source: its objects
/// would be converted again and again, for ever if each new object brings an event.
pub(crate) fn is_written_by_us(output: &dyn Store, url: &str) -> bool {
    let key = url.strip_prefix(&output.url(""));
    key.is_some_and(|key| WRITTEN.iter().any(|place| key.starts_with(place)))
}

/// Whether a listing under a URL would include what rehose writes.
pub(crate) fn would_be_listed(output: &dyn Store, url: &str) -> bool {
    (WRITTEN.iter()).any(|place| output.url(place).starts_with(url))
}
