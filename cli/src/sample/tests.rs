use std::collections::BTreeMap;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Deserializer, Value};
use tempfile::TempDir;

use super::*;

const SAMPLE: Sample = Sample {
    objects: 3,
    events: 500,
    seed: 7,
    dialects: true,
};

/// Each object's bytes under its key.
type Objects = BTreeMap<String, Vec<u8>>;

fn stash(sample: &Sample) -> (Written, Objects) {
    let dir = TempDir::new().unwrap();
    let written = write(dir.path(), sample).unwrap();
    (written, objects(dir.path()))
}

fn objects(dir: &Path) -> Objects {
    let mut objects = Objects::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                let mut bytes = Vec::new();
                io::copy(&mut File::open(path).unwrap(), &mut bytes).unwrap();
                objects.insert(key, bytes);
            }
        }
    }
    objects
}

/// The bytes under all layers of gzip, members and what may stand between them.
fn decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while bytes.starts_with(&[0x1f, 0x8b]) {
        #[expect(clippy::disallowed_types, reason = "the members are to be told apart")]
        let mut member = flate2::bufread::GzDecoder::new(bytes);
        io::copy(&mut member, &mut decoded).unwrap();
        bytes = member.into_inner().trim_ascii_start();
        if bytes.iter().all(|byte| *byte == 0) {
            return decode(&decoded);
        }
    }
    decoded.extend_from_slice(bytes);
    decoded
}

fn documents(text: impl Read) -> Vec<Value> {
    Deserializer::from_reader(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn events(documents: &[Value]) -> u64 {
    documents
        .iter()
        .map(|document| document["logEvents"].as_array().unwrap().len() as u64)
        .sum()
}

#[test]
fn a_seed_decides_every_byte() {
    assert_eq!(stash(&SAMPLE), stash(&SAMPLE));

    let (_, objects) = stash(&SAMPLE);
    let (_, others) = stash(&Sample { seed: 8, ..SAMPLE });
    assert!(objects.iter().all(|(key, bytes)| {
        bytes.len() < 100 || key == "dialects/spelling/no-events" || others.get(key) != Some(bytes)
    }));
}

#[test]
fn the_stash_in_the_repository_is_what_its_seed_gives_on_every_machine() {
    let committed = objects(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/stash"));
    let (_, made) = stash(&Sample {
        objects: 6,
        events: 400,
        seed: 2020,
        dialects: true,
    });
    assert!(committed.keys().eq(made.keys()));
    for (key, bytes) in made {
        // Not the bytes: another version of the compressor may well give others.
        assert!(decode(&committed[&key]) == decode(&bytes), "{key}");
    }
}

#[test]
fn more_objects_leave_those_before_as_they_are() {
    let (_, few) = stash(&SAMPLE);
    let (_, more) = stash(&Sample {
        objects: 4,
        ..SAMPLE
    });
    assert!(few.iter().all(|(key, bytes)| more.get(key) == Some(bytes)));
    assert_eq!(more.len(), few.len() + 1);
}

#[test]
fn an_object_is_members_of_one_document_each_with_the_events_asked_for() {
    let (written, objects) = stash(&Sample {
        dialects: false,
        ..SAMPLE
    });
    assert_eq!((written.objects, written.events), (3, 1_500));
    for (key, bytes) in &objects {
        assert!(
            key.starts_with("2020/02/01/00/vpc-flow-logs-1-2020-02-01-00-"),
            "{key}"
        );
        let documents = documents(MultiGzDecoder::new(bytes.as_slice()));
        assert_eq!(events(&documents), 500, "{key}");
        assert!(documents.len() > 3, "{key}");
    }
}

#[test]
fn an_object_has_no_more_events_than_asked_for() {
    for events in 0..3 {
        let (written, _) = stash(&Sample {
            events,
            dialects: false,
            ..SAMPLE
        });
        assert_eq!(
            (written.objects, written.events),
            (3, 3 * u64::from(events))
        );
    }
}

#[test]
fn every_dialect_is_gzip_over_json_with_the_events_it_claims() {
    let (written, objects) = stash(&SAMPLE);
    let sum: u64 = objects
        .values()
        .map(|bytes| events(&documents(&*decode(bytes))))
        .sum();
    assert_eq!(sum, written.events);
    assert_eq!(objects.len() as u64, written.objects);
    assert_eq!(
        objects
            .values()
            .map(|bytes| bytes.len() as u64)
            .sum::<u64>(),
        written.bytes
    );
}

#[test]
fn every_encoding_holds_the_same_documents() {
    let (_, objects) = stash(&SAMPLE);
    let expected = documents(&*objects["dialects/encoding/json"]);
    let empty = [
        "dialects/encoding/gzip-empty-member",
        "dialects/encoding/zero-bytes",
    ];
    for (key, bytes) in objects.range("dialects/encoding/".to_owned().."dialects/key/".to_owned()) {
        let documents = documents(&*decode(bytes));
        if empty.contains(&key.as_str()) {
            assert!(documents.is_empty(), "{key}");
        } else {
            assert_eq!(documents, expected, "{key}");
        }
    }
}

#[test]
fn what_cannot_be_written_is_named() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    File::create(&file).unwrap();
    let error = write(&file, &SAMPLE).unwrap_err();
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
}
