//! `zeek_conn_state` and `zeek_history` against Zeek's own regression baselines.

use super::support::{assert_listed, read_file, shared, table};

const COLUMNS: [&str; 5] = ["file", "first_frame", "what", "ours", "zeek"];

#[test]
fn states_and_histories_equal_zeeks_baselines_but_for_the_listed_differences() {
    let Some(captures) = shared("comparison with Zeek") else { return };
    let public = captures.join("public");
    let rows = table(&public.join("oracle/zeek_tcp_expectations.csv"));
    assert!(rows.len() >= 59);
    let mut found = Vec::new();
    for row in &rows {
        let output = read_file(&public.join(&row["local"])).unwrap();
        let frame = row["first_frame"].trim_end_matches(".0");
        let c = output.connections.iter().find(|c| c.first_packet.to_string() == frame);
        let c = c.unwrap_or_else(|| panic!("{} has no connection from {frame}", row["local"]));
        let originator = format!("{}:{}", c.ip(c.zeek.originator()), c.port(c.zeek.originator()));
        let values = [
            ("orig", originator, &row["orig"]),
            ("conn_state", c.zeek.conn_state().into(), &row["conn_state"]),
            ("history", c.zeek.history().into(), &row["history"]),
        ];
        for (what, ours, theirs) in values {
            // A few baselines print only some of the columns.
            let stated = !theirs.trim_matches([':', '|']).is_empty();
            if stated && ours != *theirs {
                let file = row["local"].clone();
                found.push(vec![file, frame.into(), what.into(), ours, theirs.clone()]);
            }
        }
    }
    println!("{} baselines, {} differences", rows.len(), found.len());
    assert_listed(&found, "zeek_differences.csv", &COLUMNS);
}

/// What Zeek's tests print instead of logging.
#[test]
fn printed_baselines_hold() {
    let Some(captures) = shared("Zeek's printed baselines") else { return };
    let traces = captures.join("public/files/zeek+zeek/testing/btest/Traces/tcp");
    let of = |name: &str| {
        let output = read_file(&traces.join(name)).unwrap();
        let c = &output.connections.get(0).unwrap();
        (c.zeek.history().to_owned(), c.zeek.conn_state(), c.zeek.sizes())
    };
    assert_eq!(of("single-rst.pcap").0, "R");
    assert_eq!(of("single-rst.pcap").1, "OTH");
    assert_eq!(of("ssh-dups.pcap").0, "ShADTadtTtFf");
    // Originator closed, responder reset, nothing sent.
    assert_eq!(of("fin_retransmission.pcap").2, (0, 0));
    assert_eq!(of("fin_retransmission.pcap").1, "RSTR");
}
