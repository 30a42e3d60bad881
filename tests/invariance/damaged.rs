//! What is read of damaged compressed data is the same however it is read: everything before the
//! damage.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::RecordBatch;
use finrst::capture::{ReadOptions, Source, Status};
use finrst::engine;
use finrst::engine::Options;

use crate::support::{check_accounts, read, refusal};
use crate::threads::large;
use crate::write::{packed, pcap};

/// Chunks and threads; a thread of its own reads large chunks only.
const WAYS: [(usize, usize); 7] =
    [(16 << 20, 1), (1, 1), (7, 1), (4096, 1), (65_536, 1), (65_536, 2), (16 << 20, 2)];

/// What a reading says: the status and packets of the file and all tables, or why it is refused.
type Told = Result<(Status, u64, Vec<Vec<RecordBatch>>), String>;

fn told(path: &Path, (chunk, threads): (usize, usize)) -> Told {
    let reading = ReadOptions { chunk, ..ReadOptions::default() };
    let options = Options { reading, threads: Some(threads), ..Options::default() };
    let read = read(vec![Source::path(path)], options);
    let output = read.map_err(|error| refusal(&error, path))?;
    check_accounts(&output, &path.display().to_string());
    let (status, packets) = (output.files[0].status, output.files[0].packets);
    let made = engine::tables(output, &HashMap::new(), &|| true).unwrap();
    Ok((status, packets, made.into_iter().map(|made| made.batches).collect()))
}

/// Changes a few bytes behind a place, or cuts there, as a seed says.
fn damage(bytes: &mut Vec<u8>, place: usize, seed: u8) {
    if seed == 0 {
        return bytes.truncate(place);
    }
    for (n, byte) in (1_u8..=1 << (seed * 2)).zip(bytes.iter_mut().skip(place)) {
        *byte ^= n.wrapping_mul(seed).wrapping_mul(91) | 1;
    }
}

#[test]
fn whatever_the_chunks_and_threads() {
    let frames = large(1);
    let plain = pcap(&frames, 1, false);
    let (mut statuses, mut kept, mut refused) = (Vec::new(), HashMap::new(), 0);
    let folder = std::env::temp_dir().join(format!("finrst-damaged-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (kind, packed) in packed(&plain) {
        let length = packed.len();
        for (place, seed) in [11, 40, 700, length / 2, length - 3]
            .into_iter()
            .zip(0..)
            .flat_map(|(place, n)| [(place, n % 4), (place, (n + 1) % 4)])
        {
            let mut bytes = packed.clone();
            damage(&mut bytes, place, seed);
            let path = folder.join(format!("{place}-{seed}.{kind}"));
            std::fs::write(&path, bytes).unwrap();
            let expected = told(&path, WAYS[0]);
            for way in &WAYS[1..] {
                let found = told(&path, *way);
                if found != expected {
                    let lines = format!("{found:#?}\n{expected:#?}");
                    panic!("{} by {way:?}: {}", path.display(), &lines[..2000.min(lines.len())]);
                }
            }
            let most = kept.entry(kind).or_insert(0);
            match expected {
                Ok((status, packets, _)) => {
                    statuses.push(status);
                    *most = packets.max(*most);
                }
                Err(_) => refused += 1,
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(statuses.contains(&Status::Corrupt) && statuses.contains(&Status::TruncatedTail));
    assert!(refused > 5 && kept.values().all(|&most| most > 300), "{refused} refused, {kept:?}");
}
