//! 442 malformed or awkward captures: whatever is in them, the ledger adds up, and TCP packets are
//! as many as a good reader finds: as was worked out by hand where it was, else as tshark says.

use finrst::packet::Class;

use super::support::{Row, assert_listed, check_accounts, read_file, refusal, shared, table};

const LIST: &str = "bad_differences.csv";
const COLUMNS: [&str; 4] = ["file", "what", "ours", "good"];

/// Records and TCP packets that a good reader finds: one of several where two answers are good.
fn good(row: &Row) -> (&str, Vec<String>) {
    let by_hand = row["good_tcp_packets"].split(" or ").map(str::to_owned);
    let by_hand: Vec<_> = by_hand.filter(|n| n.parse::<u64>().is_ok()).collect();
    let tcp = if by_hand.is_empty() { vec![row["tshark_tcp_frames"].clone()] } else { by_hand };
    (&row["strict_reader_records"], tcp)
}

#[test]
fn malformed_captures_are_read_as_a_good_reader_does() {
    let Some(captures) = shared("malformed captures") else { return };
    let public = captures.join("public");
    let rows = table(&public.join("oracle/bad_results.csv"));
    assert_eq!(rows.len(), 442);
    let mut found = Vec::new();
    for row in &rows {
        let path = public.join(&row["file"]);
        let (records, tcp) = good(row);
        let mut differs = |what: &str, ours: String, good: &str| {
            found.push(vec![row["file"].clone(), what.into(), ours, good.into()]);
        };
        match read_file(&path) {
            Ok(output) => {
                check_accounts(&output, &row["file"]);
                let packets: u64 = output.files.iter().map(|file| file.packets).sum();
                if packets.to_string() != records {
                    differs("records", packets.to_string(), records);
                }
                let ours = output.ledger.total(Class::Tcp).to_string();
                if !tcp.contains(&ours) {
                    differs("tcp_packets", ours, &tcp.join(" or "));
                }
            }
            Err(error) if records == "0" || tcp.iter().all(|n| n == "0") => {
                assert!(!error.to_string().is_empty());
            }
            Err(error) => differs("refused", refusal(&error, &path), records),
        }
    }
    assert_listed(&found, LIST, &COLUMNS);
}
