//! What finrst keeps between readings, forged: states, digests and facts whose checksums are right and
//! whose fields are not. They are refused, or read as what they claim to be.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use finrst::base::error::Error;
use finrst::base::issue::Issues;
use finrst::capture::Source;
use finrst::engine::runs::{Held, Job, Most, Way, Writing, forged};
use finrst::engine::{Metadata, Options, Session, metadata, tables};

const DEMO: &[u8] = include_bytes!("../../data/demo.pcap");
/// Packets of the first of two days.
const FIRST: usize = 80;
const BUCKETS: u32 = 2;

/// Runs one input: which file is forged, then its edits, five bytes each.
pub fn run(data: &[u8]) {
    let Some((&which, edits)) = data.split_first() else { return };
    let kept = Kept::get();
    let to = kept.folder.join(format!("forged-{:?}", std::thread::current().id()));
    let from = match which % 4 {
        0 => &kept.state,
        1 => &kept.digests[0],
        2 => &kept.digests[1],
        _ => &kept.facts[0],
    };
    let mut blob = 0_u8;
    forged(from, &to, |_, octets| {
        for edit in edits.chunks_exact(5).filter(|edit| edit[0] % 4 == blob % 4) {
            change(octets, edit);
        }
        blob = blob.wrapping_add(1);
    })
    .expect("what was written can be read");
    let found = match which % 4 {
        0 => resumed(&to),
        1 => judged(&[&to, &kept.digests[1]], &kept.facts),
        2 => judged(&[&kept.digests[0], &to], &kept.facts),
        _ => judged(&[&kept.digests[0], &kept.digests[1]], &[to, kept.facts[1].clone()]),
    };
    match found {
        // A file may not exist, or be no file of this capture: what is forged is what is told.
        Ok(()) | Err(Error::State { .. } | Error::Memory) => {}
        Err(Error::Argument(said)) => assert!(said.contains("paths"), "{said}"),
        Err(other) => panic!("a forged file is {other:?}"),
    }
}

/// Changes some bytes, as five of the input say: which blob, where, how, to what.
fn change(octets: &mut Vec<u8>, edit: &[u8]) {
    let &[_, high, low, how, value] = edit else { return };
    let at = usize::from(u16::from_be_bytes([high, low])) % (octets.len() + 1);
    let large = |number: u64| {
        let (mut rest, mut out) = (number, Vec::new());
        while rest > 127 {
            out.push(rest.to_le_bytes()[0] | 128);
            rest >>= 7;
        }
        out.push(rest.to_le_bytes()[0]);
        out
    };
    match how % 6 {
        0 => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet = value),
        1 => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet ^= 1 << (value % 8)),
        2 => octets.insert(at, value),
        3 => drop(octets.drain(at..(at + usize::from(value % 8)).min(octets.len()))),
        // A number in the place of one of a byte: large, or as large as there are.
        4 if at < octets.len() => {
            let number = u64::MAX >> (value % 64);
            drop(octets.splice(at..=at, large(number)));
        }
        _ => octets.truncate(at),
    }
}

/// Reads the second day from a state.
fn resumed(state: &Path) -> Result<(), Error> {
    let [_, second] = days();
    let save = state.with_extension("saved");
    let (resume, save) = (Some(state.to_owned()), Some(save));
    let options = Options { resume, save, threads: Some(1), ..Options::default() };
    let mut session = Session::open(vec![Source::bytes("second", second)], options)?;
    while session.step(1 << 24)? {}
    let (output, saving) = session.finish_and_save()?;
    drop(saving);
    tables(output, &metadata(&Options::default()), &|| true).map(drop)
}

/// Takes the steps behind the digests.
fn judged(digests: &[&PathBuf], facts: &[PathBuf]) -> Result<(), Error> {
    let held: Vec<Held> = digests.iter().map(|path| Held::from((*path).clone())).collect();
    let (job, options) = (Job::open(&held, None)?, Options::default());
    let to = digests[0].with_extension("stitched");
    for bucket in 0..BUCKETS {
        job.stitch(bucket, &options, &to, &|| true)?;
    }
    let held: Vec<Held> = facts.iter().cloned().map(Held::from).collect();
    let (facts, with) = (job.facts(&held)?, Metadata::new());
    let (together, shared) = job.together(&facts, &options, Most::default(), &|| true)?;
    for part in 0..job.plan.heads.len() {
        for slice in 0..together.slices(&job.plan, part) {
            let with = (&shared, &options, &with);
            together.judge(&job.plan, &facts, (part, slice), with, &|| true)?;
        }
    }
    let with = (&options, &with);
    job.accounts((&together, &facts[..]), &Issues::default(), with, &|| true).map(drop)
}

/// The demonstration capture in two files.
fn days() -> [Vec<u8>; 2] {
    let mut at = 24;
    for _ in 0..FIRST {
        let length = DEMO[at + 8..at + 12].first_chunk().map(|octets| u32::from_le_bytes(*octets));
        at += 16 + usize::try_from(length.unwrap_or(0)).unwrap_or(0);
    }
    [DEMO[..at].to_vec(), [&DEMO[..24], &DEMO[at..]].concat()]
}

/// What was kept of it, as it is right.
struct Kept {
    folder: PathBuf,
    state: PathBuf,
    digests: [PathBuf; 2],
    facts: [PathBuf; 2],
}

impl Kept {
    fn get() -> &'static Self {
        static KEPT: OnceLock<Kept> = OnceLock::new();
        KEPT.get_or_init(|| Self::make().expect("a capture and a place to write to"))
    }

    fn make() -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("finrst-kept-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a place to write to");
        let name = |name: &str| folder.join(name);
        let state = name("state");
        let [first, second] = days();
        let options = Options { save: Some(state.clone()), ..Options::default() };
        let mut session = Session::open(vec![Source::bytes("first", first.clone())], options)?;
        while session.step(1 << 24)? {}
        let (_, saving) = session.finish_and_save()?;
        saving.map_or(Ok(()), finrst::engine::state::Saving::commit)?;
        let digests = [name("run-0.frd"), name("run-1.frd")];
        for (to, day) in digests.iter().zip([first, second]) {
            let options = Options::default();
            let way = Way { options, fingerprint: 1, seed: 9, buckets: BUCKETS, of: Some(2) };
            let mut writing = Writing::open(vec![Source::bytes("day", day)], to, Vec::new(), way)?;
            while writing.step(1 << 20)? {}
            writing.finish()?;
        }
        let held: Vec<Held> = digests.iter().cloned().map(Held::from).collect();
        let job = Job::open(&held, None)?;
        let facts = [name("facts-0.frf"), name("facts-1.frf")];
        for (bucket, to) in (0..).zip(&facts) {
            job.stitch(bucket, &Options::default(), to, &|| true)?;
        }
        Ok(Self { folder, state, digests, facts })
    }
}
