//! Connections to verdicts: why each ended, with evidence. Judges only; sees no packet.

mod apart;
mod calibration;
mod context;
mod evidence;
mod facts;
mod guards;
mod harmless;
mod mechanism;
mod near;
mod needs;
mod numbers;
mod parameters;
mod rivals;
mod rule;
mod rules;
mod score;
mod storm;

pub use context::{
    Attempt, Circle, Context, Heavy, HostFacts, Left, Only, ServiceFacts, WaitLimit,
};
pub use evidence::Evidence;
pub use facts::{Fact, facts};
pub use mechanism::Mechanism;
pub use needs::Needs;
pub use numbers::{Shown, numbers};
pub use parameters::{Parameters, RULE_SET};
pub use rivals::Alternative;
pub use rule::{Applies, Case, Class, Finding, Rule};
pub use rules::RULES;
pub use score::{Score, score};
pub use storm::{MANY, Storm};

use std::sync::OnceLock;

use crate::base::numbers::numbers;
use crate::conn::{Connection, EndedBy, Ending, Kind, Side, Teardown};
use guards::Guards;
use mechanism::Forged;
use needs::Like;

numbers! {
    DECISION:
    /// Above this, a cause is more likely than not.
    confidence LIKELY = 0.5;
    /// At most, where something else leaves the same packets or one direction alone was captured.
    confidence DOUBTED = 0.79;
    /// Resets of a handshake that are asked what they know of it.
    bound ASKED_OF_A_HANDSHAKE: usize = 8;
}

/// The cause when no rule holds.
pub const UNDETERMINED: &str = "undetermined";

/// A cause by its place in [`RULES`]; the last one, beyond them, is `undetermined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cause(u8);

impl Cause {
    /// No rule holds.
    pub const UNDETERMINED: Self = Self(u8::MAX);

    /// Its name.
    pub fn name(self) -> &'static str {
        self.rule().map_or(UNDETERMINED, |rule| rule.name)
    }

    /// Its rule, unless undetermined.
    pub fn rule(self) -> Option<&'static Rule> {
        RULES.get(usize::from(self.0)).copied()
    }

    /// Its place in the vocabulary of causes ([`names`]).
    pub fn index(self) -> usize {
        usize::from(self.0).min(RULES.len())
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        if name == UNDETERMINED {
            return Some(Self::UNDETERMINED);
        }
        RULES.iter().position(|rule| rule.name == name).and_then(Self::at)
    }

    /// A bit of its own in a set of causes.
    fn bit(self) -> u128 {
        1_u128.checked_shl(self.0.into()).unwrap_or(0)
    }

    fn at(index: usize) -> Option<Self> {
        u8::try_from(index).ok().map(Self)
    }

    /// Those that no passive observer can tell from it.
    fn twins(self) -> &'static [Self] {
        static ALL: OnceLock<Vec<Vec<Cause>>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let twins = |rule: &&Rule| rule.twins.iter().filter_map(|(twin, _)| Self::named(twin));
            RULES.iter().map(|rule| twins(rule).collect()).collect()
        });
        all.get(usize::from(self.0)).map_or(&[], Vec::as_slice)
    }
}

/// The closed vocabulary of causes: every rule in order of decision, then `undetermined`.
pub fn names() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.name).chain([UNDETERMINED]).collect()
}

/// Why a connection ended.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was done, as the packets alone decide it.
    pub mechanism: Mechanism,
    /// The cause.
    pub cause: Cause,
    /// How sure, 0 to 1 in steps of 0.01; 0 when undetermined.
    pub confidence: f64,
    /// The facts it rests on.
    pub evidence: Vec<Evidence>,
    /// What else it could be, likeliest first. With the confidence at most 1; the rest is unknown.
    pub alternatives: Vec<Alternative>,
    /// Who ended it, after judgement.
    pub ended_by: EndedBy,
    /// Of a connection: whether it is over and nothing was lost.
    pub harmless: bool,
}

/// Judges a connection as a whole.
pub fn judge(connection: &Connection, context: &Context, parameters: &Parameters) -> Verdict {
    let reset = connection.deciding().filter(|row| row.kind == Kind::Rst);
    let case = Case { connection, reset, score: None, storm: None, context, parameters };
    let asked = match reset {
        Some(_) => Asked::DecidingReset,
        None if attempt(connection) => Asked::Attempt,
        None => Asked::Connection,
    };
    let (mut verdict, forged) = decide(&case, connection.ended_by, asked);
    if matches!(asked, Asked::Attempt)
        && let Some(met) = met_in_handshake(&case, verdict.cause)
    {
        verdict = met;
    }
    verdict.mechanism = Mechanism::of_connection(connection, reset, forged);
    verdict.harmless = harmless::harmless(connection, &verdict, parameters);
    if connection.ending == Ending::Stray && reset.is_none() {
        verdict.ended_by = EndedBy::None;
    }
    verdict
}

/// Whether a connection never opened, and no reset says why.
fn attempt(c: &Connection) -> bool {
    matches!(c.ending, Ending::HandshakeIncomplete | Ending::HandshakeUnanswered)
}

/// Why a handshake never completed, where one of the client's resets knows more of it than the
/// connection, on which none of them had an effect.
fn met_in_handshake(case: &Case<'_>, found: Cause) -> Option<Verdict> {
    let c = case.connection;
    let resets = case.resets().filter(|row| row.sender == Side::Client);
    resets.take(ASKED_OF_A_HANDSHAKE).find_map(|row| {
        let case = Case { reset: Some(row), ..*case };
        let (met, forged) = decide(&case, c.ended_by, Asked::DecidingReset);
        (forged.is_none() && met.cause.0 < found.0).then_some(met)
    })
}

/// Judges one teardown segment of a connection.
pub fn judge_teardown(
    connection: &Connection,
    row: &Teardown,
    context: &Context,
    parameters: &Parameters,
) -> Verdict {
    judge_and_score(connection, row, None, None, context, parameters).0
}

/// The same, and how much speaks for a reset being injected; 0 for a FIN. What the rows of a
/// connection with many of them share is worked out once for all that are given the same `storm`,
/// which must be given no other connection, context or parameters. The same goes for `fin`: the
/// verdict of another FIN of the connection of which [`alike`] says that they share it.
pub fn judge_and_score(
    connection: &Connection,
    row: &Teardown,
    storm: Option<&Storm>,
    fin: Option<Verdict>,
    context: &Context,
    parameters: &Parameters,
) -> (Verdict, f64) {
    let reset = Some(row).filter(|row| row.kind == Kind::Rst);
    let case = Case { connection, reset, score: None, storm, context, parameters };
    let mut total = 0.0;
    if let Some(fin) = fin {
        return (of_another(fin, connection, row), 0.0);
    }
    let (mut verdict, forged) = match reset {
        None if attempt(connection) => decide(&case, row.sender.into(), Asked::Attempt),
        None if forged(connection, row) => decide(&case, row.sender.into(), Asked::Connection),
        None => decide(&case, row.sender.into(), Asked::Fin),
        Some(reset) => {
            let score = score::score(&case, reset);
            total = score.total;
            let case = Case { score: Some(&score), ..case };
            decide(&case, row.sender.into(), Asked::Reset)
        }
    };
    verdict.mechanism = Mechanism::of_row(connection, row, forged);
    (verdict, total)
}

/// Whether a FIN has the verdict of every other such FIN of its connection, but for its sender.
pub fn alike(connection: &Connection, row: &Teardown) -> bool {
    row.kind == Kind::Fin && !forged(connection, row)
}

/// The verdict of another FIN of the connection.
fn of_another(mut verdict: Verdict, connection: &Connection, row: &Teardown) -> Verdict {
    if verdict.mechanism != Mechanism::ThirdPartyData {
        verdict.mechanism = Mechanism::of_row(connection, row, None);
    }
    if verdict.ended_by != EndedBy::ThirdParty {
        verdict.ended_by = row.sender.into();
    }
    verdict
}

/// This FIN may be forged.
fn forged(connection: &Connection, row: &Teardown) -> bool {
    let foreign = connection.extra().and_then(|extra| extra.foreign[row.sender]);
    foreign.is_some_and(|foreign| foreign.packet == row.packet)
}

/// Which rules are asked.
#[derive(Clone, Copy)]
enum Asked {
    /// Those about a connection that no reset ended.
    Connection,
    /// Those about the reset that ended its connection.
    DecidingReset,
    /// Those about any reset.
    Reset,
    /// Those about a connection that no reset ended, for a FIN of it that its sender sent.
    Fin,
    /// Those about a connection that never opened, and that no reset ended.
    Attempt,
}

impl Asked {
    /// The rules that are asked, as bits for their places.
    fn rules(self) -> u128 {
        static EACH: [u128; 5] = [
            Asked::Connection.among(RULES),
            Asked::DecidingReset.among(RULES),
            Asked::Reset.among(RULES),
            Asked::Fin.among(RULES),
            Asked::Attempt.among(RULES),
        ];
        EACH.get(self as usize).copied().unwrap_or(0)
    }

    #[expect(clippy::indexing_slicing, reason = "looked at when the program is built")]
    const fn among(self, rules: &[&Rule]) -> u128 {
        let (mut all, mut at) = (0, 0);
        while at < rules.len() {
            if self.takes(rules[at].applies) {
                all |= 1 << at;
            }
            at += 1;
        }
        all
    }

    const fn takes(self, applies: Applies) -> bool {
        match applies {
            Applies::Any => true,
            Applies::Connection => matches!(self, Self::Connection | Self::Fin | Self::Attempt),
            Applies::Attempt => matches!(self, Self::Attempt),
            Applies::Reset => matches!(self, Self::DecidingReset | Self::Reset),
            Applies::LateReset => matches!(self, Self::Reset),
            Applies::Content => {
                matches!(self, Self::Connection | Self::DecidingReset | Self::Attempt)
            }
        }
    }
}

/// The rules with these bits, in order of decision.
fn rules_of(bits: u128) -> impl Iterator<Item = (Cause, &'static Rule)> {
    let (mut bits, mut later, mut from) = (low(bits), low(bits >> u64::BITS), 0);
    std::iter::from_fn(move || {
        if bits == 0 {
            (bits, later, from) = (later, 0, u64::BITS);
        }
        let cause = Cause(u8::try_from(from + bits.trailing_zeros()).ok()?);
        bits &= bits.wrapping_sub(1);
        Some((cause, cause.rule()?))
    })
}

/// The lower half.
#[allow(clippy::cast_possible_truncation)] // the upper one is looked at by itself
fn low(bits: u128) -> u64 {
    bits as u64
}

/// The first rule whose finding is more likely than not decides, since the order goes from the
/// specific to the general; without one the likeliest. The others become its rivals.
fn decide(case: &Case<'_>, sender: EndedBy, asked: Asked) -> (Verdict, Option<Forged>) {
    let mut verdict = Verdict {
        mechanism: Mechanism::Open,
        cause: Cause::UNDETERMINED,
        confidence: 0.0,
        evidence: Vec::new(),
        alternatives: Vec::new(),
        ended_by: sender,
        harmless: false,
    };
    let mut guards = None;
    let mut best: Option<Finding> = None;
    // What the rule of the best one states; what was measured says how sure, never which.
    let mut likeliest = 0.0;
    let mut others: Vec<(Cause, f64)> = Vec::new();
    let mut excluded = 0;
    let (asked, ruled_out) = (asked.rules(), Like::of(case).ruled_out());
    if cfg!(debug_assertions) {
        for (_, rule) in rules_of(asked & ruled_out) {
            assert!((rule.holds)(case).is_none(), "{} needs less than it says", rule.name);
        }
    }
    for (found, rule) in rules_of(asked & !ruled_out) {
        let Some(finding) = (rule.holds)(case) else { continue };
        if finding.candidate {
            if finding.confidence > 0.0 {
                others.push((found, finding.confidence));
            } else {
                excluded |= found.bit();
            }
            continue;
        }
        let guards = guards.get_or_insert_with(|| Guards::of(case));
        let stated = guards.confidence(finding.confidence);
        let measured =
            calibration::frequency(found, guards.lower(), stated, case.parameters.calibration);
        // Laboratories arrange their forgers, and what has a double: neither is surer than its rule.
        let arranged = finding.third_party || finding.as_stated;
        let confidence = if arranged { measured.min(stated) } else { measured };
        let doubted = finding.as_stated || guards.unmeasured();
        let confidence = if doubted { confidence.min(DOUBTED) } else { confidence };
        if best.is_none() || likeliest <= LIKELY && stated > likeliest {
            likeliest = stated;
            if best.is_some() {
                others.push((verdict.cause, verdict.confidence));
            }
            (verdict.cause, verdict.confidence) = (found, confidence);
            best = Some(finding);
        } else {
            others.push((found, confidence));
        }
    }
    let hundredths = rivals::hundredths(verdict.confidence);
    verdict.confidence = rivals::shown(hundredths);
    let twins = verdict.cause.twins();
    let possible = asked & !excluded;
    verdict.alternatives = rivals::rivals(verdict.cause, hundredths, others, twins, possible);
    let Some(finding) = best else { return (verdict, None) };
    verdict.evidence = finding.evidence;
    if let Some(guards) = guards {
        guards.tell(&mut verdict.evidence);
    }
    if finding.third_party && !finding.ended_by_sender {
        verdict.ended_by = EndedBy::ThirdParty;
    }
    let forged = finding.third_party.then_some(if finding.forged_data {
        Forged::Data
    } else {
        Forged::Reset
    });
    (verdict, forged)
}

/// Every rule that holds for a connection, in order of decision: what a reader of the rules wants
/// to see beside the one that decided.
pub fn all_holding(
    connection: &Connection,
    context: &Context,
    parameters: &Parameters,
) -> Vec<&'static str> {
    let reset = connection.deciding().filter(|row| row.kind == Kind::Rst);
    let case = Case { connection, reset, score: None, storm: None, context, parameters };
    let holds = |rule: &&&Rule| (rule.holds)(&case).is_some_and(|finding| !finding.candidate);
    RULES.iter().filter(holds).map(|rule| rule.name).collect()
}
