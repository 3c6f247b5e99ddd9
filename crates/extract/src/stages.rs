//! The stages of a transcode, each for itself: what `benches/stages.rs` measures.

use std::io;

use crate::dialect::cloudwatch::Envelopes;
use crate::dialect::{Event, Events, Standing};
use crate::error::Error;
use crate::format::{Format, Rejection};
use crate::layers::Layer;
use crate::options::Shape;
use crate::sink::{Compression, Lines};
use crate::timestamp::Clock;
use crate::utf8::Utf8;

/// Bytes that a stage is given at a time, as from a file.
const CHUNK: usize = 256 * 1024;

/// Takes the gzip off an object and hands its text on.
pub fn decode(object: &[u8], text: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    let mut layers = Layer::object();
    let mut hand_on = |bytes: &[u8]| {
        text(bytes);
        Ok(())
    };
    for chunk in object.chunks(CHUNK) {
        layers.push(chunk, &|| true, &mut hand_on)?;
    }
    layers.finish(&mut hand_on)
}

/// Appends the rows of the envelopes in a text, those of control documents too.
pub fn extract(text: &[u8], shape: &Shape, rows: &mut Vec<u8>) -> Result<(), Error> {
    let mut rows = Plain {
        format: shape.format().clone(),
        clock: Clock::default(),
        rows,
    };
    let (mut utf8, mut envelopes) = (Utf8::default(), Envelopes::new());
    for chunk in text.chunks(CHUNK) {
        utf8.push(chunk, &mut |text| envelopes.push(text, &mut rows))?;
    }
    utf8.finish()?;
    envelopes.finish()
}

/// Appends rows, compressed.
pub fn encode(rows: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let mut lines = Lines::new(Compression::default().to(out));
    for chunk in rows.chunks(CHUNK) {
        lines.buffer().extend_from_slice(chunk);
        lines.flush_blocks()?;
    }
    lines.finish().map(drop)
}

struct Plain<'a> {
    format: Format,
    clock: Clock,
    rows: &'a mut Vec<u8>,
}

impl Events for Plain<'_> {
    fn event(&mut self, event: Event<'_>, _: Standing) -> Result<(), Error> {
        let begin = self.rows.len();
        let written = self.clock.write(event.timestamp, self.rows);
        if written.is_none() || self.format.write(event.message, self.rows).is_err() {
            self.rows.truncate(begin);
            return Ok(());
        }
        self.rows.push(b'\n');
        Ok(())
    }

    fn undecodable(&mut self, _: Event<'_>, _: Rejection) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&mut self, _: bool) -> Result<(), Error> {
        Ok(())
    }
}
