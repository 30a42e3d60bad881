//! Rows of connections and teardown segments, judged in blocks.

use std::collections::HashMap;
use std::iter;
use std::ops::RangeInclusive;

use super::{Metadata, Step};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::parallel;
use crate::cause::{self, Context, Parameters, Storm, Verdict};
use crate::conn::{Connection, Rows, Teardown, Unpacker};
use crate::engine::Output;
use crate::table::connections::{ConnectionRow, Connections};
use crate::table::shared::Shared;
use crate::table::teardowns::{TeardownRow, Teardowns};
use crate::table::{BLOCK_ROWS, CHUNK_ROWS, Columns, Filler, Layout, Made, Table};

/// Bytes that a row may take while it is made.
const ROW: u64 = 20_000;

/// Makes both tables of connections.
pub(super) struct Judge<'a> {
    /// What connections say of each other.
    pub context: &'a Context,
    /// Thresholds.
    pub parameters: &'a Parameters,
    /// Columns that are asked for.
    pub columns: &'a Columns,
    /// How many blocks of rows are judged at once.
    pub threads: usize,
}

impl<'a> Judge<'a> {
    /// Of a pass that is over.
    pub(super) fn at_the_end(output: &'a Output) -> Self {
        let (context, parameters) = (&output.context, &output.parameters);
        Self { context, parameters, columns: &output.columns, threads: output.threads }
    }
}

impl Judge<'_> {
    /// One row per connection.
    pub(super) fn connections(
        &self,
        connections: Rows,
        shared: &Shared,
        metadata: &Metadata,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Made, Error> {
        let columns = self.columns.connections.columns();
        let layout = Layout::<Connections>::of(columns, shared, metadata.clone());
        if self.columns.connections.is_nothing() {
            return layout.table(Vec::new());
        }
        let judged = self.columns.connections.is_judged::<Connections>();
        // A chunk's memory is given back before the next one is transposed.
        let chunks = connections.into_groups(CHUNK_ROWS);
        let batches = parallel::in_order(self.threads, chunks, proceed, |chunk: Rows| {
            guard::room_for(chunk.len() as u64 * ROW)?;
            let mut batch = layout.batch(chunk.len());
            let mut unpacker = Unpacker::default();
            for start in (0..chunk.len()).step_by(BLOCK_ROWS) {
                let block = unpacker.look(&chunk, start..start + BLOCK_ROWS);
                let verdicts: Vec<_> = if judged {
                    self.context.prefetch(&block);
                    let judge = |c: &&Connection| {
                        told(cause::judge(c, self.context, self.parameters), &mut batch)
                    };
                    block.iter().map(judge).collect()
                } else {
                    Vec::new()
                };
                let verdicts = verdicts.iter().map(Some).chain(iter::repeat(None));
                let rows: Vec<_> = block
                    .iter()
                    .zip(verdicts)
                    .map(|(&connection, verdict)| ConnectionRow { connection, verdict, shared })
                    .collect();
                batch.add(&rows);
            }
            batch.finish()
        })?;
        layout.table(batches)
    }

    /// One row per FIN or RST of these, in packet order.
    pub(super) fn teardowns(
        &self,
        connections: &Rows,
        shared: &Shared,
        metadata: &Metadata,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Made, Error> {
        self.teardowns_in(connections, 0..=u64::MAX, shared, metadata, proceed)
    }

    /// The same for those in some packets.
    pub(super) fn teardowns_in(
        &self,
        connections: &Rows,
        packets: RangeInclusive<u64>,
        shared: &Shared,
        metadata: &Metadata,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Made, Error> {
        let columns = self.columns.teardowns.columns();
        let layout = Layout::<Teardowns>::of(columns, shared, metadata.clone());
        if self.columns.teardowns.is_nothing() {
            return layout.table(Vec::new());
        }
        let judged = self.columns.teardowns.is_judged::<Teardowns>();
        let mut places = connections.teardown_places();
        let storms = if judged { storms(&places) } else { HashMap::new() };
        places.retain(|(packet, _, _)| packets.contains(packet));
        let chunks = places.chunks(CHUNK_ROWS);
        let batches = parallel::in_order(self.threads, chunks, proceed, |chunk| {
            guard::room_for(chunk.len() as u64 * ROW)?;
            let mut batch = layout.batch(chunk.len());
            let mut unpacker = Unpacker::default();
            let mut fins = Fins::default();
            for block in chunk.chunks(BLOCK_ROWS) {
                let looked =
                    unpacker.look(connections, block.iter().map(|&(_, row, _)| row as usize));
                if judged {
                    self.context.prefetch(&looked);
                }
                let block: Vec<Place> = looked
                    .into_iter()
                    .zip(block)
                    .filter_map(|(connection, &(_, row, at))| {
                        let teardown = connection.teardowns.get(at as usize)?;
                        Some(Place { row, at, connection, teardown, storm: storms.get(&row) })
                    })
                    .collect();
                let verdicts: Vec<_> = if judged {
                    let judge = |place| {
                        let (verdict, injection) = self.row(place, &mut fins);
                        (told(verdict, &mut batch), injection)
                    };
                    block.iter().map(judge).collect()
                } else {
                    Vec::new()
                };
                let verdicts = verdicts.iter().map(Some).chain(iter::repeat(None));
                let rows: Vec<_> = block
                    .iter()
                    .zip(verdicts)
                    .map(|(place, judged)| TeardownRow {
                        connection: place.connection,
                        teardown: place.teardown,
                        verdict: judged.map(|(verdict, _)| verdict),
                        injection: judged.map_or(0.0, |&(_, injection)| injection),
                        shared,
                    })
                    .collect();
                batch.add(&rows);
            }
            batch.finish()
        })?;
        layout.table(batches)
    }

    /// Both tables of connections that were let go.
    pub(super) fn pair(
        &self,
        chunk: Rows,
        shared: &Shared,
        metadata: &Metadata,
    ) -> Result<Step, Error> {
        // Both tables look at each of them.
        guard::room_for(chunk.len() as u64 * ROW)?;
        let chunk = chunk.into_unpacked();
        let teardowns = self.teardowns(&chunk, shared, metadata, &|| true)?;
        Ok(Step::Pair(self.connections(chunk, shared, metadata, &|| true)?, teardowns))
    }
}

/// A teardown segment of a block.
struct Place<'a> {
    /// The row of its connection.
    row: u32,
    /// Its place among those of the connection.
    at: u32,
    connection: &'a Connection,
    teardown: &'a Teardown,
    storm: Option<&'a Storm>,
}

/// Verdicts of FINs that later ones of their connections share, by the row of the connection.
type Fins = HashMap<u32, Verdict, foldhash::fast::RandomState>;

impl Judge<'_> {
    /// Judges one segment; of the FINs of a connection that are alike only the first for itself.
    fn row(&self, place: &Place<'_>, fins: &mut Fins) -> (Verdict, f64) {
        let Place { row, at, connection, teardown, storm } = *place;
        let alike = cause::alike(connection, teardown);
        let fin = if alike { fins.remove(&row) } else { None };
        let (context, parameters) = (self.context, self.parameters);
        let (verdict, injection) =
            cause::judge_and_score(connection, teardown, storm, fin, context, parameters);
        let mut later = connection.teardowns.iter().skip(at as usize + 1);
        if alike && later.any(|other| cause::alike(connection, other)) {
            fins.insert(row, verdict.clone());
        }
        (verdict, injection)
    }
}

/// A verdict whose evidence was put into the column, and its list given back before the next one is
/// asked for.
fn told<T: Table>(mut verdict: Verdict, batch: &mut Filler<'_, T>) -> Verdict {
    batch.evidence(&std::mem::take(&mut verdict.evidence));
    verdict
}

/// What is to be remembered of connections with many FINs and RSTs, by their rows.
fn storms(places: &[(u64, u32, u32)]) -> HashMap<u32, Storm> {
    let many = places.iter().filter(|(_, _, at)| *at == cause::MANY);
    many.map(|&(_, row, _)| (row, Storm::default())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Columns, Context, Fins, Judge, Parameters, Place, cause, storms};
    use crate::conn::play;

    #[test]
    fn a_connection_is_remembered_once_however_many_rows_it_has() {
        let rows = |row, count| (0..count).map(move |at| (u64::from(at), row, at));
        let mut places: Vec<_> = rows(3, cause::MANY).collect();
        assert!(storms(&places).is_empty());
        places.extend(rows(4, cause::MANY + 1).chain(rows(5, 10 * cause::MANY)));
        places.sort_unstable();
        let mut remembered: Vec<_> = storms(&places).into_keys().collect();
        remembered.sort_unstable();
        assert_eq!(remembered, [4, 5]);
    }

    #[test]
    fn a_fin_that_is_not_judged_for_itself_has_the_verdict_that_it_would_have() {
        let parameters = Parameters::default();
        let scripts = cause::RULES.iter().flat_map(|rule| {
            rule.examples.iter().chain(rule.near_misses.iter().map(|(script, _)| script))
        });
        let mut shared = 0;
        for script in scripts {
            let connections = play(script).unwrap();
            let mut context = Context::default();
            for connection in &connections {
                context.add(connection);
            }
            let places: Vec<_> = (0..)
                .zip(&connections)
                .flat_map(|(row, connection)| {
                    let rows = connection.teardowns.iter();
                    let place =
                        move |(at, teardown)| Place { row, at, connection, teardown, storm: None };
                    (0..).zip(rows).map(place)
                })
                .collect();
            let columns = Columns::default();
            let judge =
                Judge { context: &context, parameters: &parameters, columns: &columns, threads: 1 };
            let mut fins = Fins::default();
            for place in &places {
                let (verdict, _) = judge.row(place, &mut fins);
                let Place { connection, teardown, .. } = *place;
                let alone = cause::judge_teardown(connection, teardown, &context, &parameters);
                assert_eq!(format!("{verdict:?}"), format!("{alone:?}"), "{script}");
                shared += usize::from(cause::alike(connection, teardown));
            }
        }
        assert!(shared > 100, "{shared}");
    }

    #[test]
    fn what_is_shared_is_forgotten_with_the_last_fin_that_shares_it() {
        let connections = play("> S, < S., > ., > F., < F., > F. again +1s, > . +2s").unwrap();
        let connection = &connections[0];
        let (context, parameters) = (Context::default(), Parameters::default());
        let columns = Columns::default();
        let judge =
            Judge { context: &context, parameters: &parameters, columns: &columns, threads: 1 };
        let mut fins = Fins::default();
        let known: Vec<_> = (0..)
            .zip(&connection.teardowns)
            .map(|(at, teardown)| {
                let place = Place { row: 7, at, connection, teardown, storm: None };
                judge.row(&place, &mut fins);
                fins.contains_key(&7)
            })
            .collect();
        assert_eq!(known, [true, true, false]);
    }
}
