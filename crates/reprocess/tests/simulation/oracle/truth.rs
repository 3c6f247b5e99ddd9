//! The right outcome of an object, derived without a job.

use rehose_extract::{FileKind, Summary};
use rehose_reprocess::ledger::OutputId;
use rehose_testkit::cloud::bucket::{Behaviour, StoredObject};
use rehose_testkit::shapes::flow_logs_to;
use rehose_testkit::subject::{Output, transcode_named};

/// The right outcome of an object.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) expected: Expected,
    /// Whether every job excludes it.
    pub(super) excluded: bool,
    /// Whether it may be deleted before it is listed or read.
    pub(super) vanishing: bool,
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
}

impl Truth {
    pub(super) fn of(key: &str, object: &StoredObject, kind: FileKind) -> Self {
        let expected = match object.behaviour {
            Behaviour::Deadly => Expected::Lost,
            Behaviour::Denied => Expected::Failed("denied"),
            Behaviour::Archived => Expected::Failed("archived"),
            Behaviour::Plain | Behaviour::Vanishing => transcode(key, &object.body, kind),
        };
        Self {
            expected,
            excluded: key.contains("processing-failed/") || key.ends_with(".skip"),
            vanishing: object.behaviour == Behaviour::Vanishing,
        }
    }
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
    let (id, is_long) = (OutputId::of_object(key, kind), |key: String| {
        key.len() > 1_024
    });
    if is_long(id.rows_key()) || !rejected.is_empty() && is_long(id.rejected_key()) {
        return Expected::Failed("invalid-key");
    }
    Expected::Done(Box::new(Outputs {
        rows,
        rejected,
        summary,
    }))
}
