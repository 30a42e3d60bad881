//! A pass over packets that are still coming: what could be said if they ended here.

use super::{Accounts, Judge, Scan, State, Step};
use crate::error::Error;
use crate::read::Session;
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
    pub accounts: [Made; 4],
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
        let State::Reading { session, pending, .. } = &self.state else { return Ok(None) };
        let (files, interfaces) = session.described();
        let shared = Shared::new(files, interfaces, session.paths());
        let (ledger, issues) = (session.ledger(), session.issues());
        let accounts = Accounts { ledger, files, interfaces, issues };
        let accounts = accounts.tables(&shared, &self.metadata)?;
        let waiting = u32::try_from(pending.len()).unwrap_or(u32::MAX);
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
            rows.extend(pending.iter().cloned());
            let context = context.as_ref().unwrap_or(session.context());
            let judge = Judge { context, parameters: session.parameters() };
            if let Step::Pair(connections, teardowns) =
                judge.pair(rows.into(), &shared, &self.metadata)?
            {
                pair = Some((connections, teardowns));
            }
        }
        Ok(Some(SoFar { followed, pair, accounts }))
    }
}
