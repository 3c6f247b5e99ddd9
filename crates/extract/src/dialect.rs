//! Dialects: how events are found in an object's text.
//!
//! A user names a dialect with [`DialectName`](crate::DialectName). It is compiled once, into a
//! [`Dialect`]. Each object gets a [`Parser`] of its own, which passes events to an [`EventSink`].

pub(crate) mod cloudwatch;
pub(crate) mod json;
pub(crate) mod regex;

use std::io;
use std::sync::Arc;

use self::cloudwatch::CloudWatchParser;
use self::regex::{EventRegex, RegexParser};
use crate::bounds::MAX_HELD;
use crate::error::{Error, Reason};
use crate::rejection::Rejection;

/// A compiled dialect. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Dialect {
    CloudWatch,
    Regex(Arc<EventRegex>),
}

impl Dialect {
    /// Returns a parser for one object.
    pub(crate) fn parser(&self) -> Parser {
        match self {
            Self::CloudWatch => Parser::CloudWatch(Box::new(CloudWatchParser::new())),
            Self::Regex(regex) => Parser::Regex(Box::new(RegexParser::new(Arc::clone(regex)))),
        }
    }
}

/// Finds the events of one object.
#[derive(Debug)]
pub(crate) enum Parser {
    CloudWatch(Box<CloudWatchParser>),
    Regex(Box<RegexParser>),
}

impl Parser {
    /// Parses the next piece of text.
    pub(crate) fn push(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<(), Error> {
        match self {
            Self::CloudWatch(parser) => parser.push(text, events),
            Self::Regex(parser) => parser.push(text, events),
        }
    }

    /// Ends the text and returns the number of documents in it.
    pub(crate) fn finish(&mut self, events: &mut dyn EventSink) -> Result<u64, Error> {
        match self {
            Self::CloudWatch(parser) => parser.finish(),
            Self::Regex(parser) => {
                parser.finish(events)?;
                Ok(0)
            }
        }
    }
}

/// A log event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    /// Milliseconds since 1970, as written.
    pub(crate) timestamp: &'a [u8],
    /// The message, with its escapes decoded.
    pub(crate) message: &'a [u8],
}

/// The kind of a document.
///
/// CloudWatch Logs sends control documents to test whether it can reach a destination
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    Data,
    Control,
    /// The parser has not reached the document's `messageType` yet.
    Unknown,
}

/// Takes the events that a parser finds.
///
/// The [`Router`](crate::router::Router) is the event sink of a transcode. A parser knows only this
/// trait, and so nothing of records and files.
pub(crate) trait EventSink {
    /// Takes an event from a document of this kind.
    fn event(&mut self, event: Event<'_>, kind: DocumentKind) -> Result<(), SinkError>;

    /// Takes an event whose message the parser cannot unescape. The message is as written.
    fn reject(&mut self, event: Event<'_>, reason: Rejection) -> Result<(), SinkError>;

    /// Gives the kind of the document whose events have been `Unknown` so far.
    fn resolve(&mut self, kind: DocumentKind) -> Result<(), SinkError>;
}

/// The reason why an event sink fails. A sink has no offsets, so the parser adds one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    #[error("more than {MAX_HELD} bytes wait for a messageType")]
    TooMuchHeld,
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl SinkError {
    /// Returns the error for an event or document at an offset of the text.
    pub(crate) fn in_text(self, offset: u64) -> Error {
        match self {
            Self::TooMuchHeld => Reason::TooMuchHeld(MAX_HELD).in_text(offset),
            Self::Output(error) => Error::Output(error),
        }
    }
}
