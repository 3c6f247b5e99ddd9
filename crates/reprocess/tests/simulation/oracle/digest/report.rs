//! Checks the report of a job that makes a digest.

use std::collections::BTreeMap;

use rehose_reprocess::digest::{DigestOutcome, Proof};
use rehose_reprocess::ledger::manifest::SliceOfDigest;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::tally::Totals;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;
use rehose_testkit::cloud::bucket::Contents;

use super::super::contents::read;
use super::super::report::slices;
use super::super::{Check, Oracle, ensure, equal};
use super::{DIGESTS, decided};

impl Oracle {
    /// Checks that a report adds up what is decided, after the proof.
    pub(in crate::oracle) fn reported_digest(
        &self,
        contents: &Contents,
        request: &StartRequest,
        report: &Report,
    ) -> Check {
        let job = &request.job;
        let result = report
            .digest
            .as_ref()
            .and_then(|digest| digest.result.as_ref());
        let Some(result) = result else {
            return Err((
                Promise::NeverEarly,
                format!("{job} has ended with its digest"),
            ));
        };
        let proof = format!("{DIGESTS}{}/{:04}.json", result.id, result.version);
        let Some(proof) = read::<Proof>(contents, &proof) else {
            return Err((
                Promise::NeverEarly,
                format!("{job} is proven before it ends"),
            ));
        };
        let mut totals = Totals::default();
        for slice in slices(contents, job) {
            if slice.digest == Some(SliceOfDigest::Fold) {
                continue;
            }
            let decided = decided(contents, job, slice.slice);
            let Some(decided) = decided else {
                let detail = format!("{job} has ended with slice {}", slice.slice);
                return Err((Promise::NeverEarly, detail));
            };
            let reasons: BTreeMap<&str, &str> = (decided.tally.failures.iter())
                .map(|object| (object.key.as_str(), object.failure.reason.as_str()))
                .collect();
            for object in slice.tasks.iter().flatten() {
                match reasons.get(object.key.as_str()) {
                    Some(&"lost") => totals.objects.lost += 1,
                    Some(_) => totals.objects.failed += 1,
                    None => self.add_done(self.present_truth(object), &mut totals),
                }
            }
        }
        totals.bytes.written = proof.files.iter().map(|file| file.bytes).sum();
        totals.objects.excluded = report.totals.objects.excluded;
        totals.objects.listed = totals.objects.excluded + totals.objects.settled();
        equal(Promise::Exact, "the sum", report.totals, totals)?;
        let rows = totals.rows;
        let outcome = match totals.objects.failed + totals.objects.lost {
            _ if proof.state == DigestOutcome::Failed => JobOutcome::Incomplete,
            0 if rows.rejected * 10 > rows.rejected + rows.written => JobOutcome::Rejected,
            0 => JobOutcome::Succeeded,
            _ => JobOutcome::Incomplete,
        };
        equal(Promise::Exact, "the outcome", report.state, outcome)?;
        self.count("digests that ended", 1);
        self.every_object_is_planned(contents, request, report)
    }

    /// Checks that each object that was there when the job was started, in an hour of the window, is in its plan.
    fn every_object_is_planned(
        &self,
        contents: &Contents,
        request: &StartRequest,
        report: &Report,
    ) -> Check {
        let Some(digest) = &request.digest else {
            return Ok(());
        };
        let slices = slices(contents, &request.job);
        let mut planned: Vec<&str> = (slices.iter())
            .flat_map(|slice| slice.tasks.iter().flatten())
            .map(|object| object.key.as_str())
            .collect();
        let number = planned.len();
        planned.sort_unstable();
        planned.dedup();
        equal(Promise::Exact, "objects planned", planned.len(), number)?;
        let end = digest.to + jiff::SignedDuration::from_secs(digest.lateness.into());
        for key in self.placed_before(report.started) {
            let time = digest.layout.time_in(&key);
            let begin = time.and_then(|time| {
                time.day
                    .at(time.hour?, 0, 0, 0)
                    .to_zoned(jiff::tz::TimeZone::UTC)
                    .ok()
            });
            let is_near = begin.is_some_and(|begin| begin.timestamp() < end);
            if is_near {
                ensure(
                    Promise::Exact,
                    planned.binary_search(&key.as_str()).is_ok(),
                    || format!("{key} is planned"),
                )?;
            }
        }
        Ok(())
    }
}
