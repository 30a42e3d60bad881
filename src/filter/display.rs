//! Wireshark's display filters, which people type where a filter of packets is meant: recognised, and
//! the simple ones said in the language of this module.

use super::words::Token;

/// What a display filter may be long to be translated.
const MAX_LENGTH: usize = 1_000;
const MAX_NESTING: usize = 32;

/// Fields that have a counterpart, and what stands before a value there.
const FIELDS: &[(&str, &str)] = &[
    ("tcp.port", "tcp port"),
    ("tcp.srcport", "tcp src port"),
    ("tcp.dstport", "tcp dst port"),
    ("ip.addr", "host"),
    ("ip.src", "src host"),
    ("ip.dst", "dst host"),
    ("ip.host", "host"),
    ("ip.src_host", "src host"),
    ("ip.dst_host", "dst host"),
    ("ipv6.addr", "host"),
    ("ipv6.src", "src host"),
    ("ipv6.dst", "dst host"),
    ("vlan.id", "vlan"),
];

/// Protocols whose fields are told by their names.
const PROTOCOLS: &[&str] = &[
    "tcp", "ip", "ipv6", "eth", "vlan", "frame", "http", "http2", "tls", "ssl", "dns", "udp",
    "icmp", "icmpv6", "arp", "mptcp", "data", "smb", "smb2", "ssh", "quic",
];

/// The first word that only a display filter has.
pub(super) fn field<'a>(tokens: &[Token<'a>]) -> Option<Token<'a>> {
    tokens.iter().copied().find(|token| {
        let name = token.text.split(['=', '<', '>', '~']).next().unwrap_or_default();
        let mut parts = name.split('.');
        PROTOCOLS.contains(&parts.next().unwrap_or_default())
            && parts.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_lowercase()))
    })
}

/// A display filter in the language of this module; `None` for what has no counterpart in it.
pub(super) fn translated(text: &str) -> Option<String> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let words = words(text);
    let mut at = words.as_slice();
    let mut levels = vec![Level::default()];
    loop {
        let (word, rest) = at.split_first()?;
        at = rest;
        match *word {
            "!" | "not" => levels.last_mut()?.negated ^= true,
            "(" if levels.len() < MAX_NESTING => levels.push(Level::default()),
            _ => {
                let (said, rest) = condition(word, at)?;
                at = rest;
                levels.last_mut()?.operand(said);
                while let [")", rest @ ..] = at {
                    let inner = levels.pop()?.said();
                    levels.last_mut()?.operand(format!("({inner})"));
                    at = rest;
                }
                match at {
                    [] => break,
                    ["&&" | "and", rest @ ..] => at = rest,
                    ["||" | "or", rest @ ..] => {
                        levels.last_mut()?.terms.push(Vec::new());
                        at = rest;
                    }
                    _ => return None,
                }
            }
        }
    }
    let outermost = levels.pop()?;
    levels.is_empty().then(|| outermost.said())
}

/// Conditions within one pair of parentheses: alternatives, each of conditions that hold together.
/// Here `and` binds more tightly than `or`, there both bind alike.
#[derive(Default)]
struct Level {
    terms: Vec<Vec<String>>,
    negated: bool,
}

impl Level {
    fn operand(&mut self, said: String) {
        let said = if std::mem::take(&mut self.negated) { format!("not {said}") } else { said };
        match self.terms.last_mut() {
            Some(term) => term.push(said),
            None => self.terms.push(vec![said]),
        }
    }

    fn said(&self) -> String {
        let several = self.terms.len() > 1;
        let term = |term: &Vec<String>| match term.as_slice() {
            [_, _, ..] if several => format!("({})", term.join(" and ")),
            _ => term.join(" and "),
        };
        self.terms.iter().map(term).collect::<Vec<_>>().join(" or ")
    }
}

/// What one condition says, and the words behind it.
fn condition<'a, 'b>(name: &str, rest: &'b [&'a str]) -> Option<(String, &'b [&'a str])> {
    let Some((_, before)) = FIELDS.iter().find(|(field, _)| *field == name) else {
        let said = match name {
            "tcp" | "ip" | "vlan" => name,
            "ipv6" => "ip6",
            _ => return None,
        };
        return Some((said.to_owned(), rest));
    };
    match rest {
        ["==" | "===" | "eq", value, rest @ ..] => Some((primitive(before, value), rest)),
        ["!=" | "!==" | "~=" | "ne", value, rest @ ..] => {
            Some((format!("not {}", primitive(before, value)), rest))
        }
        ["in", "{", rest @ ..] => {
            let end = rest.iter().position(|word| *word == "}")?;
            let (values, rest) = rest.split_at(end);
            let any: Vec<_> = values.iter().map(|value| primitive(before, value)).collect();
            Some((format!("({})", any.join(" or ")), rest.get(1..)?))
        }
        _ => None,
    }
}

fn primitive(before: &str, value: &str) -> String {
    let value = value.trim_matches('"');
    if value.contains('/') {
        return format!("{} {value}", before.replace("host", "net"));
    }
    match value.split_once("..") {
        Some((low, high)) => format!("{} {low}-{high}", before.replace("port", "portrange")),
        None => format!("{before} {value}"),
    }
}

/// The words and signs of a display filter.
fn words(text: &str) -> Vec<&str> {
    const SIGNS: [&str; 17] = [
        "!==", "===", "==", "!=", "~=", ">=", "<=", "&&", "||", "(", ")", "{", "}", "!", ">", "<",
        ",",
    ];
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let length = sign.map_or_else(
            || {
                rest.find(|c: char| c.is_whitespace() || "!=~<>&|(){},".contains(c))
                    .unwrap_or(rest.len())
                    // A sign that no filter has, alone.
                    .max(rest.chars().next().map_or(1, char::len_utf8))
            },
            |sign| sign.len(),
        );
        let (word, tail) = rest.split_at(length);
        // Between the members of a set only.
        if word != "," {
            found.push(word);
        }
        rest = tail.trim_start();
    }
    found
}
