//! Events that wait until their document's kind and origin are known.

use std::ops::Range;

use crate::bounds::MAX_HELD;
use crate::error::Error;
use crate::event::{Event, EventSink, Time};
use crate::rejection::Rejection;

/// Held events, in order.
#[derive(Debug, Default)]
pub(super) struct HeldEvents {
    /// The parts of all events, one after another.
    bytes: Vec<u8>,
    events: Vec<HeldEvent>,
}

#[derive(Debug)]
struct HeldEvent {
    time: Range<usize>,
    message: Range<usize>,
    id: Range<usize>,
    extracted_fields: Range<usize>,
    offset: u64,
    reason: Option<Rejection>,
}

impl HeldEvents {
    /// Holds an event. Returns whether no more than [`MAX_HELD`] bytes are held.
    pub(super) fn push(&mut self, event: &Event<'_>, reason: Option<Rejection>) -> bool {
        let mut copy = |part: &[u8]| {
            let begin = self.bytes.len();
            self.bytes.extend_from_slice(part);
            begin..self.bytes.len()
        };
        let event = HeldEvent {
            time: copy(event.time.text()),
            message: copy(event.message),
            id: copy(event.id),
            extracted_fields: copy(event.extracted_fields),
            offset: event.offset,
            reason,
        };
        self.events.push(event);
        self.bytes.len() + self.events.len() * size_of::<HeldEvent>() <= MAX_HELD
    }

    /// Passes on all held events.
    pub(super) fn replay(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        for held in &self.events {
            let part = |range: &Range<usize>| &self.bytes[range.clone()];
            let event = Event {
                time: Time::Milliseconds(part(&held.time)),
                message: part(&held.message),
                id: part(&held.id),
                extracted_fields: part(&held.extracted_fields),
                offset: held.offset,
            };
            events.take(&event, held.reason)?;
        }
        self.clear();
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.events.clear();
    }
}
