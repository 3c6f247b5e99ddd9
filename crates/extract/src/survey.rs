//! Surveys: what an object holds, before anybody has chosen options for it.

use std::collections::BTreeMap;
use std::io;

use crate::dialect::{Dialect, Parser, Wants};
use crate::error::{Error, Fault, Reason};
use crate::event::{DocumentKind, Event, EventSink, Time};
use crate::format::log::kind_of;
use crate::format::{Format, FormatName, KnownRecord, Ranges, record_of, record_of_header, spaced};
use crate::layers::Layers;
use crate::options::DialectName;
use crate::origin::Origin;
use crate::rejection::Rejection;
use crate::utf8::Utf8;

/// What was found in an object, or in the beginning of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The names of the layers of compression, from the outermost one.
    pub layers: Vec<&'static str>,
    /// The dialect. `None` for JSON documents, of which each decides for itself, and for no text.
    pub dialect: Option<DialectName>,
    /// Bytes of text.
    pub text: u64,
    /// Events of control documents.
    pub control: u64,
    /// Events that the dialect cannot read.
    pub unreadable: u64,
    /// Messages by their log group, which is empty if the dialect knows none.
    pub groups: BTreeMap<String, Messages>,
    /// Whether a line looks like a header of flow logs, and names unknown fields.
    pub has_strange_header: bool,
    /// Why the object fails, if it does.
    pub fault: Option<Fault>,
}

/// Messages by what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Messages {
    /// Flow logs, by the record whose number and types of fields they have.
    pub flow_logs: Vec<(KnownRecord, u64)>,
    /// Records of AWS's other logs, by the name of their format, or of a kind that no format reads.
    pub logs: BTreeMap<&'static str, u64>,
    /// All others.
    pub others: u64,
}

impl Messages {
    /// Returns the number of flow logs.
    pub fn flows(&self) -> u64 {
        self.flow_logs.iter().map(|(_, count)| count).sum()
    }

    /// Adds the messages of another object.
    pub fn extend(&mut self, other: &Self) {
        self.others += other.others;
        for (kind, count) in &other.logs {
            *self.logs.entry(kind).or_default() += count;
        }
        for (record, count) in &other.flow_logs {
            self.add(record, *count);
        }
    }

    /// Adds flow logs of a record.
    fn add(&mut self, record: &KnownRecord, count: u64) {
        match self.flow_logs.iter_mut().find(|(known, _)| known == record) {
            Some((_, sum)) => *sum += count,
            None => self.flow_logs.push((record.clone(), count)),
        }
    }
}

/// A survey reads whatever there is.
const WANTS: Wants = Wants {
    documents: true,
    arrays: true,
    origin: true,
    lines_begin_with_time: false,
};

/// Surveys one object. Push its bytes in order, then call [`finish`](Self::finish).
#[derive(Debug)]
pub struct Survey {
    layers: Layers,
    utf8: Utf8,
    parser: Parser,
    surveyor: Surveyor,
    fault: Option<Fault>,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            layers: Layers::of_object(),
            utf8: Utf8::default(),
            parser: Dialect::documents(None, WANTS, None).parser(),
            surveyor: Surveyor::default(),
            fault: None,
        }
    }
}

impl Survey {
    /// Takes the next bytes. After a fault, does nothing.
    pub fn push(&mut self, chunk: &[u8]) {
        let Self {
            layers,
            utf8,
            parser,
            surveyor,
            fault,
        } = self;
        if fault.is_some() {
            return;
        }
        let mut parse = |bytes: &[u8]| utf8.push(bytes, &mut |text| parser.push(text, surveyor));
        *fault = fault_of(layers.push(chunk, &|| true, &mut parse));
    }

    /// Ends the survey. `is_whole` is whether all of the object was pushed; if not, it may end anywhere.
    pub fn finish(mut self, is_whole: bool) -> Findings {
        if is_whole && self.fault.is_none() {
            self.fault = fault_of(self.end());
        }
        let dialect = match self.parser.name() {
            Some(DialectName::Export) if self.surveyor.has_lines_with_times => {
                Some(DialectName::Lines)
            }
            dialect => dialect,
        };
        Findings {
            layers: self.layers.names(),
            dialect,
            text: self.utf8.offset(),
            fault: self.fault,
            ..self.surveyor.findings
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        let Self {
            layers,
            utf8,
            parser,
            surveyor,
            ..
        } = self;
        layers.finish(&mut |bytes| utf8.push(bytes, &mut |text| parser.push(text, surveyor)))?;
        utf8.finish()?;
        parser.finish(surveyor)?;
        let findings = &surveyor.findings;
        let has_strays_alone = findings.unreadable == surveyor.strays
            && findings.groups.is_empty()
            && findings.control == 0;
        match surveyor.strays > 0 && has_strays_alone {
            true => Err(Reason::NothingReadable.in_text(0)),
            false => Ok(()),
        }
    }
}

fn fault_of(result: Result<(), Error>) -> Option<Fault> {
    match result {
        Err(Error::Input(fault)) => Some(fault),
        // A survey writes nothing and is not stopped.
        Ok(()) | Err(Error::Output(_) | Error::Stopped) => None,
    }
}

/// Takes events, and tries every documented record of flow logs on them.
#[derive(Debug, Default)]
struct Surveyor {
    findings: Findings,
    group: String,
    is_control: bool,
    /// Documents that are no events. An object of nothing else fails.
    strays: u64,
    /// Whether what looks like an export are lines that begin with a time.
    has_lines_with_times: bool,
    /// The record that the last header has named.
    header: Option<(KnownRecord, Format)>,
    /// The record for each number of fields.
    by_count: BTreeMap<usize, Option<(KnownRecord, Format)>>,
    ranges: Ranges,
}

impl Surveyor {
    /// Returns the record of flow logs that a message has.
    fn record(&mut self, message: &[u8]) -> Option<KnownRecord> {
        let count = spaced::fields(message).count();
        let by_count = self.by_count.entry(count).or_insert_with(|| {
            let record = record_of(FormatName::VpcFlowLogs, count)?;
            Some((record.clone(), format(&record)?))
        });
        let known = self.header.as_ref().or(by_count.as_ref());
        let (record, format) = known?;
        let fits = format.split(message, &mut self.ranges).is_ok();
        fits.then(|| record.clone())
    }
}

impl Surveyor {
    /// Returns the kind of another log that an event is of.
    fn log(&mut self, event: &Event<'_>) -> Option<&'static str> {
        let time = match event.time {
            Time::Guessed(time) => time,
            _ => b"",
        };
        let line = [time, b" ", event.message].concat();
        let kind = kind_of(&line, None).filter(|_| !time.is_empty());
        self.has_lines_with_times |= kind.is_some();
        kind.or_else(|| kind_of(event.message, None))
    }
}

fn format(record: &KnownRecord) -> Option<Format> {
    let names: Vec<String> = record.fields.split(' ').map(str::to_owned).collect();
    Format::new(record.format, &names.into()).ok()
}

impl EventSink for Surveyor {
    fn document(&mut self, kind: DocumentKind, origin: &Origin) {
        self.is_control = kind == DocumentKind::Control;
        self.group = String::from_utf8_lossy(&origin.log_group).into_owned();
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.is_control {
            self.findings.control += 1;
            return Ok(());
        }
        let record = self.record(event.message);
        let log = match record {
            None => self.log(event),
            Some(_) => None,
        };
        let messages = self.findings.groups.entry(self.group.clone()).or_default();
        match (record, log) {
            (Some(record), _) => messages.add(&record, 1),
            (None, Some(kind)) => *messages.logs.entry(kind).or_default() += 1,
            (None, None) => messages.others += 1,
        }
        Ok(())
    }

    fn reject(&mut self, _: &Event<'_>, reason: Rejection) -> io::Result<()> {
        let is_stray = matches!(reason, Rejection::Document | Rejection::RawData);
        self.strays += u64::from(is_stray && !self.is_control);
        match self.is_control {
            true => self.findings.control += 1,
            false => self.findings.unreadable += 1,
        }
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<bool, Reason> {
        // CloudFront's, which names the fields that all lines have.
        if line.starts_with(b"#Version:") || line.starts_with(b"#Fields:") {
            return Ok(true);
        }
        match record_of_header(line) {
            Ok(None) => Ok(false),
            Ok(Some(record)) => {
                self.header = format(&record).map(|format| (record, format));
                Ok(true)
            }
            // Perhaps it is a line of another log.
            Err(_) => {
                self.findings.has_strange_header = true;
                Ok(false)
            }
        }
    }
}
