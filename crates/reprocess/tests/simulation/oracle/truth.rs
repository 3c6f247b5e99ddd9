//! The right outcome of an object, derived without a job.

use rehose_extract::{FileKind, FormatName, Summary};
use rehose_reprocess::ledger::OutputId;
use rehose_testkit::cloud::bucket::{Behaviour, StoredObject};
use rehose_testkit::shapes::flow_logs_to;
use rehose_testkit::subject::{Output, transcode_named};

/// The longest key that S3 takes, in bytes.
const MAX_KEY: usize = 1_024;

/// The right outcome of an object.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) expected: Expected,
    /// Whether every job excludes it.
    pub(super) excluded: bool,
    /// Whether it may be deleted before it is listed or read.
    pub(super) vanishing: bool,
    /// What changes with its content.
    pub(super) tag: String,
}

#[derive(Debug)]
pub(super) enum Expected {
    /// The bytes of its outputs, and the summary in its receipt.
    Done(Box<Outputs>),
    /// The reason in its receipt.
    Failed(&'static str),
    /// It kills every function that reads it.
    Lost,
}

#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) rows: Vec<u8>,
    pub(super) rejected: Vec<u8>,
    pub(super) summary: Summary,
    /// For a merge, the rows as lines.
    pub(super) lines: Vec<String>,
}

impl Truth {
    /// The outcome of an object that is rewritten to this kind of file, or is merged.
    pub(super) fn of(key: &str, object: &StoredObject, kind: FileKind, is_merged: bool) -> Self {
        let expected = match object.behaviour {
            Behaviour::Deadly => Expected::Lost,
            Behaviour::Denied => Expected::Failed("denied"),
            Behaviour::Archived => Expected::Failed("archived"),
            Behaviour::Plain | Behaviour::Vanishing if is_merged => merge(key, &object.body),
            Behaviour::Plain | Behaviour::Vanishing => transcode(key, &object.body, kind),
        };
        Self {
            expected,
            excluded: key.contains("processing-failed/") || key.ends_with(".skip"),
            vanishing: object.behaviour == Behaviour::Vanishing,
            tag: object.tag(),
        }
    }

    pub(super) fn outputs(&self) -> Option<&Outputs> {
        match &self.expected {
            Expected::Done(outputs) => Some(outputs),
            Expected::Failed(_) | Expected::Lost => None,
        }
    }
}

/// What a merge makes of an object by itself.
fn merge(key: &str, body: &[u8]) -> Expected {
    let output = match transcode_named(key, &flow_logs_to(FileKind::Parquet), body, &[usize::MAX]) {
        Ok(output) => output,
        Err(fault) => return Expected::Failed(fault.reason.code()),
    };
    let id = OutputId::of_object(key, FormatName::VpcFlowLogs, FileKind::Parquet);
    if !output.rejected_gz.is_empty() && id.rejected_key().len() > MAX_KEY {
        return Expected::Failed("invalid-key");
    }
    let lines = output.csv().lines().skip(1).map(str::to_owned).collect();
    Expected::Done(Box::new(Outputs {
        rows: Vec::new(),
        rejected: output.rejected_gz,
        // The rows are in a file of several objects.
        summary: Summary {
            bytes_out: 0,
            ..output.summary
        },
        lines,
    }))
}

/// The outputs of an object by `extract`. `quiet` compares `extract` with the oracle of rows.
fn transcode(key: &str, body: &[u8], kind: FileKind) -> Expected {
    let Output {
        rows,
        rejected_gz: rejected,
        summary,
        ..
    } = match transcode_named(key, &flow_logs_to(kind), body, &[usize::MAX]) {
        Ok(output) => output,
        Err(fault) => return Expected::Failed(fault.reason.code()),
    };
    let id = OutputId::of_object(key, FormatName::VpcFlowLogs, kind);
    let is_long = |key: String| key.len() > MAX_KEY;
    if is_long(id.rows_key()) || !rejected.is_empty() && is_long(id.rejected_key()) {
        return Expected::Failed("invalid-key");
    }
    Expected::Done(Box::new(Outputs {
        rows,
        rejected,
        summary,
        lines: Vec::new(),
    }))
}
