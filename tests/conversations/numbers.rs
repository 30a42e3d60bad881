//! Every number that decides a verdict is declared once, and changes with the rule set alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use finrst::cause::{RULE_SET, RULES, numbers};

use super::support::below;
use super::support::record::hold;

/// Files whose numbers are no choice of a rule: tables that are generated, bits, and the texts here.
const LEFT_OUT: [&str; 4] = ["calibration/measured.rs", "needs.rs", "numbers.rs", "parameters.rs"];

/// Numbers that somebody else chose, or that only convert: the file, a part of the line, and why.
const GIVEN: &[(&str, &str, &str)] = &[
    ("apart.rs", "ceil().clamp(1.0, 255.0)", "a TTL has one byte"),
    ("calibration.rs", "const STEPS: usize = 20", "in which the measured list is written"),
    ("calibration.rs", "in_parts(stated, 20.0)", "the same"),
    ("calibration.rs", "f64::from(hundredths) / 100.0", "in which it is written, too"),
    ("context/client.rs", "threshold_s * 1e9", "nanoseconds of a second"),
    ("context/clocks.rs", "(1_000_000 / often)", "nanoseconds of a millisecond"),
    ("context/host.rs", "(4, ", "a version of IP"),
    ("context/host.rs", "lowest == 255", "RFC 5082"),
    ("context/life.rs", "1_000_000", "nanoseconds of a millisecond"),
    ("context/life.rs", "rotate_left(1", "mixes bits"),
    ("context/lives.rs", "/ 1e3", "milliseconds of a second"),
    ("context/families.rs", "rotate_left(32)", "mixes bits"),
    ("rivals.rs", "100", "the tables show hundredths"),
    ("rivals.rs", "f64::from(whole) >= 0.5", "rounds"),
    ("rivals.rs", "1e-9", "what adding fractions loses"),
    ("rule.rs", "USUAL_FACTS", "room, and no limit"),
    ("rules/mptcp_reset.rs", "Some(", "options and reasons of RFC 8684"),
    ("rules/connect_race_lost.rs", "(139, 445) | (445, 139)", "ports of SMB"),
    ("rules/prelude.rs", "(4, 3, ", "types of ICMP"),
    ("rules/prelude.rs", "(6, ", "types of ICMPv6"),
    ("rules/request_unanswered.rs", "const SSH: u16 = 22", "a port"),
    ("rules/rst_answers_unseen_segment.rs", "header_length == 20", "a header without options"),
    ("rules/syn_ack_bad_timestamp.rs", "/ 1_000_000", "nanoseconds of a millisecond"),
    ("rules/connection_age_limit.rs", "median / 1e9", "nanoseconds of a second"),
    ("score.rs", "usual / 10 * ROUND_TRIP_TENTHS", "a tenth"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The snapshot: the rule set, and each number with its value.
fn listed() -> String {
    let mut out = format!("rule set {RULE_SET}\n");
    for number in numbers() {
        writeln!(out, "{} = {}", number.name, number.value).unwrap();
    }
    out
}

/// What a list says: the rule set, and values by name.
fn read(list: &str) -> (&str, BTreeMap<&str, &str>) {
    let (head, rest) = list.split_once('\n').unwrap_or_default();
    (head, rest.lines().filter_map(|line| line.split_once(" = ")).collect())
}

/// Numbers that differ from those recorded although the rule set does not, and was released before:
/// what is not released yet says in the change log that it raises the rule set.
fn changed<'a>(recorded: &'a str, now: &str, unreleased: &str) -> Vec<&'a str> {
    let ((set, before), (set_now, after)) = (read(recorded), read(now));
    if set != set_now || unreleased.to_lowercase().contains(set) {
        return Vec::new();
    }
    before
        .into_iter()
        .filter(|(name, value)| after.get(name) != Some(value))
        .map(|(n, _)| n)
        .collect()
}

/// What the change log says under its first heading.
fn unreleased(log: &str) -> &str {
    log.split("\n## ").nth(1).unwrap_or_default()
}

#[test]
fn a_number_changes_with_the_rule_set_alone() {
    let path = root().join("tests/data/numbers.txt");
    let log = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    // Whoever makes the list for the first time has none.
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    let now = listed();
    let changed = changed(&recorded, &now, unreleased(&log));
    assert!(changed.is_empty(), "{changed:?} changed: raise RULE_SET, and say so in CHANGELOG.md");
    hold(&path, &now);
}

#[test]
fn a_changed_threshold_without_a_raised_rule_set_is_found() {
    let old = "rule set 7\nidle_s = 1\nsyn_scan.look = 0.65\n";
    let log = |set: u8| {
        format!("# Changes\n\n## Unreleased\n\n- Rule set {set}.\n\n## 0.1.0\n\nRule set 7.\n")
    };
    let silent = "# Changes\n\n## Unreleased\n\n## 0.1.0\n\nRule set 7.\n";
    for (now, name) in [
        ("rule set 7\nidle_s = 2\nsyn_scan.look = 0.65\n", "idle_s"),
        ("rule set 7\nidle_s = 1\nsyn_scan.look = 0.66\n", "syn_scan.look"),
        ("rule set 7\nidle_s = 1\n", "syn_scan.look"),
    ] {
        assert_eq!(changed(old, now, unreleased(silent)), [name]);
        let raised = now.replace("set 7", "set 8");
        assert_eq!(changed(old, &raised, unreleased(&log(8))), [] as [&str; 0]);
        // It was raised for another change that is not released either.
        assert_eq!(changed(old, now, unreleased(&log(7))), [] as [&str; 0]);
    }
    let more = format!("{old}syn_scan.once = 3\n");
    assert_eq!(changed(old, &more, unreleased(silent)), [] as [&str; 0]);
}

/// The sources in a folder, by their paths below it.
fn within(folder: &str) -> BTreeMap<String, String> {
    let (mut found, folder) = (Vec::new(), root().join(folder));
    below(&folder, &mut found);
    found.retain(|path| {
        path.extension().is_some_and(|e| e == "rs") && path.file_stem().unwrap() != "tests"
    });
    let named = found.into_iter().map(|path| {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    });
    named.filter(|(name, _)| !LEFT_OUT.iter().any(|left| name.ends_with(left))).collect()
}

/// A source without its tests, and line by line without comments, strings and characters.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let (mut out, mut letters) = (String::new(), text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '/' if letters.peek() == Some(&'/') => {
                while letters.peek().is_some_and(|next| *next != '\n') {
                    letters.next();
                }
            }
            '"' => {
                while let Some(next) = letters.next() {
                    match next {
                        '\\' => out.extend(letters.next().filter(|next| *next == '\n')),
                        '"' => break,
                        '\n' => out.push('\n'),
                        _ => {}
                    }
                }
                out.push_str("\"\"");
            }
            _ => out.push(letter),
        }
    }
    out
}

/// A source's code outside of `numbers!`, and the names that are declared within.
fn declared(code: &str) -> (String, Vec<String>) {
    let (mut out, mut names) = (String::new(), Vec::new());
    let mut within = false;
    for line in code.lines() {
        let starts = line.trim_start().starts_with("numbers! {");
        within |= starts;
        if let Some((before, _)) = line.split_once('=').filter(|_| within) {
            let name = before.split(':').next().unwrap_or_default();
            names.extend(name.split_whitespace().last().map(str::to_owned));
        }
        if !within {
            out.push_str(line);
        }
        out.push('\n');
        // One that has nothing behind it ends where it begins.
        within &= line.trim_end() != "}" && line.trim_end() != "    }";
    }
    (out, names)
}

/// The numbers in code that say something by themselves: not 0, 1, 2, nor bits, nor the length of
/// an array, nor a version of IP.
fn literals(code: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in code.lines() {
        let mut at = 0;
        while let Some(step) = line[at..].find(|c: char| c.is_ascii_digit()) {
            let from = at + step;
            let before = &line[..from];
            let mut to = from;
            for (i, c) in line[from..].char_indices() {
                let point =
                    c == '.' && line[from + i + 1..].starts_with(|c: char| c.is_ascii_digit());
                if !(c.is_ascii_alphanumeric() || c == '_' || point) {
                    break;
                }
                to = from + i + 1;
            }
            at = to.max(from + 1);
            let part_of_a_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                || before.ends_with('.') && !before.ends_with("..");
            let number = line[from..to].split("_u").next().unwrap_or_default();
            let number = number.split("_i").next().unwrap_or_default();
            let bits = number.starts_with("0b")
                || number.starts_with("0x")
                || before.ends_with("<< ")
                || before.ends_with(">> ");
            let length = before.ends_with("; ") && line[to..].starts_with(']');
            let version = before.ends_with("version == ");
            let plain = matches!(number, "0" | "1" | "2" | "0.0" | "1.0");
            if !(part_of_a_name || bits || length || version || plain) {
                found.push((number.to_owned(), line.trim().to_owned()));
            }
        }
    }
    found
}

#[test]
fn no_rule_has_a_number_that_is_not_declared() {
    let (mut wrong, mut given) = (Vec::new(), BTreeSet::new());
    for (file, text) in within("src/cause") {
        let (outside, _) = declared(&code(&text));
        for (number, line) in literals(&outside) {
            if let Some(known) = GIVEN.iter().position(|g| g.0 == file && line.contains(g.1)) {
                given.insert(known);
            } else {
                wrong.push(format!("{file}: {number} in `{line}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "to be declared by `numbers!`:\n{}", wrong.join("\n"));
    let unused = GIVEN.iter().enumerate().filter(|(i, _)| !given.contains(i));
    assert_eq!(unused.map(|(_, given)| given).collect::<Vec<_>>(), [] as [&(&str, &str, &str); 0]);
}

#[test]
fn every_declared_number_is_used_and_listed() {
    let files = within("src");
    let code: Vec<_> = files.values().map(|text| declared(&code(text))).collect();
    let words: BTreeSet<&str> = code
        .iter()
        .flat_map(|(outside, _)| outside.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    let listed: BTreeSet<String> =
        numbers().into_iter().filter_map(|n| n.name.split('.').nth(1).map(str::to_owned)).collect();
    for name in code.iter().flat_map(|(_, names)| names) {
        assert!(words.contains(name.as_str()), "{name} is declared and not used");
        assert!(listed.contains(&name.to_lowercase()), "{name} is declared and not listed");
    }
}

#[test]
fn a_number_in_a_rule_is_found_however_it_stands_there() {
    let found = |line: &str| {
        let (outside, _) = declared(&code(line));
        literals(&outside).into_iter().map(|(number, _)| number).collect::<Vec<_>>()
    };
    for (line, number) in [
        ("Some(Finding::new(0.85))", "0.85"),
        ("let base = match x { (1.., true) | (4.., false) => LIKELY, _ => return None };", "4"),
        ("if waited > 5_000_000_i64 {", "5_000_000"),
        ("const LIMIT_S: f64 = 2.0;", "2.0"),
        ("(1..=1460).contains(&octets)", "1460"),
        ("let twice = \"0.5\".len() * 3; // 4", "3"),
        ("numbers! {\n    count FEW: u8 = 3;\n}\nlet x = 9;", "9"),
    ] {
        assert_eq!(found(line), [number], "{line}");
    }
    for line in [
        "if syns > 1 || x == 2_u32 { y.0 + z.1 }",
        "const SIGNS: [(Signs, &str); 7] = [",
        "let v6 = c.ip_version == 6 && a >> 64 == 0b111;",
        "// 0.85",
        "let text = \"after 3 s\";",
        "numbers! {\n    count FEW: u8 = 3;\n}",
        "#[cfg(test)]\nmod tests {\n    let x = 9;\n}",
    ] {
        assert_eq!(found(line), [] as [&str; 0], "{line}");
    }
}

#[test]
fn the_texts_of_a_rule_take_its_numbers_from_where_they_are_declared() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let twins = rule.twins.iter().map(|(_, reason)| *reason);
        for text in [rule.summary, rule.wire, rule.next].into_iter().chain(twins) {
            let told = rule.told(text);
            if told.contains(['{', '}']) {
                wrong.push(format!("{}: nothing has the name in `{told}`", rule.name));
            }
            let words: Vec<&str> = text.split_whitespace().collect();
            for pair in words.windows(2) {
                let unit = pair[1].trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '%');
                let number = pair[0].trim_start_matches('(').parse::<f64>().is_ok();
                if number && ["s", "ms", "%", "bytes", "seconds", "routers", "hops"].contains(&unit)
                {
                    wrong.push(format!("{}: `{} {}` is written by hand", rule.name, pair[0], unit));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
