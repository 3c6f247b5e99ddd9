//! The router: passes each event on as a record or as a rejected line, and counts it.

use crate::bounds::MAX_HELD;
use crate::dialect::{DocumentKind, Event, EventSink, SinkError};
use crate::record::RecordBuilder;
use crate::rejection::Rejection;
use crate::sink::{BlockWriter, RejectedLines, Sink};

/// The number of events by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) written: u64,
    pub(crate) rejected: u64,
    pub(crate) control: u64,
}

/// Passes records to one sink and rejected events to another.
///
/// Events can come before the kind of their document is known. They are treated as data, but stay in
/// the sinks' buffers behind a mark. If the document turns out to be a control document, the sinks
/// go back to the mark.
#[derive(Debug)]
pub(crate) struct Router<S, R> {
    builder: RecordBuilder,
    rows: S,
    rejected: RejectedLines<R>,
    counts: Counts,
    /// The counts at the mark, while there is one.
    marked: Option<Counts>,
}

impl<S: Sink, R: BlockWriter> Router<S, R> {
    pub(crate) fn new(builder: RecordBuilder, rows: S, rejected: RejectedLines<R>) -> Self {
        Self {
            builder,
            rows,
            rejected,
            counts: Counts::default(),
            marked: None,
        }
    }

    /// Completes both files. Returns the counts and the size of the file of records in bytes.
    pub(crate) fn finish(self) -> std::io::Result<(Counts, u64)> {
        self.rejected.lines.finish()?;
        Ok((self.counts, self.rows.finish()?))
    }

    /// Writes the full blocks of both sinks. While there is a mark, writes nothing, because the sinks
    /// may go back to it.
    ///
    /// # Errors
    ///
    /// Returns [`SinkError::TooMuchHeld`] if there is a mark and the sinks hold more than [`MAX_HELD`]
    /// bytes.
    fn write_or_hold(&mut self) -> Result<(), SinkError> {
        if self.marked.is_none() {
            self.rows.write_full_blocks()?;
            self.rejected.lines.write_full_blocks()?;
        } else if self.rows.buffered() + self.rejected.lines.buffered() > MAX_HELD {
            return Err(SinkError::TooMuchHeld);
        }
        Ok(())
    }
}

impl<S: Sink, R: BlockWriter> EventSink for Router<S, R> {
    fn event(&mut self, event: Event<'_>, kind: DocumentKind) -> Result<(), SinkError> {
        if kind == DocumentKind::Unknown && self.marked.is_none() {
            self.marked = Some(self.counts);
            self.rows.mark();
            self.rejected.lines.mark();
        }
        self.counts.events += 1;
        if kind == DocumentKind::Control {
            self.counts.control += 1;
            return Ok(());
        }
        match self.builder.record(event) {
            Ok(record) => {
                self.rows.write(&record);
                self.counts.written += 1;
            }
            Err(reason) => {
                self.rejected.write(event, reason)?;
                self.counts.rejected += 1;
            }
        }
        self.write_or_hold()
    }

    fn reject(&mut self, event: Event<'_>, reason: Rejection) -> Result<(), SinkError> {
        self.counts.events += 1;
        self.counts.rejected += 1;
        self.rejected.write(event, reason)?;
        self.write_or_hold()
    }

    fn resolve(&mut self, kind: DocumentKind) -> Result<(), SinkError> {
        let Some(before) = self.marked.take() else {
            return Ok(());
        };
        if kind == DocumentKind::Control {
            self.rows.back_to_mark();
            self.rejected.lines.back_to_mark();
            self.counts = Counts {
                events: self.counts.events,
                control: before.control + (self.counts.events - before.events),
                ..before
            };
        }
        self.write_or_hold()
    }
}
