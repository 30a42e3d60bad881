//! What two parts of a capture remember, together.

use super::{Aborted, Context, Lives, MAX_ABORTED, ServiceFacts, entry};

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
            attempts: _,
            remembered: _,
            limit: _,
            forgotten,
            folded,
            not_compared,
        } = other;
        self.forgotten += forgotten;
        self.families.merge(families);
        self.folded += folded;
        self.not_compared += not_compared;
        for (service, more) in services {
            let lives = more.lives.as_deref().map_or(0, |lives| lives.all().len());
            let room = self.room(self.remembered);
            let Some(facts) = entry(&mut self.services, service, self.limit) else {
                self.forgotten += 1 + lives as u64;
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
        for (address, more) in clients {
            let room = self.room(self.attempts);
            let (mut added, mut left) = (0, more.attempts().len());
            if let Some(client) = entry(&mut self.clients, address, self.limit) {
                let room = more.attempts().iter().take(room);
                added = room.filter(|attempt| client.add(**attempt)).count();
                left -= added;
            }
            self.attempts += added;
            self.forgotten += left as u64;
        }
        for (address, more) in hosts {
            match entry(&mut self.hosts, address, self.limit) {
                Some(host) => host.merge(&more),
                None => self.forgotten += 1,
            }
        }
    }

    fn room(&self, taken: usize) -> usize {
        self.limit.map_or(usize::MAX, |limit| limit.saturating_mul(4).saturating_sub(taken))
    }
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
        let mut forgotten = 0;
        if let Some(half_open) = half_open_since {
            forgotten += self.half_open_since.get_or_insert_default().merge(&half_open);
        }
        if let Some(aborted) = aborted {
            forgotten += self.aborted.get_or_insert_default().merge(&aborted);
        }
        if let Some(names) = names {
            forgotten += self.names.get_or_insert_default().merge(&names);
        }
        let mut added = 0;
        if let Some(lives) = lives {
            let own: &mut Lives = self.lives.get_or_insert_default();
            added = lives.all().iter().take(room).filter(|life| own.add(**life)).count();
            forgotten += (lives.all().len() - added) as u64;
        }
        (added, forgotten)
    }
}

impl Aborted {
    fn merge(&mut self, other: &Self) -> u64 {
        let room = MAX_ABORTED.saturating_sub(self.times.len());
        self.times.extend(other.times.iter().take(room));
        self.sorted.take();
        other.times.len().saturating_sub(room) as u64
    }
}
