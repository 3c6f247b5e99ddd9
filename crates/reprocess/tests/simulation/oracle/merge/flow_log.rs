//! Checks the files of a flow log, of which a task writes several.

use bytes::Bytes;
use rehose_reprocess::ledger::flow_log::FLOW_LOGS;
use rehose_reprocess::ledger::receipt::Artifact;
use rehose_reprocess::promise::Promise;
use rehose_reprocess::task::PlannedObject;

use super::super::{Check, Oracle, ensure, equal};
use super::sums::{agree, sums_of};
use crate::world::{ACCOUNT, REGION};
use rehose_testkit::cloud::bucket::Contents;
use rehose_testkit::output::lines;

/// The owner of every envelope.
const OWNER: &str = "123456789012";

/// Seconds of a window.
const WINDOW: i64 = 300;

/// Whether a file that is not published is one of a flow log.
pub(super) fn is_of_flow_log(unpublished: &str) -> bool {
    unpublished.contains(&format!("/{FLOW_LOGS}"))
}

/// What the files of a task have in common in their keys before they are published.
pub(super) fn task_of(unpublished: &str) -> &str {
    let files = format!("/{FLOW_LOGS}");
    unpublished
        .split_once(&files)
        .map_or(unpublished, |(task, _)| task)
}

/// The lines of a file as merged rows, of one record each and without the time of the event.
pub(super) fn rows_of(file: &[u8]) -> Vec<String> {
    let lines = lines(file).into_iter().skip(1);
    lines
        .map(|line| format!("-,{},1", line.replace(' ', ",")))
        .collect()
}

impl Oracle {
    /// Checks that the files of a task have the records of its objects, each in the file of its account and time.
    pub(super) fn flow_log_received(
        &self,
        contents: &Contents,
        files: &[&Artifact],
        done: &[PlannedObject],
    ) -> Check {
        let promise = Promise::MergedRows;
        let mut found = Vec::new();
        for file in files {
            let rows = self.rows(&contents.objects[&file.key].body);
            equal(Promise::Exact, "rows", file.rows, rows.len() as u64)?;
            agree(&file.key, file.sums.as_ref(), &sums_of(&rows, true))?;
            let is_in_place = |row: &&String| is_in_place(&file.key, row);
            let other = rows.iter().find(|row| !is_in_place(row));
            ensure(promise, other.is_none() && !rows.is_empty(), || {
                format!("{} has rows of its own: {other:?}", file.key)
            })?;
            found.extend(rows.iter().cloned());
            let mut merges = self.merges.lock().unwrap();
            merges.inputs.insert(file.key.clone(), done.to_vec());
        }
        found.sort_unstable();
        let lines = done.iter().flat_map(|object| self.lines(object));
        let mut truth: Vec<String> = lines
            .map(|line| format!("-,{},1", line.split_once(',').unwrap().1))
            .collect();
        truth.sort_unstable();
        self.count("files of flow logs", files.len() as u64);
        ensure(promise, found == truth, || {
            let (is, should) = (found.len(), truth.len());
            format!("the files of a task have {is} rows of {should}")
        })
    }

    /// Whether a body is that of a file that is not published.
    pub(super) fn is_copy(&self, unpublished: &str, body: &Bytes) -> bool {
        self.merges.lock().unwrap().files.get(unpublished) == Some(body)
    }
}

/// Whether a row is in the file of its account and of the window in which it ends.
fn is_in_place(key: &str, row: &str) -> bool {
    let name: Vec<&str> = key.rsplit('/').next().unwrap().split('_').collect();
    let [account, "vpcflowlogs", region, _, time, _] = name[..] else {
        return false;
    };
    let fields: Vec<&str> = row.split(',').collect();
    let (own, end) = (fields[2], fields[12]);
    let is_account = match own.len() == ACCOUNT.len() && own.parse::<u64>().is_ok() {
        true => account == own,
        false => account == OWNER || account == ACCOUNT,
    };
    let is_window = end.parse::<i64>().is_ok_and(|end| {
        let begin = jiff::Timestamp::from_second(end - end % WINDOW);
        begin.is_ok_and(|begin| begin.strftime("%Y%m%dT%H%MZ").to_string() == time)
    });
    is_account && region == REGION && is_window
}
