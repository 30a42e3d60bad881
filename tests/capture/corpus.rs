//! The public and malformed captures, where they are present.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{assert_same_in_pieces, try_read};

fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("FINRST_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
        .join("captures/public");
    if root.is_dir() {
        return Some(root);
    }
    eprintln!("SKIPPED: no captures at {} (set FINRST_SHARED)", root.display());
    None
}

/// The rows of a CSV file by column, quotes heeded.
fn csv(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut rows: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut quoted = false;
    for c in text.chars() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            _ => row.last_mut().unwrap().push(c),
        }
    }
    let head = rows.remove(0);
    let named = |row: Vec<String>| head.iter().cloned().zip(row).collect();
    rows.into_iter().filter(|row| row.len() == head.len()).map(named).collect()
}

/// Files whose count of packets differs from tshark 4.0.17's, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("tests/brcm-tag-prepend.pcap", LINK_TYPE),
    ("tests/dsa-high-vid.pcap", LINK_TYPE),
    ("tests/edsa.pcap", LINK_TYPE),
    ("tests/hoobr_juniper3.pcap", LINK_TYPE),
    ("tests/juniper_monitor_invalid_cookie_length.pcap", LINK_TYPE),
    ("tests/kday6.pcap", LINK_TYPE),
    ("tests/vtp_asan-2.pcap", LINK_TYPE),
    ("tests/filter/brcm-tag-stp.pcap", LINK_TYPE),
    ("tests/filter/brcm-tag.pcap", LINK_TYPE),
    ("clusterfuzz-testcase-minimized-FuzzTarget-5631583764873216", LINK_TYPE),
    ("tests/pcapng-invalid-vers-1.pcapng", "both refuse version 0.1"),
    ("tests/shb-option-too-long.pcapng", "both refuse the damaged section header"),
    ("output_be/basic/test017.pcapng", CUSTOM),
    ("output_be/basic/test018.pcapng", CUSTOM),
    ("output_le/advanced/test102.pcapng", CUSTOM),
    ("pcap_examples/solaris.snoop", "snoop is refused by name"),
    ("FuzzTarget-5717750942269440", "a record of zeros is a hole and no packet of 1970"),
    ("FuzzTarget-5766899836387328", "version 2.3 with swapped lengths, read as libpcap does"),
    (
        "regression_samples/crash-exception-cast-constructed-record",
        "tshark takes it for a patched variant",
    ),
];
const LINK_TYPE: &str = "tshark refuses the link type; here its packets are counted as unsupported";
const CUSTOM: &str = "tshark shows custom blocks as frames";

#[test]
fn public_captures_have_the_packets_that_tshark_counts() {
    let Some(root) = shared() else { return };
    let rows = csv(&root.join("oracle/manifest.csv"));
    let mut wrong = Vec::new();
    let mut packets = 0;
    for row in &rows {
        let path = &row["path"];
        let Ok(bytes) = fs::read(root.join(path)) else {
            wrong.push(format!("{path}: absent"));
            continue;
        };
        let expected = row["packets_tshark"].trim();
        let found = match try_read(&bytes, 256 * 1024) {
            Ok(outcome) => {
                packets += outcome.frames.len();
                let file = &outcome.files[0];
                format!(
                    "{} (custom {}, events {}, bad {}, {})",
                    outcome.frames.len(),
                    file.blocks.custom,
                    file.blocks.events,
                    file.records_bad,
                    file.status
                )
            }
            Err(error) => error.to_string(),
        };
        let same = found.split(' ').next() == Some(expected);
        let listed = DIFFERENT.iter().any(|(name, _)| path.ends_with(name));
        if same == listed {
            wrong.push(format!(
                "{path}: {found}, tshark {expected}, own {}, {}",
                row["records_own_reader"], row["tshark_error"]
            ));
        }
    }
    eprintln!("{} files, {packets} packets", rows.len());
    assert!(wrong.is_empty(), "{}\n{} unexplained", wrong.join("\n"), wrong.len());
}

#[test]
fn malformed_captures_are_read_or_refused() {
    let Some(root) = shared() else { return };
    for row in csv(&root.join("oracle/bad_results.csv")) {
        let path = &row["file"];
        let bytes = fs::read(root.join(path)).unwrap();
        let found = match try_read(&bytes, 256 * 1024) {
            Ok(outcome) => format!("{} {}", outcome.frames.len(), outcome.status()),
            Err(error) => format!("0 {error}"),
        };
        if found.split(' ').next() != Some(row["tshark_frames"].trim()) {
            eprintln!(
                "{path}: {found} | tshark {} strict {} | {} | {}",
                row["tshark_frames"], row["strict_reader_records"], row["what"], row["good_reader"]
            );
        }
        if bytes.len() < 100_000 {
            assert_same_in_pieces(path, &bytes);
        }
    }
}

#[test]
fn damaged_public_captures_keep_their_accounts() {
    let Some(root) = shared() else { return };
    let mutants: u64 =
        std::env::var("FINRST_MUTANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut read = 0;
    for row in csv(&root.join("oracle/manifest.csv")) {
        let sound = fs::read(root.join(&row["path"])).unwrap();
        if sound.len() > 200_000 {
            continue;
        }
        for seed in 1..=mutants {
            let mut bytes = sound.clone();
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            // Two bytes in a hundred, as Wireshark's fuzzer does.
            for byte in &mut bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if (state >> 33) % 50 == 0 {
                    *byte = (state >> 56) as u8;
                }
            }
            if let Ok(outcome) = try_read(&bytes, 4096) {
                read += outcome.frames.len();
            }
        }
    }
    eprintln!("{read} packets read from damaged captures");
}
