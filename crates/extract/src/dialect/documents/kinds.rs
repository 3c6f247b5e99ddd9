//! Which kinds of documents a dialect reads.

use crate::dialect::Wants;
use crate::options::DialectName;

/// The kinds of documents that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds {
    /// Envelopes of CloudWatch Logs.
    pub(super) envelopes: bool,
    /// Documents with a `message`.
    pub(super) messages: bool,
    /// Documents that are records themselves.
    pub(super) records: bool,
    /// The elements of the array `Records` of a document.
    pub(super) arrays: bool,
    /// Error records of Firehose.
    pub(super) errors: bool,
    /// Whether events wait for the origin of their document.
    pub(super) needs_origin: bool,
    /// Whether lines in an error record begin with a time.
    pub(super) lines_begin_with_time: bool,
}

impl Kinds {
    /// Returns the kinds of a dialect, or all kinds.
    pub(in crate::dialect) fn new(name: Option<DialectName>, wants: Wants) -> Self {
        let is = |dialect| name.is_none_or(|name| name == dialect);
        let is_json = is(DialectName::Json);
        Self {
            envelopes: is_json || is(DialectName::CloudWatch),
            messages: is_json,
            records: is_json && wants.documents,
            arrays: name == Some(DialectName::Records) || name.is_none() && wants.arrays,
            errors: is(DialectName::FirehoseErrors),
            needs_origin: wants.origin,
            lines_begin_with_time: wants.lines_begin_with_time,
        }
    }

    pub(in crate::dialect) fn lines_begin_with_time(self) -> bool {
        self.lines_begin_with_time
    }

    /// Returns the kinds of the documents inside an error record.
    pub(in crate::dialect) fn inside_a_record(self) -> Self {
        Self {
            envelopes: true,
            messages: true,
            errors: false,
            ..self
        }
    }
}
