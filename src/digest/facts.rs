//! What is known of a payload, as bytes.

use super::wire::{Bad, Cursor, put};
use crate::packet::{Alert, Facts, MAX_NAME, MAX_TEXT, Told};

const TLS: u8 = 1;
const ALERT: u8 = 2;
const SEALED: u8 = 4;
const CLEAR: u8 = 8;
const NAME: u8 = 16;
const TEXT: u8 = 32;
const DIAGNOSTIC: u8 = 64;
const SUM: u8 = 128;

/// Writes the words of a payload; which there are.
#[inline]
pub(super) fn write(facts: &Facts, words: &mut Vec<u8>) -> u8 {
    let bit = |there: bool, bit: u8| if there { bit } else { 0 };
    let clear = facts.last_alert.and_then(|alert| alert.clear);
    let bits = bit(facts.tls, TLS)
        | bit(facts.alert, ALERT)
        | bit(facts.last_alert.is_some() && clear.is_none(), SEALED)
        | bit(clear.is_some(), CLEAR)
        | bit(facts.server_name.is_some(), NAME)
        | bit(matches!(facts.reset_reason, Some(Told::Text(_))), TEXT)
        | bit(matches!(facts.reset_reason, Some(Told::Diagnostic(..))), DIAGNOSTIC)
        | bit(facts.sum != 0, SUM);
    if let Some((level, description)) = clear {
        words.extend([level, description]);
    }
    let mut text = |text: &str| {
        put(words, text.len() as u64);
        words.extend_from_slice(text.as_bytes());
    };
    if let Some(name) = &facts.server_name {
        text(name);
    }
    match &facts.reset_reason {
        Some(Told::Text(reason)) => text(reason),
        Some(Told::Diagnostic(code, enterprise)) => {
            words.extend(code.to_le_bytes());
            words.extend(enterprise.to_le_bytes());
        }
        None => {}
    }
    if facts.sum != 0 {
        words.extend(facts.sum.to_le_bytes());
    }
    bits
}

/// Reads them.
pub(super) fn read(facts: &mut Facts, bits: u8, words: &mut Cursor<Vec<u8>>) -> Result<(), Bad> {
    let has = |bit: u8| bits & bit != 0;
    facts.tls = has(TLS);
    facts.alert = has(ALERT);
    facts.last_alert = None;
    if has(SEALED | CLEAR) {
        let clear = if has(CLEAR) { Some((words.octet()?, words.octet()?)) } else { None };
        facts.last_alert = Some(Alert { clear });
    }
    facts.server_name = None;
    if has(NAME) {
        let name = text(words, MAX_NAME)?;
        if name.is_empty() || !name.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Bad("a server name is none"));
        }
        facts.server_name = Some(name);
    }
    facts.reset_reason = None;
    if has(TEXT) {
        let reason = text(words, 4 * MAX_TEXT)?;
        let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        if reason.chars().count() > MAX_TEXT || !reason.chars().all(plain) {
            return Err(Bad("a reset's text is none"));
        }
        facts.reset_reason = Some(Told::Text(reason));
    } else if has(DIAGNOSTIC) {
        let code = u16::from_le_bytes(words.array()?);
        facts.reset_reason = Some(Told::Diagnostic(code, u32::from_le_bytes(words.array()?)));
    }
    facts.sum = if has(SUM) { u16::from_le_bytes(words.array()?) } else { 0 };
    Ok(())
}

fn text(words: &mut Cursor<Vec<u8>>, most: usize) -> Result<Box<str>, Bad> {
    let length = usize::try_from(words.number()?).unwrap_or(usize::MAX);
    if length > most {
        return Err(Bad("a text is too long"));
    }
    let octets = words.take(length)?;
    std::str::from_utf8(octets).map(Into::into).map_err(|_| Bad("a text is not UTF-8"))
}
