//! What two parts of a capture remember, together.

use super::lives::Lives;
use super::{Context, Map, ServiceFacts, entry};

impl Context {
    /// Adds what another one remembers, whose connections come after those of this one: as if they
    /// had been added here one by one. (Where a limit is met, what is forgotten may differ; it is
    /// counted all the same.)
    pub fn merge(&mut self, other: Self) {
        let Self {
            services,
            clients,
            hosts,
            ports: _,
            families,
            bypasses,
            proxies: _,
            only: _,
            attempts: _,
            remembered: _,
            limit: _,
            idle: _,
            forgotten,
            folded,
            not_compared,
        } = other;
        self.forgotten += forgotten;
        self.families.merge(families);
        self.forgotten += self.bypasses.merge(bypasses);
        self.folded += folded;
        self.not_compared += not_compared;
        for (service, more) in in_order(services) {
            let (remembered, room) = (more.remembered(), self.room(self.remembered));
            let Some(facts) = entry(&mut self.services, service, self.limit) else {
                self.forgotten += 1 + remembered as u64;
                continue;
            };
            let none = facts.lives.is_none();
            let (added, forgotten) = facts.merge(more, room);
            let first = none && facts.lives.is_some();
            self.remembered += added;
            self.forgotten += forgotten;
            if first {
                self.note_port(service);
            }
        }
        for (address, more) in in_order(clients) {
            let room = self.room(self.attempts);
            let known = self.clients.len();
            let mut client = entry(&mut self.clients, address, self.limit);
            let room = if client.is_some() { room } else { 0 };
            let more = more.attempts();
            let remembered = more
                .iter()
                .take(room)
                .filter(|&&attempt| client.as_mut().is_some_and(|client| client.add(attempt)));
            let added = remembered.count();
            self.attempts += added;
            self.forgotten += (more.len() - added) as u64;
            self.note_client(address, known);
        }
        for (address, more) in in_order(hosts) {
            match entry(&mut self.hosts, address, self.limit) {
                Some(host) => host.merge(&more),
                None => self.forgotten += 1,
            }
        }
    }
}

/// What a map holds by its keys: where there is no room for all, the same are left out each time.
pub(super) fn in_order<K: Ord + Copy, V>(map: Map<K, V>) -> Vec<(K, V)> {
    let mut all: Vec<_> = map.into_iter().collect();
    all.sort_unstable_by_key(|&(key, _)| key);
    all
}

impl ServiceFacts {
    /// How many connections were added, and how much there was no room for.
    fn merge(&mut self, other: Self, room: usize) -> (usize, u64) {
        let Self {
            accepted,
            last_accepted,
            refused,
            aborted,
            unserved,
            flags_only,
            half_open,
            half_open_since,
            last_refused,
            survived,
            lives,
            names,
        } = other;
        self.accepted += accepted;
        self.last_accepted = self.last_accepted.max(last_accepted);
        self.refused += refused;
        self.unserved += unserved;
        self.half_open += half_open;
        self.flags_only += flags_only;
        self.last_refused = self.last_refused.max(last_refused);
        self.survived = self.survived.max(survived);
        let (mut forgotten, mut added) = (0, 0);
        if let Some(half_open) = half_open_since {
            let own = self.half_open_since.get_or_insert_default();
            added = own.merge(&half_open, room);
            forgotten += (half_open.len() - added) as u64;
        }
        if let Some(aborted) = aborted {
            let added = self.aborted.get_or_insert_default().merge(&aborted, usize::MAX);
            forgotten += (aborted.len() - added) as u64;
        }
        if let Some(names) = names {
            forgotten += self.names.get_or_insert_default().merge(&names);
        }
        if let Some(lives) = lives {
            let own: &mut Lives = self.lives.get_or_insert_default();
            let room = room.saturating_sub(added);
            let new = lives.all().iter().take(room).filter(|life| own.add(**life)).count();
            forgotten += (lives.all().len() - new) as u64;
            added += new;
        }
        (added, forgotten)
    }
}
