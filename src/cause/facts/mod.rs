//! What a verdict's facts are called, what they count, and how people are told of them.
//!
//! A rule writes a fact by its name; whoever shows it takes its words from here. A fact that is not
//! declared here fails the tests.

mod capture;
mod close;
mod forged;
mod handshake;
mod others;
mod reset;
mod waits;

/// One kind of fact.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Its name in the column `evidence`.
    pub name: &'static str,
    /// What its number is, see [`Fact::UNITS`]; empty without a number.
    pub unit: &'static str,
    /// The sentence that tells it, the most precise first: the first one counts whose places can
    /// all be filled. Places are `{value}` with its unit, `{text}`, `{packet}`; the one who sent
    /// the packet and the other one, `{sender}` and `{peer}` (`{Sender}` and `{Peer}` begin a
    /// sentence); and of a FIN or reset `{ttl}`, `{usual_ttl}`, `{hops}`, `{usual_hops}`,
    /// `{ip_id_delta}`, `{turnaround}`.
    pub words: &'static [&'static str],
    /// The sentence for the number 0, where it is another one.
    pub none: Option<&'static str>,
}

impl Fact {
    /// The units with a meaning of their own; any other one is the noun, in the singular, of what
    /// is counted.
    ///
    /// - `s`: a duration in seconds,
    /// - `weight`: how much it speaks for the cause, below 0 against it; no quantity that is told,
    /// - `id`: the number of another connection,
    /// - `code`: a number that is told as it stands,
    /// - `signed`: a difference.
    pub const UNITS: [&'static str; 5] = ["s", "weight", "id", "code", "signed"];

    const fn new(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, unit, words, none: None }
    }

    /// With another sentence for the number 0.
    const fn or_none(mut self, none: &'static str) -> Self {
        self.none = Some(none);
        self
    }
}

/// Every fact, by what it is about.
pub fn facts() -> impl Iterator<Item = &'static Fact> {
    [
        handshake::FACTS,
        close::FACTS,
        reset::FACTS,
        waits::FACTS,
        forged::FACTS,
        others::FACTS,
        capture::FACTS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests;
