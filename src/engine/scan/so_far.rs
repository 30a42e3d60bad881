//! A pass over packets that are still coming: what could be said if they ended here.

use super::{Accounts, Judge, Scan, State, Step};
use crate::base::error::Error;
use crate::conn::Rows;
use crate::engine::Session;
use crate::table::Made;
use crate::table::shared::Shared;

/// What is remembered of other connections is copied for a look at the followed ones up to this
/// size; beyond it they are judged by those that were let go alone.
const COPIED: usize = 100_000;

/// What a pass has come to.
pub struct SoFar {
    /// How many connections are followed.
    pub followed: u32,
    /// These, unless there are too many to look at on the way, and their FIN and RST segments.
    pub pair: Option<(Made, Made)>,
    /// The tables about the capture itself.
    pub accounts: [Made; 5],
}

impl Scan {
    /// Goes on with the packets at hand, or waits for some, or hands out rows.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub fn turn(&mut self) -> Result<Step, Error> {
        self.advance(Session::turn)
    }

    /// What there is beside the rows that were handed out. Those that wait to be handed out count
    /// as followed. `None` once reading is over.
    ///
    /// # Errors
    /// A broken promise of this crate only.
    pub fn so_far(&self, most: u32) -> Result<Option<SoFar>, Error> {
        let State::Reading { session, .. } = &self.state else { return Ok(None) };
        let (files, interfaces) = session.described();
        let shared = Shared::new(files, interfaces, session.paths());
        let (ledger, issues) = (session.ledger(), session.issues());
        let hosts = session.hosts();
        let accounts = Accounts { ledger, files, interfaces, issues, hosts };
        let accounts = accounts.tables(&shared, &self.metadata)?;
        let waiting = u32::try_from(session.released().len()).unwrap_or(u32::MAX);
        let followed = session.followed().saturating_add(waiting);
        let mut pair = None;
        if followed <= most {
            let mut rows = session.so_far();
            let mut context =
                (session.context().size() <= COPIED).then(|| session.context().clone());
            if let Some(context) = &mut context {
                for row in &rows {
                    context.add(row);
                }
            }
            rows.extend(session.released().iter());
            let context = context.as_ref().unwrap_or(session.context());
            let (parameters, threads) = (session.parameters(), session.threads());
            let judge = Judge { context, parameters, columns: session.columns(), threads };
            let mut whole = Rows::default();
            for row in rows {
                whole.push_whole(row);
            }
            if let Step::Pair(connections, teardowns) =
                judge.pair(whole, &shared, &self.metadata)?
            {
                pair = Some((connections, teardowns));
            }
        }
        Ok(Some(SoFar { followed, pair, accounts }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Scan, State, Step};
    use crate::capture::Source;
    use crate::engine::Options;
    use crate::packet::Class;

    const DEMO: &[u8] = include_bytes!("../../../tests/data/demo.pcap");
    const HEADER: usize = 24;

    /// Gives a few bytes at a time, as a pipe does, and tells how many it gave.
    struct Trickle {
        given: Arc<AtomicUsize>,
        step: usize,
    }

    impl Read for Trickle {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let at = self.given.load(Ordering::Relaxed);
            let count = self.step.min(out.len()).min(DEMO.len() - at);
            out[..count].copy_from_slice(&DEMO[at..at + count]);
            self.given.store(at + count, Ordering::Relaxed);
            Ok(count)
        }
    }

    /// Packets that are complete in the first bytes of the demonstration.
    fn complete(bytes: usize) -> u64 {
        let (mut at, mut count) = (HEADER, 0);
        while let Some(length) = DEMO.get(at + 8..at + 12) {
            at += 16 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
            if at > bytes {
                break;
            }
            count += 1;
        }
        count
    }

    #[test]
    fn a_turn_takes_every_packet_that_came() {
        for step in [100, 700, 4096] {
            let given = Arc::new(AtomicUsize::new(0));
            let trickle = Trickle { given: Arc::clone(&given), step };
            let source = Source::reader("pipe", Box::new(trickle), None);
            let mut scan = Scan::open(vec![source], Options::default()).unwrap();
            let (mut turns, mut rows) = (0, 0);
            loop {
                match scan.turn().unwrap() {
                    Step::More => {}
                    Step::Pair(connections, _) => {
                        rows += connections
                            .batches
                            .iter()
                            .map(arrow_array::RecordBatch::num_rows)
                            .sum::<usize>();
                    }
                    Step::Done => break,
                }
                let Some(found) = scan.so_far(1000).unwrap() else { continue };
                let State::Reading { session, .. } = &scan.state else { unreachable!() };
                let packets = session.ledger().total(Class::Tcp);
                assert_eq!(packets, complete(given.load(Ordering::Relaxed)), "steps of {step}");
                let (connections, _) = found.pair.unwrap();
                let judged: usize =
                    connections.batches.iter().map(arrow_array::RecordBatch::num_rows).sum();
                assert_eq!(judged, found.followed as usize);
                assert!(scan.so_far(0).unwrap().unwrap().pair.is_none());
                turns += 1;
            }
            assert_eq!(rows, 25);
            assert!(turns > 1);
            assert!(scan.so_far(1000).unwrap().is_none());
        }
    }
}
