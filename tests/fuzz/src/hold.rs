//! What holds on every input: the accounts add up, every FIN and RST has its row, a verdict is
//! as sure as verdicts may be.

use finrst::capture::Status;
use finrst::cause::{Cause, Context, Parameters, judge, judge_teardown};
use finrst::conn::{Connection, Kind};
use finrst::engine::Output;
use finrst::packet::Class;

/// All identities of a whole pass.
pub fn output(output: &Output) {
    for (index, file) in output.files.iter().enumerate() {
        assert!(file.adds_up(), "the accounts of a file do not add up: {file:?}");
        assert_ne!(file.status, Status::Reading, "a file was left unread");
        let packets = output.ledger.packets(u32::try_from(index).unwrap());
        assert_eq!(packets, file.packets, "packets of the ledger and of the file");
        assert!(file.bytes_captured <= file.bytes_original);
    }
    let tracked: u64 = output.connections.iter().map(|c| packets(&c)).sum();
    assert_eq!(tracked, output.ledger.total(Class::Tcp), "TCP packets and those of connections");
    let rows = output.connections.len() as u64;
    assert_eq!(output.counts.created, rows, "connections begun and rows");
    assert_eq!(output.counts.released.iter().sum::<u64>(), rows, "connections let go and rows");
    let rows: Vec<_> = output.connections.iter().collect();
    connections(&rows, &output.context, &output.parameters);
}

/// Packets of both sides.
pub fn packets(c: &Connection) -> u64 {
    c.endpoints.iter().map(|side| side.packets).sum()
}

/// What holds of every connection and its verdicts.
pub fn connections<'a>(
    all: impl IntoIterator<Item = &'a Connection>,
    context: &Context,
    parameters: &Parameters,
) {
    for c in all {
        connection(c);
        let verdict = judge(c, context, parameters);
        confidence(verdict.cause, verdict.confidence);
        for row in &c.teardowns {
            let verdict = judge_teardown(c, row, context, parameters);
            confidence(verdict.cause, verdict.confidence);
        }
    }
}

fn confidence(cause: Cause, confidence: f64) {
    if cause == Cause::UNDETERMINED {
        assert!(confidence == 0.0, "undetermined with confidence {confidence}");
    } else {
        let name = cause.name();
        assert!((0.05..=0.98).contains(&confidence), "{name} with confidence {confidence}");
    }
}

fn connection(c: &Connection) {
    let rows = |kind| c.teardowns.iter().filter(|row| row.kind == kind).count() as u64;
    let sent = |count: [u32; 2]| count.iter().map(|&n| u64::from(n)).sum::<u64>();
    let finrst::conn::BySide { client, server } = &c.endpoints;
    assert_eq!(rows(Kind::Fin), sent([client.fins, server.fins]), "every FIN has its row");
    assert_eq!(rows(Kind::Rst), sent([client.rsts, server.rsts]), "every RST has its row");
    assert!(c.teardowns.windows(2).all(|pair| pair[0].packet < pair[1].packet), "rows in order");
    assert!(c.start <= c.end, "time within a connection");
    assert!(c.deciding.is_none() || c.deciding().is_some(), "the deciding row exists");
    for side in &c.endpoints {
        assert!(side.unique_bytes <= side.bytes, "bytes counted once are among all");
        let syn_fin_data = side.packets + u64::from(side.duplicates);
        assert!(u64::from(side.fins) + u64::from(side.rsts) <= syn_fin_data);
        assert!(side.ranges.as_deref().is_none_or(|ranges| ranges.gaps() <= 256));
    }
}
