//! A capture of runs in memory, to its end in this process.

use std::io::Read;

use super::accounts::accounts;
use super::plan::{Plan, Surveyed};
use super::run::{Run, Sink};
use super::stitch::{AllPaths, Item, Items, Runs, bucket_of, stitch};
use super::walk::Frames;
use crate::base::error::Error;
use crate::base::issue::Issues;
use crate::cause::Context;
use crate::conn::finish;
use crate::engine::session::told_at_the_end;
use crate::engine::{Options, Output};
use crate::packet::{IcmpError, PathId, Payload, Segment};

/// A packet that owns its bytes.
#[derive(Debug)]
struct Kept {
    now: i64,
    at: (u32, u64),
    what: What,
}

#[derive(Debug)]
enum What {
    Segment(Box<(Segment<'static>, Vec<u8>, Vec<u8>)>),
    Icmp(IcmpError),
}

/// A run in memory.
#[derive(Debug)]
pub struct Memory {
    buckets: Vec<Vec<Kept>>,
    line: Vec<u8>,
    asides: Vec<u8>,
    paths: Vec<Vec<u64>>,
}

impl Memory {
    /// An empty one of so many buckets.
    pub fn new(buckets: u32) -> Self {
        let buckets = (0..buckets.max(1)).map(|_| Vec::new()).collect();
        Self { buckets, line: Vec::new(), asides: Vec::new(), paths: Vec::new() }
    }

    fn put(&mut self, hash: u32, kept: Kept) {
        let buckets = u32::try_from(self.buckets.len()).unwrap_or(1);
        if let Some(bucket) = self.buckets.get_mut(bucket_of(hash, buckets) as usize) {
            bucket.push(kept);
        }
    }
}

impl Sink for Memory {
    fn segment(&mut self, hash: u32, now: i64, segment: &Segment<'_>) -> Result<(), Error> {
        let head = Segment { options: &[], payload: Payload::default(), ..*segment };
        let octets = (head, segment.options.to_vec(), segment.payload.octets().to_vec());
        let at = (segment.file, segment.packet_in_file);
        self.put(hash, Kept { now, at, what: What::Segment(Box::new(octets)) });
        Ok(())
    }

    fn icmp(
        &mut self,
        hash: u32,
        now: i64,
        at: (u32, u64),
        error: &IcmpError,
    ) -> Result<(), Error> {
        self.put(hash, Kept { now, at, what: What::Icmp(*error) });
        Ok(())
    }

    fn line(&mut self, octets: Vec<u8>) -> Result<(), Error> {
        self.line.extend(octets);
        Ok(())
    }

    fn asides(&mut self, octets: Vec<u8>) -> Result<(), Error> {
        self.asides.extend(octets);
        Ok(())
    }
}

impl Frames for Memory {
    fn line(&self) -> Result<Box<dyn Read + '_>, Error> {
        Ok(Box::new(&self.line[..]))
    }

    fn asides(&self) -> Result<Box<dyn Read + '_>, Error> {
        Ok(Box::new(&self.asides[..]))
    }
}

impl Runs for Memory {
    fn bucket(&self, bucket: u32) -> Result<Box<dyn Items + '_>, Error> {
        let kept = self.buckets.get(bucket as usize).map(Vec::as_slice).unwrap_or_default();
        Ok(Box::new(kept.iter()))
    }

    fn paths(&self) -> &[Vec<u64>] {
        &self.paths
    }
}

impl Items for std::slice::Iter<'_, Kept> {
    fn ahead(&mut self) -> Result<Option<(u32, u64)>, Error> {
        Ok(self.as_slice().first().map(|kept| kept.at))
    }

    fn take(&mut self) -> Result<Option<(i64, Item<'_>)>, Error> {
        Ok(self.next().map(|kept| match &kept.what {
            What::Segment(octets) => {
                let (head, options, payload) = &**octets;
                (
                    kept.now,
                    Item::Segment(Segment { options, payload: Payload::Octets(payload), ..*head }),
                )
            }
            What::Icmp(error) => (kept.now, Item::Icmp(*error)),
        }))
    }
}

/// Runs in memory with what is known of them.
#[derive(Debug)]
pub struct Whole {
    runs: Vec<Run>,
    packets: Vec<Memory>,
}

impl Whole {
    /// Of these runs.
    pub fn of(runs: Vec<(Run, Memory)>) -> Self {
        let (runs, packets): (Vec<Run>, Vec<Memory>) = runs
            .into_iter()
            .map(|(run, memory)| {
                let paths = run.paths.clone();
                (run, Memory { paths, ..memory })
            })
            .unzip();
        Self { runs, packets }
    }

    /// What one reader of all files finds.
    ///
    /// # Errors
    /// As [`Plan::of`] and [`stitch`].
    pub fn output(
        &self,
        surveyed: Option<&[Surveyed]>,
        odd: &Issues,
        options: &Options,
    ) -> Result<Output, Error> {
        let heads = self.runs.iter().map(|run| run.head.clone()).collect();
        let plan = Plan::of(heads, surveyed)?;
        let packets: Vec<&Memory> = self.packets.iter().collect();
        let runs: Vec<&Run> = self.runs.iter().collect();
        let mut paths = AllPaths::of(self.runs.iter().map(|run| &run.paths[..]), options)?;
        let buckets = self.packets.first().map_or(1, |memory| memory.buckets.len());
        let buckets = u32::try_from(buckets).unwrap_or(1);
        let mut trackers = Vec::new();
        for bucket in 0..buckets {
            let at = (bucket, buckets);
            let (tracker, _) = stitch(&plan, &packets, &mut paths, options, at, &|| true)?;
            trackers.push(tracker);
        }
        let accounts = accounts(&plan, &runs, &packets, odd, options)?;
        let mut context = Context::default();
        let now = accounts.end.clock.now();
        let (counts, connections) = finish(trackers, now, |some| context.add_all(some));
        let mut issues = accounts.issues;
        told_at_the_end(&mut issues, counts, &context);
        let ids = 0..paths.paths.len();
        let path = |id: usize| paths.paths.get(PathId(u32::try_from(id).unwrap_or(0))).clone();
        Ok(Output {
            connections,
            context,
            parameters: options.parameters.clone(),
            columns: options.columns.clone(),
            ledger: accounts.ledger,
            files: accounts.files,
            interfaces: accounts.interfaces,
            issues,
            paths: ids.map(path).collect(),
            hosts: [options.hosts.clone(), accounts.hosts],
            counts,
            threads: options.threads(),
        })
    }
}
