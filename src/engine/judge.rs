//! Rows of connections and teardown segments, judged in blocks.

use std::collections::HashMap;
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
use crate::table::{BLOCK_ROWS, CHUNK_ROWS, Layout, Made};

/// Bytes that a row may take while it is made.
const ROW: u64 = 20_000;

/// Makes both tables of connections.
pub struct Judge<'a> {
    /// What connections say of each other.
    pub context: &'a Context,
    /// Thresholds.
    pub parameters: &'a Parameters,
    /// How many blocks of rows are judged at once.
    pub threads: usize,
}

impl<'a> Judge<'a> {
    /// Of a pass that is over.
    pub fn at_the_end(output: &'a Output) -> Self {
        let (context, parameters) = (&output.context, &output.parameters);
        Self { context, parameters, threads: output.threads }
    }
}

impl Judge<'_> {
    /// One row per connection.
    pub fn connections(
        &self,
        connections: Rows,
        shared: &Shared,
        metadata: &Metadata,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Made, Error> {
        let layout = Layout::<Connections>::new(metadata.clone());
        // A chunk's memory is given back before the next one is transposed.
        let chunks = connections.into_groups(CHUNK_ROWS);
        let batches = parallel::in_order(self.threads, chunks, proceed, |chunk: Rows| {
            guard::room_for(chunk.len() as u64 * ROW)?;
            let mut batch = layout.batch(chunk.len());
            let mut unpacker = Unpacker::default();
            for start in (0..chunk.len()).step_by(BLOCK_ROWS) {
                let block = unpacker.look(&chunk, start..start + BLOCK_ROWS);
                self.context.prefetch(&block);
                let verdicts: Vec<Verdict> =
                    block.iter().map(|c| cause::judge(c, self.context, self.parameters)).collect();
                let rows: Vec<_> = block
                    .iter()
                    .zip(&verdicts)
                    .map(|(&connection, verdict)| ConnectionRow { connection, verdict, shared })
                    .collect();
                batch.add(&rows);
            }
            batch.finish()
        })?;
        layout.table(batches)
    }

    /// One row per FIN or RST of these, in packet order.
    pub fn teardowns(
        &self,
        connections: &Rows,
        shared: &Shared,
        metadata: &Metadata,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Made, Error> {
        self.teardowns_in(connections, 0..=u64::MAX, shared, metadata, proceed)
    }

    /// The same for those in some packets.
    pub fn teardowns_in(
        &self,
        connections: &Rows,
        packets: RangeInclusive<u64>,
        shared: &Shared,
        metadata: &Metadata,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Made, Error> {
        let mut places = connections.teardown_places();
        places.sort_unstable();
        let storms = storms(&places);
        places.retain(|(packet, _, _)| packets.contains(packet));
        let layout = Layout::<Teardowns>::new(metadata.clone());
        let chunks = places.chunks(CHUNK_ROWS);
        let batches = parallel::in_order(self.threads, chunks, proceed, |chunk| {
            guard::room_for(chunk.len() as u64 * ROW)?;
            let mut batch = layout.batch(chunk.len());
            let mut unpacker = Unpacker::default();
            for block in chunk.chunks(BLOCK_ROWS) {
                let looked =
                    unpacker.look(connections, block.iter().map(|&(_, row, _)| row as usize));
                self.context.prefetch(&looked);
                let block: Vec<Place> = looked
                    .into_iter()
                    .zip(block)
                    .filter_map(|(connection, &(_, row, at))| {
                        let teardown = connection.teardowns.get(at as usize)?;
                        Some(Place { row, connection, teardown, storm: storms.get(&row) })
                    })
                    .collect();
                let judged = self.rows(&block);
                let rows: Vec<_> = block
                    .iter()
                    .zip(&judged)
                    .map(|(&Place { connection, teardown, .. }, (verdict, injection))| {
                        TeardownRow { connection, teardown, verdict, injection: *injection, shared }
                    })
                    .collect();
                batch.add(&rows);
            }
            batch.finish()
        })?;
        layout.table(batches)
    }

    /// Both tables of connections that were let go.
    pub fn pair(&self, chunk: Rows, shared: &Shared, metadata: &Metadata) -> Result<Step, Error> {
        let teardowns = self.teardowns(&chunk, shared, metadata, &|| true)?;
        Ok(Step::Pair(self.connections(chunk, shared, metadata, &|| true)?, teardowns))
    }
}

/// A teardown segment of a block.
struct Place<'a> {
    /// The row of its connection.
    row: u32,
    connection: &'a Connection,
    teardown: &'a Teardown,
    storm: Option<&'a Storm>,
}

impl Judge<'_> {
    /// Judges the segments of a block; the FINs of one connection that are alike only once.
    fn rows(&self, block: &[Place<'_>]) -> Vec<(Verdict, f64)> {
        let mut judged: Vec<(Verdict, f64)> = Vec::with_capacity(block.len());
        let mut fins: Vec<(u32, usize)> = Vec::new();
        for place in block {
            let Place { row, connection, teardown, storm } = *place;
            let alike = cause::alike(connection, teardown);
            let other = fins.iter().rev().find(|(other, _)| alike && *other == row);
            let fin = other.and_then(|&(_, at)| judged.get(at)).map(|(verdict, _)| verdict);
            if alike && fin.is_none() {
                fins.push((row, judged.len()));
            }
            let (context, parameters) = (self.context, self.parameters);
            judged.push(cause::judge_and_score(
                connection, teardown, storm, fin, context, parameters,
            ));
        }
        judged
    }
}

/// What is to be remembered of connections with many FINs and RSTs, by their rows.
fn storms(places: &[(u64, u32, u32)]) -> HashMap<u32, Storm> {
    let many = places.iter().filter(|(_, _, at)| *at == cause::MANY);
    many.map(|&(_, row, _)| (row, Storm::default())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Context, Judge, Parameters, Place, cause, storms};
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
                    rows.map(move |teardown| Place { row, connection, teardown, storm: None })
                })
                .collect();
            let judge = Judge { context: &context, parameters: &parameters, threads: 1 };
            for (place, (verdict, _)) in places.iter().zip(judge.rows(&places)) {
                let Place { connection, teardown, .. } = *place;
                let alone = cause::judge_teardown(connection, teardown, &context, &parameters);
                assert_eq!(format!("{verdict:?}"), format!("{alone:?}"), "{script}");
                shared += usize::from(cause::alike(connection, teardown));
            }
        }
        assert!(shared > 100, "{shared}");
    }
}
