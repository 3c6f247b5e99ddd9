//! How an object's text becomes events.

pub(crate) mod cloudwatch;
pub(crate) mod json;
pub(crate) mod regex;

use crate::error::Error;
use crate::format::Rejection;

/// A log event as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    /// Milliseconds since 1970, as written.
    pub(crate) timestamp: &'a [u8],
    /// The message, its escapes decoded.
    pub(crate) message: &'a [u8],
}

/// Whether the events of a document are data. It may become known only after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Data,
    Control,
    Undecided,
}

/// What a dialect tells of the events that it finds.
pub(crate) trait Events {
    /// An event of the current document.
    fn event(&mut self, event: Event<'_>, standing: Standing) -> Result<(), Error>;

    /// An event whose message cannot be decoded; it is given as it stands.
    fn undecodable(&mut self, event: Event<'_>, rejection: Rejection) -> Result<(), Error>;

    /// The undecided events so far turn out to be data, or not.
    fn decide(&mut self, data: bool) -> Result<(), Error>;
}
