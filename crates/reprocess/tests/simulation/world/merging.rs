//! A run whose jobs merge: objects of a few hours, some of which come late or are replaced.

use std::time::Duration;

use rehose_extract::FileKind;
use rehose_reprocess::job::{FlowLog, Merge, Mode};
use rehose_reprocess::plan::StartRequest;
use tokio::time::sleep;

use super::objects::{object, plain};
use super::{HOUR, World, request};
use crate::functions::now;
use crate::oracle::Oracle;
use rehose_testkit::cloud::bucket::{Behaviour, Bucket, StoredObject};
use rehose_testkit::cloud::chance::Chance;
use rehose_testkit::stash::{FLOW, envelope, event, gzip};

/// The folders of hours: three are closed when a run begins, one closes soon, and one later.
const HOURS: [&str; 5] = [
    "2020/02/01/00/",
    "2020/02/01/01/",
    "2020/02/01/02/",
    "2020/02/01/03/",
    "2020/02/01/06/",
];

/// An object of more bytes would take too long to merge and to look at.
const MOST_BYTES: usize = 64 * 1024;

/// Where records belong that do not say it, when the files are those of a flow log.
pub(crate) const ACCOUNT: &str = "000000000001";
pub(crate) const REGION: &str = "eu-west-1";

/// What happens in a run whose jobs merge.
#[derive(Debug)]
pub(crate) struct Merging {
    /// Objects that appear while jobs run.
    late: Vec<(String, StoredObject)>,
    /// Objects that appear when they have ended, and the jobs after that.
    after: Vec<(String, StoredObject)>,
    pub(super) later: Vec<StartRequest>,
    pub(super) memory: usize,
}

impl World {
    /// Some write the files of a flow log.
    pub(super) fn draw_merging(chance: &Chance, is_flow_log: bool) -> Self {
        let some = |most: usize| {
            let number = chance.time(Duration::from_secs(1)..Duration::from_secs(most as u64));
            number.as_secs() as usize
        };
        let hours = &HOURS[chance.number(0..3)..chance.number(3..6)];
        let mut number = 0;
        let mut draw = |how_many: usize| -> Vec<(String, StoredObject)> {
            let objects = (0..how_many).map(|_| {
                number += 1;
                object_of_hour(chance, number, hours)
            });
            objects.collect()
        };
        let mut stash = draw(some(50));
        let (body, other) = (flows(chance), flows(chance));
        stash.push(plain("2020/02/01/01/first", &body.into()));
        stash.push(plain("no-hour", &other.into()));
        let late = draw(chance.choose(&[0, 0, 3, 8]));
        let mut after = draw(chance.choose(&[0, 2, 6]));
        // Objects that no job can read are replaced by others.
        let replaced = (stash.iter().chain(&late)).filter(|(_, object)| {
            object.behaviour != Behaviour::Plain && object.behaviour != Behaviour::Vanishing
                || object.behaviour == Behaviour::Plain && chance.happens(0.2)
        });
        after.extend(replaced.map(|(key, _)| plain(key, &flows(chance).into())));
        let gap = chance.choose(&[Some(60), Some(60), Some(0), None]);
        let flow_log = is_flow_log.then(|| FlowLog {
            hive: gap.is_none(),
            account: Some(ACCOUNT.to_owned()),
            region: Some(REGION.to_owned()),
        });
        let merge = Merge {
            lateness: chance.choose(&[0, 900, 7_200]),
            gap: gap.filter(|_| flow_log.is_none()),
            flow_log,
            ..Merge::default()
        };
        let kind = chance.choose(&[FileKind::Csv, FileKind::Parquet]);
        let job = |number| StartRequest {
            merge: Some(Merge {
                target_bytes: chance.choose(&[300, 1_500, 6_000, 1 << 28]),
                ..merge.clone()
            }),
            ..request(number, "", Mode::All, kind)
        };
        let mut jobs = vec![job(0)];
        if chance.happens(0.4) {
            jobs.push(job(1));
        }
        if chance.happens(0.2) {
            jobs.push(jobs[0].clone());
        }
        let mut later = Vec::new();
        if chance.happens(0.6) {
            later.push(job(2));
        }
        Self {
            stash,
            jobs,
            kind,
            merging: Some(Merging {
                late,
                after,
                later,
                memory: chance.choose(&[1 << 10, 16 << 10, 96 << 20]),
            }),
        }
    }
}

impl Merging {
    /// Every object that is ever in the stash, besides those that a run begins with.
    pub(super) fn more(&self) -> impl Iterator<Item = &(String, StoredObject)> {
        self.late.iter().chain(&self.after)
    }

    /// Adds late objects while jobs run.
    pub(super) async fn add_late(&self, chance: &Chance, stash: &Bucket, oracle: &Oracle) {
        for object in &self.late {
            sleep(chance.time(Duration::from_millis(1)..HOUR)).await;
            place(chance, object, stash, oracle);
        }
    }

    /// Adds and replaces objects once the first jobs have ended.
    pub(super) fn change(&self, chance: &Chance, stash: &Bucket, oracle: &Oracle) {
        for object in &self.after {
            place(chance, object, stash, oracle);
        }
    }
}

fn place(chance: &Chance, (key, object): &(String, StoredObject), stash: &Bucket, oracle: &Oracle) {
    chance.note(format_args!("placed {key}"));
    oracle.placed(key, object, now(chance));
    stash.place(key, object.clone());
}

fn object_of_hour(chance: &Chance, number: usize, hours: &[&str]) -> (String, StoredObject) {
    let (key, mut object) = object(chance, number, hours);
    if object.body.len() > MOST_BYTES {
        object.body = many_flows(chance).into();
        let cut = chance.choose(&[0, 0, 100]);
        object.body.truncate(object.body.len() - cut);
    } else if object.behaviour == Behaviour::Plain && chance.happens(0.5) {
        object.body = flows(chance).into();
    }
    (key, object)
}

/// Records of a few flows, many of which continue each other.
fn flows(chance: &Chance) -> Vec<u8> {
    let records = chance.number(1..20);
    let text = envelope_of_flows(chance, records, 3);
    match chance.happens(0.5) {
        true => gzip(&text),
        false => text.into(),
    }
}

/// More rows than are written at once.
fn many_flows(chance: &Chance) -> Vec<u8> {
    envelope_of_flows(chance, 600, 200).into()
}

fn envelope_of_flows(chance: &Chance, records: usize, interfaces: usize) -> String {
    let events: Vec<String> = (0..records)
        .map(|_| {
            let start = 60 * chance.number(0..12);
            let end = start + chance.choose(&[0, 30, 59, 119, 300]);
            let packets = chance.number(1..100);
            let record = FLOW
                .replace("eni-0", &format!("eni-{}", chance.number(0..interfaces)))
                .replace(" 49152 ", &format!(" {} ", 49_152 + chance.number(0..2)))
                .replace(
                    " 1 40 0 59 ",
                    &format!(" {packets} {} {start} {end} ", 40 * packets),
                )
                .replace("ACCEPT", chance.choose(&["ACCEPT", "REJECT"]));
            event(1_580_515_200_000 + 1_000 * start as i64, &record)
        })
        .collect();
    envelope(&events)
}
