//! The format `skydive`: flows as Skydive exports them, as VPC flow logs.
//!
//! ```text
//! {"UUID": "…", "Network": {…}, "Transport": {…}, "LastUpdateMetric": {…}, …}
//!    ├─► 2 - tap-1 10.0.0.1 10.0.0.2 32396 443 6 3 180 1580000000 1580000030 ACCEPT OK    from A to B
//!    └─► 2 - tap-1 10.0.0.2 10.0.0.1 443 32396 6 2 120 1580000000 1580000030 ACCEPT OK    from B to A
//! ```
//!
//! Skydive exports a flow again at each update, with the traffic of both directions since it began. A flow log has
//! a record for each direction, with what has passed since the record before. So a flow is two events, and each has
//! the difference to the flow's update before: what Skydive writes as `LastUpdateMetric`, or else the difference of
//! the totals in this object.

mod flow;

use std::collections::HashMap;
use std::io;
use std::mem;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::flow::{Flow, Metric};
use super::vpc_flow_logs::DEFAULT_FIELDS;
use crate::bounds::MAX_FLOWS;
use crate::error::Reason;
use crate::event::{DocumentKind, Event, EventSink};
use crate::origin::Origin;
use crate::rejection::Rejection;

/// What was done with the traffic of a flow. Skydive does not know it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// It was accepted.
    #[default]
    Accept,
    /// It was rejected.
    Reject,
}

impl Action {
    /// Returns the word of flow logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Reject => "REJECT",
        }
    }
}

/// The fields that Skydive's flows do not have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Constants {
    /// The account.
    account: Option<String>,
    /// The interface, instead of the flow's own.
    interface: Option<String>,
    action: Action,
}

impl Constants {
    /// Returns the name of the option with an invalid value, and why it is.
    pub(crate) fn new(
        account: Option<&str>,
        interface: Option<&str>,
        action: Option<Action>,
    ) -> Result<Arc<Self>, (&'static str, String)> {
        for (option, text) in [("account_id", account), ("interface_id", interface)] {
            if let Some(text) = text
                && !is_word(text)
            {
                return Err((
                    option,
                    format!(
                        "{text:?} cannot be a field of a flow log; leave out spaces, commas, quotes and backslashes"
                    ),
                ));
            }
        }
        Ok(Arc::new(Self {
            account: account.map(str::to_owned),
            interface: interface.map(str::to_owned),
            action: action.unwrap_or_default(),
        }))
    }
}

/// Makes flow logs of the flows of an object.
#[derive(Debug)]
pub(crate) struct Flows {
    constants: Arc<Constants>,
    /// The totals of flows at their latest update.
    totals: HashMap<String, Metric>,
    line: Vec<u8>,
}

impl Flows {
    pub(crate) fn new(constants: Arc<Constants>) -> Self {
        Self {
            constants,
            totals: HashMap::new(),
            line: Vec::new(),
        }
    }

    /// Returns a sink that makes flow logs of flows, and passes them on.
    pub(crate) fn before<'a>(&'a mut self, records: &'a mut dyn EventSink) -> FlowSink<'a> {
        FlowSink {
            flows: self,
            records,
        }
    }

    /// Returns the traffic since the flow's update before.
    fn difference(&mut self, flow: &Flow<'_>) -> Result<Metric, Rejection> {
        let missing = Rejection::FieldMissing(place("packets"));
        let total = flow.uuid.as_deref().zip(flow.metric);
        // An update that says the difference may be followed by one that does not.
        let before = total.map_or(Before::Unknown, |(id, total)| self.replace(id, total));
        if let Some(metric) = flow.last_update_metric {
            return Ok(metric);
        }
        let (_, total) = total.ok_or(missing)?;
        match before {
            Before::Total(before) => Ok(total.since(&before)),
            Before::Nothing if !flow.is_update() => Ok(total),
            // Nothing says how much of it has passed before this object.
            Before::Nothing | Before::Unknown => Err(missing),
        }
    }

    /// Keeps the total of a flow in place of the one before.
    fn replace(&mut self, id: &str, total: Metric) -> Before {
        if let Some(kept) = self.totals.get_mut(id) {
            return Before::Total(mem::replace(kept, total));
        }
        if self.totals.len() >= MAX_FLOWS {
            return Before::Unknown;
        }
        self.totals.insert(id.to_owned(), total);
        Before::Nothing
    }
}

/// What this object has had of a flow.
enum Before {
    Total(Metric),
    Nothing,
    /// It had more flows than are kept, or this one has no identity or no total.
    Unknown,
}

/// Takes flows, and passes on a flow log for each direction.
pub(crate) struct FlowSink<'a> {
    flows: &'a mut Flows,
    records: &'a mut dyn EventSink,
}

impl EventSink for FlowSink<'_> {
    fn document(&mut self, kind: DocumentKind, origin: &Origin) {
        self.records.document(kind, origin);
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let Ok(flow) = serde_json::from_slice::<Flow<'_>>(event.message) else {
            return self.records.reject(event, Rejection::Json);
        };
        let difference = self.flows.difference(&flow);
        let directions = match difference.and_then(|metric| flow.directions(&metric)) {
            Ok(directions) => directions,
            Err(reason) => return self.records.reject(event, reason),
        };
        for direction in directions {
            direction.write(&self.flows.constants, &mut self.flows.line)?;
            self.records.event(&Event {
                message: &self.flows.line,
                ..*event
            })?;
        }
        Ok(())
    }

    fn reject(&mut self, event: &Event<'_>, reason: Rejection) -> io::Result<()> {
        self.records.reject(event, reason)
    }

    fn header(&mut self, line: &[u8]) -> Result<bool, Reason> {
        self.records.header(line)
    }
}

/// Whether a text can be a field between spaces.
fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte > b' ' && !matches!(byte, b',' | b'"' | b'\\' | 0x7f);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// The column of a field of the default record.
fn place(name: &str) -> usize {
    let place = DEFAULT_FIELDS.iter().position(|field| *field == name);
    place.unwrap_or_default()
}
