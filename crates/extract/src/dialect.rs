//! Dialects: how events are found in an object's text.
//!
//! A user may name a dialect with [`DialectName`]. It is compiled once, into a [`Dialect`]. Each object
//! gets a [`Parser`] of its own, which passes events to an [`EventSink`].

mod documents;
mod export;
mod firehose_errors;
pub(crate) mod json;
pub(crate) mod json_text;
mod lines;
mod recognise;
pub(crate) mod regex;

use std::sync::Arc;

use ::regex::bytes::Regex;

use self::documents::{DocumentParser, Kinds};
use self::export::ExportParser;
use self::lines::LineParser;
use self::recognise::{Recogniser, TextKind};
use self::regex::{EventRegex, RegexParser};
use crate::error::Error;
use crate::event::EventSink;
use crate::options::DialectName;

/// A compiled dialect. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Dialect {
    /// The bytes of each object decide.
    Any(AnyText),
    Documents(Kinds),
    Lines {
        time_regex: Option<Regex>,
    },
    Export,
    Regex(Arc<EventRegex>),
}

/// What is needed for a text of any dialect.
#[derive(Debug, Clone)]
pub(crate) struct AnyText {
    documents: Kinds,
    time_regex: Option<Regex>,
    /// Whether lines begin with a time, and are no export for that.
    lines_begin_with_time: bool,
}

/// What the format and the options want of a dialect.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wants {
    /// The format can make a row of a JSON document.
    pub(crate) documents: bool,
    /// The format's records come as the array `Records` of a document.
    pub(crate) arrays: bool,
    /// Events wait for the origin of their document.
    pub(crate) origin: bool,
    /// The format's lines begin with a time.
    pub(crate) lines_begin_with_time: bool,
}

impl Dialect {
    /// Returns the dialect that reads JSON documents, or any text if no name is given.
    pub(crate) fn documents(
        name: Option<DialectName>,
        wants: Wants,
        time_regex: Option<Regex>,
    ) -> Self {
        let documents = Kinds::new(name, wants);
        match name {
            Some(_) => Self::Documents(documents),
            None => Self::Any(AnyText {
                documents,
                time_regex,
                lines_begin_with_time: wants.lines_begin_with_time,
            }),
        }
    }

    /// Returns a parser for one object.
    pub(crate) fn parser(&self) -> Parser {
        match self {
            Self::Any(any) => {
                Parser::Unknown(Recogniser::new(any.lines_begin_with_time), any.clone())
            }
            Self::Documents(kinds) => Parser::documents(*kinds),
            Self::Lines { time_regex } => Parser::lines(time_regex),
            Self::Export => Parser::Export(Box::default()),
            Self::Regex(regex) => Parser::Regex(Box::new(RegexParser::new(Arc::clone(regex)))),
        }
    }
}

/// Finds the events of one object.
#[derive(Debug)]
pub(crate) enum Parser {
    /// The text's first bytes have not shown its dialect yet.
    Unknown(Recogniser, AnyText),
    Documents(Box<DocumentParser>),
    Lines(Box<LineParser>),
    Export(Box<ExportParser>),
    Regex(Box<RegexParser>),
}

impl Parser {
    fn documents(kinds: Kinds) -> Self {
        Self::Documents(Box::new(DocumentParser::new(kinds)))
    }

    fn lines(time_regex: &Option<Regex>) -> Self {
        Self::Lines(Box::new(LineParser::new(time_regex.clone())))
    }

    /// Parses the next piece of text.
    pub(crate) fn push(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<(), Error> {
        match self {
            Self::Unknown(recogniser, any) => {
                let before = recogniser.held().len();
                let Some(kind) = recogniser.push(text) else {
                    return Ok(());
                };
                let held = recogniser.held()[..before].to_vec();
                *self = any.parser(kind);
                self.push(&held, events)?;
                self.push(text, events)
            }
            Self::Documents(parser) => parser.push(text, events),
            Self::Lines(parser) => parser.push(text, events),
            Self::Export(parser) => parser.push(text, events),
            Self::Regex(parser) => parser.push(text, events),
        }
    }

    /// Ends the text and returns the number of documents in it.
    pub(crate) fn finish(&mut self, events: &mut dyn EventSink) -> Result<u64, Error> {
        match self {
            Self::Unknown(recogniser, any) => {
                let Some(kind) = recogniser.finish() else {
                    return Ok(0);
                };
                let held = recogniser.held().to_vec();
                *self = any.parser(kind);
                self.push(&held, events)?;
                self.finish(events)
            }
            Self::Documents(parser) => parser.finish(),
            Self::Lines(parser) => parser.finish(events).map(|()| 0),
            Self::Export(parser) => parser.finish(events).map(|()| 0),
            Self::Regex(parser) => parser.finish(events).map(|()| 0),
        }
    }

    /// Returns the name of the dialect, once it is known. JSON documents are `None` too: each of them
    /// decides.
    pub(crate) fn name(&self) -> Option<DialectName> {
        match self {
            Self::Unknown(..) | Self::Documents(_) => None,
            Self::Lines(_) => Some(DialectName::Lines),
            Self::Export(_) => Some(DialectName::Export),
            Self::Regex(_) => Some(DialectName::Regex),
        }
    }
}

impl AnyText {
    /// Returns the parser of a text whose bytes have shown its kind.
    fn parser(&self, kind: TextKind) -> Parser {
        match kind {
            TextKind::Documents => Parser::documents(self.documents),
            TextKind::Lines => Parser::lines(&self.time_regex),
            TextKind::Export => Parser::Export(Box::default()),
        }
    }
}
