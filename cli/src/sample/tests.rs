use std::collections::BTreeMap;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Deserializer, Value};
use tempfile::TempDir;

use clap::ValueEnum;
use rehose_extract::kind_of_key;
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::options;
use rehose_testkit::subject::{SOURCE, check_result, transcode};
use serde_json::json;

use super::*;
use crate::args::format::Log;

/// The usual arguments of these tests.
fn sample() -> SampleArgs {
    SampleArgs {
        dir: PathBuf::new(),
        objects: 3,
        events: 500,
        profile: Profile::Small,
        seed: 7,
        dialects: true,
        merge: false,
        continuing: 30,
        log: None,
    }
}

/// The bytes of each object, by key.
type Objects = BTreeMap<String, Vec<u8>>;

fn stash(args: SampleArgs) -> (Written, Objects) {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().to_owned();
    let written = write(&SampleArgs { dir, ..args }).unwrap();
    (written, objects(folder.path()))
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

/// The bytes below all layers of gzip. Drops white space and padding between and after members.
fn decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while bytes.starts_with(&[0x1f, 0x8b]) {
        #[expect(
            clippy::disallowed_types,
            reason = "the test needs the end of each member"
        )]
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
    assert_eq!(stash(sample()), stash(sample()));

    let (_, objects) = stash(sample());
    let (_, others) = stash(SampleArgs {
        seed: 8,
        ..sample()
    });
    assert!(objects.iter().all(|(key, bytes)| {
        bytes.len() < 100 || key == "dialects/spelling/no-events" || others.get(key) != Some(bytes)
    }));
}

#[test]
fn the_stash_in_the_repository_equals_the_stash_of_its_seed() {
    let committed = objects(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/stash"));
    let (_, made) = stash(SampleArgs {
        objects: 6,
        events: 400,
        seed: 2020,
        ..sample()
    });
    assert!(committed.keys().eq(made.keys()));
    for (key, bytes) in made {
        // Compare the decoded bytes: another version of the compressor may give other bytes.
        assert!(decode(&committed[&key]) == decode(&bytes), "{key}");
    }
}

#[test]
fn more_objects_do_not_change_the_first_ones() {
    let (_, few) = stash(sample());
    let (_, more) = stash(SampleArgs {
        objects: 4,
        ..sample()
    });
    assert!(few.iter().all(|(key, bytes)| more.get(key) == Some(bytes)));
    assert_eq!(more.len(), few.len() + 1);
}

#[test]
fn an_object_has_one_member_per_document_and_the_requested_events() {
    let (written, objects) = stash(SampleArgs {
        dialects: false,
        ..sample()
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
fn an_object_has_no_more_events_than_requested() {
    for events in 0..3 {
        let (written, _) = stash(SampleArgs {
            events,
            dialects: false,
            ..sample()
        });
        assert_eq!(
            (written.objects, written.events),
            (3, 3 * u64::from(events))
        );
    }
}

#[test]
fn every_dialect_is_gzip_over_json_with_the_events_it_claims() {
    let (written, objects) = stash(sample());
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
    let (_, objects) = stash(sample());
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
fn an_error_names_the_file_that_cannot_be_written() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    File::create(&file).unwrap();
    let error = write(&SampleArgs {
        dir: file.clone(),
        ..sample()
    })
    .unwrap_err();
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn a_large_network_has_far_more_addresses() {
    let addresses = |profile| {
        let (_, objects) = stash(SampleArgs {
            profile,
            objects: 1,
            events: 100_000,
            dialects: false,
            ..sample()
        });
        let text = decode(objects.values().next().unwrap());
        let text = String::from_utf8(text).unwrap();
        let messages = text.split(r#""message":"2 "#).skip(1);
        let addresses = messages.flat_map(|message| message.split(' ').skip(2).take(2));
        addresses.collect::<std::collections::BTreeSet<_>>().len()
    };
    let (small, large) = (addresses(Profile::Small), addresses(Profile::Large));
    assert!((1_000..8_000).contains(&small), "{small}");
    assert!((10_000..60_000).contains(&large), "{large}");
}

#[test]
fn an_hour_for_a_merge_has_flows_that_go_on() {
    let hour = |continuing| SampleArgs {
        objects: 120,
        events: 100,
        dialects: false,
        merge: true,
        continuing,
        ..sample()
    };
    let (written, objects) = stash(hour(50));
    assert_eq!((written.objects, written.events), (120, 12_000));
    assert!(objects.keys().all(|key| key.starts_with("2020/02/01/00/")));
    assert_eq!(
        stash(hour(50)).1,
        objects,
        "the same arguments give the same bytes"
    );
    // A flow is what its record has from the account to the protocol.
    let flows = |objects: &Objects| {
        let text: String = objects
            .values()
            .map(|object| String::from_utf8(decode(object)).unwrap())
            .collect();
        let messages = text.split("\"message\":\"").skip(1);
        let flow = |message: &str| message.split(' ').take(8).collect::<Vec<_>>().join(" ");
        messages
            .map(flow)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    let (go_on, do_not) = (flows(&objects), flows(&stash(hour(0)).1));
    assert!(
        go_on * 2 < do_not,
        "{go_on} and {do_not} flows in 12,000 records"
    );
}

/// Every object of a log is what the oracle makes of it: rows alone, or another log.
#[test]
fn the_stash_of_each_log_is_read_without_a_rejection() {
    for value in Log::value_variants() {
        let format = value.name();
        let args = SampleArgs {
            events: 120,
            dialects: false,
            log: Some(*value),
            ..sample()
        };
        let (written, objects) = stash(args);
        let shape = options(json!({"format": format, "to": "parquet"}));
        let mut events = 0;
        for (key, object) in &objects {
            let result = transcode(&shape, object, &[usize::MAX]);
            match &result {
                Ok(output) => {
                    events += output.summary.written;
                    assert_eq!(output.summary.rejected, 0, "{}", output.rejected_lines());
                    assert!(
                        kind_of_key(key).is_none_or(|kind| kind == format.name()),
                        "{key}"
                    );
                }
                Err(fault) => assert_eq!(fault.reason.code(), "other-kind", "{key}: {fault}"),
            }
            check_result(result, expect(shape.options(), SOURCE, object));
        }
        assert_eq!((events, written.events), (360, 360), "{format:?}");
        assert_eq!(written.objects, objects.len() as u64);
    }
}

#[test]
fn the_stash_of_a_log_depends_on_the_seed_alone() {
    for value in Log::value_variants() {
        let args = || SampleArgs {
            events: 20,
            dialects: false,
            log: Some(*value),
            ..sample()
        };
        assert_eq!(stash(args()), stash(args()));
        let other = SampleArgs { seed: 8, ..args() };
        assert_ne!(stash(args()), stash(other));
    }
}
