//! Rows that must not change unseen. `FINRST_RECORD=1 cargo test --test invariance` writes them
//! anew; read the difference before committing it.

use std::path::Path;

use finrst::conn::{Connection, Side};
use finrst::engine::Output;
use finrst::packet::Class;
use finrst::table::vocabulary::Vocabulary;

use super::captures;
use super::support::record::hold;
use super::support::{check_accounts, data, frames, line, read_file, refusal};

const ROWS: &str = "file,id,client,server,first_packet,last_packet,start,duration_ns,opening,\
    packets,bytes,unique_bytes,fin_packets,rst_packets,ending,ending_raw,ended_by,phase,\
    completeness,zeek_conn_state,zeek_history";
const FILES: &str = "file,status,packets,classes,issues";

fn both(value: impl Fn(Side) -> String) -> String {
    format!("{}/{}", value(Side::Client), value(Side::Server))
}

fn row(file: &str, c: &Connection) -> String {
    let name = |side| format!("{} {}", c.ip(side), c.port(side));
    line(&[
        file.to_owned(),
        c.id.to_string(),
        name(Side::Client),
        name(Side::Server),
        c.first_packet.to_string(),
        c.last_packet.to_string(),
        c.start.to_string(),
        (c.end - c.start).to_string(),
        c.opening.word().to_owned(),
        both(|side| c.side(side).packets.to_string()),
        both(|side| c.side(side).bytes.to_string()),
        both(|side| c.side(side).unique_bytes.to_string()),
        both(|side| frames(c, side, false)),
        both(|side| frames(c, side, true)),
        c.ending.word().to_owned(),
        c.ending_raw.word().to_owned(),
        c.ended_by.word().to_owned(),
        c.phase.word().to_owned(),
        c.completeness.to_string(),
        c.zeek.conn_state().to_owned(),
        c.zeek.history().to_owned(),
    ])
}

fn described(file: &str, output: &Output) -> String {
    let summary = &output.files[0];
    let classes: Vec<String> = Class::ALL
        .iter()
        .filter(|&&class| output.ledger.total(class) > 0)
        .map(|&class| format!("{}={}", class.name(), output.ledger.total(class)))
        .collect();
    let issues: Vec<String> =
        output.issues.counts().map(|(_, kind, n)| format!("{kind}={n}")).collect();
    line(&[
        file,
        summary.status.as_str(),
        &summary.packets.to_string(),
        &classes.join(" "),
        &issues.join(" "),
    ])
}

fn read(path: &Path) -> Output {
    read_file(path).unwrap_or_else(|error| panic!("{}", refusal(&error, path)))
}

#[test]
fn captures_in_the_repository_have_the_rows_they_had() {
    let (mut rows, mut files) = (vec![ROWS.to_owned()], vec![FILES.to_owned()]);
    for (name, path) in captures() {
        let output = read(&path);
        check_accounts(&output, &name);
        files.push(described(&name, &output));
        rows.extend(output.connections.iter().map(|c| row(&name, &c)));
    }
    hold(&data("captures_rows.csv"), &(rows.join("\n") + "\n"));
    hold(&data("captures_files.csv"), &(files.join("\n") + "\n"));
}
