//! Events: what a dialect finds in a text, and what the router takes.

use std::io;

use crate::error::{Error, Reason};
use crate::origin::Origin;
use crate::rejection::Rejection;

/// A log event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) time: Time<'a>,
    /// The message, with its escapes decoded.
    pub(crate) message: &'a [u8],
    /// The id, if the dialect has one.
    pub(crate) id: &'a [u8],
    /// A JSON object as text, if the dialect has one.
    pub(crate) extracted_fields: &'a [u8],
    /// Offset of the event in the text.
    pub(crate) offset: u64,
}

/// The time of an event, as written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Time<'a> {
    /// In milliseconds since 1970, as CloudWatch Logs writes it.
    Milliseconds(&'a [u8]),
    /// As JSON documents of any origin have it: in seconds or milliseconds, or as in ISO 8601.
    Guessed(&'a [u8]),
    /// In the format of the option `time_format`.
    Formatted(&'a [u8]),
    /// The event has none beside that in its message.
    InMessage,
}

impl<'a> Time<'a> {
    /// Returns the text, which is empty for [`Time::InMessage`].
    pub(crate) fn text(self) -> &'a [u8] {
        match self {
            Self::Milliseconds(text) | Self::Guessed(text) | Self::Formatted(text) => text,
            Self::InMessage => b"",
        }
    }
}

/// The kind of a document.
///
/// CloudWatch Logs sends control documents to test whether it can reach a destination
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    Data,
    Control,
}

/// Takes the events that a parser finds.
///
/// The [`Router`](crate::router::Router) is the event sink of a transcode. A parser knows only this
/// trait, and so nothing of records and files.
pub(crate) trait EventSink {
    /// Begins a document. All further events are its own, until the next one begins.
    fn document(&mut self, kind: DocumentKind, origin: &Origin);

    /// Takes an event.
    fn event(&mut self, event: &Event<'_>) -> io::Result<()>;

    /// Takes an event that the parser cannot read. Its message is the text as written.
    fn reject(&mut self, event: &Event<'_>, reason: Rejection) -> io::Result<()>;

    /// Takes a line that may name the fields of the lines after it. Returns whether it does.
    ///
    /// # Errors
    ///
    /// Returns the reason why the lines after it cannot be read.
    fn header(&mut self, line: &[u8]) -> Result<bool, Reason>;

    /// Takes an event, or rejects it if the parser has found a reason.
    fn take(&mut self, event: &Event<'_>, reason: Option<Rejection>) -> Result<(), Error> {
        let result = match reason {
            None => self.event(event),
            Some(reason) => self.reject(event, reason),
        };
        result.map_err(Error::Output)
    }
}
