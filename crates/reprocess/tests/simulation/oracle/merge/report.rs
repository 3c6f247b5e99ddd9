//! Checks the report of a job that merges.

use std::collections::{BTreeMap, BTreeSet};

use rehose_reprocess::job::{JobId, Merge};
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::tally::Totals;
use rehose_reprocess::partition::Partition;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;

use super::super::contents::keys;
use super::super::report::slices;
use super::super::truth::Expected;
use super::super::{Check, Oracle, Truth, ensure, equal};
use super::{decision, decisions, generation};
use rehose_testkit::cloud::bucket::Contents;

impl Oracle {
    /// Checks that a report adds up what its generations consist of, and that none is left out.
    pub(in crate::oracle) fn reported_merge(
        &self,
        contents: &Contents,
        request: &StartRequest,
        merge: &Merge,
        report: &Report,
    ) -> Check {
        let slices = slices(contents, &request.job);
        let is_planned = slices.last().is_some_and(|slice| !slice.more);
        ensure(Promise::Exact, is_planned, || {
            format!("{} is planned to its end", request.job)
        })?;
        let mut totals = Totals::default();
        let mut failures = BTreeSet::new();
        for id in slices.iter().filter_map(|slice| slice.generation()) {
            let marker = format!("generations/{id}.published.json");
            let is_published = contents.objects.contains_key(&marker);
            ensure(Promise::NeverEarly, is_published, || {
                format!("{id} is published")
            })?;
            let planned = generation(contents, id).unwrap();
            let decided = decision(contents, id).unwrap();
            let reasons: BTreeMap<&str, &str> = (decided.tally.failures.iter())
                .map(|object| (object.key.as_str(), object.failure.reason.as_str()))
                .collect();
            failures.extend(reasons.keys().map(|key| (*key).to_owned()));
            for object in planned.tasks.iter().flatten() {
                match reasons.get(object.key.as_str()) {
                    Some(&"lost") => totals.objects.lost += 1,
                    Some(_) => totals.objects.failed += 1,
                    None => {
                        self.add_done(self.present_truth(object), &mut totals);
                    }
                }
            }
            totals.bytes.written += decided.files.iter().map(|file| file.bytes).sum::<u64>();
        }
        let objects = &mut totals.objects;
        let reported = report.totals.objects;
        (objects.excluded, objects.present) = (reported.excluded, reported.present);
        objects.listed = objects.excluded + objects.present + objects.settled();
        equal(Promise::Exact, "the sum", report.totals, totals)?;
        let named: BTreeSet<String> = (report.failures.iter())
            .map(|object| object.key.clone())
            .collect();
        equal(Promise::Exact, "the failures", &named, &failures)?;
        let rows = totals.rows;
        let outcome = match totals.objects.failed + totals.objects.lost {
            0 if rows.rejected * 10 > rows.rejected + rows.written => JobOutcome::Rejected,
            0 => JobOutcome::Succeeded,
            _ => JobOutcome::Incomplete,
        };
        equal(Promise::Exact, "the outcome", report.state, outcome)?;
        self.count("merges that ended", 1);
        self.nothing_is_left_out(contents, merge, report)
    }

    pub(in crate::oracle) fn add_done(&self, truth: &Truth, totals: &mut Totals) {
        totals.objects.done += 1;
        let Some(outputs) = truth.outputs() else {
            return;
        };
        totals.bytes.read += outputs.summary.bytes_in;
        totals.rows.events += outputs.summary.events;
        totals.rows.written += outputs.summary.written;
        totals.rows.rejected += outputs.summary.rejected;
        totals.rows.control += outputs.summary.control;
        totals.rows.filtered += outputs.summary.filtered;
    }

    /// Checks that each object that was in a closed hour when the job was started is published, or is
    /// named as missing with its present content.
    fn nothing_is_left_out(&self, contents: &Contents, merge: &Merge, report: &Report) -> Check {
        let mut known: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
        let decided = decisions(contents);
        let published: Vec<_> = (decided.iter())
            .filter(|decided| {
                let marker = format!("generations/{}.published.json", decided.id);
                keys(contents, &marker).next().is_some()
            })
            .map(|decided| (decided, generation(contents, decided.id).unwrap()))
            .collect();
        for (decided, planned) in &published {
            for object in planned.tasks.iter().flatten() {
                let tag = match decided.missing.contains(&object.key) {
                    true => object.tag.as_deref(),
                    // Whatever its content is now.
                    false => None,
                };
                known.insert((&object.key, tag));
            }
        }
        for object in &report.failures {
            known.insert((&object.key, None));
        }
        let mut least = 0;
        let merges = self.merges.lock().unwrap();
        for (key, (tag, placed)) in &merges.placed {
            let truth = self.truth(key, Some(tag));
            if truth.vanishing || *placed >= report.started {
                continue;
            }
            least += 1;
            let lateness = jiff::SignedDuration::from_secs(merge.lateness.into());
            let is_closed = |partition: Partition| partition.is_closed(lateness, report.started);
            let time = merge.layout.time_in(key);
            let partition = time.and_then(|time| Partition::of(merge.per, time.day, time.hour));
            if truth.excluded || !partition.is_some_and(is_closed) {
                continue;
            }
            let is_known = [None, Some(tag.as_str())]
                .into_iter()
                .any(|tag| known.contains(&(key.as_str(), tag)));
            ensure(Promise::NeverEarly, is_known, || {
                format!("{key} is published, or named as missing")
            })?;
        }
        let listed = report.totals.objects.listed;
        ensure(Promise::Exact, listed >= least, || {
            format!("{least} objects are listed, not {listed}")
        })
    }

    /// Checks that an object failed for this reason.
    pub(in crate::oracle) fn has_failed(
        &self,
        contents: &Contents,
        job: &JobId,
        key: &str,
        reason: &str,
        truth: &Truth,
    ) -> Check {
        match (reason, &truth.expected) {
            ("lost", Expected::Lost) => {
                self.count("objects lost that kill", 1);
                Ok(())
            }
            ("lost", _) => {
                self.count("objects lost whose messages were all struck", 1);
                self.is_excused(contents, job, key)
            }
            ("gone", _) if truth.vanishing => Ok(()),
            (reason, Expected::Failed(truth)) => equal(Promise::Exact, key, reason, *truth),
            (found, expected) => {
                let detail = format!("{key} is {expected:?}, not {found}");
                Err((Promise::Exact, detail))
            }
        }
    }
}
