//! One item of a script: what a segment is to be.

use crate::packet::Flags;

/// A segment as it was written; what is not there, its sender chooses.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub flags: Flags,
    pub payload: u32,
    pub text: Option<String>,
    pub delay: Option<i64>,
    pub sequence: Option<Number>,
    pub acknowledgment: Option<Number>,
    pub isn: Option<u32>,
    pub window: Option<u16>,
    pub ttl: Option<u8>,
    pub id: Option<u16>,
    pub port: Option<u16>,
    pub again: bool,
    pub probe: bool,
    pub timestamps: Option<bool>,
    pub bare: bool,
    pub reply: bool,
    pub unseen: bool,
}

/// A number moved from the one its sender would use, or given relative to the initial one.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Moved(i64),
    Exactly(i64),
}

pub fn read_item(text: &str) -> Result<Item, String> {
    let (flags, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let mut item = Item { flags: read_flags(flags)?, ..Item::default() };
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix("text=\"") {
            let (text, tail) = quoted.split_once('"').ok_or("a quote is not closed")?;
            item.text = Some(text.to_owned());
            rest = tail;
            continue;
        }
        let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        read_word(&mut item, word)?;
        rest = tail;
    }
    Ok(item)
}

fn read_word(item: &mut Item, word: &str) -> Result<(), String> {
    let bad = || format!("cannot read {word:?}");
    if let Some((key, value)) = word.split_once('=') {
        match key {
            "seq" => item.sequence = Some(number(value).ok_or_else(bad)?),
            "ack" => item.acknowledgment = Some(number(value).ok_or_else(bad)?),
            "isn" => item.isn = Some(value.parse().map_err(|_| bad())?),
            "win" => item.window = Some(value.parse().map_err(|_| bad())?),
            "ttl" => item.ttl = Some(value.parse().map_err(|_| bad())?),
            "id" => item.id = Some(value.parse().map_err(|_| bad())?),
            "port" => item.port = Some(value.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        }
        return Ok(());
    }
    match word {
        "again" => item.again = true,
        "probe" => item.probe = true,
        "ts" => item.timestamps = Some(true),
        "nots" => item.timestamps = Some(false),
        "bare" => item.bare = true,
        "reply" => item.reply = true,
        "tls" => item.text = Some("\u{16}\u{3}\u{1}\0\u{2}\u{1}\0".to_owned()),
        _ if word.starts_with('+') => item.delay = Some(duration(word)?),
        _ => {
            item.payload = word.parse().map_err(|_| bad())?;
            if item.payload > 10_000_000 {
                return Err("a payload has at most 10000000 octets".into());
            }
        }
    }
    Ok(())
}

fn number(value: &str) -> Option<Number> {
    match value.strip_prefix('#') {
        Some(exact) => exact.parse().ok().map(Number::Exactly),
        None => value.parse().ok().map(Number::Moved),
    }
}

pub fn duration(word: &str) -> Result<i64, String> {
    let text = word.trim_start_matches('+');
    let units = [("us", 1e3), ("ms", 1e6), ("s", 1e9)];
    units
        .iter()
        .find_map(|(unit, scale)| {
            let value: f64 = text.strip_suffix(unit)?.parse().ok()?;
            (0.0..1e8).contains(&value).then_some(value * scale)
        })
        .map(|nanoseconds| {
            #[allow(clippy::cast_possible_truncation)] // below 10^17
            let whole = nanoseconds as i64;
            whole
        })
        .ok_or_else(|| format!("{word:?} is no duration such as +100ms"))
}

fn read_flags(text: &str) -> Result<Flags, String> {
    let mut flags = Flags::default();
    for letter in text.chars() {
        flags = flags.with(match letter {
            'S' => Flags::SYN,
            'F' => Flags::FIN,
            'R' => Flags::RST,
            'P' => Flags::PSH,
            'U' => Flags::URG,
            'E' => Flags::ECE,
            'W' => Flags::CWR,
            '.' => Flags::ACK,
            '-' => Flags::default(),
            _ => return Err(format!("{letter:?} is no flag: S F R P U E W . -")),
        });
    }
    Ok(flags)
}
