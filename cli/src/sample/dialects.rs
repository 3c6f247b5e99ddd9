//! One object for every form that valid input is known to take, under
//! `dialects/`: each encoding, each spelling, and keys that are easily mangled.

use std::io::{self, Write};

use fastrand::Rng;

use super::encodings::{self, Encoding};
use super::envelope::{self, Document};
use super::flows::{self, Capture, Event, Network};
use super::spellings;

/// Events in a document: enough for some variety, few enough to read.
const EVENTS: u32 = 12;

/// Keys that something on the way may decode, encode, cut or take for another.
const AWKWARD_KEYS: [&str; 12] = [
    "#hash",
    "100%",
    "a space",
    "a%2Fslash",
    "a&b",
    "a+plus",
    "compressed.gz",
    "x",
    "x.csv.gz",
    "x.y",
    "year=2020/hour=00",
    "zürich-東京-🚀",
];

/// An object yet to be written.
pub(super) struct Object {
    pub(super) key: String,
    documents: Vec<Document>,
    encoding: Encoding,
}

impl Object {
    /// The log events that come out of it again.
    pub(super) fn events(&self) -> u32 {
        self.documents.iter().map(|document| document.events).sum()
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        (self.encoding)(&self.documents, out)
    }
}

/// All of the objects, with events from the second `start` on.
pub(super) fn objects(network: &Network, start: i64, rng: &mut Rng) -> Vec<Object> {
    // The same documents for every encoding: all of them have to give the same rows.
    let documents = [
        data(network, start, rng),
        envelope::control(start),
        beyond_ascii(network, start, rng),
        data(network, start, rng),
    ];
    let encodings = encodings::ALL.map(|(name, encoding)| Object {
        key: format!("dialects/encoding/{name}"),
        documents: documents.to_vec(),
        encoding,
    });
    let empty = [
        ("gzip-empty-member", encodings::gzip_stream as Encoding),
        ("zero-bytes", encodings::json),
    ]
    .map(|(name, encoding)| Object {
        key: format!("dialects/encoding/{name}"),
        documents: Vec::new(),
        encoding,
    });
    let spellings = spellings::ALL.map(|(name, spelling)| Object {
        key: format!("dialects/spelling/{name}"),
        documents: spelling(&flows::capture(network, start, EVENTS, rng)),
        // As it can be read with no more than an editor.
        encoding: encodings::json,
    });
    let keys = AWKWARD_KEYS.map(|key| Object {
        key: format!("dialects/key/{key}"),
        documents: vec![data(network, start, rng)],
        encoding: encodings::gzip_members,
    });
    encodings
        .into_iter()
        .chain(empty)
        .chain(spellings)
        .chain(keys)
        .collect()
}

fn data(network: &Network, start: i64, rng: &mut Rng) -> Document {
    envelope::data(&flows::capture(network, start, EVENTS, rng), rng)
}

/// A document with characters of two, three and four bytes in it.
fn beyond_ascii(network: &Network, start: i64, rng: &mut Rng) -> Document {
    let interface = "eni-zürich-東京-🚀";
    let capture = flows::capture(network, start, EVENTS, rng);
    let events = capture
        .events
        .iter()
        .map(|Event { timestamp, message }| Event {
            timestamp: *timestamp,
            message: message.replace(capture.interface, interface),
        })
        .collect();
    envelope::data(&Capture { interface, events }, rng)
}
