//! VPC flow log records of a busy network, small or large.
//!
//! The records repeat as much as real ones do, because their compression decides the cost of reading
//! and writing them. Each interface has the same peers again and again. A request
//! is next to its reply, many records have the same second, and the numbers of packets and bytes span
//! several orders of magnitude.

use std::net::{Ipv4Addr, Ipv6Addr};

use fastrand::Rng;

/// The account of every record.
pub(super) const ACCOUNT: &str = "123456789012";

/// The size of a network.
pub(super) struct Size {
    interfaces: u32,
    /// The fewest and the most peers of an interface.
    peers: (u32, u32),
    /// Networks of 65,536 private addresses, and subnets of 256 in each.
    networks: u8,
    subnets: u8,
}

/// About 3,000 addresses.
pub(super) const SMALL: Size = Size {
    interfaces: 24,
    peers: (8, 240),
    networks: 1,
    subnets: 12,
};

/// About 45,000 addresses.
pub(super) const LARGE: Size = Size {
    interfaces: 600,
    peers: (20, 130),
    networks: 16,
    subnets: 250,
};

/// The aggregation interval of a record: the shorter of the two that AWS offers.
const AGGREGATION_SECONDS: i64 = 60;
/// Ports of services with their IP protocol (6 is TCP, 17 is UDP), the busiest first.
const SERVICES: [(u16, u8); 12] = [
    (443, 6),
    (53, 17),
    (5432, 6),
    (80, 6),
    (6379, 6),
    (3306, 6),
    (123, 17),
    (9092, 6),
    (8080, 6),
    (22, 6),
    (514, 17),
    (2049, 6),
];
/// Ports that scanners on the Internet try.
const SCANNED_PORTS: [u16; 10] = [22, 23, 80, 445, 1433, 3389, 5900, 6379, 8080, 8443];
/// The range of client ports on Linux.
const EPHEMERAL_PORTS: (u16, u16) = (32_768, 60_999);

/// One log event.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Milliseconds since 1970.
    pub(super) timestamp: i64,
    pub(super) message: String,
}

/// Events of one interface, for one document.
pub(super) struct Capture<'a> {
    /// The id of the interface.
    pub(super) interface: &'a str,
    /// The events, by time.
    pub(super) events: Vec<Event>,
}

/// The interfaces of a VPC.
pub(super) struct Network {
    interfaces: Vec<Interface>,
}

struct Interface {
    id: String,
    address: String,
    peers: Vec<Peer>,
}

/// A host that exchanges flows with an interface.
struct Peer {
    /// The address of the interface for this peer: IPv4 or IPv6.
    local: String,
    remote: String,
    port: u16,
    protocol: u8,
    /// Whether the interface is the server.
    serves: bool,
    /// The client port of a connection that stays open.
    pooled: u16,
}

/// A connection between an interface and a peer.
pub(super) struct Exchange<'a> {
    interface: &'a Interface,
    peer: &'a Peer,
    client_port: u16,
}

impl<'a> Exchange<'a> {
    pub(super) fn interface(&self) -> &'a str {
        &self.interface.id
    }

    /// The records of an interval of an account's flow log: one for each direction.
    pub(super) fn records(
        &self,
        account: &str,
        start: i64,
        end: i64,
        rng: &mut Rng,
    ) -> [String; 2] {
        let Self {
            interface: Interface { id, .. },
            peer,
            client_port,
        } = self;
        let [there, back] = peer.flow(*client_port, rng);
        [there, back].map(|flow| format!("2 {account} {id} {flow} {start} {end} ACCEPT OK"))
    }
}

impl Network {
    /// A new connection.
    pub(super) fn exchange(&self, rng: &mut Rng) -> Exchange<'_> {
        let interface = often_the_first(&self.interfaces, rng);
        let peer = often_the_first(&interface.peers, rng);
        Exchange {
            interface,
            client_port: peer.client_port(rng),
            peer,
        }
    }

    pub(super) fn new(size: &Size, rng: &mut Rng) -> Self {
        let interfaces = (0..size.interfaces)
            .map(|_| Interface::new(size, rng))
            .collect();
        Self { interfaces }
    }
}

impl Interface {
    fn new(size: &Size, rng: &mut Rng) -> Self {
        let address = private_address(size, rng).to_string();
        let second_address = address_v6(rng).to_string();
        let peers = (0..rng.u32(size.peers.0..=size.peers.1))
            .map(|_| {
                let (local, remote) = match rng.u32(..10) {
                    0 => (&second_address, address_v6(rng).to_string()),
                    1..=5 => (&address, private_address(size, rng).to_string()),
                    _ => (&address, public_address(rng).to_string()),
                };
                let &(port, protocol) = often_the_first(&SERVICES, rng);
                Peer {
                    local: local.clone(),
                    remote,
                    port,
                    protocol,
                    serves: rng.u32(..3) == 0,
                    pooled: ephemeral_port(rng),
                }
            })
            .collect();
        Self {
            id: format!("eni-0{:016x}", rng.u64(..)),
            address,
            peers,
        }
    }
}

impl Peer {
    fn client_port(&self, rng: &mut Rng) -> u16 {
        match rng.u32(..4) {
            0 => self.pooled,
            _ => ephemeral_port(rng),
        }
    }

    /// The fields from the addresses to the bytes, of a request and its reply.
    fn flow(&self, client_port: u16, rng: &mut Rng) -> [String; 2] {
        let (client, server) = match self.serves {
            true => (&self.remote, &self.local),
            false => (&self.local, &self.remote),
        };
        let Self { port, protocol, .. } = self;
        let packets = packets(rng);
        let replies = packets - rng.u64(..=packets / 3);
        let bytes = packets * rng.u64(52..240);
        let reply_bytes = replies * rng.u64(52..1_460);
        [
            format!("{client} {server} {client_port} {port} {protocol} {packets} {bytes}"),
            format!("{server} {client} {port} {client_port} {protocol} {replies} {reply_bytes}"),
        ]
    }
}

/// `count` events of one interface. They begin at `start`, in seconds since 1970.
pub(super) fn capture<'a>(
    network: &'a Network,
    start: i64,
    count: u32,
    rng: &mut Rng,
) -> Capture<'a> {
    let interface = often_the_first(&network.interfaces, rng);
    let count = count as usize;
    let mut records = Records {
        interface,
        start,
        events: Vec::with_capacity(count),
    };
    while records.events.len() < count {
        match rng.u32(..100) {
            0 => records.nothing("NODATA"),
            1 if rng.u32(..4) == 0 => records.nothing("SKIPDATA"),
            2..=5 => records.scan(rng),
            6 => records.ping(rng),
            _ => records.flow(rng),
        }
        if rng.u32(..3) == 0 {
            records.start += rng.i64(1..=3);
        }
    }
    records.events.truncate(count);
    Capture {
        interface: &interface.id,
        events: records.events,
    }
}

struct Records<'a> {
    interface: &'a Interface,
    start: i64,
    events: Vec<Event>,
}

impl Records<'_> {
    /// A request and its reply.
    fn flow(&mut self, rng: &mut Rng) {
        let peer = often_the_first(&self.interface.peers, rng);
        let client_port = peer.client_port(rng);
        for flow in peer.flow(client_port, rng) {
            self.push(flow, "ACCEPT OK");
        }
    }

    /// A scanner that tries several ports.
    fn scan(&mut self, rng: &mut Rng) {
        let scanner = public_address(rng);
        let from = ephemeral_port(rng);
        for _ in 0..rng.u32(1..=4) {
            let port = often_the_first(&SCANNED_PORTS, rng);
            let target = &self.interface.address;
            self.push(
                format_args!("{scanner} {target} {from} {port} 6 1 40"),
                "REJECT OK",
            );
        }
    }

    /// An ICMP echo request and its reply, without ports.
    fn ping(&mut self, rng: &mut Rng) {
        let peer = often_the_first(&self.interface.peers, rng);
        let protocol = if peer.local.contains(':') { 58 } else { 1 };
        let packets = rng.u32(1..=60);
        let bytes = packets * 84;
        for (from, to) in [(&peer.local, &peer.remote), (&peer.remote, &peer.local)] {
            self.push(
                format_args!("{from} {to} 0 0 {protocol} {packets} {bytes}"),
                "ACCEPT OK",
            );
        }
    }

    /// An interval without traffic (NODATA), or one whose records AWS skipped (SKIPDATA).
    fn nothing(&mut self, status: &str) {
        self.push(format_args!("- - - - - - -"), format_args!("- {status}"));
    }

    fn push(&mut self, flow: impl std::fmt::Display, end: impl std::fmt::Display) {
        let Self {
            interface: Interface { id, .. },
            start,
            ..
        } = self;
        // A record starts at the first packet of the flow and ends with the interval.
        let stop = *start - *start % AGGREGATION_SECONDS + AGGREGATION_SECONDS - 1;
        self.events.push(Event {
            timestamp: *start * 1_000,
            message: format!("2 {ACCOUNT} {id} {flow} {start} {stop} {end}"),
        });
    }
}

/// A number of packets: most flows have one or two, a few have a million. First draws the order of
/// magnitude, with small ones more likely, then a number of that order.
fn packets(rng: &mut Rng) -> u64 {
    let magnitude = rng.u32(..20).min(rng.u32(..20));
    rng.u64(1..=1 << magnitude)
}

/// A random item. Earlier items are more likely.
fn often_the_first<'a, T>(items: &'a [T], rng: &mut Rng) -> &'a T {
    // Not `usize`: its random numbers depend on its width.
    let end = items.len() as u64;
    &items[rng.u64(..end).min(rng.u64(..end)) as usize]
}

fn ephemeral_port(rng: &mut Rng) -> u16 {
    rng.u16(EPHEMERAL_PORTS.0..=EPHEMERAL_PORTS.1)
}

fn private_address(size: &Size, rng: &mut Rng) -> Ipv4Addr {
    let network = match size.networks {
        1 => 0,
        networks => rng.u8(..networks),
    };
    Ipv4Addr::new(10, network, rng.u8(..size.subnets), rng.u8(4..=254))
}

/// A public address in the ranges for documentation and benchmarks (RFC 5737 and RFC 2544), to avoid
/// showing a real host as a scanner.
fn public_address(rng: &mut Rng) -> Ipv4Addr {
    let host = rng.u8(1..=254);
    match rng.u32(..6) {
        0 => Ipv4Addr::new(192, 0, 2, host),
        1 => Ipv4Addr::new(198, 51, 100, host),
        2 => Ipv4Addr::new(203, 0, 113, host),
        _ => Ipv4Addr::new(198, rng.u8(18..=19), rng.u8(..), host),
    }
}

/// An address in the range for documentation (RFC 3849).
fn address_v6(rng: &mut Rng) -> Ipv6Addr {
    Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(rng.u64(..)))
}
