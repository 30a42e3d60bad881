//! Name resolution blocks.

use finrst::hosts::{MOST_OF_ADDRESS, Origin};

use crate::build::{Bytes, data};
use crate::{assert_same_in_pieces, read};

const V6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];

fn capture(big: bool, records: &dyn Fn(Bytes) -> Bytes) -> Vec<u8> {
    let body = records(Bytes::new(big));
    let file = Bytes::new(big).section().interface(1, 0, &|options| options).block(4, &body);
    file.enhanced(0, 1, &data(1)).out
}

fn told(bytes: &[u8]) -> Vec<String> {
    let outcome = read(bytes);
    assert_eq!(outcome.frames.len(), 1);
    let rows = outcome.files[0].hosts.rows().iter();
    rows.map(|row| {
        assert_eq!(row.origin, Origin::Block);
        format!("{} {}", row.address, row.name)
    })
    .collect()
}

#[test]
fn names_are_read_in_both_byte_orders() {
    for big in [false, true] {
        let bytes = capture(big, &|body| {
            body.option(1, b"\xc0\0\x02\x01mail.example\0alias.example\0")
                .option(2, &[&V6[..], b"six.example\0"].concat())
                .option(3, b"\0\0\0\0\0\0printer\0")
                .option(0, b"")
        });
        let names =
            ["192.0.2.1 mail.example", "192.0.2.1 alias.example", "2001:db8::7 six.example"];
        assert_eq!(told(&bytes), names);
        assert!(read(&bytes).issues.examples().is_empty());
        assert_same_in_pieces("names", &bytes);
    }
}

#[test]
fn what_cannot_be_shown_as_a_name_is_passed_over() {
    for name in [&b"a b"[..], b"<b>", b"\x1b[2J", b"\xe2\x80\xae", b"10.0.0.1", b"", b"-"] {
        let bytes = capture(false, &|body| {
            body.option(1, &[&[192, 0, 2, 1], name, &[0]].concat()).option(1, b"\xc0\0\x02\x02b\0")
        });
        assert_eq!(told(&bytes), ["192.0.2.2 b"], "{name:?}");
    }
}

#[test]
fn lengths_that_lie_end_the_block_and_nothing_else() {
    let long = capture(false, &|body| {
        body.option(1, b"\xc0\0\x02\x01a\0").u16(1).u16(60_000).raw(b"\xc0\0\x02\x02b\0").pad()
    });
    assert_eq!(told(&long), ["192.0.2.1 a"]);
    assert_eq!(read(&long).issues.count("name_record_damaged"), 1);
    // Too short for an address, without an end, empty.
    let short = capture(true, &|body| body.option(1, b"\xc0\0").option(2, &V6[..15]));
    assert_eq!(told(&short), [""; 0]);
    assert_eq!(told(&capture(false, &|body| body)), [""; 0]);
    assert_eq!(told(&capture(false, &|body| body.raw(&[1, 0]).pad())), [""; 0]);
}

#[test]
fn names_without_number_are_bounded_and_counted() {
    let bytes = capture(false, &|body| {
        (0..100).fold(body, |body, n| {
            body.option(1, &[&[192, 0, 2, 1][..], format!("n{n}\0").as_bytes()].concat())
        })
    });
    assert_eq!(told(&bytes).len(), MOST_OF_ADDRESS);
    let left = 100 - MOST_OF_ADDRESS as u64;
    assert_eq!(read(&bytes).issues.count("name_limit"), left);
}
