//! Metrics, in CloudWatch's embedded format: log lines that CloudWatch turns into metrics
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use rehose_extract::Summary;
use rehose_reprocess::check::{Checked, JobState};
use rehose_reprocess::error::Error;
use rehose_reprocess::plan::Started;
use rehose_reprocess::work::Processed;
use serde::Serialize;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "rehose";

/// The dimension: the name of the deployed function, which distinguishes two stacks in an account.
const DIMENSION: &str = "Function";

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Unit {
    Count,
    Bytes,
    Milliseconds,
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The name in CloudWatch.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// The number.
    pub value: u64,
}

/// The metrics of a batch of messages, of which `returned` went back to the queue. `metrics.json`
/// lists them for the dashboard and the alarms.
pub fn of_batch(processed: &[Processed], returned: usize, duration: Duration) -> Vec<Metric> {
    let done = || processed.iter().flat_map(|message| &message.done);
    let sum = |number: fn(&Summary) -> u64| done().map(|(_, summary)| number(summary)).sum();
    let failed = processed.iter().map(|message| message.failed).sum();
    [
        ("Objects", Unit::Count, done().count() as u64),
        ("Failures", Unit::Count, failed),
        ("Returned", Unit::Count, returned as u64),
        ("BytesIn", Unit::Bytes, sum(|summary| summary.bytes_in)),
        ("BytesOut", Unit::Bytes, sum(|summary| summary.bytes_out)),
        ("Events", Unit::Count, sum(|summary| summary.events)),
        ("Written", Unit::Count, sum(|summary| summary.written)),
        ("Rejected", Unit::Count, sum(|summary| summary.rejected)),
        ("Control", Unit::Count, sum(|summary| summary.control)),
        ("Filtered", Unit::Count, sum(|summary| summary.filtered)),
        ("Duration", Unit::Milliseconds, duration.as_millis() as u64),
    ]
    .map(|(name, unit, value)| Metric { name, unit, value })
    .to_vec()
}

/// The metrics of a call of `start` that plans a merge.
pub fn of_planned_merge(started: &Started) -> Vec<Metric> {
    vec![Metric {
        name: "Overdue",
        unit: Unit::Count,
        value: started.overdue,
    }]
}

/// The metrics of a call of `check`. While a job runs, they are zero.
pub fn of_check(checked: &Result<Checked, Error>) -> Vec<Metric> {
    let differ = matches!(checked, Err(Error::SumsDiffer { .. }));
    let incomplete = match checked {
        Ok(checked) if checked.state != JobState::Running => checked.incomplete,
        _ => 0,
    };
    [("SumsDiffer", differ.into()), ("Incomplete", incomplete)]
        .map(|(name, value)| Metric {
            name,
            unit: Unit::Count,
            value,
        })
        .to_vec()
}

/// Writes a line with the metrics of one invocation that are not zero, if any are: a metric costs something in each
/// hour in which it has a value, and these mostly have none.
pub fn emit_unless_zero(context: &Context, mut metrics: Vec<Metric>) {
    metrics.retain(|metric| metric.value > 0);
    if !metrics.is_empty() {
        emit(context, &metrics);
    }
}

/// Writes a line with the metrics of one invocation.
pub fn emit(context: &Context, metrics: &[Metric]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|metric| json!({"Name": metric.name, "Unit": metric.unit}))
        .collect();
    let mut line = Map::from_iter(
        metrics
            .iter()
            .map(|metric| (metric.name.to_owned(), metric.value.into())),
    );
    let function = context.env_config.function_name.as_str();
    line.insert(DIMENSION.to_owned(), function.into());
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.unwrap_or_default().as_millis() as u64,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION]],
                "Metrics": definitions,
            }],
        }),
    );
    println!("{}", Value::Object(line));
}

#[cfg(test)]
mod tests {
    use rehose_reprocess::check::JobState;
    use rehose_reprocess::ledger::tally::Totals;
    use rehose_reprocess::plan::Sent;

    use super::*;

    fn differing() -> Error {
        Error::SumsDiffer {
            url: String::new(),
            difference: String::new(),
        }
    }

    #[test]
    fn a_merge_with_differing_sums_or_failures_is_counted_once() {
        let values = |checked: Result<Checked, Error>| -> Vec<u64> {
            of_check(&checked)
                .iter()
                .map(|metric| metric.value)
                .collect()
        };
        let checked = |state| Checked {
            job: "j".parse().unwrap(),
            state,
            wait: 0,
            report: String::new(),
            totals: Totals::default(),
            incomplete: 2,
        };
        assert_eq!(values(Err(differing())), [1, 0]);
        assert_eq!(values(Ok(checked(JobState::Running))), [0, 0]);
        assert_eq!(values(Ok(checked(JobState::Incomplete))), [0, 2]);
    }

    #[test]
    fn the_stack_knows_every_metric_by_its_name_and_unit() {
        let known: Value = serde_json::from_str(include_str!("../metrics.json")).unwrap();
        let started = Started {
            job: "j".parse().unwrap(),
            planned: true,
            cursor: None,
            sent: Sent::default(),
            overdue: 0,
        };
        for (function, emitted) in [
            ("process", of_batch(&[], 0, Duration::ZERO)),
            ("start", of_planned_merge(&started)),
            ("check", of_check(&Err(differing()))),
        ] {
            let emitted = emitted
                .iter()
                .map(|metric| (metric.name.to_owned(), json!(metric.unit)));
            assert_eq!(known["metrics"][function], Value::Object(emitted.collect()));
        }
        assert_eq!(known["namespace"], NAMESPACE);
        assert_eq!(known["dimension"], DIMENSION);
    }
}
