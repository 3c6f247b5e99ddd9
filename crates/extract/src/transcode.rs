//! The transcoder: an object's bytes in, a file of records out.

use std::fmt;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::dialect::Parser;
use crate::error::Error;
use crate::event::EventSink;
use crate::format::skydive::Flows;
use crate::layers::Layers;
use crate::merge::{MergeSink, Merger, ObjectSums, SumSink};
use crate::options::DialectName;
use crate::rejection::RejectionCount;
use crate::router::Router;
use crate::shape::Shape;
use crate::sink::{BlockWriter, Compression, CsvSink, Gzip, ParquetSink, RejectedLines, Sink};
use crate::utf8::Utf8;

/// The result of a transcode. `events` is always `written + rejected + control + filtered`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Documents in the object. Always 0 for the dialect `regex`, which has no documents.
    pub documents: u64,
    /// Log events in the object.
    pub events: u64,
    /// Events that became rows.
    pub written: u64,
    /// Events that fit no row. They are kept as lines of JSON.
    pub rejected: u64,
    /// Events of control documents. They are not data and are not kept.
    pub control: u64,
    /// Events of documents that the options leave out. They are not kept.
    #[serde(default)]
    pub filtered: u64,
    /// The kind of log that the object is, if it is another than the one that is read. Nothing of it is
    /// counted, and it has no output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_kind: Option<String>,
    /// The rejected events by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<RejectionCount>,
    /// Size of the object in bytes.
    pub bytes_in: u64,
    /// Size of the text inside all layers, in bytes.
    pub bytes_decoded: u64,
    /// Size of the file of rows in bytes.
    pub bytes_out: u64,
}

/// Transcodes one object.
///
/// Rows go to one writer, as CSV or Parquet. Rejected events go to another, as lines of JSON; it gets no byte
/// unless an event is rejected.
///
/// Push the object's bytes in order, in chunks of any size, then call [`finish`](Self::finish). The
/// output depends on the bytes and the shape alone. After an error, drop the transcoder and discard
/// its output.
///
/// ```
/// use rehose_extract::{Compression, Options, Transcoder};
///
/// let shape = Options::default().compile()?;
/// let compression = Compression::default();
/// let (mut csv, mut rejected) = (Vec::new(), Vec::new());
/// let source = "2020/02/01/00/stash";
/// let mut transcoder = Transcoder::new(source, &shape, &compression, &mut csv, &mut rejected)?;
/// transcoder.push(br#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":0,"#)?;
/// transcoder.push(br#""message":"2 1 eni-1 - - - - - - - 0 60 - NODATA"}]}"#)?;
/// let summary = transcoder.finish()?;
/// assert_eq!((summary.events, summary.written), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Transcoder<'a, R> {
    layers: Layers,
    utf8: Utf8,
    parser: Parser,
    events: Events<'a, R>,
    bytes_in: u64,
}

/// What takes the events.
#[derive(Debug)]
struct Events<'a, R> {
    /// If the events are flows.
    flows: Option<Flows>,
    router: Router<'a, R>,
}

impl<R: BlockWriter> Events<'_, R> {
    /// Calls `push` with the sink of events.
    fn with<T>(&mut self, push: impl FnOnce(&mut dyn EventSink) -> T) -> T {
        match &mut self.flows {
            None => push(&mut self.router),
            Some(flows) => push(&mut flows.before(&mut self.router)),
        }
    }
}

impl<'a, R: Write> Transcoder<'a, Gzip<R>> {
    /// Returns a transcoder that writes files of the shape's kind. Rejected lines are gzipped, and name
    /// the object as `source`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Output`] if the beginning of a file cannot be written.
    pub fn new(
        source: &str,
        shape: &Shape,
        compression: &Compression,
        rows: impl Write + Send + 'a,
        rejected: R,
    ) -> Result<Self, Error> {
        let rows: Box<dyn Sink + Send> = match shape.parquet() {
            None => csv(shape, compression.writer(rows))?,
            Some(schema) => Box::new(ParquetSink::new(schema, compression, rows)?),
        };
        Self::to_sink(source, shape, rows, compression.writer(rejected))
    }
}

impl<'a, R: Write> Transcoder<'a, Gzip<R>> {
    /// Returns a transcoder that stages the records of an object in a merger. Its summary says that no
    /// byte was written.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn merging(
        source: &str,
        shape: &Shape,
        compression: &Compression,
        merger: &'a mut Merger,
        rejected: R,
    ) -> Result<Self, Error> {
        let rows = Box::new(MergeSink(merger));
        Self::to_sink(source, shape, rows, compression.writer(rejected))
    }
}

impl<'a> Transcoder<'a, Gzip<io::Sink>> {
    /// Returns a transcoder that sums up the records of an object, and writes nothing.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn summing(source: &str, shape: &Shape, sums: &'a mut ObjectSums) -> Result<Self, Error> {
        let rejected = Compression::default().writer(io::sink());
        Self::to_sink(source, shape, Box::new(SumSink(sums)), rejected)
    }
}

impl<'a, R: BlockWriter> Transcoder<'a, R> {
    /// Returns a transcoder that writes CSV in blocks, whatever the shape's kind of file.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn to_csv(
        source: &str,
        shape: &Shape,
        rows: impl BlockWriter + fmt::Debug + Send + 'a,
        rejected: R,
    ) -> Result<Self, Error> {
        Self::to_sink(source, shape, csv(shape, rows)?, rejected)
    }

    fn to_sink(
        source: &str,
        shape: &Shape,
        rows: Box<dyn Sink + Send + 'a>,
        rejected: R,
    ) -> Result<Self, Error> {
        Ok(Self {
            layers: Layers::of_object(),
            utf8: Utf8::default(),
            parser: shape.dialect().parser(),
            events: Events {
                flows: shape.flows(),
                router: Router::new(source, shape, rows, RejectedLines::new(source, rejected)?),
            },
            bytes_in: 0,
        })
    }

    /// Transcodes the next bytes of the object.
    ///
    /// # Blocking
    ///
    /// Returns only when the chunk is done. Nested layers expand exponentially, so one chunk of a
    /// bomb may never be done. Use [`push_while`](Self::push_while) for bytes that you do not trust.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Input`] if the object is faulty and [`Error::Output`] if a writer fails.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.push_while(chunk, &|| true)
    }

    /// Transcodes the next bytes of the object while `go_on` returns `true`.
    ///
    /// `go_on` is called before each piece that enters a layer or the text. A piece is the chunk, the
    /// whole text of a gzip member or of a chunk of Hadoop's Snappy of up to 1 MiB each, or up to 64 KiB
    /// of anything else that a layer decodes.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push), and [`Error::Stopped`] if `go_on` returned `false`.
    pub fn push_while(&mut self, chunk: &[u8], go_on: &dyn Fn() -> bool) -> Result<(), Error> {
        let Self {
            layers,
            utf8,
            parser,
            events,
            bytes_in,
        } = self;
        *bytes_in += chunk.len() as u64;
        layers.push(chunk, go_on, &mut |bytes| {
            utf8.push(bytes, &mut |text| {
                events.with(|events| parser.push(text, events))
            })
        })
    }

    /// Ends the object and completes the output.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push). An object that ends too early is faulty.
    pub fn finish(self) -> Result<Summary, Error> {
        let Self {
            mut layers,
            mut utf8,
            mut parser,
            mut events,
            bytes_in,
        } = self;
        let mut push = |text: &[u8]| events.with(|events| parser.push(text, events));
        layers.finish(&mut |bytes| utf8.push(bytes, &mut push))?;
        utf8.finish()?;
        let documents = events.with(|events| parser.finish(events))?;
        let router = events.router;
        router.check_readable(parser.name() == Some(DialectName::Lines))?;
        let (counts, bytes_out) = router.finish()?;
        Ok(Summary {
            documents,
            events: counts.events,
            written: counts.written,
            rejected: counts.rejected,
            control: counts.control,
            filtered: counts.filtered,
            other_kind: None,
            rejections: counts.rejections.into_counts(),
            bytes_in,
            bytes_decoded: utf8.offset(),
            bytes_out,
        })
    }
}

fn csv<'a>(
    shape: &Shape,
    rows: impl BlockWriter + fmt::Debug + Send + 'a,
) -> io::Result<Box<dyn Sink + Send + 'a>> {
    let sink = CsvSink::new(&shape.header(), shape.line_breaks(), rows)?;
    Ok(Box::new(sink))
}
