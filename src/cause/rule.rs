//! What a cause is made of.
//!
//! A rule finds one of these:
//!
//! - `None`: it does not hold. A cause that names it as its twin still names it among its
//!   alternatives, with a small share.
//! - [`Finding::new`]: it holds, with this base confidence: the share of right ones. The first rule
//!   (in the order of `RULES`) that is more likely than not decides; without one, the likeliest.
//!   What else holds becomes a rival with a share of what that leaves.
//! - [`Finding::candidate`]: it cannot be excluded, and is too weak to decide. Where nothing
//!   decides, the cause is `undetermined` and the candidates are its alternatives with these
//!   shares.
//! - [`Finding::candidate`] with 0: excluded, although others name it as their twin.
//!
//! Twins are symmetric: each names the other. A cause that only says what came, and not why, stands
//! in `rivals.rs` and is nobody's rival.

use super::context::Context;
use super::evidence::Evidence;
use super::needs::Needs;
use super::numbers::told;
use super::parameters::Parameters;
use super::score::Score;
use super::storm::Storm;
use crate::base::numbers::{Number, numbers};
use crate::conn::{
    Connection, Endpoint, Form, Kind, Opening, SequenceCheck, Side, Teardown, Trigger,
};

/// One cause: everything known of it in one place.
pub struct Rule {
    /// Its name in the tables.
    pub name: &'static str,
    /// What kind of ending it explains: its colour in plots and reports.
    pub class: Class,
    /// One sentence: what happened. This and the other texts have places for numbers (see
    /// [`Rule::told`]).
    pub summary: &'static str,
    /// How it looks on the wire, and what rules it out.
    pub wire: &'static str,
    /// RFC, paper or source of the rule.
    pub reference: &'static str,
    /// What to look at next.
    pub next: &'static str,
    /// Conversations that have this cause.
    pub examples: &'static [&'static str],
    /// Conversations that look like it and have another cause.
    pub near_misses: &'static [(&'static str, &'static str)],
    /// Causes that no passive observer can tell from this one, with the reason.
    pub twins: &'static [(&'static str, &'static str)],
    /// Whether it is decided at the connection's deciding segment, at any reset, or by both.
    pub applies: Applies,
    /// What must be so for it to be asked: no more than its first line looks at.
    pub needs: Needs,
    /// The numbers that it states: its confidences, windows and counts.
    pub numbers: &'static [Number],
    /// The rule.
    pub holds: fn(&Case<'_>) -> Option<Finding>,
}

impl Rule {
    /// One of its texts, with its numbers and the thresholds in their places.
    pub fn told(&self, text: &str) -> String {
        told(text, self.numbers)
    }
}

/// What kind of ending a cause explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Closed by FIN, as intended.
    Orderly,
    /// Reset after the handshake.
    Abort,
    /// Turned down at the handshake.
    Refused,
    /// Given up after waiting.
    Timeout,
    /// Ended by somebody in between, or scanned.
    Suspicious,
    /// Still open, or not explained.
    Undecided,
}

/// What a rule judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// The connection as a whole.
    Connection,
    /// The same, where it never opened.
    Attempt,
    /// A reset, wherever it stands; the connection's cause when that reset decided its ending.
    Reset,
    /// Either.
    Any,
    /// A reset that did not decide the ending; never a connection's cause.
    LateReset,
    /// The connection as a whole, however it ended, and of its FINs only a forged one.
    Content,
}

/// One question put to the rules.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// The reset in question: the deciding one for the connection's own verdict.
    pub reset: Option<&'a Teardown>,
    /// Its score, where it is known.
    pub score: Option<&'a Score>,
    /// What is remembered of its many rows, where it has many.
    pub storm: Option<&'a Storm>,
    /// What other connections say.
    pub context: &'a Context,
    /// Thresholds.
    pub parameters: &'a Parameters,
}

/// Facts of a finding for which there is room at first.
const USUAL_FACTS: usize = 4;

/// What a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// 0 to 1, before the modifiers for the quality of the capture.
    pub confidence: f64,
    /// The facts it rests on.
    pub evidence: Vec<Evidence>,
    /// Whether the named sender did not send it: an injector or a box in between did.
    pub third_party: bool,
    /// Whether that was payload or a FIN, and not a reset or an ICMP error.
    pub forged_data: bool,
    /// Whether the connection was nevertheless ended by the one who sent the deciding segment.
    pub ended_by_sender: bool,
    /// Whether it is only one of several that it could be, and too weak to decide.
    pub candidate: bool,
    /// Whether it is no surer than stated, and not built on, however often laboratories show it right.
    pub as_stated: bool,
}

impl Finding {
    /// A finding with its base confidence.
    pub fn new(confidence: f64) -> Self {
        Self { evidence: Vec::with_capacity(USUAL_FACTS), ..Self::bare(confidence) }
    }

    const fn bare(confidence: f64) -> Self {
        Self {
            confidence,
            evidence: Vec::new(),
            third_party: false,
            forged_data: false,
            ended_by_sender: false,
            candidate: false,
            as_stated: false,
        }
    }

    /// Too weak to decide, but one of those that it could be, with this share when nothing decides.
    /// With a share of 0 the rule excludes itself: it is not even named as a twin.
    pub fn candidate(share: f64) -> Self {
        Self { candidate: true, ..Self::bare(share) }
    }

    /// With one more fact.
    #[must_use]
    pub fn with(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// With one more fact, where there is one.
    #[must_use]
    pub fn with_some(mut self, evidence: Option<Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// With more or less confidence.
    #[must_use]
    pub fn plus(mut self, confidence: f64) -> Self {
        self.confidence += confidence;
        self
    }

    /// Something else leaves the same packets, and nothing in the capture speaks against it: how
    /// often a laboratory arranges the one says nothing of how often the other comes.
    #[must_use]
    pub fn as_stated(mut self) -> Self {
        self.as_stated = true;
        self.with(Evidence::of("something_else_leaves_the_same"))
    }

    /// Sent by neither side.
    #[must_use]
    pub fn by_third_party(mut self) -> Self {
        self.third_party = true;
        self
    }

    /// Payload or a FIN of neither side.
    #[must_use]
    pub fn data_by_third_party(mut self) -> Self {
        self.forged_data = true;
        self.by_third_party()
    }
}

numbers! {
    /// Rows of one connection that a rule compares with another.
    pub(super) bound MAX_ROWS: usize = 256;
}

impl<'a> Case<'a> {
    /// The reset in question, if it has this form.
    pub fn reset_of(&self, form: Form) -> Option<&'a Teardown> {
        self.reset.filter(|reset| reset.form == Some(form))
    }

    /// A side of the connection.
    pub fn side(&self, side: Side) -> &'a Endpoint {
        self.connection.side(side)
    }

    /// The connection was opened in the capture and its handshake completed before the reset.
    pub fn established(&self) -> bool {
        self.connection.opening == Opening::MidStream || self.connection.handshake_time.is_some()
    }

    /// The reset answers the peer's segment of this kind.
    pub fn answers(&self, trigger: Trigger) -> bool {
        self.reset.is_some_and(|reset| reset.trigger == Some(trigger))
    }

    /// The reset's number is one that its receiver obeys.
    pub fn acceptable(&self) -> bool {
        self.reset.is_some_and(|reset| {
            matches!(
                reset.sequence_check,
                SequenceCheck::Exact | SequenceCheck::FinMinusOne | SequenceCheck::AcksSyn
            )
        })
    }

    /// The first rows of the connection: as many as a rule looks at, so that judging each row of a
    /// storm does not cost the square of its length.
    pub fn rows(&self) -> impl Iterator<Item = &'a Teardown> + use<'a> {
        self.connection.teardowns.iter().take(MAX_ROWS)
    }

    /// Where a row stands among the rows of the connection.
    pub(super) fn place(&self, row: &Teardown) -> usize {
        self.connection.teardowns.partition_point(|other| other.packet < row.packet)
    }

    /// FIN rows of a side, copies left out.
    pub fn fins(&self, side: Side) -> impl Iterator<Item = &'a Teardown> + use<'a> {
        self.rows().filter(move |row| row.kind == Kind::Fin && row.sender == side && !row.duplicate)
    }

    /// RST rows, copies left out.
    pub fn resets(&self) -> impl Iterator<Item = &'a Teardown> + use<'a> {
        self.rows().filter(|row| row.kind == Kind::Rst && !row.duplicate)
    }
}

#[cfg(test)]
mod tests;
