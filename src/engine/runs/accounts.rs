//! What is known of the capture itself, put together from that of its runs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::broken;
use super::plan::{Plan, State};
use super::run::Run;
use super::walk::{Frames, Met, Teller, walk};
use crate::base::error::Error;
use crate::base::issue::{Issue, Issues, NO_FILE};
use crate::capture::{FileSummary, Interface, report_order, report_overlaps};
use crate::engine::{Ledger, Options};
use crate::hosts::{self, Host, Hosts, Origin, Seen};
use crate::packet::{Decoder, names_left_out};

/// The accounts of a capture.
pub struct Accounts {
    /// Packets by file and class.
    pub ledger: Ledger,
    /// Files in the order of the capture.
    pub files: Vec<FileSummary>,
    /// Their interfaces, run by run.
    pub interfaces: Vec<Interface>,
    /// Oddities.
    pub issues: Issues,
    /// What DNS answers told.
    pub hosts: Hosts,
    /// Where the capture ends.
    pub end: State,
}

/// Numbers and times of some frames of a run, by their numbers in it.
pub(super) type Wanted = BTreeMap<u64, Option<(u64, i64, bool)>>;

/// What going through all frames in order told of them.
pub(super) struct Walked {
    /// By run.
    pub wanted: Vec<Wanted>,
    /// Names in DNS answers that were set aside, by file; the paths and oddities of such frames;
    /// and their classes.
    pub told: (BTreeMap<u32, Hosts>, Decoder, Ledger),
    /// Where the capture ends.
    pub end: State,
}

/// Puts accounts together; `odd` is what was met in no file of the capture.
///
/// # Errors
/// Those of reading the runs; [`Error::Argument`] where a run has more names than are kept of it.
pub fn accounts<F: Frames + ?Sized>(
    plan: &Plan,
    runs: &[&Run],
    frames: &[&F],
    odd: &Issues,
    options: &Options,
) -> Result<Accounts, Error> {
    if let Some(run) = runs.iter().find(|run| run.names.iter().any(Hosts::is_cut)) {
        let name = run.files.first().map_or("", |file| &file.name);
        return Err(Error::Argument(format!(
            "{}: more names in DNS answers than can be kept of a run; read fewer files in it",
            crate::base::text::printable(name)
        )));
    }
    let mut wanted: Vec<Wanted> = runs.iter().map(|run| wants(run)).collect();
    let mut teller = Teller::new(Cow::Borrowed(options));
    let mut state = State::default();
    for group in &plan.groups {
        if let [run] = group[..]
            && let Some(after) = plan.passed(run, state)
        {
            let wanted = wanted.get_mut(run).ok_or_else(|| broken("a plan"))?;
            for (&number, found) in wanted.iter_mut() {
                *found = Some((state.number.saturating_add(number), 0, true));
            }
            state = after;
            continue;
        }
        state = walk(plan, group, frames, state, &mut teller, |_, met: Met| {
            let wanted = wanted.get_mut(met.run).and_then(|all| all.get_mut(&met.mark.number));
            if let Some(found) = wanted {
                *found = Some((met.number, met.time, met.mark.time.is_some()));
            }
            Ok(())
        })?;
    }
    closed(plan, runs, odd, Walked { wanted, told: teller.finish(), end: state })
}

/// Puts accounts together once all frames were gone through.
///
/// # Errors
/// [`Error::Argument`] where something is missing.
pub(super) fn closed(
    plan: &Plan,
    runs: &[&Run],
    odd: &Issues,
    walked: Walked,
) -> Result<Accounts, Error> {
    let Walked { wanted, told: (told, mut decoder, mut ledger), end } = walked;
    let mut files = Vec::with_capacity(plan.files.len());
    let mut names: Vec<(u64, u32, Host)> = Vec::new();
    for (file, &(run, at)) in (0_u32..).zip(&plan.files) {
        let (Some(of), Some(wanted)) = (runs.get(run), wanted.get(run)) else {
            return Err(broken("a plan"));
        };
        let local = u32::try_from(at).unwrap_or(NO_FILE);
        ledger.take(file, &of.ledger, local);
        files.push(of.files.get(at).cloned().ok_or_else(|| broken("a file"))?);
        for host in of.names.get(at).map(Hosts::rows).unwrap_or_default() {
            let seen = placed(host.seen, wanted);
            names.push((seen.packet.unwrap_or(0), file, Host { seen, ..host.clone() }));
        }
        for host in told.get(&file).map(Hosts::rows).unwrap_or_default() {
            names.push((host.seen.packet.unwrap_or(0), file, host.clone()));
        }
    }
    let mut interfaces = Vec::new();
    for (run, of) in runs.iter().enumerate() {
        let standings = plan.standings.get(run).map(Vec::as_slice).unwrap_or_default();
        interfaces.extend(of.interfaces.iter().map(|interface| {
            let standing = standings.get(interface.file as usize);
            Interface { file: standing.map_or(NO_FILE, |s| s.file), ..interface.clone() }
        }));
    }
    let mut issues = odd.clone();
    report_order(&plan.ranks, &files, &mut issues);
    let mut decoding = Issues::default();
    for (run, of) in runs.iter().enumerate() {
        let standings = plan.standings.get(run).map(Vec::as_slice).unwrap_or_default();
        let [reader, decoder] = of
            .issues
            .each_ref()
            .map(|of| of.in_files(|file| standings.get(file as usize).map_or(NO_FILE, |s| s.file)));
        let number = |number: u64| {
            let found = wanted.get(run).and_then(|all| all.get(&number)).copied().flatten();
            found.map_or(number, |(number, _, _)| number)
        };
        issues.absorb(reader);
        decoding.absorb(decoder.with_packets(number));
    }
    report_overlaps(&files, &mut issues);
    decoding.absorb(decoder.take_issues());
    let hosts = all_names(names, &mut decoding);
    decoding.sort();
    issues.absorb(decoding);
    Ok(Accounts { ledger, files, interfaces, issues, hosts, end })
}

/// The frames whose place in the capture is asked for.
fn wants(run: &Run) -> Wanted {
    let [_, decoding] = &run.issues;
    let odd = decoding.examples().into_iter().filter_map(|issue: &Issue| issue.packet);
    let names = run.names.iter().flat_map(Hosts::rows).filter_map(|host| host.seen.packet);
    odd.chain(names).map(|number| (number, None)).collect()
}

/// Where a name was seen first, in the whole capture.
fn placed(seen: Seen, wanted: &Wanted) -> Seen {
    let found = seen.packet.and_then(|number| wanted.get(&number)).copied().flatten();
    found.map_or(seen, |(number, time, timed)| Seen {
        packet: Some(number),
        time: if timed { seen.time } else { Some(time) },
        ..seen
    })
}

/// The names that there is room for, as they were met, and how many were left out.
fn all_names(mut names: Vec<(u64, u32, Host)>, issues: &mut Issues) -> Hosts {
    names.sort_by_key(|(packet, _, _)| *packet);
    let mut hosts = Hosts::new(Origin::Dns, hosts::MOST);
    let mut left_out: BTreeMap<u32, u64> = BTreeMap::new();
    for (_, file, host) in names {
        if !hosts.add_row(&host) {
            *left_out.entry(file).or_default() += host.count;
        }
    }
    for (file, count) in left_out {
        names_left_out(issues, file, count);
    }
    hosts
}
