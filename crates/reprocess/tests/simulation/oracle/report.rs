//! Checks a report: it is not early, and every number is right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rehose_reprocess::check::Patience;
use rehose_reprocess::job::{JobId, Mode};
use rehose_reprocess::ledger::manifest::Slice;
use rehose_reprocess::ledger::report::{JobOutcome, Report};
use rehose_reprocess::ledger::tally::Totals;
use rehose_reprocess::plan::StartRequest;
use rehose_reprocess::promise::Promise;
use rehose_reprocess::task::TaskMessage;

use super::truth::Expected;
use super::{Check, Oracle, ensure, equal, planned};
use crate::attacker::ATTACKER;
use crate::world::MAX_NEW;
use rehose_testkit::cloud::bucket::Contents;
use rehose_testkit::cloud::queue::SentMessage;

impl Oracle {
    pub(super) fn reported(
        &self,
        contents: &Contents,
        request: &StartRequest,
        report: &Report,
    ) -> Check {
        let slices = slices(contents, &request.job);
        ensure(
            Promise::Exact,
            slices.last().is_some_and(|slice| !slice.more),
            || format!("{} is planned to its end", request.job),
        )?;
        let tasks = slices.iter().flat_map(|slice| slice.tasks.iter().flatten());
        let keys: Vec<&str> = tasks.map(|object| object.key.as_str()).collect();
        let planned: BTreeSet<&str> = keys.iter().copied().collect();
        equal(
            Promise::Exact,
            "the number of objects planned",
            keys.len(),
            planned.len(),
        )?;

        let mut totals = Totals::default();
        self.unplanned(contents, request, &planned, report, &mut totals)?;
        self.ended_as(contents, request, &planned, report, &mut totals)?;
        totals.objects.listed =
            totals.objects.excluded + totals.objects.present + planned.len() as u64;
        equal(Promise::Exact, "the sum", report.totals, totals)?;
        let rows = totals.rows;
        let outcome = match totals.objects.failed + totals.objects.lost {
            0 if rows.rejected * 10 > rows.rejected + rows.written => JobOutcome::Rejected,
            0 => JobOutcome::Succeeded,
            _ => JobOutcome::Incomplete,
        };
        equal(Promise::Exact, "the outcome", report.state, outcome)?;
        let by_kind = report.rejections.iter().map(|kind| kind.count).sum();
        equal(
            Promise::Exact,
            "the rejections by kind",
            by_kind,
            rows.rejected,
        )?;

        self.count(
            match outcome {
                JobOutcome::Succeeded => "reports that succeeded",
                JobOutcome::Rejected => "reports that are rejected",
                JobOutcome::Incomplete => "reports that are incomplete",
            },
            1,
        );
        self.count("objects done", totals.objects.done);
        self.count("objects failed", totals.objects.failed);
        Ok(())
    }

    /// Checks that each unplanned object is outside the prefix, excluded, or already has an output.
    fn unplanned(
        &self,
        contents: &Contents,
        request: &StartRequest,
        planned: &BTreeSet<&str>,
        report: &Report,
        totals: &mut Totals,
    ) -> Check {
        let mut perhaps = 0;
        for key in self.truth.keys() {
            let truth = self.truth(key, None);
            let is_planned = planned.contains(key.as_str());
            if !key.starts_with(&request.prefix) {
                ensure(Promise::Exact, !is_planned, || {
                    format!("{key} is not under the prefix")
                })?;
            } else if truth.excluded {
                ensure(Promise::Exact, !is_planned, || format!("{key} is excluded"))?;
                totals.objects.excluded += 1;
            } else if !is_planned {
                let present = request.mode == Mode::Missing && self.is_done(contents, key);
                ensure(Promise::Exact, present || truth.vanishing, || {
                    format!("{key} is planned")
                })?;
                // A vanishing object may be listed with its output, or not listed at all.
                match truth.vanishing {
                    true => perhaps += u64::from(present),
                    false => totals.objects.present += 1,
                }
            }
        }
        let (least, most) = (
            totals.objects.excluded,
            totals.objects.excluded + MAX_NEW as u64,
        );
        totals.objects.excluded = report.totals.objects.excluded.clamp(least, most);
        let most = totals.objects.present + perhaps;
        totals.objects.present = report
            .totals
            .objects
            .present
            .clamp(totals.objects.present, most);
        Ok(())
    }

    /// Checks the outcome of each planned object.
    fn ended_as(
        &self,
        contents: &Contents,
        request: &StartRequest,
        planned: &BTreeSet<&str>,
        report: &Report,
        totals: &mut Totals,
    ) -> Check {
        let failures: BTreeMap<&str, &str> = (report.failures.iter())
            .map(|object| (object.key.as_str(), object.failure.reason.as_str()))
            .collect();
        equal(
            Promise::NeverEarly,
            "the number of failures",
            failures.len(),
            report.failures.len(),
        )?;
        for key in planned {
            let truth = self.truth(key, None);
            match (failures.get(key), &truth.expected) {
                (None, Expected::Done(outputs)) => {
                    ensure(Promise::NeverEarly, self.is_done(contents, key), || {
                        format!("{key} is done")
                    })?;
                    totals.objects.done += 1;
                    totals.bytes.read += outputs.summary.bytes_in;
                    totals.bytes.written += outputs.summary.bytes_out;
                    totals.rows.events += outputs.summary.events;
                    totals.rows.written += outputs.summary.written;
                    totals.rows.rejected += outputs.summary.rejected;
                    totals.rows.control += outputs.summary.control;
                }
                (Some(&"lost"), Expected::Lost) => {
                    totals.objects.lost += 1;
                    self.count("objects lost that kill", 1);
                }
                (Some(&"lost"), _) => {
                    totals.objects.lost += 1;
                    self.count("objects lost whose messages were all struck", 1);
                    self.is_excused(contents, &request.job, key)?;
                }
                (Some(&"gone"), _) if truth.vanishing => totals.objects.failed += 1,
                (Some(reason), Expected::Failed(truth)) => {
                    totals.objects.failed += 1;
                    equal(Promise::NeverEarly, key, reason, truth)?;
                }
                (found, expected) => {
                    let detail = format!("{key} is {expected:?}, not {found:?}");
                    return Err((Promise::Exact, detail));
                }
            }
        }
        Ok(())
    }

    /// Checks that an object was lost for a reason. Its first message met a fault or a deadly object,
    /// and each message that `check` sent for it alone met a fault.
    pub(super) fn is_excused(&self, contents: &Contents, job: &JobId, key: &str) -> Check {
        let Some(historic) = self.historic.upgrade() else {
            return Ok(());
        };
        let task_of = |message: &Arc<SentMessage>| {
            let named = serde_json::from_str::<TaskMessage>(&message.body).ok()?;
            (message.sender != ATTACKER && named.job == *job).then_some(named.task)
        };
        let is_about_key = |message: &Arc<SentMessage>| {
            let objects = task_of(message).and_then(|task| planned(contents, job, task));
            objects.is_some_and(|objects| objects.iter().any(|object| object.key == key))
        };
        let messages = historic.sent_messages().into_iter().filter(is_about_key);
        let (first, again): (Vec<_>, Vec<_>) =
            messages.partition(|message| message.sender.starts_with("start"));
        let is_struck = |message: &Arc<SentMessage>| message.struck.load(Ordering::Relaxed);
        let is_poisoned = |message: &Arc<SentMessage>| message.poisoned.load(Ordering::Relaxed);
        let excused = first
            .iter()
            .any(|message| is_struck(message) || is_poisoned(message))
            && again.len() >= Patience::default().rounds as usize
            && again.iter().all(|message| {
                // Only a part of a merge may have several objects.
                let is_part = task_of(message).is_some_and(|task| task.until.is_some());
                is_struck(message) || is_poisoned(message) && is_part
            });
        ensure(Promise::OneByOne, excused, || {
            let (first, again) = (first.len(), again.len());
            format!("{key} is not lost: {first} messages named it first, and {again} again")
        })
    }
}

/// The slices of a job's manifest, in order.
pub(super) fn slices(contents: &Contents, job: &JobId) -> Vec<Slice> {
    let prefix = format!("jobs/{job}/manifest/");
    let objects = contents.objects.range(prefix.clone()..);
    (objects.take_while(|(key, _)| key.starts_with(&prefix)))
        .map(|(_, object)| serde_json::from_slice(&object.body).unwrap())
        .collect()
}
