//! Origin: where an event comes from, as columns and as a filter.

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::schema::{Column, FieldKind};

/// A column that says where an event comes from. The order is that of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginColumn {
    /// The AWS account whose log it is.
    Owner,
    /// The log group.
    LogGroup,
    /// The log stream.
    LogStream,
    /// The event's id, unique in CloudWatch Logs.
    Id,
    /// The fields that a subscription filter adds to an event, a JSON object as text.
    ExtractedFields,
    /// The object's name.
    Source,
}

impl OriginColumn {
    /// Returns the column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::LogGroup => "log-group",
            Self::LogStream => "log-stream",
            Self::Id => "id",
            Self::ExtractedFields => "extracted-fields",
            Self::Source => "source",
        }
    }

    pub(crate) fn column(self) -> Column<'static> {
        Column {
            name: self.name(),
            kind: match self {
                Self::ExtractedFields => FieldKind::Json,
                _ => FieldKind::Text,
            },
            is_optional: self != Self::Source,
            measure: None,
            fact: match self {
                Self::Source => "",
                _ => {
                    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"
                }
            },
        }
    }

    /// Every column, in order.
    pub(crate) const ALL: [Self; 6] = [
        Self::Owner,
        Self::LogGroup,
        Self::LogStream,
        Self::Id,
        Self::ExtractedFields,
        Self::Source,
    ];

    /// Whether the value is in the document and not in the event.
    pub(crate) fn is_of_document(self) -> bool {
        matches!(self, Self::Owner | Self::LogGroup | Self::LogStream)
    }
}

/// The origin of a document's events. A value that the document lacks is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) owner: Vec<u8>,
    pub(crate) log_group: Vec<u8>,
    pub(crate) log_stream: Vec<u8>,
}

/// The values of the origin columns of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OriginValues<'a> {
    pub(crate) columns: &'a [OriginColumn],
    pub(crate) source: &'a [u8],
    pub(crate) origin: &'a Origin,
    pub(crate) event: &'a Event<'a>,
}

impl<'a> OriginValues<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.columns.iter().map(move |column| match column {
            OriginColumn::Owner => self.origin.owner.as_slice(),
            OriginColumn::LogGroup => &self.origin.log_group,
            OriginColumn::LogStream => &self.origin.log_stream,
            OriginColumn::Id => self.event.id,
            OriginColumn::ExtractedFields => self.event.extracted_fields,
            OriginColumn::Source => self.source,
        })
    }
}

/// Selects documents by their origin.
#[derive(Debug, Clone, Default)]
pub(crate) struct OriginFilter {
    /// `None` for all log groups.
    log_groups: Option<GlobSet>,
    owner: Option<String>,
}

impl OriginFilter {
    /// Compiles patterns, in which `*` matches anything, slashes included. None selects every log group.
    ///
    /// # Errors
    ///
    /// Returns the fault of a pattern, in words.
    pub(crate) fn new(log_groups: &[String], owner: Option<&str>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in log_groups {
            set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
        }
        let set = set.build().map_err(|error| error.to_string())?;
        Ok(Self {
            log_groups: (!log_groups.is_empty()).then_some(set),
            owner: owner.map(str::to_owned),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.log_groups.is_none() && self.owner.is_none()
    }

    pub(crate) fn selects(&self, origin: &Origin) -> bool {
        let log_group = String::from_utf8_lossy(&origin.log_group);
        let is_group = (self.log_groups.as_ref()).is_none_or(|set| set.is_match(&*log_group));
        let is_owner = (self.owner.as_ref()).is_none_or(|owner| owner.as_bytes() == origin.owner);
        is_group && is_owner
    }
}
