//! The laboratory's captures: connections of two Linux hosts, each ended in a known way.

use std::collections::BTreeMap;

use finrst::cause;
use finrst::conn::{Side, Trigger};
use finrst::engine::Output;
use finrst::table::vocabulary::Vocabulary;

use super::support::{Row, check_accounts, data, line, read_file, shared, table};

/// Causes that must be the expected one or one that the table allows.
const CAUSES_AGREED: usize = 175;
/// What has a name of its own since the table was made, by the name that it has there.
const RENAMED: [(&str, &str); 1] = [("port_reuse_collision", "stray_segment")];

/// Number of each connection among those of the same endpoints, from 1.
fn found(output: &Output) -> BTreeMap<Vec<String>, usize> {
    let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for (index, c) in output.connections.iter().enumerate() {
        let mut key: Vec<String> = [Side::Client, Side::Server]
            .iter()
            .flat_map(|&side| [c.ip(side).to_string(), c.port(side).to_string()])
            .collect();
        let ordinal = seen.entry(key.clone()).or_default();
        *ordinal += 1;
        key.push(ordinal.to_string());
        rows.insert(key, index);
    }
    rows
}

fn key(row: &Row) -> Vec<String> {
    ["client_ip", "client_port", "server_ip", "server_port", "ordinal"]
        .map(|column| row[column].clone())
        .to_vec()
}

#[test]
fn endings_are_as_they_were_made_at_both_vantage_points() {
    let Some(captures) = shared("the laboratory's captures") else { return };
    let mut expected: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in table(&data("lab_expectations.csv")) {
        expected.entry(row["file"].clone()).or_default().push(row);
    }
    assert_eq!(expected.len(), 98);
    let (mut wrong, mut causes, mut agreed) = (Vec::new(), Vec::new(), 0);
    let mut rows = 0;
    for (file, expected) in &expected {
        let output = read_file(&captures.join("lab").join(file)).unwrap();
        check_accounts(&output, file);
        let mut found = found(&output);
        for row in expected {
            rows += 1;
            let key = key(row);
            let Some(index) = found.remove(&key) else {
                wrong.push(format!("{file} {}: missing", key.join(" ")));
                continue;
            };
            let c = &output.connections.get(index).unwrap();
            let verdict = cause::judge(c, &output.context, &output.parameters);
            let ours = [c.ending.word(), verdict.ended_by.word()];
            let wanted = [row["ending"].as_str(), row["ended_by"].as_str()];
            // Made as what is left of a connection that the capture shows to be over. Data that a
            // reset answers is no stray all the same: somebody sent it, and somebody refused it.
            let answered = c.teardowns.iter().any(|row| row.trigger == Some(Trigger::Data));
            let refused = wanted == ["stray", "none"] && ours[0] == "reset" && answered;
            if ours != wanted && !refused {
                wrong.push(format!("{file} {}: {ours:?}, made {wanted:?}", key.join(" ")));
            }
            let cause = verdict.cause.name();
            let allowed = row["alternatives_allowed"].split([' ', '|', ';']);
            let renamed = RENAMED.contains(&(cause, row["cause"].as_str()));
            if cause == row["cause"] || renamed || allowed.into_iter().any(|name| name == cause) {
                agreed += 1;
            } else {
                causes.push(line(&[file.as_str(), &key.join(" "), cause, &row["cause"]]));
            }
        }
        wrong.extend(found.keys().map(|key| format!("{file} {}: not expected", key.join(" "))));
    }
    println!("causes: {agreed} of {rows} agree\nfile,connection,cause,expected");
    for row in &causes {
        println!("{row}");
    }
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agreed >= CAUSES_AGREED, "{agreed} causes agree:\n{}", causes.join("\n"));
}
