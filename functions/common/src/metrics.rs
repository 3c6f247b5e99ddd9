//! Metrics in CloudWatch's embedded format: lines of the log from which CloudWatch takes numbers
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use serde::Serialize;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "rehose";

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Unit {
    Count,
    Bytes,
    Milliseconds,
}

/// A number with its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The name in CloudWatch.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The number.
    pub value: u64,
}

/// Writes a line with the metrics of one invocation. Their dimension is the name that the function
/// is deployed under, so that two stacks in an account are told apart.
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
    line.insert("Function".to_owned(), function.into());
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.unwrap_or_default().as_millis() as u64,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Function"]],
                "Metrics": definitions,
            }],
        }),
    );
    println!("{}", Value::Object(line));
}
