//! The stages of a transcode, one by one, for `benches/stages.rs`.

use std::io;

use crate::error::Error;
use crate::event::{DocumentKind, Event, EventSink};
use crate::layers::Layers;
use crate::origin::{Origin, OriginValues};
use crate::record::{Record, RecordBuilder};
use crate::rejection::Rejection;
use crate::shape::Shape;
use crate::sink::{Compression, Lines, RowWriter};
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
        builder: RecordBuilder::new(shape.format().clone(), shape.time_format().clone()),
        writer: RowWriter::default(),
        origin: Origin::default(),
        rows,
    };
    let (mut utf8, mut parser) = (Utf8::default(), shape.dialect().parser());
    for chunk in text.chunks(CHUNK) {
        utf8.push(chunk, &mut |text| parser.push(text, &mut rows))?;
    }
    utf8.finish()?;
    parser.finish(&mut rows).map(drop)
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
            let origin = OriginValues {
                columns: &[],
                source: b"",
                origin: &self.origin,
                event,
            };
            let record = Record {
                timestamp,
                fields,
                origin,
            };
            self.writer.write(&record, self.rows);
        }
        Ok(())
    }

    fn reject(&mut self, _: &Event<'_>, _: Rejection) -> io::Result<()> {
        Ok(())
    }

    fn header(&mut self, _: &[u8]) -> Result<bool, Vec<String>> {
        Ok(false)
    }
}
