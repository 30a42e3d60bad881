//! Every number that decides a verdict, as it is shown: thresholds, which can be set, and what the
//! rules and the judgement around them state, which cannot.

use super::parameters::Parameters;
use super::rules::{COMMON, RULES};
use super::{apart, context, guards, harmless, near, rivals, rule, score, storm};
use crate::base::numbers::{Number, Values};
use crate::conn;

/// Where numbers are declared that are no single rule's.
const SHARED: &[(&str, &[Number])] = &[
    ("decision", super::DECISION),
    ("common", COMMON),
    ("guards", guards::NUMBERS),
    ("rivals", rivals::NUMBERS),
    ("score", score::NUMBERS),
    ("near", near::NUMBERS),
    ("apart", apart::NUMBERS),
    ("harmless", harmless::NUMBERS),
    ("rows", rule::NUMBERS),
    ("storm", storm::NUMBERS),
];

/// A number as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// A threshold's name; else where it is declared and its name there, `syn_scan.look`.
    pub name: String,
    /// Its value, in seconds where it is a time.
    pub value: f64,
    /// `s`, `bytes` or empty.
    pub unit: &'static str,
    /// `threshold`, or a word of [`Sort`](crate::base::numbers::Sort).
    pub kind: &'static str,
    /// Whether a reading can set it.
    pub settable: bool,
    /// What it says.
    pub doc: &'static str,
}

/// All numbers: thresholds, those of each rule in order of decision, and the others.
pub fn numbers() -> Vec<Shown> {
    let thresholds = Parameters::default().list().into_iter().map(|(name, value, doc)| Shown {
        name: name.to_owned(),
        value,
        unit: threshold_unit(name),
        kind: "threshold",
        settable: true,
        doc,
    });
    let stated = stated().flat_map(|(of, all)| all.iter().flat_map(move |n| shown(of, n)));
    thresholds.chain(stated).collect()
}

/// The numbers that no reading can set, by where they are declared.
fn stated() -> impl Iterator<Item = (&'static str, &'static [Number])> {
    let rules = RULES.iter().map(|rule| (rule.name, rule.numbers));
    rules.chain(SHARED.iter().copied()).chain(context::NUMBERS).chain(conn::NUMBERS)
}

/// The unit of a threshold.
fn threshold_unit(name: &str) -> &'static str {
    if name.ends_with("_s") { "s" } else { "" }
}

fn shown(of: &str, number: &Number) -> Vec<Shown> {
    let name = format!("{of}.{}", number.name.to_ascii_lowercase());
    let row = |name: String, value: f64| Shown {
        name,
        value: in_seconds(number, value),
        unit: number.sort.unit(),
        kind: number.sort.as_str(),
        settable: false,
        doc: number.doc,
    };
    match number.values {
        Values::One(value) => vec![row(name, value)],
        Values::Several(all) => {
            all.iter().zip(1..).map(|(&value, i)| row(format!("{name}.{i}"), value)).collect()
        }
        Values::Named(all) => {
            all.iter().map(|&(whose, value)| row(format!("{name}.{whose}"), value)).collect()
        }
    }
}

fn in_seconds(number: &Number, value: f64) -> f64 {
    if number.nanoseconds { value / 1e9 } else { value }
}

/// A text of a rule with its numbers in it. A place is the name of a threshold, or of a number of
/// the rule in small letters, `{at_once_s}`, or of another one with where it is declared,
/// `{ending.run}`; with a capital it begins a sentence.
pub(super) fn told(text: &str, own: &[Number]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (place, after))) =
        rest.split_once('{').and_then(|(before, at)| Some((before, at.split_once('}')?)))
    {
        out.push_str(before);
        let words = in_words(&place.to_ascii_lowercase(), own);
        match words {
            Some(words) if place.starts_with(char::is_uppercase) => {
                let mut letters = words.chars();
                out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                out.push_str(letters.as_str());
            }
            Some(words) => out.push_str(&words),
            None => out.extend(["{", place, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A number as it stands in a sentence.
fn in_words(name: &str, own: &[Number]) -> Option<String> {
    let elsewhere = |(of, name): (&str, &str)| {
        let (_, all) = stated().find(|(there, _)| *there == of)?;
        all.iter().find(|number| number.name.eq_ignore_ascii_case(name))
    };
    let own = own.iter().find(|number| number.name.eq_ignore_ascii_case(name));
    if let Some(number) = own.or_else(|| elsewhere(name.split_once('.')?)) {
        let values: Vec<f64> = match number.values {
            Values::One(value) => vec![value],
            Values::Several(all) => all.to_vec(),
            Values::Named(all) => all.iter().map(|&(_, value)| value).collect(),
        };
        let values: Vec<f64> = values.into_iter().map(|v| in_seconds(number, v)).collect();
        let (last, others) = values.split_last()?;
        let last = measured(*last, number.sort.unit());
        let others: Vec<String> = others.iter().map(f64::to_string).collect();
        return Some(if others.is_empty() {
            last
        } else {
            format!("{} or {last}", others.join(", "))
        });
    }
    let thresholds = Parameters::default().list();
    let &(name, value, _) = thresholds.iter().find(|(threshold, ..)| *threshold == name)?;
    Some(measured(value, threshold_unit(name)))
}

/// A value with its unit: small counts and the commonest parts as words.
fn measured(value: f64, unit: &str) -> String {
    const COUNTS: [&str; 13] = [
        "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    let rounded = |value: f64| (value * 1e6).round() / 1e6;
    match unit {
        "s" if value < 1.0 => format!("{} ms", rounded(value * 1e3)),
        "s" if value <= 1.0 => "a second".to_owned(),
        "" if value.fract() == 0.0 => {
            let count = format!("{value}");
            let word = count.parse().ok().and_then(|at: usize| COUNTS.get(at));
            word.map_or(count, |word| (*word).to_owned())
        }
        "" if (value - 0.5).abs() < f64::EPSILON => "half".to_owned(),
        "" => format!("{} %", rounded(value * 1e2)),
        unit => format!("{value} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{numbers, told};
    use crate::base::numbers::numbers;

    numbers! {
        OWN:
        /// One.
        window SOON: i64 = 20_000_000;
        /// Two.
        windows LIMITS = &[5.0, 65.0, 120.0];
        /// Three.
        count FEW: usize = 3;
        /// Four.
        fraction PART = 0.02;
        /// Five.
        size LONG: u64 = 1460;
    }

    #[test]
    fn places_of_a_text_take_the_numbers_of_its_rule_and_thresholds() {
        assert_eq!(
            told("within {soon}, {few} of {long}", OWN),
            "within 20 ms, three of 1460 bytes"
        );
        assert_eq!(told("{Few} near {limits}.", OWN), "Three near 5, 65 or 120 s.");
        assert_eq!(told("{part} or {idle_s}", OWN), "2 % or a second");
        assert_eq!(told("{too_early} of {scan_ports}", OWN), "half of 20");
        assert_eq!(told("{Ending.run} in {ending.idle}", OWN), "Three in a second");
        assert_eq!(told("{ending.unknown}", OWN), "{ending.unknown}");
        assert_eq!(told("{unknown} {and open", OWN), "{unknown} {and open");
        assert_eq!((FEW, LONG, SOON), (3, 1460, 20_000_000));
        assert!(PART < 0.1 && LIMITS.len() == 3);
    }

    #[test]
    fn every_number_has_one_name_and_a_sentence() {
        let mut names: Vec<String> = numbers().into_iter().map(|number| number.name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        for number in numbers() {
            assert!(number.doc.ends_with('.'), "{}", number.name);
            assert!(number.value.is_finite(), "{}", number.name);
        }
    }
}
