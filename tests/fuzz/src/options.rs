//! TCP options, scripts of conversations and filters: everything that reads small texts.

use finrst::cause::{Context, Parameters};
use finrst::conn;
use finrst::filter::Filter;
use finrst::packet::Options;

use super::hold;

/// One input: its first byte chooses who reads the rest.
pub fn run(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else { return };
    match how % 3 {
        0 => options(rest),
        1 => {
            let text = String::from_utf8_lossy(rest.get(..rest.len().min(1024)).unwrap_or(rest));
            scripted(&text);
        }
        _ => {
            let text = String::from_utf8_lossy(rest);
            if let Err(error) = Filter::parse(&text) {
                assert!(error.to_string().chars().count() <= 700);
            }
        }
    }
}

fn options(octets: &[u8]) {
    let parsed = Options::parse(octets);
    assert_eq!(parsed.timestamps, Options::timestamps(octets));
    assert!(parsed.window_scale.is_none_or(|shift| shift <= 14));
}

fn scripted(text: &str) {
    // What a script may ask for is large; what is tried here are its words.
    if text.bytes().filter(u8::is_ascii_digit).count() > 64 {
        return;
    }
    match conn::play(text) {
        Ok(connections) => {
            let mut context = Context::default();
            connections.iter().for_each(|c| context.add(c));
            hold::connections(&connections, &context, &Parameters::default());
        }
        Err(error) => assert!(error.to_string().chars().count() <= 700),
    }
}
