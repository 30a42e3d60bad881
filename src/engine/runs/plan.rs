//! How runs lie to each other: the order of their files, and which of them have to be gone through
//! frame by frame.

use super::run::Head;
use crate::base::error::Error;
use crate::capture::LEAP;
use crate::conn::Clock;

/// Where the capture stands between two frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// Frames so far.
    pub number: u64,
    /// Time of the latest, or of the one before it that has one; 0 before the first.
    pub time: i64,
    /// The clock of all packets that take part.
    pub clock: Clock,
}

/// Where a file stands among all files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its index in the whole capture.
    pub file: u32,
    /// By which time it stands in line before its first frame.
    pub key: i64,
}

/// What was found out about a file before it was read: its run and its place in it, when it begins.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// Its run.
    pub run: usize,
    /// Its place among the files of the run.
    pub file: usize,
    /// By which time it stands in line before its first frame, the least there is for none.
    pub key: i64,
    /// Where it was named, if it was named itself.
    pub named: Option<usize>,
}

/// How runs lie to each other.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The runs.
    pub heads: Vec<Head>,
    /// Of each run, its files.
    pub standings: Vec<Vec<Standing>>,
    /// Of each run, the index of its first interface in the whole capture.
    pub interfaces: Vec<u32>,
    /// Run and place in it of each file of the capture, in its order.
    pub files: Vec<(usize, usize)>,
    /// Where each of them was named, if it was named itself.
    pub ranks: Vec<Option<usize>>,
    /// Runs that share time, in order.
    pub groups: Vec<Vec<usize>>,
}

impl Plan {
    /// Of these runs, whose files were named in this order; or, where that is known, of files that
    /// were put in order before they were read.
    ///
    /// # Errors
    /// [`Error::Argument`] where the survey is not of these files.
    pub fn of(heads: Vec<Head>, surveyed: Option<&[Surveyed]>) -> Result<Self, Error> {
        let known: Vec<Surveyed> = match surveyed {
            Some(known) => known.to_vec(),
            None => in_order(&heads),
        };
        let mut standings: Vec<Vec<Option<Standing>>> =
            heads.iter().map(|head| vec![None; head.files.len()]).collect();
        let mut files = Vec::with_capacity(known.len());
        let ranks = known.iter().map(|file| file.named).collect();
        for (file, Surveyed { run, file: at, key, .. }) in (0..).zip(known) {
            let slot = standings.get_mut(run).and_then(|files| files.get_mut(at));
            match slot {
                Some(slot @ None) => *slot = Some(Standing { file, key }),
                _ => return Err(Error::Argument("the survey is of other files".to_owned())),
            }
            files.push((run, at));
        }
        let standings: Option<Vec<Vec<Standing>>> =
            standings.into_iter().map(|files| files.into_iter().collect()).collect();
        let standings = standings
            .ok_or_else(|| Error::Argument("the survey does not have every file".to_owned()))?;
        let mut interfaces = Vec::with_capacity(heads.len());
        let mut next = 0_u32;
        for head in &heads {
            interfaces.push(next);
            next = next.saturating_add(head.interfaces);
        }
        let groups = groups(&heads, &standings);
        Ok(Self { heads, standings, interfaces, files, ranks, groups })
    }

    /// How many packets all runs have.
    pub fn packets(&self) -> u64 {
        self.heads.iter().map(Head::frames).sum()
    }

    /// The last packet of each part: parts are the runs, where these do not share time.
    pub fn parts(&self) -> Vec<u64> {
        let mut number = 0;
        let order = self.groups.iter().flatten();
        let ends = order.filter_map(|&run| self.heads.get(run)).map(|head| {
            number += head.frames();
            number
        });
        let mut ends: Vec<u64> = ends.collect();
        // Those without a frame stand at the end.
        ends.resize(self.heads.len(), number);
        ends
    }

    /// Whether the packets of a run that shares no time with others have the numbers that follow
    /// from where it begins, and times that follow from its own: the state after it then.
    pub fn passed(&self, run: usize, before: State) -> Option<State> {
        let head = self.heads.get(run)?;
        let odd = head.doubted || head.has_asides || head.begins_untimed || !head.in_sequence;
        let settled = before.clock.in_doubt().is_none() && head.clock.in_doubt().is_none();
        let began = before.clock != Clock::default();
        let leaps =
            began && head.first_kept.is_some_and(|at| at.saturating_sub(before.clock.now()) > LEAP);
        if odd || !settled || leaps {
            return None;
        }
        Some(State {
            number: before.number + head.frames(),
            time: head.last_time,
            clock: Clock::standing(before.clock.now().max(head.clock.now()), None),
        })
    }
}

/// Files of runs as a reader puts them in order: by the time of their first packets; one without any
/// time stands with the one named before it.
fn in_order(heads: &[Head]) -> Vec<Surveyed> {
    let mut last = i64::MIN;
    let mut all = Vec::new();
    for (run, head) in heads.iter().enumerate() {
        let mut files: Vec<_> = head.files.iter().enumerate().collect();
        files.sort_by_key(|(_, place)| place.named.unwrap_or(u32::MAX));
        for (file, place) in files {
            last = place.begins.unwrap_or(last);
            let named = place.named.map(|_| all.len());
            all.push(Surveyed { run, file, key: last, named });
        }
    }
    all.sort_by_key(|file| file.key);
    all
}

/// The first and the last that a run has in line: time and file of a frame.
fn span(head: &Head, standings: &[Standing]) -> Option<[(i64, u32); 2]> {
    let files = head.files.iter().zip(standings).filter(|(place, _)| place.frames > 0);
    let first = files.clone().map(|(_, standing)| (standing.key, standing.file)).min()?;
    let last = files.map(|(place, standing)| {
        (place.latest.unwrap_or(standing.key).max(standing.key), standing.file)
    });
    Some([first, last.max()?])
}

/// Runs in the order of time, those together that share some.
fn groups(heads: &[Head], standings: &[Vec<Standing>]) -> Vec<Vec<usize>> {
    let spans = heads.iter().zip(standings).enumerate();
    let mut spans: Vec<_> =
        spans.filter_map(|(run, (head, standings))| Some((span(head, standings)?, run))).collect();
    spans.sort_unstable();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut end = None;
    for ([first, last], run) in spans {
        match groups.last_mut() {
            Some(group) if end.is_some_and(|end| first < end) => group.push(run),
            _ => groups.push(vec![run]),
        }
        end = end.max(Some(last));
    }
    groups
}
