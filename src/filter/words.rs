//! The words of a filter, and the values among them.

use std::net::IpAddr;

use crate::base::error::Error;
use crate::packet::Address;

/// One word or sign, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub text: &'a str,
    pub position: usize,
}

/// A complaint about what stands at `position`.
pub(super) fn error<T>(reason: impl Into<String>, position: usize) -> Result<T, Error> {
    Err(Error::Filter { reason: reason.into(), position })
}

/// Words end at white space and at the signs of the language.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut position = 0;
    while let Some(first) = rest.chars().next() {
        let sign = |c: char| matches!(c, '(' | ')' | '!' | '&' | '|');
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("&&") || rest.starts_with("||") {
            2
        } else if sign(first) {
            1
        } else {
            rest.find(|c: char| c.is_whitespace() || sign(c)).unwrap_or(rest.len())
        };
        let (word, tail) = rest.split_at(length);
        if !first.is_whitespace() {
            tokens.push(Token { text: word, position });
        }
        position += word.chars().count();
        rest = tail;
    }
    tokens
}

/// A mask with that many leading ones.
pub(super) fn prefix_mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0)
}

/// An address as a number, and how many bits of it are the address's own.
pub(super) fn address(token: Token<'_>) -> Result<(u128, u32), Error> {
    match token.text.parse() {
        Ok(IpAddr::V4(address)) => Ok((Address::v4(address.octets()).0, 32)),
        Ok(IpAddr::V6(address)) => Ok((Address::v6(address.octets()).0, 128)),
        Err(_) => error(
            format!("'{}' is no address (names are not looked up: write the address)", token.text),
            token.position,
        ),
    }
}

/// A network: an address, or the first numbers of an IPv4 address, which imply its length.
pub(super) fn network(token: Token<'_>) -> Result<(u128, u32, u32), Error> {
    let mut octets = [0_u8; 4];
    let mut count = 0;
    for part in token.text.split('.') {
        match (octets.get_mut(count), part.parse()) {
            (Some(octet), Ok(number)) => *octet = number,
            _ => return address(token).map(|(value, bits)| (value, bits, bits)),
        }
        count += 1;
    }
    let implied = u32::try_from(count).unwrap_or(4) * 8;
    Ok((Address::v4(octets).0, 32, implied))
}

/// Ports of services whose names people type, to be told; a filter takes numbers only.
const SERVICES: &[(&str, u16)] = &[
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("dns", 53),
    ("http", 80),
    ("www", 80),
    ("pop3", 110),
    ("imap", 143),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("smb", 445),
    ("ldaps", 636),
    ("imaps", 993),
    ("mysql", 3306),
    ("rdp", 3389),
    ("postgresql", 5432),
    ("redis", 6379),
];

/// A port number.
pub(super) fn port(text: &str, position: usize) -> Result<u16, Error> {
    text.parse().or_else(|_| {
        let known = SERVICES.iter().find(|(name, _)| *name == text);
        let instead = known.map_or_else(String::new, |(_, port)| format!(": write {port}"));
        error(
            format!("'{text}' is no port (0 to 65535; names are not looked up{instead})"),
            position,
        )
    })
}
