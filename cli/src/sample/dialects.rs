//! Objects under `dialects/` for every known form of valid input: each encoding, each spelling, and
//! unusual keys.

use std::io::{self, Write};

use fastrand::Rng;

use super::encodings::{self, Encoding};
use super::envelope::{self, Document};
use super::flows::{self, Capture, Event, Network};
use super::spellings;

/// Events in a document: enough for variety, few enough to read.
const EVENTS: u32 = 12;

/// Keys that software may wrongly decode, encode, cut or confuse.
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

/// An object to write.
pub(super) struct Object {
    pub(super) key: String,
    documents: Vec<Document>,
    encoding: Encoding,
}

impl Object {
    /// The number of log events in it.
    pub(super) fn events(&self) -> u32 {
        self.documents.iter().map(|document| document.events).sum()
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        (self.encoding)(&self.documents, out)
    }
}

/// All objects. Their events begin at `start`, in seconds since 1970.
pub(super) fn objects(network: &Network, start: i64, rng: &mut Rng) -> Vec<Object> {
    // Every encoding has the same documents, so all of them must give the same rows.
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
        // Not compressed, to be readable in an editor.
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

/// A document with characters of two, three and four bytes.
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
