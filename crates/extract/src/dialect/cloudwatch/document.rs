//! What the parser knows of the document and the event that it is reading.

use crate::dialect::DocumentKind;

/// The use of the string or value that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A key of an object.
    Key,
    /// The value of a document's `messageType`.
    MessageType,
    /// The value of a document's `logEvents`.
    LogEvents,
    /// The value of an event's `timestamp`.
    Timestamp,
    /// The value of an event's `message`.
    Message,
    /// Any other value. It is checked and not kept.
    Other,
}

#[derive(Debug, Default)]
pub(super) struct Document {
    /// Offset of the document's first byte.
    pub(super) begin: u64,
    /// The first [`MAX_WORD`](crate::bounds::MAX_WORD) bytes and one more.
    pub(super) message_type: Option<Vec<u8>>,
    pub(super) has_events: bool,
    /// Whether events have been passed on with the kind `Unknown`.
    pub(super) is_unresolved: bool,
}

impl Document {
    pub(super) fn kind(&self) -> DocumentKind {
        match self.message_type.as_deref() {
            Some(b"DATA_MESSAGE") => DocumentKind::Data,
            Some(_) => DocumentKind::Control,
            None => DocumentKind::Unknown,
        }
    }
}

/// The event that is being read. Its buffers are reused for the next event.
#[derive(Debug, Default)]
pub(super) struct PartialEvent {
    pub(super) timestamp: Vec<u8>,
    pub(super) message: Vec<u8>,
    pub(super) has_timestamp: bool,
    pub(super) has_message: bool,
}

impl PartialEvent {
    pub(super) fn begin(&mut self) {
        self.timestamp.clear();
        self.message.clear();
        self.has_timestamp = false;
        self.has_message = false;
    }
}
