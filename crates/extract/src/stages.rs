//! The stages of a transcode, one by one, for the benchmark of stages.

use std::io;
use std::ops::Range;

use crate::error::{Error, Reason};
use crate::event::{DocumentKind, Event, EventSink, Time};
use crate::format::spaced;
use crate::layers::Layers;
use crate::origin::{Origin, OriginValues};
use crate::record::{Fields, Record, RecordBuilder};
use crate::rejection::Rejection;
use crate::shape::Shape;
use crate::sink::{Compression, Lines, ParquetSink, RowWriter, Sink};
use crate::utf8::Utf8;

/// Bytes that are pushed at a time, as by a reader of files.
const CHUNK: usize = 256 * 1024;

/// Removes the layers of compression.
pub fn decode(object: &[u8], text: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    let mut layers = Layers::of_object();
    let mut next = |bytes: &[u8]| {
        text(bytes);
        Ok(())
    };
    for chunk in object.chunks(CHUNK) {
        layers.push(chunk, &|| true, &mut next)?;
    }
    layers.finish(&mut next)
}

/// Appends the rows of a text, including those of control documents.
pub fn extract(text: &[u8], shape: &Shape, rows: &mut Vec<u8>) -> Result<(), Error> {
    let mut rows = Rows {
        builder: builder(shape),
        writer: RowWriter::default(),
        origin: Origin::default(),
        rows,
    };
    parse(text, shape, &mut rows)
}

/// Returns the events of a text, except those of control documents.
pub fn events(text: &[u8], shape: &Shape) -> Result<Events, Error> {
    let mut events = Events::default();
    parse(text, shape, &mut events)?;
    Ok(events)
}

/// Splits every message into its fields. Returns the number of all fields.
pub fn split(events: &Events, shape: &Shape) -> usize {
    let (mut builder, mut ends, mut count) = (builder(shape), Vec::new(), 0);
    for event in events.iter() {
        match builder.build(&event) {
            Ok((_, Fields::Spaced(message))) => {
                spaced::find_ends(message, &mut ends);
                count += ends.len();
            }
            Ok((_, fields)) => count += fields.iter().count(),
            Err(_) => {}
        }
    }
    count
}

/// Splits every message into its fields, and writes them as Parquet.
pub fn columns(
    events: &Events,
    shape: &Shape,
    out: &mut (impl io::Write + Send),
) -> io::Result<()> {
    let schema = shape
        .parquet()
        .ok_or_else(|| io::Error::other("the shape is not Parquet's"))?;
    let mut sink = Box::new(ParquetSink::new(schema, &Compression::default(), out)?);
    let mut builder = builder(shape);
    let origin = Origin::default();
    for event in events.iter() {
        if let Ok((timestamp, fields)) = builder.build(&event) {
            sink.write(&record(timestamp, fields, &event, &origin))?;
        }
    }
    sink.finish().map(drop)
}

/// Appends compressed rows.
pub fn encode(rows: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let mut lines = Lines::new(Compression::default().writer(out));
    for chunk in rows.chunks(CHUNK) {
        lines.buffer().extend_from_slice(chunk);
        lines.write_full_blocks()?;
    }
    lines.finish().map(drop)
}

/// The events of a text: their times and messages.
#[derive(Debug, Default)]
pub struct Events {
    bytes: Vec<u8>,
    /// Where each time and the message after it end.
    ends: Vec<(usize, usize)>,
}

impl Events {
    /// Returns the time of each event as text, in milliseconds, and its message.
    pub fn texts(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        let bytes = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
        (begins.zip(&self.ends))
            .map(move |(begin, (time, end))| (bytes(begin..*time), bytes(*time..*end)))
    }

    fn iter(&self) -> impl Iterator<Item = Event<'_>> {
        self.texts().map(|(time, message)| Event {
            time: Time::Milliseconds(time),
            message,
            id: b"",
            extracted_fields: b"",
            offset: 0,
        })
    }
}

impl EventSink for Events {
    fn document(&mut self, _: DocumentKind, _: &Origin) {}

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.bytes.extend_from_slice(event.time.text());
        let time = self.bytes.len();
        self.bytes.extend_from_slice(event.message);
        self.ends.push((time, self.bytes.len()));
        Ok(())
    }

    fn reject(&mut self, _: &Event<'_>, _: Rejection) -> io::Result<()> {
        Ok(())
    }

    fn header(&mut self, _: &[u8]) -> Result<bool, Reason> {
        Ok(false)
    }
}

struct Rows<'a> {
    builder: RecordBuilder,
    writer: RowWriter,
    origin: Origin,
    rows: &'a mut Vec<u8>,
}

impl EventSink for Rows<'_> {
    fn document(&mut self, _: DocumentKind, _: &Origin) {}

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let Ok((timestamp, fields)) = self.builder.build(event) {
            let record = record(timestamp, fields, event, &self.origin);
            self.writer.write(&record, self.rows);
        }
        Ok(())
    }

    fn reject(&mut self, _: &Event<'_>, _: Rejection) -> io::Result<()> {
        Ok(())
    }

    fn header(&mut self, _: &[u8]) -> Result<bool, Reason> {
        Ok(false)
    }
}

fn builder(shape: &Shape) -> RecordBuilder {
    RecordBuilder::new(shape.format().clone(), shape.time_format().clone())
}

fn parse(text: &[u8], shape: &Shape, events: &mut dyn EventSink) -> Result<(), Error> {
    let (mut utf8, mut parser) = (Utf8::default(), shape.dialect().parser());
    for chunk in text.chunks(CHUNK) {
        utf8.push(chunk, &mut |text| parser.push(text, events))?;
    }
    utf8.finish()?;
    parser.finish(events).map(drop)
}

/// Returns a record without columns of its origin.
fn record<'a>(
    timestamp: Option<i64>,
    fields: Fields<'a>,
    event: &'a Event<'a>,
    origin: &'a Origin,
) -> Record<'a> {
    let origin = OriginValues {
        columns: &[],
        source: b"",
        origin,
        event,
    };
    Record {
        timestamp,
        fields,
        origin,
    }
}
