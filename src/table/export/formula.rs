//! Texts that no spreadsheet takes for a formula: the rule, in its one place.
//!
//! A text falls into parts at `;`, `|`, tabs and line breaks, which spreadsheets of some countries,
//! or a dialogue, take for the ends of cells although the text stands in quotation marks. `'` is put
//! before a part that begins with `=`, `+`, `-`, `@` or one of their full-width and small forms;
//! spaces, hidden characters and the marks `"` and `'` before that count for nothing. It is also put
//! before a text that begins with white space other than a space.
//!
//! As `'` counts for nothing, a part that has it already gets another one: who takes one `'` away
//! wherever the rule would put one has the very text again.

use std::borrow::Cow;

use crate::base::text::is_hidden;
use crate::table::text::put;

/// What a spreadsheet evaluates, also after a full-width character was folded to its plain one.
const SIGNS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ';' | '|' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Whether a part would be taken for a formula.
fn is_formula(part: &str) -> bool {
    part.trim_start_matches(|c: char| c.is_whitespace() || is_hidden(c) || matches!(c, '"' | '\''))
        .starts_with(SIGNS)
}

fn begins_blank(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    text.starts_with(|c: char| c.is_whitespace() && c != ' ')
}

/// The parts of a text with the separator before each, and whether it needs a guard.
fn parts(text: &str) -> impl Iterator<Item = (Option<char>, &str, bool)> {
    let mut rest = Some((None, text));
    std::iter::from_fn(move || {
        let (before, tail) = rest.take()?;
        let part = match tail.char_indices().find(|&(_, c)| is_separator(c)) {
            Some((at, c)) => {
                rest = tail.get(at + c.len_utf8()..).map(|tail| (Some(c), tail));
                tail.get(..at).unwrap_or_default()
            }
            None => tail,
        };
        let blank = before.is_none() && begins_blank(text);
        Some((before, part, blank || is_formula(part)))
    })
}

/// A text with `'` before everything that a spreadsheet would take for a formula.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if !parts(text).any(|(_, _, needed)| needed) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 4);
    for (before, part, needed) in parts(text) {
        out.extend(before);
        out.push_str(if needed { "'" } else { "" });
        out.push_str(part);
    }
    out.into()
}

/// The same for JSON, whose texts stay the same: there a separator before a formula is an escape.
/// Line breaks and tabs are escapes in it anyway.
pub(super) fn guarded_json(json: &str) -> Cow<'_, str> {
    if !parts(json).any(|(before, _, needed)| needed && before.is_some()) {
        return json.into();
    }
    let mut out = String::with_capacity(json.len() + 12);
    for (before, part, needed) in parts(json) {
        match before {
            Some(c) if needed => put(&mut out, format_args!("\\u{:04x}", u32::from(c))),
            Some(c) => out.push(c),
            None => {}
        }
        out.push_str(part);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SIGNS, guarded, guarded_json, parts};

    /// Takes away what the rule put there.
    fn plain(text: &str) -> String {
        let mut out = String::new();
        for (before, part, needed) in parts(text) {
            out.extend(before);
            out.push_str(part.strip_prefix('\'').filter(|_| needed).unwrap_or(part));
        }
        out
    }

    #[test]
    fn every_sign_is_guarded_at_every_beginning() {
        for sign in SIGNS {
            for before in ["", " ", "\u{feff}", "\u{3000}", "\u{200b}\u{a0}", "\"", "'", "''\" "] {
                let formula = format!("{before}{sign}cmd()");
                assert!(guarded(&formula).starts_with('\''), "{formula:?}");
                for separator in [";", "|", "\t", "\n", "\r", "\r\n", "\u{2028}"] {
                    let inner = format!("x{separator}{formula};y");
                    let wanted = format!("x{separator}'{formula};y");
                    assert_eq!(guarded(&inner), wanted, "{inner:?}");
                }
            }
        }
    }

    #[test]
    fn what_no_spreadsheet_runs_stays_as_it_is() {
        for text in [
            "",
            "cmd=",
            "a=b;c=d",
            "x ;y",
            "a|b",
            "1;2",
            "it's",
            "'quoted'",
            "a,=b",
            "x=1\ny",
            "a–b;–c",
            " text",
            "Mozilla/5.0 (X11; Linux) +http",
            "5-3|x",
            "äöü＝",
        ] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn a_text_that_begins_with_a_tab_or_line_break_is_guarded() {
        for start in ["\t", "\r", "\n", "\u{b}", "\u{85}", "\u{a0}", "\u{3000}"] {
            assert_eq!(guarded(&format!("{start}cmd")), format!("'{start}cmd"));
        }
        assert_eq!(guarded(" cmd"), " cmd");
    }

    #[test]
    fn json_keeps_its_texts() {
        let json = r#"[{"text":"a;=cmd|-1|x","number":-5}]"#;
        assert_eq!(guarded_json(json), r#"[{"text":"a\u003b=cmd\u007c-1|x","number":-5}]"#);
        let calm = r#"["=a","-b;c",-1,"x;"]"#;
        assert_eq!(guarded_json(calm), calm);
    }

    proptest! {
        #[test]
        fn a_guarded_text_has_no_formula_and_says_which_text_it_was(
            text in "([=+@;|'\" \ta＝\n-]|\u{2028}|\u{feff}|[a-c]){0,12}"
        ) {
            let guarded = guarded(&text);
            prop_assert_eq!(plain(&guarded), text.as_str());
            for (_, part, needed) in parts(&guarded) {
                prop_assert!(!needed || part.starts_with('\''), "{:?}", part);
            }
        }
    }
}
