//! Layers of gzip around the text.
//!
//! A layer is recognised by its bytes. Object names and `Content-Encoding` headers are often wrong.

mod gzip;
mod whole_member;

use self::gzip::Gunzip;
use crate::bounds::{MAX_LAYERS, MAX_LEADING_SPACE};
use crate::error::{Error, Reason, Stream};

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A layer: gzip, with another layer inside, or the text.
#[derive(Debug)]
pub(crate) struct Layer {
    /// The number of gzip layers around this one.
    depth: u8,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Not recognised yet. Holds white space, and possibly the first byte of the magic number.
    Unknown(Vec<u8>),
    Gzip(Box<Gunzip>, Box<Layer>),
    Text,
}

impl Layer {
    /// Returns the outermost layer of an object.
    pub(crate) fn object() -> Self {
        Self::inside(0)
    }

    fn inside(depth: u8) -> Self {
        Self {
            depth,
            kind: Kind::Unknown(Vec::new()),
        }
    }

    /// Decodes a chunk and passes its text to `text`.
    ///
    /// A few bytes can hold years of work, so every layer calls `go_on` before each piece.
    pub(crate) fn push(
        &mut self,
        chunk: &[u8],
        go_on: &dyn Fn() -> bool,
        text: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !go_on() {
            return Err(Error::Stopped);
        }
        match &mut self.kind {
            Kind::Unknown(held) => {
                let before = held.len();
                hold(held, chunk);
                let Some(gzip) = is_gzip(held) else {
                    return Ok(());
                };
                let held = std::mem::take(held);
                self.kind = self.recognised(gzip, &held)?;
                // The chunk is passed on in one piece, so that it still holds whole members.
                self.push(&held[..before], go_on, text)?;
                self.push(chunk, go_on, text)
            }
            Kind::Gzip(gunzip, inner) => {
                gunzip.push(chunk, &mut |decoded| inner.push(decoded, go_on, text))
            }
            Kind::Text => text(chunk),
        }
    }

    /// Passes on the bytes that are still held. Fails if the layer is incomplete.
    pub(crate) fn finish(
        &mut self,
        text: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Unknown(held) if held.ends_with(&MAGIC[..1]) => {
                Err(Reason::TruncatedGzip.at(Stream::Gzip(self.depth), held.len() as u64))
            }
            Kind::Unknown(held) => text(held),
            Kind::Gzip(gunzip, inner) => {
                gunzip.finish()?;
                inner.finish(text)
            }
            Kind::Text => Ok(()),
        }
    }

    /// Returns the kind of this layer. `held` ends with the magic number if it is gzip.
    fn recognised(&self, gzip: bool, held: &[u8]) -> Result<Kind, Error> {
        if !gzip {
            return Ok(Kind::Text);
        }
        if self.depth == MAX_LAYERS {
            let offset = held.len() - MAGIC.len();
            let reason = Reason::TooManyLayers(MAX_LAYERS);
            return Err(reason.at(Stream::Gzip(self.depth), offset as u64));
        }
        Ok(Kind::Gzip(
            Box::new(Gunzip::new(self.depth)),
            Box::new(Self::inside(self.depth + 1)),
        ))
    }
}

/// Copies bytes to `held` until they show whether the layer is gzip.
fn hold(held: &mut Vec<u8>, chunk: &[u8]) {
    for byte in chunk {
        if is_gzip(held).is_some() {
            return;
        }
        held.push(*byte);
    }
}

/// Returns whether a layer is gzip, or `None` if more bytes are needed.
fn is_gzip(held: &[u8]) -> Option<bool> {
    match held.trim_ascii_start() {
        [] if held.len() < MAX_LEADING_SPACE => None,
        [first] if *first == MAGIC[0] => None,
        significant => Some(significant.starts_with(&MAGIC)),
    }
}
