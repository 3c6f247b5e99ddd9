//! Layers of compression around the text.
//!
//! A layer is recognised by its bytes. Object names and `Content-Encoding` headers are often wrong.
//!
//! A new layer is a file here, with a line each in [`recognise`], [`Kind`] and [`Layer`].

mod collected;
mod gzip;
mod hadoop_snappy;
mod inflate;
mod recognise;
mod snappy;
mod unread;
mod whole_member;
mod zip;
mod zstd;

pub(crate) use self::gzip::Gunzip;
use self::hadoop_snappy::HadoopSnappy;
use self::recognise::{Beginning, Ended, Recognised};
use self::snappy::Snappy;
use self::zip::Zip;
use self::zstd::Zstd;
use crate::bounds::MAX_LAYERS;
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
    Unknown(Beginning),
    Layer(Layer, Box<Layers>),
    Text,
}

/// The compressions that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gzip,
    Zip,
    Snappy,
    HadoopSnappy,
    Zstd,
}

/// A decoder that can stop and resume between any two bytes.
#[derive(Debug)]
enum Layer {
    Gzip(Box<Gunzip>),
    Zip(Box<Zip>),
    Snappy(Box<Snappy>),
    HadoopSnappy(Box<HadoopSnappy>),
    Zstd(Box<Zstd>),
}

impl Layers {
    /// Returns all layers of an object.
    pub(crate) fn of_object() -> Self {
        Self::from_depth(0)
    }

    fn from_depth(depth: u8) -> Self {
        Self {
            depth,
            content: Content::Unknown(Beginning::default()),
        }
    }

    /// Decodes a piece and passes its text to `text`.
    ///
    /// `go_on` is asked here, and so before each piece that enters a layer or the text. Nested layers
    /// expand exponentially, so one chunk of an object may never be done.
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
            Content::Unknown(beginning) => {
                let before = beginning.held().len();
                let recognised = beginning.push(piece);
                let space = beginning.space();
                let (content, skipped) = match recognised {
                    Recognised::NotYet => return Ok(()),
                    Recognised::Text => (Content::Text, 0),
                    // Gzip reads the white space itself, as it does between members.
                    Recognised::Layer(Kind::Gzip) => (layer(Kind::Gzip, self.depth, space)?, 0),
                    Recognised::Layer(kind) => (layer(kind, self.depth, space)?, space),
                    Recognised::Unread(reason) => {
                        return Err(reason.at(Stream::Layer(self.depth), space as u64));
                    }
                };
                let beginning = std::mem::take(beginning);
                self.content = content;
                // The piece is passed on as it came, so that it still holds whole members.
                let held = beginning.held().get(skipped..before).unwrap_or_default();
                self.push(held, go_on, text)?;
                let piece = piece.get(skipped.saturating_sub(before)..);
                self.push(piece.unwrap_or_default(), go_on, text)
            }
            Content::Layer(layer, inner) => {
                layer.push(piece, &mut |decoded| inner.push(decoded, go_on, text))
            }
            Content::Text => text(piece),
        }
    }

    /// Returns the names of the layers that have been recognised, from the outermost one.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        match &self.content {
            Content::Layer(layer, inner) => {
                let mut names = vec![layer.name()];
                names.extend(inner.names());
                names
            }
            Content::Unknown(_) | Content::Text => Vec::new(),
        }
    }

    /// Passes on the bytes that are still held. Fails if a layer is incomplete.
    pub(crate) fn finish(
        &mut self,
        text: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &mut self.content {
            Content::Unknown(beginning) => match beginning.finish() {
                Ended::Text(held) => text(held),
                // One layer too many is a fault even if it is empty.
                Ended::EmptyLayer(kind) => layer(kind, self.depth, beginning.space()).map(drop),
                Ended::Fault(reason, offset) => {
                    Err(reason.at(Stream::Layer(self.depth), offset as u64))
                }
            },
            Content::Layer(layer, inner) => {
                layer.finish()?;
                inner.finish(text)
            }
            Content::Text => Ok(()),
        }
    }
}

/// Returns the layer at this depth, which begins at this offset, with those inside it.
fn layer(kind: Kind, depth: u8, offset: usize) -> Result<Content, Error> {
    let stream = Stream::Layer(depth);
    let offset = offset as u64;
    if depth == MAX_LAYERS {
        return Err(Reason::TooManyLayers(MAX_LAYERS).at(stream, offset));
    }
    let layer = match kind {
        Kind::Gzip => Layer::Gzip(Box::new(Gunzip::new(stream))),
        Kind::Zip => Layer::Zip(Box::new(Zip::new(stream, offset))),
        Kind::Snappy => Layer::Snappy(Box::new(Snappy::new(stream, offset))),
        Kind::HadoopSnappy => Layer::HadoopSnappy(Box::new(HadoopSnappy::new(stream, offset))),
        Kind::Zstd => Layer::Zstd(Box::new(Zstd::new(stream, offset)?)),
    };
    let inner = Layers::from_depth(depth + 1);
    Ok(Content::Layer(layer, Box::new(inner)))
}

impl Layer {
    fn name(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Zip(_) => "ZIP",
            Self::Snappy(_) => "Snappy",
            Self::HadoopSnappy(_) => "Hadoop's Snappy",
            Self::Zstd(_) => "zstd",
        }
    }

    /// Decodes a piece and passes the output to `next`.
    fn push(
        &mut self,
        piece: &[u8],
        next: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self {
            Self::Gzip(layer) => layer.push(piece, next),
            Self::Zip(layer) => layer.push(piece, next),
            Self::Snappy(layer) => layer.push(piece, next),
            Self::HadoopSnappy(layer) => layer.push(piece, next),
            Self::Zstd(layer) => layer.push(piece, next),
        }
    }

    /// Fails if the layer is incomplete.
    fn finish(&self) -> Result<(), Error> {
        match self {
            Self::Gzip(layer) => layer.finish(),
            Self::Zip(layer) => layer.finish(),
            Self::Snappy(layer) => layer.finish(),
            Self::HadoopSnappy(layer) => layer.finish(),
            Self::Zstd(layer) => layer.finish(),
        }
    }
}
