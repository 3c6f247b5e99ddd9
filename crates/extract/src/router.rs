//! The router: passes each event on as a record or as a rejected line, and counts it.

use std::io;

use crate::error::{Error, Reason};
use crate::event::{DocumentKind, Event, EventSink};
use crate::origin::{Origin, OriginValues};
use crate::record::{Record, RecordBuilder};
use crate::rejection::{Rejection, RejectionCounts};
use crate::shape::Shape;
use crate::sink::{BlockWriter, RejectedLines, Sink};

/// The number of events by what became of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) written: u64,
    pub(crate) rejected: u64,
    pub(crate) control: u64,
    pub(crate) filtered: u64,
    pub(crate) rejections: RejectionCounts,
}

/// What becomes of the events of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Rows,
    Control,
    Filtered,
}

/// Passes records to one sink and rejected events to another.
#[derive(Debug)]
pub(crate) struct Router<'a, R> {
    shape: Shape,
    source: String,
    builder: RecordBuilder,
    rows: Box<dyn Sink + Send + 'a>,
    rejected: RejectedLines<R>,
    counts: Counts,
    route: Route,
    origin: Origin,
}

impl<'a, R: BlockWriter> Router<'a, R> {
    pub(crate) fn new(
        source: &str,
        shape: &Shape,
        rows: Box<dyn Sink + Send + 'a>,
        rejected: RejectedLines<R>,
    ) -> Self {
        let mut router = Self {
            builder: RecordBuilder::new(shape.format().clone(), shape.time_format().clone()),
            shape: shape.clone(),
            source: source.to_owned(),
            rows,
            rejected,
            counts: Counts::default(),
            route: Route::Rows,
            origin: Origin::default(),
        };
        router.document(DocumentKind::Data, &Origin::default());
        router
    }

    /// Fails if the object has events, and none of them has the structure of one, or all are of another log.
    ///
    /// Lines that could be records of another layout have it.
    pub(crate) fn check_readable(&self, is_lines: bool) -> Result<(), Error> {
        let Counts {
            events, rejected, ..
        } = self.counts;
        let is_unreadable = |rejection| match rejection {
            Rejection::Document | Rejection::RawData | Rejection::OtherKind(_) => true,
            Rejection::FieldCount(count) => is_lines && self.shape.record_of(count).is_none(),
            _ => is_lines,
        };
        let first = self.counts.rejections.first_offset();
        match (
            events == rejected && self.counts.rejections.all(is_unreadable),
            first,
        ) {
            (true, Some(offset)) => {
                let other = self.counts.rejections.other_kind();
                let reason = other.map_or(Reason::NothingReadable, Reason::OtherKind);
                Err(reason.in_text(offset))
            }
            _ => Ok(()),
        }
    }

    /// Completes both files. Returns the counts and the size of the file of records in bytes.
    pub(crate) fn finish(self) -> io::Result<(Counts, u64)> {
        self.rejected.lines.finish()?;
        Ok((self.counts, self.rows.finish()?))
    }

    /// Counts an event that is not data. Returns whether it was one.
    fn leave_out(&mut self) -> bool {
        self.counts.events += 1;
        match self.route {
            Route::Rows => return false,
            Route::Control => self.counts.control += 1,
            Route::Filtered => self.counts.filtered += 1,
        }
        true
    }

    #[cold]
    fn write_rejected(&mut self, event: &Event<'_>, reason: Rejection) -> io::Result<()> {
        let columns = || self.shape.format_columns();
        self.counts.rejected += 1;
        (self.counts.rejections).add(reason, event.offset, columns);
        let detail = reason.detail(columns);
        (self.rejected).write(event, &self.origin, reason, detail.as_deref())?;
        self.rejected.lines.write_full_blocks()
    }
}

impl<R: BlockWriter> EventSink for Router<'_, R> {
    fn document(&mut self, kind: DocumentKind, origin: &Origin) {
        self.origin.clone_from(origin);
        self.route = match kind {
            DocumentKind::Control => Route::Control,
            DocumentKind::Data if self.shape.filter().selects(origin) => Route::Rows,
            DocumentKind::Data => Route::Filtered,
        };
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.leave_out() {
            return Ok(());
        }
        match self.builder.build(event) {
            Ok((timestamp, fields)) => {
                let origin = OriginValues {
                    columns: self.shape.origin_columns(),
                    source: self.source.as_bytes(),
                    origin: &self.origin,
                    event,
                };
                self.rows.write(&Record {
                    timestamp,
                    fields,
                    origin,
                })?;
                self.counts.written += 1;
                Ok(())
            }
            Err(reason) => self.write_rejected(event, reason),
        }
    }

    fn reject(&mut self, event: &Event<'_>, reason: Rejection) -> io::Result<()> {
        match self.leave_out() {
            true => Ok(()),
            false => self.write_rejected(event, reason),
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<bool, Reason> {
        self.builder.format().header(line)
    }
}
