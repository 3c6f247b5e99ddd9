//! The time whose objects are merged together.

use serde::{Deserialize, Serialize};

/// The time of a partition of merged rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// One hour.
    #[default]
    Hour,
    /// One day.
    Day,
}
