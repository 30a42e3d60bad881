//! Scans: one source tries many hosts at a port, or many ports of a host, and says nothing.

use super::group::{Places, by, distinct};
use super::rows::{Row, Rows};
use crate::cause::Cause;

/// Hosts that are tried at one port.
const HOSTS: usize = 16;
/// Ports that are tried at one host.
const PORTS: usize = 20;
/// Of all that the source did there, so much says nothing: four of five.
const SILENT: (usize, usize) = (4, 5);
/// A target is not tried more often than this on average: who repeats himself wants an answer.
const REPEATS: usize = 3;

/// A check that is made again and again is told by its cause.
const CHECK: &str = "health_check_probe";

/// What of a row is compared.
type Part = fn(&Row) -> u64;

/// The rows, of those given, that are parts of a scan.
pub(super) fn probes(rows: &Rows, places: &[u32]) -> Places {
    let check = Cause::named(CHECK);
    // An attempt at which the client said nothing, and its server neither.
    let probe =
        |row: &Row| row.begun && !row.client_said && !row.server_said && Some(row.cause) != check;
    let is_probe = |place: &u32| rows.rows.get(*place as usize).is_some_and(probe);
    let candidates = places.iter().copied().filter(is_probe);
    let sources = by(rows, candidates, HOSTS.min(PORTS), |row| Some(row.client));
    let mut found: Places = Vec::new();
    let mut look = |part: Part, target: Part, least: usize| {
        // Only pairs that have enough probes are looked at with all that they did.
        let tried = sources.iter().flat_map(|(client, group)| {
            let parts = by(rows, group.iter().copied(), least, |row| Some(part(row)));
            parts.into_iter().map(|(part, group)| ((*client, part), group))
        });
        let tried: Vec<_> = tried.collect();
        if tried.is_empty() {
            return;
        }
        let mut others = vec![0_usize; tried.len()];
        for row in rows.rows.iter().filter(|row| !probe(row)) {
            let own = (row.client, part(row));
            let place = tried.binary_search_by_key(&own, |(key, _)| *key);
            if let Some(others) = place.ok().and_then(|place| others.get_mut(place)) {
                *others += 1;
            }
        }
        for ((_, group), others) in tried.into_iter().zip(others) {
            let targets = distinct(rows, &group, target);
            let silent = group.len() * SILENT.1 >= (group.len() + others) * SILENT.0;
            if targets >= least && silent && group.len() <= targets * REPEATS {
                found.extend(group);
            }
        }
    };
    look(|row| row.port().into(), Row::server, HOSTS);
    look(Row::server, |row| row.port().into(), PORTS);
    found.sort_unstable();
    found.dedup();
    found
}
