//! What one client tried, and what its attempts say together.

use std::sync::OnceLock;

use super::{Map, Service};
use crate::base::few::Few;
use crate::base::numbers::numbers;
use crate::conn::{Moment, nanoseconds};
use crate::packet::Address;

numbers! {
    /// Attempts remembered for each client; more add nothing to a pattern.
    pub(super) bound MAX_ATTEMPTS: usize = 4096;
    /// Different services that a client failed to open, as far as they are counted.
    bound MAX_FAN_OUT: usize = 16;
    /// Attempts within this time lie together.
    window TOGETHER: u64 = 300_000_000;
    /// Attempts before and after one that it is compared with.
    bound MAX_BESIDE: usize = 16;
    /// Different ports of one host, as far as they are counted.
    bound MAX_PORTS: usize = 64;
    /// Among so many attempts or fewer nothing is sorted by hosts or services: they are gone through.
    bound NOT_SORTED: usize = 8;
    /// Attempts looked at among those with like numbers.
    bound MAX_SAME: usize = 16;
    /// Among so many before it the one is looked for that a translator made of an attempt.
    pub(super) bound LATEST: usize = 4;
    /// Bytes that may be sent again from a number.
    size WINDOW: u32 = 1 << 16;
    /// Waits are as long as one where they differ by one part of it in so many at most.
    fraction ABOUT: i64 = 10;
    /// Waits as long that are many.
    count OFTEN: usize = 3;
    /// And that are one part in so many of all.
    fraction OFTEN_PART: usize = 4;
    /// Attempts that completed, and that were abandoned, from which their waits show a limit.
    count ENOUGH: usize = 3;
    /// The abandoned ones differ by more than one part in so many of the longest wait that
    /// completed.
    fraction SPREAD: i64 = 5;
    /// More than one part in so many that waited longer and completed refute a limit.
    fraction REFUTED: usize = 10;
}

/// One attempt of a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempt {
    /// Connection.
    pub id: u64,
    /// Target.
    pub service: Service,
    /// Port of the client.
    pub port: u16,
    /// Initial sequence number of the client.
    pub isn: u32,
    /// Time of the SYN.
    pub start: i64,
    /// From SYN to its acknowledgment or reset.
    pub wait: Moment,
    /// When the handshake completed.
    pub completed: Moment,
    /// Reset by the client before it completed.
    pub abandoned: bool,
    /// Refused or never answered.
    pub failed: bool,
    /// Nobody answered it.
    pub unanswered: bool,
    /// Payload bytes of the client.
    pub bytes: u64,
    /// The server acknowledged or said something after the SYN.
    pub heard: bool,
    /// What all of its SYNs asked for beyond the usual.
    pub unusual: u8,
    /// Timestamp value of its first SYN.
    pub stamp: Option<u32>,
}

impl Attempt {
    /// The number behind the latest byte of the client.
    #[allow(clippy::cast_possible_truncation)] // numbers go round
    fn next(&self) -> u32 {
        self.isn.wrapping_add(1).wrapping_add(self.bytes as u32)
    }
}

/// A client's attempts and what was worked out of them, until another one comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// Apart even where it is one: a table of clients has more places than clients, and an attempt is
    /// wide.
    attempts: Vec<Attempt>,
    /// One of them has the numbers of one of the latest before it, to another address.
    translated: bool,
    /// Most clients are never asked for it.
    worked_out: OnceLock<Box<WorkedOut>>,
}

impl Client {
    /// Remembers an attempt; false when there are enough.
    pub(super) fn add(&mut self, attempt: Attempt) -> bool {
        if self.attempts.len() >= MAX_ATTEMPTS {
            return false;
        }
        self.translated |= self.attempts.iter().rev().take(LATEST).any(|other| {
            (other.port, other.isn) == (attempt.port, attempt.isn)
                && other.service.0 != attempt.service.0
        });
        if self.attempts.is_empty() {
            self.attempts.reserve_exact(1);
        }
        self.attempts.push(attempt);
        // What was worked out of fewer attempts does not hold any more.
        self.worked_out.take();
        true
    }

    /// Whether an address translator may have made one of them of another.
    pub(super) fn is_translated(&self) -> bool {
        self.translated
    }

    /// All of them, as they were added.
    pub(super) fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The latest attempt.
    pub(super) fn latest(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    fn worked_out(&self) -> &WorkedOut {
        self.worked_out.get_or_init(Box::default)
    }

    /// Those that nobody answered, earliest first.
    pub(super) fn unanswered(&self) -> &[Attempt] {
        self.worked_out().unanswered.get_or_init(|| self.sorted(|attempt| attempt.unanswered))
    }

    /// Those that completed, earliest first.
    pub(super) fn completed(&self) -> &[Attempt] {
        self.worked_out().completed.get_or_init(|| self.sorted(|other| other.completed.is_some()))
    }

    /// Some of them, earliest first.
    fn sorted(&self, wanted: impl Fn(&Attempt) -> bool) -> Vec<Attempt> {
        let mut all: Vec<_> = self.attempts.iter().filter(|a| wanted(a)).copied().collect();
        all.sort_by_key(|attempt| (attempt.start, attempt.id));
        all
    }

    /// Of those, the ones from a time on.
    pub(super) fn completed_since(&self, time: i64) -> &[Attempt] {
        let all = self.completed();
        all.get(all.partition_point(|attempt| attempt.start < time)..).unwrap_or_default()
    }

    fn at(&self, place: u32) -> Option<&Attempt> {
        self.attempts.get(place as usize)
    }

    /// Places of all, by port and initial sequence number.
    fn by_number(&self) -> &[u32] {
        let key = |other: &Attempt| (other.port, other.isn, other.id);
        self.worked_out().by_number.get_or_init(|| order(&self.attempts, key))
    }

    /// Those from one port with one initial sequence number.
    pub(super) fn numbered(&self, port: u16, isn: u32) -> impl Iterator<Item = &Attempt> + use<'_> {
        let key = move |&place: &u32| self.at(place).map(|other| (other.port, other.isn));
        let all = self.by_number();
        let from = all.partition_point(|place| key(place) < Some((port, isn)));
        let same = all.get(from..).unwrap_or_default().iter();
        same.take_while(move |place| key(place) == Some((port, isn)))
            .filter_map(|&place| self.at(place))
    }

    /// The one from a port whose initial sequence number is the last before a number.
    pub(super) fn latest_before(&self, port: u16, number: u32) -> Option<&Attempt> {
        let all = self.by_number();
        let key = |&place: &u32| self.at(place).map(|other| (other.port, other.isn));
        let to = all.partition_point(|place| key(place) <= Some((port, number)));
        // Numbers begin again below all initial ones.
        let last = all.partition_point(|place| key(place) <= Some((port, u32::MAX)));
        let before = |at: usize| self.at(*all.get(at.checked_sub(1)?)?);
        let of = |at: usize| before(at).filter(|attempt| attempt.port == port);
        of(to).or_else(|| of(last))
    }

    /// Those at one service whose bytes ended with this number, or up to a window behind it.
    pub(super) fn ending_with(
        &self,
        service: Service,
        number: u32,
    ) -> impl Iterator<Item = &Attempt> + use<'_> {
        let all = self
            .worked_out()
            .by_next
            .get_or_init(|| order(&self.attempts, |other| (other.service, other.next(), other.id)));
        let key = |&place: &u32| self.at(place).map(|other| (other.service, other.next()));
        let from = all.partition_point(|place| key(place) < Some((service, number)));
        let near = all.get(from..).unwrap_or_default().iter().take(MAX_SAME);
        near.filter_map(|&place| self.at(place)).filter(move |other| {
            other.service == service && other.next().wrapping_sub(number) <= WINDOW
        })
    }

    /// How regularly it opened each service without saying anything.
    pub(super) fn rounds(&self, service: Service) -> Rounds {
        if self.attempts.len() <= NOT_SORTED {
            let silent = self.attempts.iter().filter(|attempt| attempt.bytes == 0);
            let here = silent.filter(|attempt| attempt.service == service);
            let starts: Vec<i64> = here.map(|attempt| attempt.start).collect();
            return if starts.is_empty() { Rounds::default() } else { Rounds::of(&starts) };
        }
        let all = self.worked_out().rounds.get_or_init(|| rounds(&self.attempts));
        all.get(&service).copied().unwrap_or_default()
    }

    /// Different services that it failed to open, as far as they are counted.
    pub(super) fn failed_services(&self) -> usize {
        *self.worked_out().failed_services.get_or_init(|| {
            let mut seen: Vec<Service> = Vec::new();
            for attempt in self.attempts.iter().filter(|attempt| attempt.failed) {
                if seen.len() < MAX_FAN_OUT && !seen.contains(&attempt.service) {
                    seen.push(attempt.service);
                }
            }
            seen.len()
        })
    }

    /// Different ports of a host that it failed to open, up to [`MAX_PORTS`]; none where it opened
    /// as many.
    pub(super) fn ports_failed(&self, host: Address) -> usize {
        let most = |tried: &Tried| match tried {
            [failed, opened] if failed.len() > opened.len() => failed.len(),
            _ => 0,
        };
        if self.attempts.len() <= NOT_SORTED {
            let mut tried = Tried::default();
            let here = self.attempts.iter().filter(|attempt| attempt.service.0 == host);
            here.for_each(|attempt| note_port(&mut tried, attempt));
            return most(&tried);
        }
        self.worked_out().ports.get_or_init(|| ports(&self.attempts)).get(&host).map_or(0, most)
    }

    /// Different hosts of this one's net (the addresses that differ in the last byte) at which it
    /// failed to open a port, up to [`MAX_PORTS`].
    pub(super) fn hosts_failed(&self, (host, port): Service) -> usize {
        let key = (net(host), port);
        if self.attempts.len() <= NOT_SORTED {
            let mut tried = Few::default();
            let failed = self.attempts.iter().filter(|attempt| attempt.failed);
            let here = failed.filter(|other| (net(other.service.0), other.service.1) == key);
            here.for_each(|attempt| note_host(&mut tried, attempt));
            return tried.len();
        }
        let hosts = self.worked_out().hosts.get_or_init(|| hosts(&self.attempts));
        hosts.get(&key).map_or(0, |tried| tried.len())
    }

    /// How many attempts it dropped, and beside how many of them it opened and used another port of
    /// the same host, begun within so many seconds of them.
    pub(super) fn dropped_beside(&self, seconds: f64) -> (usize, usize) {
        let (all, beside) = self.worked_out().dropped.get_or_init(|| {
            let dropped = self.attempts.iter().filter(|attempt| attempt.abandoned);
            let nearest = dropped.clone().filter_map(|attempt| self.used_beside(attempt));
            let mut nearest: Vec<u64> = nearest.collect();
            nearest.sort_unstable();
            (dropped.count(), nearest)
        });
        let within = nanoseconds(seconds).unsigned_abs();
        (*all, beside.partition_point(|&apart| apart <= within))
    }

    /// Nanoseconds between an attempt and the one that opened another port of the same host and
    /// used it; none where there are several.
    fn used_beside(&self, attempt: &Attempt) -> Option<u64> {
        let completed = self.completed();
        let here = completed.partition_point(|other| other.start < attempt.start);
        let before = completed.iter().take(here).rev().take(MAX_BESIDE);
        let near = before.chain(completed.iter().skip(here).take(MAX_BESIDE));
        let other = near.filter(|other| {
            let (host, port) = attempt.service;
            other.service.0 == host && other.service.1 != port && other.bytes > 0
        });
        let mut apart: Vec<u64> = other.map(|other| other.start.abs_diff(attempt.start)).collect();
        apart.sort_unstable();
        let several = apart.get(1).is_some_and(|&second| second < TOGETHER);
        apart.first().copied().filter(|_| !several)
    }

    /// How long it waited for answers.
    pub(super) fn waits(&self) -> &Waits {
        self.worked_out().waits.get_or_init(|| Waits::of(&self.attempts))
    }
}

/// Places of all in the order of a key.
pub(super) fn order<T, K: Ord>(all: &[T], key: impl Fn(&T) -> K) -> Vec<u32> {
    let mut places: Vec<u32> = (0..).take(all.len()).collect();
    places.sort_by_key(|&place| all.get(place as usize).map(&key));
    places
}

/// What a client's attempts say together, each worked out when it is asked for.
#[derive(Clone, Debug, Default)]
struct WorkedOut {
    failed_services: OnceLock<usize>,
    dropped: OnceLock<(usize, Vec<u64>)>,
    ports: OnceLock<Map<Address, Tried>>,
    hosts: OnceLock<Map<(u128, u16), Few<u8>>>,
    waits: OnceLock<Waits>,
    completed: OnceLock<Vec<Attempt>>,
    unanswered: OnceLock<Vec<Attempt>>,
    rounds: OnceLock<Map<Service, Rounds>>,
    by_number: OnceLock<Vec<u32>>,
    by_next: OnceLock<Vec<u32>>,
}

/// Attempts of one client at one service that brought no payload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rounds {
    /// How many.
    pub count: u64,
    /// Seconds from one to the next, on average.
    pub mean: f64,
    /// Standard deviation of these.
    pub deviation: f64,
    /// Their median.
    pub median: f64,
    /// How far more than half of them lie from it at most: a round that came late does not count.
    pub spread: f64,
}

/// Waits of a client's attempts, shortest first.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    completed: Vec<i64>,
    abandoned: Vec<i64>,
}

impl Waits {
    fn of(attempts: &[Attempt]) -> Self {
        let mut waits = Self { completed: Vec::new(), abandoned: Vec::new() };
        for attempt in attempts {
            let Some(wait) = attempt.wait.get() else { continue };
            if attempt.completed.is_some() {
                waits.completed.push(wait);
            } else if attempt.abandoned {
                waits.abandoned.push(wait);
            }
        }
        waits.completed.sort_unstable();
        waits.abandoned.sort_unstable();
        waits
    }

    /// Whether many attempts completed after a wait about as long.
    pub(super) fn often_as_long(&self, wait: i64) -> bool {
        let below = |limit: i64| self.completed.partition_point(|&other| other < limit);
        let about = wait / ABOUT;
        let near = below(wait.saturating_add(about)) - below(wait.saturating_sub(about));
        near >= OFTEN && near * OFTEN_PART >= self.completed.len()
    }

    /// What they say of the client's own limit, beside one of so many seconds.
    pub(super) fn limit(&self, threshold_s: f64) -> WaitLimit {
        let Self { completed, abandoned } = self;
        let threshold = threshold_s * 1e9;
        #[allow(clippy::cast_precision_loss)] // nanoseconds of a wait
        let below = completed.partition_point(|&wait| (wait as f64) < threshold);
        let shortest = abandoned.first().copied();
        let before = shortest
            .map_or(completed.len(), |shortest| completed.partition_point(|&wait| wait < shortest));
        WaitLimit {
            completed: completed.len(),
            abandoned: abandoned.len(),
            longest_completed: completed.last().copied(),
            shortest_abandoned: shortest,
            longest_abandoned: abandoned.last().copied(),
            completed_above_threshold: completed.len() - below,
            overlap: completed.len() - before,
        }
    }
}

/// The ports of a host that were tried, each once: those that failed, those that opened.
type Tried = [Few<u16>; 2];

fn note_port([failed, opened]: &mut Tried, attempt: &Attempt) {
    let (_, port) = attempt.service;
    let ports = if attempt.completed.is_some() { opened } else { failed };
    if ports.len() < MAX_PORTS && !ports.contains(&port) {
        ports.push(port);
    }
}

/// The same for each host.
fn ports(attempts: &[Attempt]) -> Map<Address, Tried> {
    let mut all: Map<Address, Tried> = Map::default();
    for attempt in attempts {
        note_port(all.entry(attempt.service.0).or_default(), attempt);
    }
    all
}

/// All of an address but its last byte.
fn net(host: Address) -> u128 {
    host.0 >> 8
}

/// Notes the last byte of a host at which a port was tried in vain, once.
fn note_host(tried: &mut Few<u8>, attempt: &Attempt) {
    let [.., last] = attempt.service.0.0.to_be_bytes();
    if tried.len() < MAX_PORTS && !tried.contains(&last) {
        tried.push(last);
    }
}

/// The same for the hosts of each net and port.
fn hosts(attempts: &[Attempt]) -> Map<(u128, u16), Few<u8>> {
    let mut all: Map<(u128, u16), Few<u8>> = Map::default();
    for attempt in attempts.iter().filter(|attempt| attempt.failed) {
        let (host, port) = attempt.service;
        note_host(all.entry((net(host), port)).or_default(), attempt);
    }
    all
}

fn rounds(attempts: &[Attempt]) -> Map<Service, Rounds> {
    let mut starts: Map<Service, Vec<i64>> = Map::default();
    for attempt in attempts.iter().filter(|attempt| attempt.bytes == 0) {
        starts.entry(attempt.service).or_default().push(attempt.start);
    }
    starts.into_iter().map(|(service, starts)| (service, Rounds::of(&starts))).collect()
}

impl Rounds {
    /// Of the times at which one began.
    #[allow(clippy::cast_precision_loss)] // at most some thousand
    fn of(starts: &[i64]) -> Self {
        let pairs = starts.iter().zip(starts.iter().skip(1));
        let gap = |(before, after): (&i64, &i64)| after.saturating_sub(*before);
        let gaps: Vec<f64> = pairs.map(gap).map(crate::conn::seconds).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let middle = |mut all: Vec<f64>| {
            all.sort_unstable_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        let median = middle(gaps.clone());
        let spread = middle(gaps.iter().map(|gap| (gap - median).abs()).collect());
        Self { count: starts.len() as u64, mean, deviation: variance.sqrt(), median, spread }
    }
}

/// What a client's waits say of its own limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaitLimit {
    /// Attempts that completed.
    pub completed: usize,
    /// Attempts that it abandoned.
    pub abandoned: usize,
    /// The longest wait that completed: the limit is above it.
    pub longest_completed: Option<i64>,
    /// The shortest wait that was abandoned: the limit is at most this.
    pub shortest_abandoned: Option<i64>,
    /// The longest wait that was abandoned.
    pub longest_abandoned: Option<i64>,
    /// Completed attempts that had waited longer than the threshold.
    pub completed_above_threshold: usize,
    /// Completed attempts that had waited longer than the shortest abandoned one.
    pub overlap: usize,
}

impl WaitLimit {
    /// The interval, when both sets are large enough and do not overlap, nor differ by so little
    /// that all waits may be as long as the path.
    pub fn interval(&self) -> Option<(i64, i64)> {
        let (longest, shortest) = (self.longest_completed?, self.shortest_abandoned?);
        let clean = self.completed >= ENOUGH && self.abandoned >= ENOUGH && self.overlap == 0;
        let spread = self.longest_abandoned? - longest > longest / SPREAD;
        (clean && spread).then_some((longest, shortest))
    }

    /// A fixed limit is refuted: too many attempts waited longer and completed.
    pub fn refuted(&self) -> bool {
        self.overlap * REFUTED > self.completed + self.abandoned && self.overlap > 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, Client, NOT_SORTED, Rounds, Service, hosts, net, ports, rounds};
    use crate::conn::Moment;
    use crate::packet::Address;

    fn attempt(turn: u8) -> Attempt {
        let (host, port) = (Address::v4([10, 0, turn / 3 % 2, turn % 3]), u16::from(turn % 2));
        Attempt {
            id: turn.into(),
            service: (host, port),
            start: i64::from(turn) * i64::from(turn) * 1_000_000_000,
            failed: turn % 5 > 1,
            completed: Moment::from((turn % 5 < 2).then_some(0)),
            bytes: u64::from(turn % 4 / 3),
            ..Attempt::default()
        }
    }

    fn services() -> impl Iterator<Item = Service> {
        (0..2).flat_map(|net| {
            (0..4).flat_map(move |host| {
                (0..2).map(move |port| (Address::v4([10, 0, net, host]), port))
            })
        })
    }

    #[test]
    fn what_few_attempts_say_is_what_they_say_sorted() {
        let mut client = Client::default();
        let mut seen = 0;
        for turn in 0..NOT_SORTED {
            client.add(attempt(u8::try_from(turn * 7).unwrap()));
            let (by_host, by_net, by_service) =
                (ports(&client.attempts), hosts(&client.attempts), rounds(&client.attempts));
            for service in services() {
                let (host, port) = service;
                let failed = by_host.get(&host).map_or([0, 0], |[a, b]| [a.len(), b.len()]);
                let failed = if failed[0] > failed[1] { failed[0] } else { 0 };
                assert_eq!(client.ports_failed(host), failed);
                let near = by_net.get(&(net(host), port)).map_or(0, |tried| tried.len());
                assert_eq!(client.hosts_failed(service), near);
                let sorted: Option<&Rounds> = by_service.get(&service);
                let sorted = sorted.copied().unwrap_or_default();
                assert_eq!(format!("{:?}", client.rounds(service)), format!("{sorted:?}"));
                seen += failed + near + usize::from(sorted.count > 1);
            }
        }
        assert!(seen > NOT_SORTED, "{seen}");
    }
}
