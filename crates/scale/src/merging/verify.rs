//! What was merged, from the documents of the output.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rehose_reprocess::ledger::generation::{Generation, Marker};

use crate::bits::Bits;
use crate::cloud::Cloud;
use crate::error::ScaleError;
use crate::s3::contents::Contents;
use crate::world::accounts::Accounts;

/// An hour whose objects are all merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergedHour {
    /// Its begin.
    pub begin: DateTime,
    /// From its end until the last of its objects could be queried.
    pub delay: Duration,
    /// Its objects.
    pub objects: u64,
    /// Its generations.
    pub generations: u64,
    /// Their files.
    pub files: u64,
    /// The bytes of the files.
    pub file_bytes: u64,
}

/// Checks that each object of these hours is in exactly one generation, that all generations have their
/// markers, and that all of their files are in place.
pub(super) fn hours(
    cloud: &Cloud,
    keys: &Accounts,
    first: DateTime,
    last: DateTime,
) -> Result<Vec<MergedHour>, ScaleError> {
    let contents = cloud.contents();
    if let Some(strange) = contents.strange.first() {
        return wrong(format!("{strange} is the output of no object"));
    }
    let mut merged = Bits::new(cloud.world.objects());
    let mut hours = Vec::new();
    let mut begin = first;
    while begin <= last {
        let hour = hour(cloud, &contents, begin, &mut merged)?;
        let objects = keys.of_hour(begin);
        if hour.objects != objects {
            let found = hour.objects;
            return wrong(format!(
                "{found} of {objects} objects of {begin} are merged"
            ));
        }
        hours.push(hour);
        begin += 1.hour();
    }
    let generations: u64 = hours.iter().map(|hour| hour.generations).sum();
    let plans = contents.ledger().keys().filter(|key| is_plan(key)).count() as u64;
    match plans == generations {
        true => Ok(hours),
        false => wrong(format!(
            "there are {plans} generations, and {generations} of these hours"
        )),
    }
}

/// Checks the generations of an hour. `merged` are the objects of all generations.
fn hour(
    cloud: &Cloud,
    contents: &Contents,
    begin: DateTime,
    merged: &mut Bits,
) -> Result<MergedHour, ScaleError> {
    let folder = begin.strftime("generations/%Y-%m-%d/%H/").to_string();
    let name = begin.strftime("_%Y%m%dT%H").to_string();
    let mut hour = MergedHour {
        begin,
        delay: Duration::ZERO,
        objects: 0,
        generations: 0,
        files: 0,
        file_bytes: 0,
    };
    let documents = contents.ledger().range(folder.clone()..);
    let documents = documents.take_while(|(key, _)| key.starts_with(&folder));
    for (plan, body) in documents.filter(|(key, _)| is_plan(key)) {
        let generation: Generation = read(plan, body)?;
        for object in generation.tasks.iter().flatten() {
            let number = cloud.world.number(&object.key);
            let Some(number) = number.filter(|_| object.key.contains(&name)) else {
                return wrong(format!(
                    "{plan} has {}, which is none of its hour",
                    object.key
                ));
            };
            if !merged.insert(number) {
                return wrong(format!("{} is in two generations", object.key));
            }
            hour.objects += 1;
        }
        let marker = plan.replace(".json", ".published.json");
        let Some(body) = contents.ledger().get(&marker) else {
            return wrong(format!("there is no {marker}"));
        };
        let marker: Marker = read(&marker, body)?;
        let planned = generation.tasks.iter().map(Vec::len).sum::<usize>() as u64;
        if (marker.objects, marker.missing) != (planned, 0) {
            let found = marker.objects;
            return wrong(format!(
                "{found} of the {planned} objects of {plan} are in its files"
            ));
        }
        for file in &marker.files {
            let Some(bytes) = contents.file(file) else {
                return wrong(format!("there is no {file}, which {plan} has"));
            };
            hour.files += 1;
            hour.file_bytes += bytes;
        }
        hour.generations += 1;
        hour.delay = hour.delay.max(since_end(begin, marker.published));
    }
    Ok(hour)
}

fn since_end(begin: DateTime, published: Timestamp) -> Duration {
    let published = published.to_zoned(TimeZone::UTC).datetime();
    Duration::try_from(published.duration_since(begin + 1.hour())).unwrap_or_default()
}

/// Whether a key is that of a generation's plan, as `generations/2026-11-25/07/0001.json`.
fn is_plan(key: &str) -> bool {
    let name = key
        .strip_prefix("generations/")
        .and_then(|rest| rest.strip_suffix(".json"));
    name.is_some_and(|name| !name.contains('.'))
}

fn read<T: serde::de::DeserializeOwned>(key: &str, body: &[u8]) -> Result<T, ScaleError> {
    serde_json::from_slice(body)
        .map_err(|error| ScaleError::Contradiction(format!("{key} cannot be read: {error}")))
}

fn wrong<T>(what: String) -> Result<T, ScaleError> {
    Err(ScaleError::Contradiction(what))
}
