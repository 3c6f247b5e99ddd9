//! A flow, as Skydive exports it, and the flow log of each of its directions.
//!
//! The members are those of <https://github.com/skydive-project/skydive/blob/master/flow/flow.proto>.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Deserialize;

use super::{Constants, is_word, place};
use crate::bounds::TIMESTAMPS;
use crate::format::spaced::ABSENT;
use crate::rejection::Rejection;

/// Times from here on are milliseconds. As seconds, they would be after the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// A flow. Members that no field is made of are left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Flow<'a> {
    #[serde(rename = "UUID", borrow)]
    pub(super) uuid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    layers_path: Option<Cow<'a, str>>,
    #[serde(borrow)]
    network: Option<Layer<'a>>,
    #[serde(borrow)]
    transport: Option<Layer<'a>>,
    pub(super) last_update_metric: Option<Metric>,
    pub(super) metric: Option<Metric>,
    start: Option<i64>,
    last: Option<i64>,
    #[serde(rename = "NodeTID", borrow)]
    node: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<Value<'a>>,
}

/// Both ends of a flow in a layer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Layer<'a> {
    #[serde(borrow)]
    protocol: Option<Value<'a>>,
    #[serde(borrow)]
    a: Option<Value<'a>>,
    #[serde(borrow)]
    b: Option<Value<'a>>,
}

/// A value that some exporters write as text and others as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value<'a> {
    Number(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

/// The traffic of both directions in a time.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metric {
    #[serde(rename = "ABPackets")]
    ab_packets: i64,
    #[serde(rename = "ABBytes")]
    ab_bytes: i64,
    #[serde(rename = "BAPackets")]
    ba_packets: i64,
    #[serde(rename = "BABytes")]
    ba_bytes: i64,
    #[serde(rename = "Start")]
    start: i64,
    #[serde(rename = "Last")]
    last: i64,
}

impl Metric {
    /// Returns the traffic after an earlier total.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            ab_packets: self.ab_packets.saturating_sub(before.ab_packets),
            ab_bytes: self.ab_bytes.saturating_sub(before.ab_bytes),
            ba_packets: self.ba_packets.saturating_sub(before.ba_packets),
            ba_bytes: self.ba_bytes.saturating_sub(before.ba_bytes),
            start: before.last,
            last: self.last,
        }
    }
}

/// A flow log: what one end has sent to the other.
#[derive(Debug)]
pub(super) struct Direction<'a> {
    interface: Option<&'a str>,
    addresses: [Option<IpAddr>; 2],
    ports: [Option<u16>; 2],
    protocol: Option<u8>,
    packets: i64,
    bytes: i64,
    start: i64,
    end: i64,
}

impl Flow<'_> {
    /// Whether the flow has been exported before.
    pub(super) fn is_update(&self) -> bool {
        match &self.status {
            None | Some(Value::Number(0)) => false,
            Some(Value::Number(_)) => true,
            Some(Value::Text(status)) => status != "STARTED",
        }
    }

    /// Returns the flow logs from A to B and from B to A.
    pub(super) fn directions(&self, metric: &Metric) -> Result<[Direction<'_>; 2], Rejection> {
        let interface = self.node.as_deref().filter(|node| !node.is_empty());
        if interface.is_some_and(|node| !is_word(node)) {
            return Err(Rejection::Character);
        }
        let [a, b] = match &self.network {
            Some(network) => [
                address(&network.a, place("srcaddr"))?,
                address(&network.b, place("dstaddr"))?,
            ],
            None => [None, None],
        };
        let protocol = self.protocol();
        let [port_of_a, port_of_b] = match &self.transport {
            Some(transport) => [
                port(&transport.a, place("srcport"))?,
                port(&transport.b, place("dstport"))?,
            ],
            // As in AWS's records.
            None => protocol.map_or([None; 2], |_| [Some(0); 2]),
        };
        let start = seconds(metric.start, self.start, place("start"))?;
        let end = seconds(metric.last, self.last, place("end"))?;
        let direction = |addresses, ports, packets, bytes| Direction {
            interface,
            addresses,
            ports,
            protocol,
            packets,
            bytes,
            start,
            end,
        };
        let counts = [metric.ab_packets, metric.ba_packets];
        if counts.iter().any(|count| *count < 0) {
            return Err(Rejection::FieldType(place("packets")));
        }
        if metric.ab_bytes < 0 || metric.ba_bytes < 0 {
            return Err(Rejection::FieldType(place("bytes")));
        }
        Ok([
            direction([a, b], [port_of_a, port_of_b], counts[0], metric.ab_bytes),
            direction([b, a], [port_of_b, port_of_a], counts[1], metric.ba_bytes),
        ])
    }

    /// Returns the number of the protocol
    /// (<https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml>).
    fn protocol(&self) -> Option<u8> {
        let transport = self.transport.as_ref();
        match transport.and_then(|layer| layer.protocol.as_ref()) {
            Some(Value::Text(name)) => match &**name {
                "TCP" => Some(6),
                "UDP" => Some(17),
                "SCTP" => Some(132),
                _ => None,
            },
            // The values of `FlowProtocol`.
            Some(Value::Number(2)) => Some(6),
            Some(Value::Number(3)) => Some(17),
            Some(Value::Number(4)) => Some(132),
            Some(Value::Number(_)) => None,
            None => {
                let mut layers = self.layers_path.as_deref()?.split('/');
                layers.find_map(|layer| match layer {
                    "ICMPv4" => Some(1),
                    "ICMPv6" => Some(58),
                    _ => None,
                })
            }
        }
    }
}

impl Direction<'_> {
    /// Writes the fields of the default record.
    pub(super) fn write(&self, constants: &Constants, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        line.extend_from_slice(b"2 ");
        put(line, constants.account.as_deref())?;
        put(line, constants.interface.as_deref().or(self.interface))?;
        for address in self.addresses {
            put(line, address)?;
        }
        for port in self.ports {
            put(line, port)?;
        }
        put(line, self.protocol)?;
        let Self {
            packets,
            bytes,
            start,
            end,
            ..
        } = self;
        let action = constants.action.name();
        write!(line, "{packets} {bytes} {start} {end} {action} OK")
    }
}

/// Writes a field and the space after it.
fn put(line: &mut Vec<u8>, value: Option<impl Display>) -> io::Result<()> {
    match value {
        Some(value) => write!(line, "{value} "),
        None => {
            line.extend_from_slice(ABSENT);
            line.push(b' ');
            Ok(())
        }
    }
}

fn address(value: &Option<Value<'_>>, place: usize) -> Result<Option<IpAddr>, Rejection> {
    match value {
        None => Ok(None),
        Some(Value::Text(text)) if text.is_empty() => Ok(None),
        Some(Value::Text(text)) => {
            let address = text.parse();
            address.map(Some).map_err(|_| Rejection::FieldType(place))
        }
        Some(Value::Number(_)) => Err(Rejection::FieldType(place)),
    }
}

fn port(value: &Option<Value<'_>>, place: usize) -> Result<Option<u16>, Rejection> {
    let port = match value {
        None => return Ok(None),
        Some(Value::Number(number)) => u16::try_from(*number).ok(),
        Some(Value::Text(text)) => text.parse().ok(),
    };
    port.map(Some).ok_or(Rejection::FieldType(place))
}

/// Returns a time in seconds since 1970: that of the metric, or if it has none, the flow's own.
fn seconds(metric: i64, flow: Option<i64>, place: usize) -> Result<i64, Rejection> {
    let time = match metric {
        0 => flow.filter(|time| *time != 0),
        time => Some(time),
    };
    let time = time.ok_or(Rejection::FieldMissing(place))?;
    let seconds = match time < FIRST_MILLISECONDS {
        true => time,
        false => time / 1000,
    };
    let is_right = seconds >= 0 && TIMESTAMPS.contains(&seconds.saturating_mul(1000));
    is_right.then_some(seconds).ok_or(Rejection::Timestamp)
}
