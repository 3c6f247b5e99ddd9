//! The text of a document or an event, as written.

use crate::bounds::MAX_MESSAGE;

/// The text since an offset, as far as it has come in earlier pieces.
///
/// Most events and documents begin and end in the same piece, and nothing is copied.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// `None` while nothing is kept.
    begin: Option<u64>,
    /// The text in earlier pieces.
    earlier: Vec<u8>,
}

impl Raw {
    pub(super) fn begin(&mut self, offset: u64) {
        self.begin = Some(offset);
        self.earlier.clear();
    }

    pub(super) fn end(&mut self) {
        self.begin = None;
        self.earlier.clear();
    }

    /// Keeps the text in a piece that ends, up to a little more than [`MAX_MESSAGE`].
    pub(super) fn keep(&mut self, piece: &[u8], piece_offset: u64) {
        if let Some(begin) = self.begin {
            let room = (MAX_MESSAGE + 1).saturating_sub(self.earlier.len());
            let text = since(begin, piece, piece_offset);
            self.earlier
                .extend_from_slice(&text[..text.len().min(room)]);
        }
    }

    /// Returns the text up to the end of `piece`. It is cut if it is longer than [`MAX_MESSAGE`].
    pub(super) fn text<'a>(&'a mut self, piece: &'a [u8], piece_offset: u64) -> &'a [u8] {
        let Some(begin) = self.begin else {
            return b"";
        };
        if self.earlier.is_empty() {
            let text = since(begin, piece, piece_offset);
            return &text[..text.len().min(MAX_MESSAGE + 1)];
        }
        self.keep(piece, piece_offset);
        &self.earlier
    }
}

fn since(begin: u64, piece: &[u8], piece_offset: u64) -> &[u8] {
    let from = begin.saturating_sub(piece_offset) as usize;
    &piece[from.min(piece.len())..]
}
