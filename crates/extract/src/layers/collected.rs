//! Bytes that are needed together and may arrive in several pieces.

/// Collects the bytes of one part after another.
#[derive(Debug, Default)]
pub(super) struct Collected {
    bytes: Vec<u8>,
    /// Whether `bytes` were returned, and the next part has not begun.
    is_returned: bool,
}

impl Collected {
    /// Moves bytes of the part from `input`, and returns the part once it has this length. A part
    /// that is complete in `input` is not copied.
    pub(super) fn take<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
        length: usize,
    ) -> Option<&'a [u8]> {
        if self.is_empty() {
            self.bytes.clear();
            self.is_returned = false;
            if let Some((part, rest)) = input.split_at_checked(length) {
                *input = rest;
                return Some(part);
            }
        }
        let missing = length.saturating_sub(self.bytes.len());
        let (more, rest) = input.split_at(missing.min(input.len()));
        self.bytes.extend_from_slice(more);
        *input = rest;
        self.is_returned = more.len() == missing;
        self.is_returned.then_some(&self.bytes)
    }

    /// Whether no part has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.is_returned || self.bytes.is_empty()
    }
}
