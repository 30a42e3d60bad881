//! Scans: one source tries many hosts at a port, or many ports of a host, and says nothing.

use super::group::{Places, by, distinct};
use super::rows::{Row, Rows};

/// Hosts that are tried at one port.
const HOSTS: usize = 16;
/// Ports that are tried at one host.
const PORTS: usize = 20;
/// Of all that the source did there, so much says nothing: four of five.
const SILENT: (usize, usize) = (4, 5);
/// A target is not tried more often than this on average: who repeats himself wants an answer.
const REPEATS: usize = 3;

/// An attempt at which the client said nothing, and its server neither.
fn probe(row: &Row) -> bool {
    row.begun && row.client_bytes == 0 && row.server_bytes == 0 && !row.cause_is(CHECK)
}

/// A check that is made again and again is told by its cause.
const CHECK: &str = "health_check_probe";

impl Row {
    fn cause_is(&self, name: &str) -> bool {
        self.cause.name() == name
    }
}

/// The rows, of those given, that are parts of a scan.
pub fn probes(rows: &Rows, places: &[u32]) -> Places {
    let is_probe = |place: &u32| rows.rows.get(*place as usize).is_some_and(probe);
    let said: Vec<bool> = rows.rows.iter().map(|row| !probe(row)).collect();
    let candidates: Places = places.iter().copied().filter(is_probe).collect();
    if candidates.len() < HOSTS.min(PORTS) {
        return Vec::new();
    }
    let mut found: Places = Vec::new();
    let mut look = |key: fn(&Rows, &Row) -> (u32, u32), target: fn(&Rows, &Row) -> u32, least| {
        // Only pairs that have enough probes are looked at with all that they did.
        let tried = by(rows, candidates.iter().copied(), least, |row| Some(key(rows, row)));
        let wanted: Vec<(u32, u32)> = tried.iter().map(|(key, _)| *key).collect();
        if wanted.is_empty() {
            return;
        }
        let mut others = vec![0_usize; wanted.len()];
        for (row, _) in rows.rows.iter().zip(&said).filter(|(_, said)| **said) {
            if let Ok(place) = wanted.binary_search(&key(rows, row)) {
                others[place] += 1;
            }
        }
        for ((_, group), others) in tried.into_iter().zip(others) {
            let targets = distinct(rows, &group, |row| target(rows, row));
            let silent = group.len() * SILENT.1 >= (group.len() + others) * SILENT.0;
            if targets >= least && silent && group.len() <= targets * REPEATS {
                found.extend(group);
            }
        }
    };
    look(|rows, row| (row.client, rows.port(row).into()), Rows::server, HOSTS);
    look(|rows, row| (row.client, rows.server(row)), |rows, row| rows.port(row).into(), PORTS);
    found.sort_unstable();
    found.dedup();
    found
}
