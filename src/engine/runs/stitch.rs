//! One bucket of all runs through one tracker.

use std::borrow::Cow;
use std::collections::HashMap;

use super::broken;
use super::chest::Front;
use super::plan::{Plan, State};
use super::walk::{Frames, Met, Teller, Told, walk};
use crate::base::error::Error;
use crate::capture::NO_INTERFACE;
use crate::conn::{Seed, Tracker};
use crate::digest::{Bucket, Item, Record, bucket_of};
use crate::engine::Options;
use crate::packet::{IcmpError, Path, PathId, Paths, Segment};

/// Where runs are read.
pub trait Runs: Frames {
    /// The packets of a bucket.
    ///
    /// # Errors
    /// Where they cannot be opened.
    fn bucket(&self, bucket: u32) -> Result<Bucket<Front>, Error>;

    /// See [`Paths::marks`].
    fn paths(&self) -> &[Vec<u64>];
}

/// The paths of all runs in one numbering.
pub struct AllPaths {
    /// All of them.
    pub paths: Paths,
    of_runs: Vec<Vec<PathId>>,
    /// Of what tells of frames set aside.
    told: HashMap<PathId, PathId>,
    /// How many are told apart.
    most: u32,
}

impl AllPaths {
    /// Those of these runs.
    ///
    /// # Errors
    /// [`Error::Argument`] where there are more than are told apart.
    pub fn of<'p>(
        runs: impl Iterator<Item = &'p [Vec<u64>]>,
        options: &Options,
    ) -> Result<Self, Error> {
        let mut all = Self::none(options);
        for (run, marks) in runs.enumerate() {
            all.add(run, marks)?;
        }
        few(&all.paths, all.most)?;
        Ok(all)
    }

    /// Those of no run yet.
    pub(super) fn none(options: &Options) -> Self {
        let paths = Paths::new(options.decoding.paths);
        let most = options.decoding.paths;
        Self { paths, of_runs: Vec::new(), told: HashMap::new(), most }
    }

    /// Adds paths of a run, behind those that it has.
    pub(super) fn add(&mut self, run: usize, marks: &[Vec<u64>]) -> Result<(), Error> {
        if self.of_runs.len() <= run {
            self.of_runs.resize(run + 1, Vec::new());
        }
        let ids = marks.iter().map(|mark| self.paths.marked(mark));
        let ids: Option<Vec<PathId>> = ids.collect();
        let ids = ids.ok_or_else(|| broken("a path"))?;
        self.of_runs.get_mut(run).into_iter().for_each(|known| known.extend(&ids));
        Ok(())
    }

    /// All of them, by their numbers.
    pub(super) fn all(&self) -> Vec<Path> {
        self.paths.all()
    }

    /// A path of a run among all.
    pub(super) fn of_run(&self, run: usize, path: PathId) -> Result<PathId, Error> {
        let ids = self.of_runs.get(run);
        ids.and_then(|ids| ids.get(path.0 as usize)).copied().ok_or_else(|| broken("a path"))
    }

    /// A path of what tells of frames set aside among all.
    pub(super) fn told(&mut self, teller: &Teller<'_>, path: PathId) -> Result<PathId, Error> {
        if let Some(known) = self.told.get(&path) {
            return Ok(*known);
        }
        let known = teller.decoder().paths();
        if known.overflow() == Some(path) {
            return Err(too_many_paths(self.most));
        }
        let mark = known.mark(path).ok_or_else(|| broken("a path"))?;
        let id = self.paths.marked(mark).ok_or_else(|| broken("a path"))?;
        self.told.insert(path, id);
        Ok(id)
    }
}

fn few(paths: &Paths, most: u32) -> Result<(), Error> {
    paths.overflow().map_or(Ok(()), |_| Err(too_many_paths(most)))
}

/// That runs cannot be put together, which may have so many paths.
pub(super) fn too_many_paths(most: u32) -> Error {
    Error::Argument(format!(
        "too many paths: the runs have more than {most} VLANs and tunnels together, the limit of \
         what is told apart, and which these are depends on their order; read them as one"
    ))
}

/// What the packets of a bucket run through.
struct Stitcher<'p> {
    plan: &'p Plan,
    paths: &'p mut AllPaths,
    tracker: Tracker,
    seed: Seed,
}

/// Follows the connections of a bucket through all runs. The tracker has not let go of what is
/// still followed; the state is that of the capture's end.
///
/// # Errors
/// Those of reading the runs; [`Error::Argument`] where there are more paths than are told apart;
/// [`Error::Cancelled`].
pub fn stitch<R: Runs + ?Sized>(
    plan: &Plan,
    runs: &[&R],
    paths: &mut AllPaths,
    options: &Options,
    (bucket, buckets): (u32, u32),
    proceed: &dyn Fn() -> bool,
) -> Result<(Tracker, State), Error> {
    let (limits, seed) = (options.limits.clone(), options.seed());
    let tracker = Tracker::with_seed(limits, seed);
    let mut stitcher = Stitcher { plan, paths, tracker, seed };
    let mut state = State::default();
    let mut teller = Teller::new(Cow::Borrowed(options));
    let open = |run: usize| runs.get(run).ok_or_else(|| broken("a plan"))?.bucket(bucket);
    for group in &plan.groups {
        if !proceed() {
            return Err(Error::Cancelled);
        }
        if let [run] = group[..]
            && let Some(after) = plan.passed(run, state)
        {
            stitcher.pass(run, open(run)?, state)?;
            state = after;
            continue;
        }
        let mut items = HashMap::new();
        for &run in group {
            items.insert(run, open(run)?);
        }
        state = walk(plan, group, runs, state, &mut teller, |teller, met| {
            let Some(now) = met.now else { return Ok(()) };
            if let Some(told) = &met.told {
                return stitcher.told(teller, told, now, (bucket, buckets));
            }
            let items = items.get_mut(&met.run).ok_or_else(|| broken("a plan"))?;
            let ahead = items.place()?;
            if ahead.is_some_and(|at| (at.file, at.position) == (met.mark.file, met.mark.position))
            {
                stitcher.next(&met, now, items)?;
            }
            Ok(())
        })?;
        for &run in group {
            if let Some(items) = items.get_mut(&run)
                && items.place()?.is_some()
            {
                return Err(broken("a bucket"));
            }
        }
    }
    Ok((stitcher.tracker, state))
}

/// Where a packet stands in the whole capture.
#[derive(Clone, Copy)]
struct At {
    run: usize,
    /// Index of its file there.
    file: u32,
    number: u64,
    now: i64,
    /// Its time, where its run does not know it.
    time: Option<i64>,
}

impl Stitcher<'_> {
    /// Takes all packets of a run before whose first frame the capture stood so.
    fn pass(&mut self, run: usize, mut items: Bucket<Front>, before: State) -> Result<(), Error> {
        let plan = self.plan;
        let (Some(head), Some(standings)) = (plan.heads.get(run), plan.standings.get(run)) else {
            return Err(broken("a plan"));
        };
        let mut number = before.number;
        let starts = head.files.iter().map(|file| {
            let start = number;
            number += file.frames;
            start
        });
        let starts: Vec<u64> = starts.collect();
        while let Some(Item { place, record }) = items.next()? {
            let at = place.file as usize;
            let (Some(start), Some(standing)) = (starts.get(at), standings.get(at)) else {
                return Err(broken("a bucket"));
            };
            let now = place.key.max(before.clock.now());
            let number = start.saturating_add(place.position);
            self.take(record, At { run, file: standing.file, number, now, time: None })?;
        }
        Ok(())
    }

    /// Takes the next packet of a run, which was met.
    fn next(&mut self, met: &Met, now: i64, items: &mut Bucket<Front>) -> Result<(), Error> {
        let standings = self.plan.standings.get(met.run);
        let standing = standings.and_then(|files| files.get(met.mark.file as usize));
        let Some(standing) = standing else { return Err(broken("a plan")) };
        let Some(Item { record, .. }) = items.next()? else { return Ok(()) };
        let time = met.mark.time.is_none().then_some(met.time);
        let (run, file, number) = (met.run, standing.file, met.number);
        self.take(record, At { run, file, number, now, time })
    }

    #[inline]
    fn take(&mut self, record: Record<'_>, at: At) -> Result<(), Error> {
        let At { run, file, number: packet, now, time } = at;
        match record {
            Record::Tcp(mut segment) => {
                let known = segment.interface != NO_INTERFACE;
                let base = self.plan.interfaces.get(run).copied().unwrap_or(0);
                let base = if known { base } else { 0 };
                segment.packet = packet;
                segment.file = file;
                segment.interface = segment.interface.saturating_add(base);
                segment.path = self.paths.of_run(run, segment.path)?;
                segment.time = time.unwrap_or(segment.time);
                self.tracker.take_at(&segment, self.seed.hash(&segment), now);
            }
            Record::Icmp(error) => {
                let path = self.paths.of_run(run, error.path)?;
                let time = time.unwrap_or(error.time);
                let error = IcmpError { packet, time, path, ..error };
                self.tracker.icmp_at(&error, self.seed.hash_quoted(&error), now);
            }
        }
        Ok(())
    }

    /// Takes what was made of a frame that had been set aside, where it belongs here.
    fn told(
        &mut self,
        teller: &Teller<'_>,
        told: &Told,
        now: i64,
        (bucket, buckets): (u32, u32),
    ) -> Result<(), Error> {
        match told {
            Told::Segment(whole) => {
                let segment = whole.segment();
                let hash = self.seed.hash(&segment);
                if bucket_of(hash, buckets) == bucket {
                    let path = self.paths.told(teller, segment.path)?;
                    few(&self.paths.paths, self.paths.most)?;
                    self.tracker.take_at(&Segment { path, ..segment }, hash, now);
                }
            }
            Told::Icmp(error) => {
                let hash = self.seed.hash_quoted(error);
                if bucket_of(hash, buckets) == bucket {
                    let path = self.paths.told(teller, error.path)?;
                    few(&self.paths.paths, self.paths.most)?;
                    self.tracker.icmp_at(&IcmpError { path, ..*error }, hash, now);
                }
            }
        }
        Ok(())
    }
}
