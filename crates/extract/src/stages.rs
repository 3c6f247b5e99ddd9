//! The stages of a transcode, one by one, for `benches/stages.rs`.

use std::io;

use crate::dialect::cloudwatch::CloudWatchParser;
use crate::dialect::{DocumentKind, Event, EventSink, SinkError};
use crate::error::Error;
use crate::layers::Layers;
use crate::record::RecordBuilder;
use crate::rejection::Rejection;
use crate::shape::Shape;
use crate::sink::{Compression, Lines, RowWriter};
use crate::utf8::Utf8;

/// Bytes that are pushed at a time, as by a reader of files.
const CHUNK: usize = 256 * 1024;

/// Removes the layers of gzip.
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

/// Appends the rows of the envelopes in a text, including those of control documents.
pub fn extract(text: &[u8], shape: &Shape, rows: &mut Vec<u8>) -> Result<(), Error> {
    let mut rows = Rows {
        builder: RecordBuilder::new(shape.format().clone()),
        writer: RowWriter::default(),
        rows,
    };
    let (mut utf8, mut parser) = (Utf8::default(), CloudWatchParser::new());
    for chunk in text.chunks(CHUNK) {
        utf8.push(chunk, &mut |text| parser.push(text, &mut rows))?;
    }
    utf8.finish()?;
    parser.finish().map(drop)
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
    rows: &'a mut Vec<u8>,
}

impl EventSink for Rows<'_> {
    fn event(&mut self, event: Event<'_>, _: DocumentKind) -> Result<(), SinkError> {
        if let Ok(record) = self.builder.record(event) {
            self.writer.write(&record, self.rows);
        }
        Ok(())
    }

    fn reject(&mut self, _: Event<'_>, _: Rejection) -> Result<(), SinkError> {
        Ok(())
    }

    fn resolve(&mut self, _: DocumentKind) -> Result<(), SinkError> {
        Ok(())
    }
}
