//! The dialect `firehose-errors`: records that Firehose could not deliver, each with the bytes of the
//! record in base64 as `rawData`
//! (<https://docs.aws.amazon.com/firehose/latest/dev/retry.html>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::documents::Kinds;
use super::{AnyText, Dialect, Parser};
use crate::bounds::MAX_HELD;
use crate::error::{Error, Reason};
use crate::event::{DocumentKind, Event, EventSink};
use crate::layers::Layers;
use crate::origin::Origin;
use crate::rejection::Rejection;
use crate::utf8::Utf8;

/// Passes on the events in a record. Returns the number of its documents, or `None` if the record cannot
/// be read.
pub(super) fn read(
    raw_data: &[u8],
    kinds: Kinds,
    events: &mut dyn EventSink,
) -> Result<Option<u64>, Error> {
    let record = STANDARD.decode(raw_data.trim_ascii()).unwrap_or_default();
    let Some(text) = decode(&record).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let dialect = Dialect::Any(AnyText {
        documents: kinds.inside_a_record(),
        time_regex: None,
        lines_begin_with_time: kinds.lines_begin_with_time(),
    });
    // Nothing of a record is passed on unless all of it can be read.
    if parse(&text, &dialect, &mut Ignored).is_err() {
        return Ok(None);
    }
    parse(&text, &dialect, events).map(Some)
}

/// Returns the text inside the layers of a record.
fn decode(record: &[u8]) -> Option<Vec<u8>> {
    let (mut layers, mut utf8) = (Layers::of_object(), Utf8::default());
    let mut text = Vec::new();
    let mut next = |bytes: &[u8]| {
        utf8.push(
            bytes,
            &mut |piece| match text.len() + piece.len() <= MAX_HELD {
                true => {
                    text.extend_from_slice(piece);
                    Ok(())
                }
                false => Err(Error::Stopped),
            },
        )
    };
    layers.push(record, &|| true, &mut next).ok()?;
    layers.finish(&mut next).ok()?;
    utf8.finish().ok()?;
    Some(text)
}

fn parse(text: &[u8], dialect: &Dialect, events: &mut dyn EventSink) -> Result<u64, Error> {
    let mut parser: Parser = dialect.parser();
    parser.push(text, events)?;
    parser.finish(events)
}

/// Takes events and does nothing.
struct Ignored;

impl EventSink for Ignored {
    fn document(&mut self, _: DocumentKind, _: &Origin) {}

    fn event(&mut self, _: &Event<'_>) -> std::io::Result<()> {
        Ok(())
    }

    fn reject(&mut self, _: &Event<'_>, _: Rejection) -> std::io::Result<()> {
        Ok(())
    }

    fn header(&mut self, _: &[u8]) -> Result<bool, Reason> {
        Ok(false)
    }
}
