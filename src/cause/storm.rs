//! What is remembered of a connection with many FINs and RSTs while its rows are judged one by one,
//! so that a storm costs no more than its rows.

use std::sync::OnceLock;

use super::near::{Near, Neighbour, around};
use super::rule::{Case, Finding};
use crate::base::numbers::numbers;
use crate::conn::{Side, Teardown};

numbers! {
    /// Rows beyond which a connection is worth remembering.
    pub bound MANY: u32 = 64;
}

/// What the rows of one connection share, worked out when the first of them asks.
#[derive(Debug, Default)]
pub struct Storm {
    neighbours: OnceLock<Vec<Neighbour>>,
    first_effective: [OnceLock<Option<u64>>; 2],
    first_forged: [OnceLock<Option<(u64, Finding)>>; 2],
}

impl Storm {
    /// What the resets around a row of the connection say.
    pub(super) fn near(&self, case: &Case<'_>, row: &Teardown) -> Near {
        let rows = &case.connection.teardowns;
        let all = self.neighbours.get_or_init(|| rows.iter().map(Neighbour::of).collect());
        Near::among(row, around(all, case.place(row)).iter())
    }

    /// The packet of the first effective reset of a side.
    pub(super) fn first_effective(
        &self,
        side: Side,
        find: impl FnOnce() -> Option<u64>,
    ) -> Option<u64> {
        let [client, server] = &self.first_effective;
        *of(side, client, server).get_or_init(find)
    }

    /// The packet of the first forged reset of a side that had no effect, and why it is forged.
    pub(super) fn first_forged(
        &self,
        side: Side,
        find: impl FnOnce() -> Option<(u64, Finding)>,
    ) -> Option<(u64, Finding)> {
        let [client, server] = &self.first_forged;
        of(side, client, server).get_or_init(find).clone()
    }
}

fn of<T>(side: Side, client: T, server: T) -> T {
    match side {
        Side::Client => client,
        Side::Server => server,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Storm;
    use crate::cause::Finding;
    use crate::conn::Side;

    #[test]
    fn what_a_sides_rows_share_is_looked_for_once() {
        let (storm, looked) = (Storm::default(), Cell::new(0));
        let look = |found: Option<u64>| {
            looked.set(looked.get() + 1);
            found
        };
        for _ in 0..1000 {
            assert_eq!(storm.first_effective(Side::Client, || look(Some(7))), Some(7));
            assert_eq!(storm.first_effective(Side::Server, || look(None)), None);
            let forged = |packet| Some((look(packet)?, Finding::new(0.5)));
            let packet = |side, there| Some(storm.first_forged(side, || forged(there))?.0);
            assert_eq!(packet(Side::Client, None), None);
            assert_eq!(packet(Side::Server, Some(9)), Some(9));
        }
        assert_eq!(looked.get(), 4);
    }
}
