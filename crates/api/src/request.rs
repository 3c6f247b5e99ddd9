//! The digest that a request asks for.

use jiff::Timestamp;
use jiff::{RoundMode, TimestampRound, Unit};
use rehose_catalog::Layout;
use rehose_extract::Options;
use rehose_reprocess::digest::{DigestFile, DigestRequest, FoldPorts};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{Digest, MaxRejected};
use rehose_store::StoreName;

use crate::Api;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// What every digest of a service has in common.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The name of the store that is read.
    pub source: StoreName,
    /// The prefix of its keys.
    pub prefix: String,
    /// Patterns of keys to skip.
    pub exclude: Vec<String>,
    /// What becomes of the records that Firehose could not deliver.
    pub errors: ErrorRecords,
    /// The percentage of events that may be rejected.
    pub max_rejected: MaxRejected,
    /// The time in the keys.
    pub layout: Layout,
    /// Seconds after a window in which its records may still arrive.
    pub lateness: u32,
    /// The options of the input.
    pub options: Options,
}

/// How the times of a window are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// They must be whole minutes.
    Exact,
    /// Seconds are left out.
    Truncated,
}

pub(crate) fn has_window(parameters: &Parameters) -> bool {
    ["start", "stop"].iter().any(|name| parameters.has(name))
}

/// Takes the parameters of a window.
pub(crate) fn of_window(
    api: &Api,
    parameters: &mut Parameters,
    times: Times,
) -> Result<DigestRequest, Problem> {
    let from = time(parameters, "start", times)?;
    let to = time(parameters, "stop", times)?;
    let Defaults {
        source,
        prefix,
        exclude,
        errors,
        max_rejected,
        layout,
        lateness,
        options,
    } = api.defaults.clone();
    let scope = parameters.all("scope").join(",");
    let digest = Digest {
        scope: scope.parse()?,
        layout,
        lateness,
        fold_ports: fold(parameters)?,
        by: parameters.all("by"),
        ..Digest::of(from, to)
    };
    let shape = options
        .compile()
        .map_err(rehose_reprocess::error::Error::from)?;
    let files = [DigestFile::Parquet, DigestFile::Csv, DigestFile::Text];
    let rows = digest.rows();
    let files = files.into_iter();
    let files = files.filter(|file| rows.check_file(&shape, *file).is_ok());
    Ok(DigestRequest {
        source,
        prefix,
        exclude,
        errors,
        max_rejected,
        digest: Digest {
            files: files.collect(),
            ..digest
        },
        options,
    })
}

fn time(parameters: &mut Parameters, name: &str, times: Times) -> Result<Timestamp, Problem> {
    const RIGHT: &str = "a time such as 2026-11-25T07:00:00Z";
    let time: Option<Timestamp> = parameters.parsed(name, RIGHT)?;
    let time = time.ok_or_else(|| {
        Problem::bad_request(format!("{name} is missing; {RIGHT} would be right"))
    })?;
    match times {
        Times::Exact => Ok(time),
        Times::Truncated => {
            let minute = TimestampRound::new()
                .smallest(Unit::Minute)
                .mode(RoundMode::Floor);
            time.round(minute)
                .map_err(|error| Problem::bad_request(format!("{name}: {error}")))
        }
    }
}

fn fold(parameters: &mut Parameters) -> Result<FoldPorts, Problem> {
    match parameters.one("fold")?.as_deref() {
        None | Some("larger") => Ok(FoldPorts::Larger),
        Some("none") => Ok(FoldPorts::None),
        Some(other) => Err(Problem::bad_request(format!(
            "fold is {other:?}; larger or none would be right"
        ))),
    }
}
