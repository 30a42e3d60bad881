//! 2,042 public captures against tshark 4.0.17: packets of each file, and of each TCP stream the
//! endpoints, packets, payload octets, octets counted once, FIN and RST frames, completeness.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use finrst::conn::{Connection, Side};

use super::support::{
    Row, assert_listed, check_accounts, data, frames, read_file, refusal, shared, table,
};

const LIST: &str = "tshark_differences.csv";
const COLUMNS: [&str; 5] = ["file", "first_frame", "what", "ours", "tshark"];

type Found = Vec<Vec<String>>;

/// Both directions of one fact, the oracle's client first.
fn pair(a: impl Display, b: impl Display) -> String {
    format!("{a}/{b}")
}

fn names(c: &Connection) -> [String; 2] {
    [Side::Client, Side::Server].map(|side| format!("{} {}", c.ip(side), c.port(side)))
}

fn stream_names(stream: &Row) -> [String; 2] {
    [("client_ip", "client_port"), ("server_ip", "server_port")]
        .map(|(ip, port)| format!("{} {}", stream[ip], stream[port]))
}

/// What differs between a connection and the stream that begins with the same frame.
fn compare(c: &Connection, stream: &Row, mut differs: impl FnMut(&str, String, String)) {
    let (ours, theirs) = (names(c), stream_names(stream));
    let same = ours == theirs;
    let crossed = ours[0] == theirs[1] && ours[1] == theirs[0];
    // Where no SYN or SYN-ACK says who is the client, tshark does not either.
    if !(same || crossed && stream["client_basis"] == "first") {
        differs("client", ours.join(" > "), theirs.join(" > "));
    }
    let [client, server] =
        if same { [Side::Client, Side::Server] } else { [Side::Server, Side::Client] };
    let (x, y) = (c.side(client), c.side(server));
    let facts = [
        ("packets", pair(x.packets, y.packets)),
        ("bytes", pair(x.bytes, y.bytes)),
        ("unique_bytes", pair(x.unique_bytes, y.unique_bytes)),
        ("fin_frames", pair(frames(c, client, false), frames(c, server, false))),
        ("rst_frames", pair(frames(c, client, true), frames(c, server, true))),
    ];
    for (what, ours) in facts {
        let theirs = pair(&stream[&format!("{what}_c2s")], &stream[&format!("{what}_s2c")]);
        if ours != theirs {
            differs(what, ours, theirs);
        }
    }
    let (ours, theirs) = (c.completeness.to_string(), stream["completeness_last"].clone());
    if ours != theirs {
        differs("completeness", ours, theirs);
    }
}

fn file(path: &Path, name: &str, packets: &str, streams: &[Row], found: &mut Found) -> usize {
    let mut differs = |frame: &str, what: &str, ours: String, theirs: String| {
        found.push(vec![name.into(), frame.into(), what.into(), ours, theirs]);
    };
    let output = match read_file(path) {
        Ok(output) => output,
        Err(error) => {
            differs("", "refused", refusal(&error, path), pair(packets, streams.len()));
            return 0;
        }
    };
    check_accounts(&output, name);
    let read: u64 = output.files.iter().map(|file| file.packets).sum();
    if read.to_string() != packets {
        differs("", "file_packets", read.to_string(), packets.into());
    }
    let mut ours: BTreeMap<u64, Connection> =
        output.connections.iter().map(|c| (c.first_packet, c)).collect();
    assert_eq!(ours.len(), output.connections.len());
    let mut compared = 0;
    for stream in streams {
        let frame = &stream["first_frame"];
        match ours.remove(&frame.parse().unwrap()) {
            Some(c) => {
                compared += 1;
                compare(&c, stream, |what, ours, theirs| differs(frame, what, ours, theirs));
            }
            None => differs(frame, "stream", String::new(), stream_names(stream).join(" > ")),
        }
    }
    for (frame, c) in ours {
        differs(&frame.to_string(), "stream", names(&c).join(" > "), String::new());
    }
    compared
}

#[test]
fn every_public_capture_agrees_with_tshark_but_for_the_listed_differences() {
    let Some(captures) = shared("comparison with tshark") else { return };
    let public = captures.join("public");
    let mut streams: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for stream in table(&data("oracle_streams.csv.gz")) {
        streams.entry(stream["file"].clone()).or_default().push(stream);
    }
    let files = table(&data("oracle_files.csv.gz"));
    let mut found = Vec::new();
    let mut compared = 0;
    for row in &files {
        let name = &row["path"];
        let streams = streams.remove(name).unwrap_or_default();
        compared += file(&public.join(name), name, &row["packets_tshark"], &streams, &mut found);
    }
    assert!(streams.is_empty());
    println!("{} files, {compared} connections, {} differences", files.len(), found.len());
    assert_listed(&found, LIST, &COLUMNS);
}
