//! The objects of a stash.

use std::sync::LazyLock;

use bytes::Bytes;
use rehose_testkit::cloud::bucket::{Behaviour, StoredObject};
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::stash::{FLOW, dialects, envelope, event, gzip, sample};

pub(crate) fn plain(key: &str, body: &Bytes) -> (String, StoredObject) {
    let object = StoredObject {
        body: body.clone(),
        behaviour: Behaviour::Plain,
    };
    (key.to_owned(), object)
}

/// An object, which is valid in most cases.
pub(super) fn object(chance: &Chance, number: usize, folders: &[&str]) -> (String, StoredObject) {
    let folder = chance.choose(folders);
    let name = chance.choose(&[
        "x",
        "year=2020/hour=00",
        "a+b c",
        "zürich-東京-🚀",
        "100%",
        "x.csv.gz",
    ]);
    let key = format!("{folder}{number:03}-{name}");
    let body = chance.choose(&BODIES);
    let mut object = StoredObject {
        body,
        behaviour: Behaviour::Plain,
    };
    if chance.happens(0.03) {
        object.body = LARGE.clone();
        if chance.happens(0.5) {
            // Most rows are already being uploaded when the end is missing.
            object
                .body
                .truncate(LARGE.len() - chance.number(1..LARGE.len() / 10));
        }
        return (key, object);
    }
    if chance.happens(0.7) {
        return (key, object);
    }
    match chance.number(0..10) {
        0 => object.behaviour = Behaviour::Deadly,
        1 => object.behaviour = Behaviour::Denied,
        2 => object.behaviour = Behaviour::Archived,
        3 | 4 => object.behaviour = Behaviour::Vanishing,
        5 => object.body = Bytes::new(),
        6 => {
            let end = chance.number(0..object.body.len() + 1);
            object.body.truncate(end);
        }
        7 => {
            // The key is valid, and the key of its output is too long.
            let key = format!("{key}{}", "x".repeat(1_020 - key.len()));
            return (key, object);
        }
        8 => return (format!("{folder}processing-failed/{number:03}"), object),
        _ => return (format!("{key}.skip"), object),
    }
    (key, object)
}

/// One object for each form of valid input: those of envelopes from the sample stash, and a text of every
/// other dialect, gzipped too.
pub(crate) static BODIES: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let objects = sample::objects("dialects/").into_values();
    let mut bodies: Vec<Bytes> = objects.map(Bytes::from).collect();
    assert!(bodies.len() > 30, "the sample stash has every form");
    for (_, text) in dialects() {
        bodies.push(gzip(&text).into());
        bodies.push(text.into());
    }
    bodies
});

/// An object whose rows are written in several pieces, while it is still being read.
pub(crate) static LARGE: LazyLock<Bytes> = LazyLock::new(|| {
    let events: Vec<String> = (0..16_000)
        .map(|number| event(number, &FLOW.replace("eni-0", &format!("eni-{number}"))))
        .collect();
    envelope(&events).into()
});
