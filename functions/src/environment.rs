//! The environment of a function, parsed into types. An invalid value stops the function at start.

mod logs;

use std::env;
use std::str::FromStr;
use std::time::Duration;

use rehose_extract::{Compression, MAX_LEVEL, MIN_LEVEL, Options, Shape};
use rehose_reprocess::check::Patience;
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{MaxRejected, Merge};
use rehose_reprocess::work::Limits;
use rehose_store::MAX_PAGE;
use rehose_store::location::Location;
use serde_json::{Map, Value};

pub use self::logs::{Deployment, JobDefaults, MergedLog};

/// The memory at which a function has the equivalent of one core
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const MEGABYTES_OF_A_CORE: u64 = 1_769;

/// An environment variable with an invalid value.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} {reason}")]
pub struct EnvironmentError {
    name: &'static str,
    reason: String,
}

/// The ARN of a state machine.
#[derive(Debug, Clone)]
pub struct StateMachine {
    before: String,
    name: String,
}

impl StateMachine {
    /// What is before the name.
    const KIND: &str = ":stateMachine:";

    fn new(arn: &str) -> Option<Self> {
        let (before, name) = arn.split_once(Self::KIND)?;
        Some(Self {
            before: before.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("{}{}{}", self.before, Self::KIND, self.name)
    }

    /// The ARN of one of its executions.
    pub fn execution(&self, name: &str) -> String {
        format!("{}:execution:{}:{name}", self.before, self.name)
    }
}

/// The configuration of a function. `environment.json` describes the variables and their defaults.
#[derive(Debug, Clone)]
pub struct Environment;

impl Environment {
    /// The locations that may be read.
    fn sources(&self) -> Result<Vec<Location>, EnvironmentError> {
        const NAME: &str = "REHOSE_SOURCES";
        let value = required(NAME, BUCKET)?;
        let sources: Vec<Location> = value
            .split(',')
            .map(|one| bucket(NAME, one.trim()))
            .collect::<Result<_, _>>()?;
        match sources
            .windows(2)
            .all(|two| two[0].bucket() == two[1].bucket())
        {
            true => Ok(sources),
            false => Err(EnvironmentError {
                name: NAME,
                reason: format!(
                    "is {value:?}; prefixes of one bucket would be right, for an output holds the rows of one"
                ),
            }),
        }
    }

    /// The output.
    pub fn output(&self) -> Result<Location, EnvironmentError> {
        const NAME: &str = "REHOSE_OUTPUT";
        bucket(NAME, &required(NAME, BUCKET)?)
    }

    /// The queue of tasks.
    pub fn queue_url(&self) -> Result<String, EnvironmentError> {
        required("REHOSE_QUEUE_URL", "the URL of a queue of SQS")
    }

    /// The queue of the tasks of merges, if the stack merges.
    pub fn merge_queue_url(&self) -> Result<Option<String>, EnvironmentError> {
        optional("REHOSE_MERGE_QUEUE_URL")
    }

    /// The state machine, whose executions are jobs.
    pub fn state_machine(&self) -> Result<StateMachine, EnvironmentError> {
        const NAME: &str = "REHOSE_STATE_MACHINE";
        const ARN: &str = "the ARN of a state machine";
        let arn = required(NAME, ARN)?;
        StateMachine::new(&arn).ok_or_else(|| EnvironmentError {
            name: NAME,
            reason: format!("is {arn:?}; {ARN} would be right"),
        })
    }

    /// How the stack merges, as far as it is not the default.
    fn merge(&self) -> Result<Map<String, Value>, EnvironmentError> {
        const NAME: &str = "REHOSE_MERGE";
        checked_merge(NAME, json(NAME)?)
    }

    fn options(&self) -> Result<Options, EnvironmentError> {
        json("REHOSE_OPTIONS")
    }

    /// The compiled options of input and output.
    fn shape(&self) -> Result<Shape, EnvironmentError> {
        (self.options()?.compile()).map_err(|error| EnvironmentError {
            name: "REHOSE_OPTIONS",
            reason: error.to_string(),
        })
    }

    /// How rows are compressed.
    pub fn compression(&self) -> Result<Compression, EnvironmentError> {
        let levels = u64::from(MIN_LEVEL)..=u64::from(MAX_LEVEL);
        let level = number("REHOSE_LEVEL", levels)?.map(|level| level as u8);
        Ok(Compression::new(level))
    }

    /// Patterns of keys to skip.
    fn exclude(&self) -> Result<Vec<String>, EnvironmentError> {
        json("REHOSE_EXCLUDE")
    }

    /// What becomes of the records that Firehose could not deliver.
    fn errors(&self) -> Result<ErrorRecords, EnvironmentError> {
        match std::env::var("REHOSE_ERRORS").as_deref() {
            Err(_) | Ok("skip") => Ok(ErrorRecords::Skip),
            Ok("too") => Ok(ErrorRecords::Too),
            Ok("only") => Ok(ErrorRecords::Only),
            Ok(other) => Err(EnvironmentError {
                name: "REHOSE_ERRORS",
                reason: format!("is {other:?} and must be skip, too or only"),
            }),
        }
    }

    /// The percentage of events that may be rejected.
    fn max_rejected(&self) -> Result<MaxRejected, EnvironmentError> {
        let percent = number("REHOSE_MAX_REJECTED", 0..=100)?;
        let percent = percent.map(|percent| MaxRejected::try_from(percent as u8));
        percent
            .transpose()
            .map(Option::unwrap_or_default)
            .map_err(|error| EnvironmentError {
                name: "REHOSE_MAX_REJECTED",
                reason: error.to_string(),
            })
    }

    /// The cores and the objects in flight.
    pub fn limits(&self) -> Result<Limits, EnvironmentError> {
        let cores = number("REHOSE_CONCURRENCY", 1..=1_000)?;
        let limits = Limits::distant(cores.map_or_else(|| self.cores(), |n| Ok(n as usize))?);
        let transfers = number("REHOSE_TRANSFERS", 1..=1_000)?;
        Ok(limits.with_transfers(transfers.map(|n| n as usize)))
    }

    /// The number of cores that the function's memory pays for, rounded up. A function sees more cores
    /// than it gets time on.
    fn cores(&self) -> Result<usize, EnvironmentError> {
        let seen = std::thread::available_parallelism().map_or(1, usize::from);
        let megabytes = number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1..=u64::MAX)?;
        let paid = megabytes.map(|megabytes| megabytes.div_ceil(MEGABYTES_OF_A_CORE) as usize);
        Ok(paid.map_or(seen, |paid| paid.min(seen)))
    }

    /// The most keys of a page, and the most pages of a call.
    pub fn pages(&self) -> Result<(usize, usize), EnvironmentError> {
        let page = number("REHOSE_PAGE", 1..=MAX_PAGE as u64)?.unwrap_or(MAX_PAGE as u64);
        let pages = number("REHOSE_PAGES", 1..=u64::MAX)?.unwrap_or(u64::MAX);
        Ok((page as usize, pages as usize))
    }

    /// How long `check` waits for missing receipts.
    pub fn patience(&self) -> Result<Patience, EnvironmentError> {
        let default = Patience::default();
        let seconds = |name, default| {
            let seconds = number(name, 0..=u64::from(u32::MAX))?;
            Ok(seconds.map_or(default, Duration::from_secs))
        };
        let longest = seconds("REHOSE_WAIT_SECONDS", default.waits.1)?;
        let stalled = seconds("REHOSE_STALLED_SECONDS", default.stalled)?;
        let visibility = seconds("REHOSE_VISIBILITY_SECONDS", Duration::ZERO)?;
        if stalled < visibility {
            return Err(EnvironmentError {
                name: "REHOSE_STALLED_SECONDS",
                reason: format!(
                    "is {}; REHOSE_VISIBILITY_SECONDS, {}, or more would be right: a message stays \
                     hidden that long after its function died",
                    stalled.as_secs(),
                    visibility.as_secs()
                ),
            });
        }
        Ok(Patience {
            quiet: seconds("REHOSE_QUIET_SECONDS", default.quiet)?,
            stalled,
            rounds: number("REHOSE_ROUNDS", 0..=100)?.map_or(default.rounds, |n| n as u32),
            waits: (default.waits.0.min(longest), longest),
        })
    }
}

fn optional(name: &'static str) -> Result<Option<String>, EnvironmentError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(EnvironmentError {
            name,
            reason: "is not UTF-8".to_owned(),
        }),
    }
}

fn required(name: &'static str, right: &str) -> Result<String, EnvironmentError> {
    optional(name)?.ok_or_else(|| EnvironmentError {
        name,
        reason: format!("is not set; {right} would be right"),
    })
}

/// The form of a location on AWS.
const BUCKET: &str = "s3://bucket/prefix";

fn bucket(name: &'static str, value: &str) -> Result<Location, EnvironmentError> {
    match Location::from_str(value) {
        Ok(location @ Location::S3 { .. }) => Ok(location),
        _ => Err(EnvironmentError {
            name,
            reason: format!("is {value:?}; {BUCKET} would be right"),
        }),
    }
}

/// The settings of merges, if they are valid.
fn checked_merge(
    name: &'static str,
    settings: Map<String, Value>,
) -> Result<Map<String, Value>, EnvironmentError> {
    match serde_json::from_value::<Merge>(settings.clone().into()) {
        Ok(_) => Ok(settings),
        Err(error) => Err(EnvironmentError {
            name,
            reason: error.to_string(),
        }),
    }
}

fn json<T: Default + serde::de::DeserializeOwned>(
    name: &'static str,
) -> Result<T, EnvironmentError> {
    let Some(value) = optional(name)? else {
        return Ok(T::default());
    };
    serde_json::from_str(&value).map_err(|error| EnvironmentError {
        name,
        reason: format!("is {value:?}: {error}"),
    })
}

fn number(
    name: &'static str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, EnvironmentError> {
    let Some(value) = optional(name)? else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => Err(EnvironmentError {
            name,
            reason: format!(
                "is {value:?}; a number from {} to {} would be right",
                range.start(),
                range.end()
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn environment_json_lists_every_variable() {
        let known: Value = serde_json::from_str(include_str!("../environment.json")).unwrap();
        let known = known.as_object().unwrap();
        let (product, _) = include_str!("environment.rs")
            .split_once("#[cfg(test)]")
            .unwrap();
        let read: BTreeSet<&str> = [product, include_str!("environment/logs.rs")]
            .iter()
            .flat_map(|source| source.split('"'))
            .filter(|text| text.starts_with("REHOSE_") || text.starts_with("AWS_LAMBDA_"))
            .collect();
        assert_eq!(
            known.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            read
        );

        let patience = Patience::default();
        let defaults = [
            ("REHOSE_PAGE", MAX_PAGE as u64),
            ("REHOSE_QUIET_SECONDS", patience.quiet.as_secs()),
            ("REHOSE_STALLED_SECONDS", patience.stalled.as_secs()),
            ("REHOSE_ROUNDS", patience.rounds.into()),
            ("REHOSE_WAIT_SECONDS", patience.waits.1.as_secs()),
        ];
        for (name, default) in defaults {
            assert_eq!(known[name]["default"], default.to_string(), "{name}");
        }
    }
}
