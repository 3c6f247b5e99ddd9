//! Layers of gzip around the text.
//!
//! A layer is recognised by its bytes. Object names and `Content-Encoding` headers are often wrong.

mod gzip;
mod whole_member;

use self::gzip::{Gunzip, MAGIC};
use crate::bounds::{MAX_LAYERS, MAX_LEADING_SPACE};
use crate::error::{Error, Reason, Stream};

/// The layers from a depth on: one layer and those inside it, or none, which is the text.
#[derive(Debug)]
pub(crate) struct Layers {
    /// The number of layers outside these.
    depth: u8,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Not recognised yet. Holds white space, and possibly the first byte of the magic number.
    Unknown(Vec<u8>),
    Gzip(Box<Gunzip>, Box<Layers>),
    Text,
}

impl Layers {
    /// Returns all layers of an object.
    pub(crate) fn of_object() -> Self {
        Self::from_depth(0)
    }

    fn from_depth(depth: u8) -> Self {
        Self {
            depth,
            content: Content::Unknown(Vec::new()),
        }
    }

    /// Decodes a piece and passes its text to `text`.
    ///
    /// `go_on` is asked here, and so before each piece that enters a layer or the text. Nested gzip
    /// expands exponentially, so one chunk of an object may never be done.
    pub(crate) fn push(
        &mut self,
        piece: &[u8],
        go_on: &dyn Fn() -> bool,
        text: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !go_on() {
            return Err(Error::Stopped);
        }
        match &mut self.content {
            Content::Unknown(held) => {
                let before = held.len();
                let content = match recognise(held, piece) {
                    Recognised::NotYet => return Ok(()),
                    Recognised::Gzip => gzip(self.depth, held.len() - MAGIC.len())?,
                    Recognised::Text => Content::Text,
                };
                let held = std::mem::take(held);
                self.content = content;
                // The piece is passed on as it came, so that it still holds whole members.
                self.push(&held[..before], go_on, text)?;
                self.push(piece, go_on, text)
            }
            Content::Gzip(gunzip, inner) => {
                gunzip.push(piece, &mut |decoded| inner.push(decoded, go_on, text))
            }
            Content::Text => text(piece),
        }
    }

    /// Passes on the bytes that are still held. Fails if a layer is incomplete.
    pub(crate) fn finish(
        &mut self,
        text: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &mut self.content {
            Content::Unknown(held) if held.ends_with(&MAGIC[..1]) => {
                Err(Reason::TruncatedGzip.at(Stream::Gzip(self.depth), held.len() as u64))
            }
            Content::Unknown(held) => text(held),
            Content::Gzip(gunzip, inner) => {
                gunzip.finish()?;
                inner.finish(text)
            }
            Content::Text => Ok(()),
        }
    }
}

/// Returns the layer at this depth, whose magic number is at this offset, with those inside it.
fn gzip(depth: u8, offset: usize) -> Result<Content, Error> {
    if depth == MAX_LAYERS {
        let reason = Reason::TooManyLayers(MAX_LAYERS);
        return Err(reason.at(Stream::Gzip(depth), offset as u64));
    }
    let inner = Layers::from_depth(depth + 1);
    Ok(Content::Gzip(Box::new(Gunzip::new(depth)), Box::new(inner)))
}

/// What the first bytes of a stream show.
enum Recognised {
    NotYet,
    /// The bytes end with the magic number.
    Gzip,
    Text,
}

/// Copies bytes to `held` until they show whether gzip or text has begun.
fn recognise(held: &mut Vec<u8>, bytes: &[u8]) -> Recognised {
    for byte in bytes {
        let is_second = held.ends_with(&MAGIC[..1]);
        held.push(*byte);
        match *byte {
            second if is_second && second == MAGIC[1] => return Recognised::Gzip,
            _ if is_second => return Recognised::Text,
            first if first == MAGIC[0] => {}
            // This includes the form feed. If gzip follows one, `Gunzip` reports the form feed.
            space if space.is_ascii_whitespace() && held.len() < MAX_LEADING_SPACE => {}
            _ => return Recognised::Text,
        }
    }
    Recognised::NotYet
}
