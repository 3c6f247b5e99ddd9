//! An object's bytes in, CSV.gz out.

use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::dialect::Events;
use crate::dialect::cloudwatch::Envelopes;
use crate::dialect::regex::Matches;
use crate::error::Error;
use crate::layers::Layer;
use crate::options::{CompiledDialect, Shape};
use crate::records::Rows;
use crate::sink::{Compression, Gzip, Sink};
use crate::utf8::Utf8;

/// What a transcode needs to know beforehand.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The shape of input and output.
    pub shape: Shape,
    /// How the output is compressed.
    pub compression: Compression,
}

/// What became of an object. `events` is always `written + rejected + control`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Documents in the object; with the dialect `regex`, which knows none, 0.
    pub documents: u64,
    /// Log events found.
    pub events: u64,
    /// Events that became rows.
    pub written: u64,
    /// Events that no row could be made of; they are kept as lines of JSON.
    pub rejected: u64,
    /// Events of control documents, which are not data and not kept.
    pub control: u64,
    /// Bytes of the object.
    pub bytes_in: u64,
    /// Bytes of text inside all gzip layers.
    pub bytes_decoded: u64,
    /// Bytes of CSV.gz.
    pub bytes_out: u64,
}

/// Turns one object into rows for one sink and a line of JSON for the other for every rejected
/// event: by [`new`](Self::new), into CSV.gz and gzipped lines.
///
/// Push the object's bytes in chunks of any size, in order, then [`finish`](Self::finish): the
/// result depends on the bytes alone. After an error, a transcoder is of no more use, and what it
/// has written must be thrown away. The second sink gets nothing at all unless an event is rejected.
///
/// ```
/// use rehose_extract::{Compression, Options, Settings, Transcoder};
///
/// let settings = Settings {
///     shape: Options::default().compile()?,
///     compression: Compression::default(),
/// };
/// let (mut csv, mut rejected) = (Vec::new(), Vec::new());
/// let mut transcoder = Transcoder::new("2020/02/01/00/stash", &settings, &mut csv, &mut rejected)?;
/// transcoder.push(br#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":0,"#)?;
/// transcoder.push(br#""message":"2 1 eni-1 - - - - - - - 0 60 - NODATA"}]}"#)?;
/// let summary = transcoder.finish()?;
/// assert_eq!((summary.events, summary.written), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Transcoder<S, R> {
    layers: Layer,
    text: Utf8,
    dialect: Dialect,
    rows: Rows<S, R>,
    bytes_in: u64,
}

#[derive(Debug)]
enum Dialect {
    CloudWatch(Box<Envelopes>),
    Regex(Box<Matches>),
}

impl Dialect {
    fn push(&mut self, text: &[u8], rows: &mut dyn Events) -> Result<(), Error> {
        match self {
            Self::CloudWatch(envelopes) => envelopes.push(text, rows),
            Self::Regex(matches) => matches.push(text, rows),
        }
    }

    /// Ends the text and returns how many documents were in it.
    fn finish(&mut self, rows: &mut dyn Events) -> Result<u64, Error> {
        match self {
            Self::CloudWatch(envelopes) => {
                envelopes.finish()?;
                Ok(envelopes.documents())
            }
            Self::Regex(matches) => {
                matches.finish(rows)?;
                Ok(0)
            }
        }
    }
}

impl<W: Write, R: Write> Transcoder<Gzip<W>, Gzip<R>> {
    /// A transcoder for the object `source`, whose name stands in rejected lines.
    pub fn new(source: &str, settings: &Settings, csv: W, rejected: R) -> Result<Self, Error> {
        let Settings { shape, compression } = settings;
        Self::to_sinks(source, shape, compression.to(csv), compression.to(rejected))
    }
}

impl<S: Sink, R: Sink> Transcoder<S, R> {
    /// A transcoder for the object `source`, whose output goes to any two sinks.
    pub fn to_sinks(source: &str, shape: &Shape, csv: S, rejected: R) -> Result<Self, Error> {
        let dialect = match shape.dialect() {
            CompiledDialect::CloudWatch => Dialect::CloudWatch(Box::new(Envelopes::new())),
            CompiledDialect::Regex(regex) => Dialect::Regex(Box::new(Matches::new(regex.clone()))),
        };
        Ok(Self {
            layers: Layer::object(),
            text: Utf8::default(),
            dialect,
            rows: Rows::new(source, shape, csv, rejected)?,
            bytes_in: 0,
        })
    }

    /// Takes the next bytes of the object, however long it takes: a chunk of a gzip bomb may hold
    /// more than anyone will ever wait for.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.push_while(chunk, &|| true)
    }

    /// Takes the next bytes of the object while `go_on` says so, or ends with
    /// [`Error::Stopped`]. It is asked for every 64 KiB of what comes out of a layer of gzip, and
    /// for every member.
    pub fn push_while(&mut self, chunk: &[u8], go_on: &dyn Fn() -> bool) -> Result<(), Error> {
        let Self {
            layers,
            text,
            dialect,
            rows,
            bytes_in,
        } = self;
        *bytes_in += chunk.len() as u64;
        layers.push(chunk, go_on, &mut |bytes| {
            text.push(bytes, &mut |text| dialect.push(text, rows))
        })
    }

    /// Ends the object and completes the output.
    pub fn finish(self) -> Result<Summary, Error> {
        let Self {
            mut layers,
            mut text,
            mut dialect,
            mut rows,
            bytes_in,
        } = self;
        layers.finish(&mut |bytes| text.push(bytes, &mut |text| dialect.push(text, &mut rows)))?;
        text.finish()?;
        let documents = dialect.finish(&mut rows)?;
        let (counts, bytes_out) = rows.finish()?;
        Ok(Summary {
            documents,
            events: counts.events,
            written: counts.written,
            rejected: counts.rejected,
            control: counts.control,
            bytes_in,
            bytes_decoded: text.offset(),
            bytes_out,
        })
    }
}
