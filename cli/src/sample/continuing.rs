//! Flows that go on from minute to minute, over many accounts: what a merge makes one row of.

use fastrand::Rng;

use super::flows::{Capture, Event, Exchange, Network};

/// Seconds between two records of a flow.
const INTERVAL: i64 = 60;

/// The longest that a flow lasts.
const MAX_MINUTES: u32 = 59;

/// The flows of an account that are under way.
pub(super) struct Account<'a> {
    network: &'a Network,
    id: String,
    flows: Vec<Flow<'a>>,
    /// The percentage of new flows that last for more than one interval.
    continuing: u32,
}

struct Flow<'a> {
    exchange: Exchange<'a>,
    /// Records that are still to come.
    minutes: u32,
}

impl<'a> Account<'a> {
    pub(super) fn new(network: &'a Network, continuing: u32, rng: &mut Rng) -> Self {
        Self {
            network,
            id: format!("{:012}", rng.u64(1..1_000_000_000_000)),
            flows: Vec::new(),
            continuing,
        }
    }

    /// The records of the minute that begins at `start`, by interface: those of flows that go on, and then
    /// those of new flows, up to `count`.
    pub(super) fn minute(&mut self, start: i64, count: u32, rng: &mut Rng) -> Vec<Capture<'a>> {
        let count = count as usize;
        let mut captures: Vec<Capture<'a>> = Vec::new();
        let mut written = 0;
        let mut next = 0;
        while written < count {
            if next == self.flows.len() {
                let exchange = self.network.exchange(rng);
                let minutes = self.duration(rng);
                self.flows.push(Flow { exchange, minutes });
            }
            let flow = &mut self.flows[next];
            flow.minutes -= 1;
            next += 1;
            let end = start + INTERVAL - 1;
            for message in flow.exchange.records(&self.id, start, end, rng) {
                if written == count {
                    break;
                }
                written += 1;
                let event = Event {
                    timestamp: start * 1_000,
                    message,
                };
                let interface = flow.exchange.interface();
                match captures
                    .iter_mut()
                    .find(|capture| capture.interface == interface)
                {
                    Some(capture) => capture.events.push(event),
                    None => captures.push(Capture {
                        interface,
                        events: vec![event],
                    }),
                }
            }
        }
        self.flows.retain(|flow| flow.minutes > 0);
        captures
    }

    /// How many minutes a flow lasts. Most that go on end soon, and a few last for the whole hour: the order
    /// of magnitude is the sum of several draws, as that of a log-normal variable is.
    fn duration(&self, rng: &mut Rng) -> u32 {
        if rng.u32(..100) >= self.continuing {
            return 1;
        }
        let magnitude = (0..6).map(|_| rng.u32(..2)).sum::<u32>();
        let fewest = 1 << magnitude;
        (fewest + rng.u32(1..=fewest)).min(MAX_MINUTES)
    }
}
