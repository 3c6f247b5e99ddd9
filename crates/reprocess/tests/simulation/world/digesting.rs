//! A run whose jobs make a digest: the objects are those of a run that merges.

use rehose_reprocess::digest::DigestRequest;
use rehose_reprocess::job::{Digest, Mode};
use rehose_reprocess::plan::StartRequest;
use rehose_testkit::cloud::chance::Chance;

use super::{World, request};
use crate::functions::now;

/// From the times of the records, which are of 1970, to the hours in the keys, in seconds.
const FROM_RECORDS_TO_KEYS: u32 = 1_580_515_200;

impl World {
    pub(super) fn draw_digesting(chance: &Chance) -> Self {
        let mut world = Self::draw_merging(chance, false);
        // Records start in the first twelve minutes.
        let from = chance.number(0..6) as i64;
        let to = from + 1 + chance.number(0..8) as i64;
        let minute = |minute: i64| jiff::Timestamp::from_second(60 * minute).unwrap();
        let hours = chance.number(1..8) as u32;
        let digest = Digest {
            lateness: FROM_RECORDS_TO_KEYS + 3_600 * hours,
            ..Digest::of(minute(from), minute(to))
        };
        let job = |version| digest_job(chance, &digest, version, world.kind);
        world.jobs = vec![job(1)];
        // Two requests are one job.
        if chance.happens(0.4) {
            world.jobs.push(job(1));
        }
        if let Some(merging) = &mut world.merging {
            merging.later.clear();
            if chance.happens(0.6) {
                merging.later.push(job(2));
            }
        }
        world
    }
}

fn digest_job(
    chance: &Chance,
    digest: &Digest,
    version: u32,
    kind: rehose_extract::FileKind,
) -> StartRequest {
    let job = request(0, "", Mode::All, kind);
    let wanted = DigestRequest {
        source: job.source.clone(),
        prefix: job.prefix.clone(),
        exclude: job.exclude.clone(),
        errors: job.errors,
        max_rejected: job.max_rejected,
        digest: digest.clone(),
        options: job.options.clone(),
    };
    let first = wanted.first(now(chance)).unwrap();
    let name = first.job.as_str().strip_suffix("-1").unwrap();
    StartRequest {
        job: format!("{name}-{version}").parse().unwrap(),
        digest: Some(Digest {
            version,
            ..digest.clone()
        }),
        ..job
    }
}
