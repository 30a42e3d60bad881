//! What is remembered of the others, read ahead for many connections at once: what must be waited
//! for is waited for once.

use super::Context;
use crate::conn::Connection;

/// As few services as this lie in the caches anyway: nothing is read ahead for them.
const FEW: usize = 1 << 12;

impl Context {
    /// Adds connections whose endings are decided.
    pub fn add_all(&mut self, connections: &[&Connection]) {
        if self.services.len() > FEW {
            let latest = |c: &Connection| self.clients.get(&c.addresses.client)?.latest();
            let client = |c| latest(c).map_or(0, |attempt| usize::from(attempt.failed));
            let read = connections.iter().fold(0, |all, &c| all ^ self.server(c) ^ client(c));
            std::hint::black_box(read);
        }
        for c in connections {
            self.add(c);
        }
    }

    /// Reads what judging these connections will ask for.
    pub fn prefetch(&self, connections: &[&Connection]) {
        if self.services.len() > FEW {
            std::hint::black_box(connections.iter().fold(0, |all, c| all ^ self.server(c)));
        }
    }

    fn server(&self, c: &Connection) -> usize {
        let service = self.service(c).map_or(0, |service| service.accepted);
        let host = self.host(c.addresses.server).map_or(0, |host| host.connections);
        (service ^ host) as usize
    }
}
