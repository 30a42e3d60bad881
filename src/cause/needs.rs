//! What must be so for a rule to have anything to say: told in its declaration, and looked at
//! before its condition is. Most rules leave at their first line; this is that line, for all of
//! them at once: what a case is like has a dozen bits, and each of them takes the rules away that
//! it rules out. What is left is asked.
//!
//! A debug build asks those that are passed over as well, so that a test fails when one of them has
//! something to say.

use super::context::began_to_end;
use super::rule::Case;
use super::rules::RULES;
use crate::conn::{Ending, Form, SequenceCheck, Side};

/// What a rule needs: a bit for everything that rules it out.
#[derive(Clone, Copy, Debug)]
pub struct Needs(u64);

/// A bit for each ending; those of cases about a reset stand above them.
const ENDINGS: u64 = (1 << (Ending::Open as u32 + 1)) - 1;
const RESETS: u32 = 16;
const ABORT: u64 = 1 << 32;
const REPLY: u64 = 1 << 33;
const OTHER: u64 = 1 << 34;
const SHAPELESS: u64 = 1 << 35;
const BY_CLIENT: u64 = 1 << 36;
const BY_SERVER: u64 = 1 << 37;
/// The reset's sender had not sent its FIN.
const UNCLOSED: u64 = 1 << 38;
/// The reset does not say why.
const SILENT: u64 = 1 << 39;
/// Nothing rare was noted of the connection.
const PLAIN: u64 = 1 << 40;
/// No SYN-ACK was odd.
const EVEN: u64 = 1 << 41;
/// The server said more than SYN-ACKs.
const HEARD: u64 = 1 << 42;
/// It sent payload.
const SERVED: u64 = 1 << 43;
const NO_FIN: u64 = 1 << 44;
const CLIENT_FIN: u64 = 1 << 45;
const SERVER_FIN: u64 = 1 << 46;
/// Neither side began the end.
const UNENDED: u64 = 1 << 47;
const CLIENT_BEGAN: u64 = 1 << 48;
/// The reset's numbers are none that a SYN in flight obeys.
const NOT_VOID: u64 = 1 << 49;
/// No challenge ACK answered the reset.
const UNCHALLENGED: u64 = 1 << 50;

#[allow(clippy::return_self_not_must_use)] // declarations chain them
impl Needs {
    /// Nothing: it is always asked.
    pub const NOTHING: Self = Self(0);

    /// One of these endings.
    pub const fn ending(self, endings: &[Ending]) -> Self {
        self.unless_reset(endings).if_reset(endings)
    }

    /// Another ending than these.
    pub const fn no_ending(self, endings: &[Ending]) -> Self {
        let unwanted = bits(endings);
        Self(self.0 | unwanted | unwanted << RESETS)
    }

    /// One of these endings, where it is not about a reset.
    pub const fn unless_reset(self, endings: &[Ending]) -> Self {
        Self(self.0 | ENDINGS & !bits(endings))
    }

    /// One of these endings, where it is about a reset.
    pub const fn if_reset(self, endings: &[Ending]) -> Self {
        Self(self.0 | (ENDINGS & !bits(endings)) << RESETS)
    }

    /// This form, where it is about a reset.
    pub const fn form(self, form: Form) -> Self {
        Self(self.0 | (ABORT | REPLY | OTHER | SHAPELESS) & !shape(Some(form)))
    }

    /// Another form than this, where it is about a reset.
    pub const fn no_form(self, form: Form) -> Self {
        Self(self.0 | shape(Some(form)))
    }

    /// This sender, where it is about a reset.
    pub const fn by(self, side: Side) -> Self {
        Self(self.0 | if matches!(side, Side::Client) { BY_SERVER } else { BY_CLIENT })
    }

    /// Where it is about a reset, its sender had sent a FIN before.
    pub const fn after_its_fin(self) -> Self {
        Self(self.0 | UNCLOSED)
    }

    /// Where it is about a reset, it says why.
    pub const fn reason(self) -> Self {
        Self(self.0 | SILENT)
    }

    /// Where it is about a reset, one that a SYN in flight does not obey.
    pub const fn void(self) -> Self {
        Self(self.0 | NOT_VOID)
    }

    /// Where it is about a reset, one that a challenge ACK answered.
    pub const fn challenged(self) -> Self {
        Self(self.0 | UNCHALLENGED)
    }

    /// Something rare, which the connection's `extra` holds.
    pub const fn extra(self) -> Self {
        Self(self.0 | PLAIN)
    }

    /// A SYN-ACK that does not acknowledge the SYN, or a second one.
    pub const fn odd_syn_ack(self) -> Self {
        Self(self.0 | EVEN)
    }

    /// Nothing of the server but SYN-ACKs, or a SYN that it left unanswered.
    pub const fn unheard(self) -> Self {
        Self(self.0 | HEARD)
    }

    /// No payload of the server.
    pub const fn unserved(self) -> Self {
        Self(self.0 | SERVED)
    }

    /// This side was the first to send a FIN.
    pub const fn first_fin(self, side: Side) -> Self {
        let other = if matches!(side, Side::Client) { SERVER_FIN } else { CLIENT_FIN };
        Self(self.0 | NO_FIN | other)
    }

    /// One of the sides began the end, see [`began_to_end`].
    pub const fn begun_end(self) -> Self {
        Self(self.0 | UNENDED)
    }

    /// The server began it.
    pub const fn end_by_server(self) -> Self {
        Self(self.0 | UNENDED | CLIENT_BEGAN)
    }
}

const fn bits(endings: &[Ending]) -> u64 {
    let (mut bits, mut left) = (0, endings);
    while let [ending, others @ ..] = left {
        bits |= 1 << *ending as u32;
        left = others;
    }
    bits
}

const fn shape(form: Option<Form>) -> u64 {
    match form {
        Some(Form::Abort) => ABORT,
        Some(Form::Reply) => REPLY,
        Some(Form::Other) => OTHER,
        None => SHAPELESS,
    }
}

/// What a case is like, of all that rules need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Like(u64);

/// The rules that each thing which a case can be like rules out, as bits for their places.
#[expect(clippy::indexing_slicing, reason = "a table made when the program is built")]
static RULED_OUT: [u128; u64::BITS as usize] = {
    let mut ruled_out = [0; u64::BITS as usize];
    let mut at = 0;
    while at < RULES.len() {
        let mut needs = RULES[at].needs.0;
        while needs != 0 {
            ruled_out[needs.trailing_zeros() as usize] |= 1 << at;
            needs &= needs - 1;
        }
        at += 1;
    }
    ruled_out
};

impl Like {
    /// The rules that have nothing to say of such a case, as bits for their places.
    pub(super) fn ruled_out(self) -> u128 {
        let (mut all, mut bits) = (0, self.0);
        while bits != 0 {
            all |= RULED_OUT.get(bits.trailing_zeros() as usize).copied().unwrap_or(0);
            bits &= bits - 1;
        }
        all
    }

    /// Of one case.
    pub(super) fn of(case: &Case<'_>) -> Self {
        let c = case.connection;
        let ending = 1 << c.ending as u32;
        let set = |bit: u64, set: bool| if set { bit } else { 0 };
        let of_reset = match case.reset {
            None => ending,
            Some(reset) => {
                let client = reset.sender == Side::Client;
                let silent = reset.reason.is_none() && reset.mptcp.is_none();
                ending << RESETS
                    | shape(reset.form)
                    | if client { BY_CLIENT } else { BY_SERVER }
                    | set(UNCLOSED, !reset.sender_fin_before)
                    | set(SILENT, silent)
                    | set(NOT_VOID, reset.sequence_check != SequenceCheck::Void)
                    | set(UNCHALLENGED, !reset.challenged)
            }
        };
        let extra = c.extra();
        let second = extra.is_some_and(|extra| extra.second_syn_ack.is_some());
        let even = !second && c.syn_ack.is_none_or(|syn_ack| syn_ack.ack_offset == 0);
        let server = c.side(Side::Server);
        let heard = server.alive != server.syn_acks && c.ending != Ending::HandshakeUnanswered;
        let fin = match c.first_fin_by {
            None => NO_FIN,
            Some(Side::Client) => CLIENT_FIN,
            Some(Side::Server) => SERVER_FIN,
        };
        let began = match began_to_end(c) {
            None => UNENDED,
            Some((_, Side::Client, _)) => CLIENT_BEGAN,
            Some((_, Side::Server, _)) => 0,
        };
        Self(
            of_reset
                | set(PLAIN, extra.is_none())
                | set(EVEN, even)
                | set(HEARD, heard)
                | set(SERVED, server.unique_bytes > 0)
                | fin
                | began,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Like, Needs};
    use crate::cause::{Context, Parameters, RULES, Rule};
    use crate::conn::{Ending, Form, Kind, Side, play};

    impl Needs {
        /// Whether a rule that needs this, by itself, has nothing to say of a case that is like that.
        fn rule_out(self, like: Like) -> bool {
            self.0 & like.0 != 0
        }
    }

    /// Puts every reset of a conversation, or the connection without one, to a function.
    fn cases(script: &str, mut each: impl FnMut(&super::Case<'_>)) {
        let (context, parameters) = (Context::default(), Parameters::default());
        let (context, parameters) = (&context, &parameters);
        for connection in &play(script).unwrap() {
            let mut resets: Vec<_> =
                connection.teardowns.iter().filter(|row| row.kind == Kind::Rst).map(Some).collect();
            resets.push(None);
            for reset in resets {
                let case = super::Case {
                    connection,
                    reset,
                    score: None,
                    storm: None,
                    context,
                    parameters,
                };
                each(&case);
            }
        }
    }

    fn fits(needs: Needs, script: &str) -> Vec<bool> {
        let mut all = Vec::new();
        cases(script, |case| all.push(!needs.rule_out(Like::of(case))));
        all
    }

    /// Cases of all examples and near misses.
    fn all_cases(mut each: impl FnMut(&super::Case<'_>)) {
        let near = RULES.iter().flat_map(|rule| rule.near_misses.iter().map(|near| &near.0));
        for script in RULES.iter().flat_map(|rule| rule.examples).chain(near) {
            cases(script, &mut each);
        }
    }

    #[test]
    fn one_look_up_rules_out_what_each_rule_by_itself_does() {
        let (mut cases, mut asked) = (0, 0);
        all_cases(|case| {
            let like = Like::of(case);
            let alone = RULES.iter().enumerate().filter(|(_, rule)| rule.needs.rule_out(like));
            let alone = alone.fold(0_u128, |all, (at, _)| all | 1 << at);
            assert_eq!(like.ruled_out(), alone, "{:?}", case.connection.ending);
            (cases, asked) = (cases + 1, asked + RULES.len() - alone.count_ones() as usize);
        });
        // Of some seventy; which of these are about a connection or a reset takes half of them.
        assert!(asked < 35 * cases, "{asked} questions in {cases} cases");
    }

    #[test]
    fn what_is_needed_is_there_or_the_rule_is_passed_over() {
        let nothing = Needs::NOTHING;
        let (abort, reply) = ("> S, < S., > ., > P. 9, < ., < R.", "> S, < R.");
        let closed = "> S, < S., > ., > F., < ., > R";
        let graceful = "> S, < S., > ., > F., < F., > .";
        for (needs, script, expected) in [
            (nothing, abort, &[true, true][..]),
            (nothing.ending(&[Ending::Reset]), abort, &[true, true]),
            (nothing.ending(&[Ending::Open, Ending::Graceful]), abort, &[false, false]),
            (nothing.ending(&[Ending::Open, Ending::Graceful]), graceful, &[true]),
            (nothing.no_ending(&[Ending::Open, Ending::Graceful]), graceful, &[false]),
            (nothing.unless_reset(&[]), abort, &[true, false]),
            (nothing.if_reset(&[]), abort, &[false, true]),
            (nothing.if_reset(&[Ending::Reset]), abort, &[true, true]),
            (nothing.form(Form::Abort), abort, &[true, true]),
            (nothing.form(Form::Reply), abort, &[false, true]),
            (nothing.no_form(Form::Abort), abort, &[false, true]),
            (nothing.by(Side::Server), reply, &[true, true]),
            (nothing.by(Side::Client), reply, &[false, true]),
            (nothing.after_its_fin(), closed, &[true, true]),
            (nothing.after_its_fin(), abort, &[false, true]),
            (nothing.reason(), abort, &[false, true]),
            (nothing.reason(), "> S, < S., > ., < R. mptcp=3", &[true, true]),
            (nothing.void(), reply, &[false, true]),
            (nothing.void(), "> S, < R. ack=9", &[true, true]),
            (nothing.challenged(), abort, &[false, true]),
            (nothing.extra(), graceful, &[false]),
            (nothing.extra(), "> S, < S., > ., > P. tls", &[true]),
            (nothing.odd_syn_ack(), reply, &[false, false]),
            (nothing.odd_syn_ack(), "> S, < S. ack=-7, > R", &[true, true]),
            (nothing.unheard(), "> S, < S., > ., > P. 9", &[true]),
            (nothing.unheard(), graceful, &[false]),
            (nothing.unserved(), graceful, &[true]),
            (nothing.unserved(), "> S, < S., > ., < P. 9", &[false]),
            (nothing.first_fin(Side::Client), graceful, &[true]),
            (nothing.first_fin(Side::Server), graceful, &[false]),
            (nothing.begun_end(), graceful, &[true]),
            (nothing.begun_end(), "> S, < S.", &[false]),
            (nothing.end_by_server(), graceful, &[false]),
            (nothing.end_by_server(), "> S, < S., > ., < F., > F., < .", &[true]),
        ] {
            assert_eq!(fits(needs, script), expected, "{needs:?} {script}");
        }
    }

    /// The rules that have something to say of an example although they are passed over.
    fn too_narrow(needs: impl Fn(&Rule) -> Needs) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        all_cases(|case| {
            let like = Like::of(case);
            let speaks = |rule: &&&Rule| (rule.holds)(case).is_some();
            let passed_over = RULES.iter().filter(|rule| needs(rule).rule_out(like));
            found.extend(passed_over.filter(speaks).map(|rule| rule.name));
        });
        found
    }

    #[test]
    fn a_rule_that_is_passed_over_has_nothing_to_say() {
        assert_eq!(too_narrow(|rule| rule.needs), BTreeSet::new());
    }

    #[test]
    fn needs_that_are_declared_too_narrow_are_found() {
        let narrowed = |rule: &Rule| match rule.name {
            "client_close" => rule.needs.ending(&[Ending::HalfClosed]),
            "no_socket" => rule.needs.by(Side::Client),
            _ => rule.needs,
        };
        assert_eq!(too_narrow(narrowed), BTreeSet::from(["client_close", "no_socket"]));
    }
}
