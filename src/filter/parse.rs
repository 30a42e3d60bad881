//! From the text of a filter to its postfix steps.

use std::net::Ipv4Addr;

use super::words::{Token, address, error, network, port, prefix_mask, tokens};
use super::{End, Step, Test};
use crate::base::error::Error;

/// Characters of an expression.
const MAX_LENGTH: usize = 65_536;
/// Parentheses within parentheses; evaluation has room for twice as many values.
const MAX_NESTING: usize = 64;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
}

/// The words that a value alone repeats.
#[derive(Clone, Copy, Debug)]
struct Qualifiers {
    version: Option<u8>,
    end: End,
    kind: Kind,
}

/// What an open parenthesis waits for.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// `and` or `or`, whose right side is still to come.
    joint: Option<Step>,
    /// An odd number of `not` before the operand to come.
    negated: bool,
    /// Where the parenthesis stands, for a complaint.
    position: usize,
}

/// Reads an expression. Parentheses are kept on a list of their own, so that no text can make
/// this recurse.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, Error> {
    if text.chars().nth(MAX_LENGTH).is_some() {
        return error(format!("longer than {MAX_LENGTH} characters"), MAX_LENGTH);
    }
    let tokens = tokens(text);
    if tokens.is_empty() {
        return Ok(vec![Step::Test(Test::Any)]);
    }
    let mut parser =
        Parser { tokens: &tokens, end: text.chars().count(), steps: Vec::new(), last: None };
    parser.expression()?;
    Ok(parser.steps)
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    end: usize,
    steps: Vec<Step>,
    last: Option<Qualifiers>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.first().copied()
    }

    fn peek_text(&self, ahead: usize) -> &'a str {
        self.tokens.get(ahead).map_or("", |token| token.text)
    }

    fn advance(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }

    fn expression(&mut self) -> Result<(), Error> {
        let mut levels = vec![Level::default()];
        loop {
            // Before an operand.
            let Some(token) = self.peek() else {
                return error(
                    "it ends where an address, a port or a condition should be",
                    self.end,
                );
            };
            let depth = levels.len();
            let Some(level) = levels.last_mut() else { return unopened(token) };
            match token.text {
                "not" | "!" => {
                    self.advance();
                    level.negated = !level.negated;
                    continue;
                }
                "(" => {
                    self.advance();
                    if depth > MAX_NESTING {
                        return error(
                            format!("more than {MAX_NESTING} parentheses within each other"),
                            token.position,
                        );
                    }
                    levels.push(Level { position: token.position, ..Level::default() });
                    continue;
                }
                _ => self.primitive(token)?,
            }
            if self.after_operand(&mut levels)? {
                return Ok(());
            }
        }
    }

    /// Completes the operand, and every parenthesis that ends with it, up to the next joint;
    /// `true` at the end of the expression.
    fn after_operand(&mut self, levels: &mut Vec<Level>) -> Result<bool, Error> {
        loop {
            let outermost = levels.len() == 1;
            let Some(level) = levels.last_mut() else { return Ok(true) };
            if std::mem::take(&mut level.negated) {
                self.steps.push(Step::Not);
            }
            self.steps.extend(level.joint.take());
            let Some(token) = self.peek() else {
                let open = level.position;
                return if outermost {
                    Ok(true)
                } else {
                    error("this parenthesis is not closed", open)
                };
            };
            match token.text {
                "and" | "&&" => level.joint = Some(Step::And),
                "or" | "||" => level.joint = Some(Step::Or),
                ")" if outermost => return unopened(token),
                ")" => {
                    levels.pop();
                    self.advance();
                    continue;
                }
                text => {
                    return error(
                        format!(
                            "'{text}' after a complete condition; join them with 'and' or 'or'"
                        ),
                        token.position,
                    );
                }
            }
            self.advance();
            return Ok(false);
        }
    }

    /// One condition, with its qualifiers or with those of the one before.
    fn primitive(&mut self, first: Token<'a>) -> Result<(), Error> {
        let mut version = None;
        let mut qualified = false;
        match first.text {
            "vlan" => return self.vlan(),
            "tcp" | "ip" | "ip6" => {
                self.advance();
                version = match first.text {
                    "ip" => Some(4),
                    "ip6" => Some(6),
                    _ => None,
                };
                if !is_qualifier(self.peek_text(0)) {
                    self.steps.push(Step::Test(version.map_or(Test::Any, Test::Version)));
                    return Ok(());
                }
                qualified = true;
            }
            "udp" | "icmp" | "icmp6" | "arp" | "sctp" | "ether" | "proto" => {
                return error(
                    format!("'{}' is of no use here: only TCP is looked at", first.text),
                    first.position,
                );
            }
            "less" | "greater" | "gateway" | "broadcast" | "multicast" | "mpls" | "pppoes"
            | "geneve" | "inbound" | "outbound" => {
                return error(
                    format!(
                        "'{}' is not supported; there are host, net, port, portrange, tcp, ip, \
                         ip6 and vlan",
                        first.text
                    ),
                    first.position,
                );
            }
            "and" | "or" | "&&" | "||" | ")" | "&" | "|" => {
                return error(
                    format!("'{}' where a condition should be", first.text),
                    first.position,
                );
            }
            _ => {}
        }
        let end = self.direction();
        let kind = match self.peek_text(0) {
            "host" => Some(Kind::Host),
            "net" => Some(Kind::Net),
            "port" => Some(Kind::Port),
            "portrange" => Some(Kind::PortRange),
            _ => None,
        };
        if kind.is_some() {
            self.advance();
        }
        qualified |= end.is_some() || kind.is_some();
        let qualifiers = match self.last {
            Some(last) if !qualified => last,
            _ => Qualifiers {
                version,
                end: end.unwrap_or(End::Either),
                kind: kind.unwrap_or(Kind::Host),
            },
        };
        let Some(value) = self.peek() else {
            return error("it ends where a value should be", self.end);
        };
        self.advance();
        let test = self.value(qualifiers, value)?;
        self.steps.push(Step::Test(test));
        if let Some(version) = qualifiers.version {
            self.steps.extend([Step::Test(Test::Version(version)), Step::And]);
        }
        self.last = Some(qualifiers);
        Ok(())
    }

    fn vlan(&mut self) -> Result<(), Error> {
        self.advance();
        let mut id = None;
        if let Some(token) = self.peek()
            && token.text.starts_with(|c: char| c.is_ascii_digit())
        {
            id = match token.text.parse() {
                Ok(id @ 0..=4095) => Some(id),
                _ => {
                    return error(
                        format!("'{}' is no VLAN (0 to 4095)", token.text),
                        token.position,
                    );
                }
            };
            self.advance();
        }
        self.steps.push(Step::Test(Test::Vlan(id)));
        Ok(())
    }

    /// `src`, `dst`, `src or dst`, `src and dst`, in either order.
    fn direction(&mut self) -> Option<End> {
        let end = match self.peek_text(0) {
            "src" => End::Source,
            "dst" => End::Destination,
            _ => return None,
        };
        let both = match (self.peek_text(0), self.peek_text(1), self.peek_text(2)) {
            ("src", "or" | "||", "dst") | ("dst", "or" | "||", "src") => Some(End::Either),
            ("src", "and" | "&&", "dst") | ("dst", "and" | "&&", "src") => Some(End::Both),
            _ => None,
        };
        for _ in 0..if both.is_some() { 3 } else { 1 } {
            self.advance();
        }
        both.or(Some(end))
    }

    fn value(&mut self, qualifiers: Qualifiers, token: Token<'_>) -> Result<Test, Error> {
        let end = qualifiers.end;
        match qualifiers.kind {
            Kind::Host => {
                if token.text.contains('/') {
                    return error("a host has no prefix length; write 'net'", token.position);
                }
                let (value, _) = address(token)?;
                Ok(Test::Net(end, value, u128::MAX))
            }
            Kind::Net => self.net(end, token),
            Kind::Port => {
                let port = port(token.text, token.position)?;
                Ok(Test::Ports(end, port, port))
            }
            Kind::PortRange => {
                let Some((low, high)) = token.text.split_once('-') else {
                    return error(
                        "a range of ports is written as in 'portrange 8000-8010'",
                        token.position,
                    );
                };
                let after = token.position + low.chars().count() + 1;
                let (low, high) = (port(low, token.position)?, port(high, after)?);
                Ok(Test::Ports(end, low.min(high), low.max(high)))
            }
        }
    }

    fn net(&mut self, end: End, token: Token<'_>) -> Result<Test, Error> {
        let (text, length) = match token.text.split_once('/') {
            Some((text, length)) => (text, Some(length)),
            None => (token.text, None),
        };
        let bare = Token { text, position: token.position };
        let (value, bits, implied) = network(bare)?;
        let prefix = match length {
            None => implied,
            Some(length) => match length.parse::<u32>() {
                Ok(length) if length <= bits => length,
                _ => {
                    let at = token.position + text.chars().count() + 1;
                    return error(format!("'{length}' is no prefix length (0 to {bits})"), at);
                }
            },
        };
        let mut mask = prefix_mask(prefix + 128 - bits);
        if length.is_none() && self.peek_text(0) == "mask" {
            self.advance();
            let Some(word) = self.peek() else {
                return error("it ends where a mask should be", self.end);
            };
            self.advance();
            mask = match word.text.parse::<Ipv4Addr>() {
                Ok(octets) if bits == 32 => prefix_mask(96) | u128::from(u32::from(octets)),
                _ => return error("a mask is four numbers, for IPv4 only", word.position),
            };
        }
        if value & !mask != 0 {
            return error(
                format!("'{}' has bits outside its mask; for one address write 'host'", token.text),
                token.position,
            );
        }
        Ok(Test::Net(end, value, mask))
    }
}

fn unopened<T>(token: Token<'_>) -> Result<T, Error> {
    error("this parenthesis was not opened", token.position)
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "src" | "dst" | "host" | "net" | "port" | "portrange")
}
