use finrst::capture::{Direction, Frame};
use finrst::packet::{Class, Decoder, Limits, Path};

use super::build::{class, ethernet, found, frame, join, packet, snap, tcp, v6};

/// A data frame from an access point, with its quality of service field.
fn wlan() -> Vec<u8> {
    join(&[&[0x88, 2, 0, 0], &[1; 6], &[2; 6], &[3; 6], &[0; 4], &snap()])
}

#[test]
fn link_types() {
    let ip = packet();
    let six = v6(6, &tcp());
    for (link, data) in [
        (0, join(&[&[2, 0, 0, 0], &ip])),
        (0, join(&[&[0, 0, 0, 2], &ip])),
        (0, join(&[&[30, 0, 0, 0], &six])),
        (108, join(&[&[0, 0, 0, 24], &six])),
        (6, join(&[&[0x10, 0x40], &[1; 6], &[2; 6], &snap()])),
        (6, join(&[&[0x10, 0x40], &[1; 6], &[0x82; 6], &[2, 0], &snap()])),
        (7, join(&[&[1, 2, 212, 0, 0, 1], &ip])),
        (7, join(&[&[1, 2, 240], &ip])),
        (129, join(&[&[1, 2, 0, 0, 212, 0, 0, 1], &ip])),
        (9, join(&[&[0xff, 3, 0, 0x21], &ip])),
        (9, join(&[&[0x0f, 0, 8, 0], &ip])),
        (9, join(&[&[0x21], &ip])),
        (10, join(&[&[0x50], &[1; 6], &[2; 6], &snap()])),
        (12, ip.clone()),
        (14, ip.clone()),
        (101, six.clone()),
        (228, ip.clone()),
        (229, six),
        (50, join(&[&[0xff, 3, 0, 0x21], &ip])),
        (50, join(&[&[0x0f, 0, 8, 0], &ip])),
        (100, snap()),
        (104, join(&[&[0x0f, 0, 8, 0], &ip])),
        (105, wlan()),
        (107, join(&[&[0x18, 0x41, 3, 0xcc], &ip])),
        (107, join(&[&[0x18, 0x41, 8, 0], &ip])),
        (117, join(&[&[61, 2], &[0; 62], &ip])),
        (119, join(&[&[0, 0, 0, 0x44, 12, 0, 0, 0, 0, 0, 0, 0], &wlan()])),
        (127, join(&[&[0, 0, 8, 0, 0, 0, 0, 0], &wlan()])),
        (163, join(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 0, 0, 0, 0], &wlan()])),
        (178, join(&[b"MGC\x01", &ethernet(0x800, &ip)])),
        (192, join(&[&[0, 0, 8, 0, 105, 0, 0, 0], &wlan()])),
        (226, join(&[&[0; 24], &ip])),
        (239, join(&[&[2, 0, 0, 0, 5, 0, 10, 0, b'x', 0, 0, 0, 49, 0, 9, 0], &ip])),
        (239, join(&[&[2, 0, 0, 0, 0, 49, 0, 9], &ip])),
        (240, join(&[&[0; 4], &ethernet(0x800, &ip)])),
        (242, join(&[&[0; 40], &[8, 0, 0, 0], &ip])),
        (281, join(&[&[0; 16], &[8, 0], &ip])),
        (284, join(&[&[0; 20], &[8, 0], &ip])),
    ] {
        assert_eq!(found(link, &data).0, Path::default(), "link type {link}");
    }
    assert_eq!(found(51, &join(&[&[0x11, 0, 0, 7, 0, 46, 0x21], &ip])).0.tunnel, "pppoe:7");
    assert_eq!(found(219, &join(&[&[0, 1, 0x01, 9], &ip])).0.tunnel, "mpls:16");
    assert_eq!(class(147, &ip), Class::UnsupportedLinkType);
    assert_eq!(class(192, &[0, 0, 8, 0, 192, 0, 0, 0]), Class::UnsupportedLinkType);
}

#[test]
fn wireless_frames() {
    // A time before the flags; a checksum at the end and padding before the body.
    let header = [0, 0, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30];
    let padded = join(&[&[0x88, 1, 0, 0], &[1; 6], &[2; 6], &[3; 6], &[0; 4], &[0; 2], &snap()]);
    assert_eq!(found(127, &join(&[&header, &padded, &[0xee; 4]])).2, 0x0202_0202_0202);
    assert_eq!(found(105, &wlan()).2, 0x0303_0303_0303);
    let four = join(&[&[8, 3, 0, 0], &[1; 6], &[2; 6], &[3; 6], &[0; 2], &[4; 6], &snap()]);
    assert_eq!(found(105, &four).2, 0x0404_0404_0404);
    let mut encrypted = wlan();
    encrypted[1] |= 0x40;
    assert_eq!(class(105, &encrypted), Class::NonIp);
    assert_eq!(class(105, &[0x80, 0, 0, 0]), Class::NonIp);
}

#[test]
fn directions_and_hardware_addresses() {
    for (kind, direction) in
        [(0, Direction::Inbound), (4, Direction::Outbound), (3, Direction::Unknown)]
    {
        let expected = (Path::default(), direction, 0x0200_0000_0001);
        let one = [0, kind, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
        assert_eq!(found(113, &join(&[&one, &packet()])), expected);
        let two = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, kind, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(found(276, &join(&[&two, &packet()])), expected);
    }
    assert_eq!(found(166, &join(&[&[1, 0x21], &packet()])).1, Direction::Outbound);
    assert_eq!(found(1, &ethernet(0x800, &packet())).2, 0x0200_0000_0001);
    // What the file says goes first.
    let data = join(&[&[0, 4, 0, 1, 0, 6], &[0; 8], &[8, 0], &packet()]);
    let frame = Frame { direction: Direction::Inbound, ..frame(113, &data) };
    let mut decoder = Decoder::default();
    let segment = decoder.decode(&frame, 5);
    assert_eq!(segment.segment().unwrap().direction, Direction::Inbound);
}

#[test]
fn tags() {
    let ip = packet();
    let stacked = join(&[&[0, 7, 0x81, 0, 0x20, 9, 8, 0], &ip]);
    assert_eq!(found(1, &ethernet(0x88a8, &stacked)).0.vlans, [7, 9]);
    let behind = |tag: usize| join(&[&vec![0; tag], &[8, 0], &ip]);
    for (kind, payload) in [
        (0x893f, behind(6)),
        (0x8926, behind(4)),
        (0x892f, behind(4)),
        (0x8909, behind(6)),
        (0x8903, join(&[&[0; 2], &ethernet(0x800, &ip)])),
        (0x88e5, join(&[&behind(6), &[0; 16]])),
        (53, snap()),
    ] {
        assert_eq!(found(1, &ethernet(kind, &payload)).0, Path::default(), "{kind:#x}");
    }
    let pbb = join(&[&[0, 0, 1, 2], &ethernet(0x800, &ip)]);
    assert_eq!(found(1, &ethernet(0x88e7, &pbb)).0.tunnel, "pbb:258");
    let isl = join(&[&[1, 0, 0x0c, 0, 0, 0], &[0; 14], &[0, 10], &[0; 4], &ethernet(0x800, &ip)]);
    assert_eq!(found(1, &isl).0.vlans, [5]);
    let pseudowire = join(&[&[0, 1, 1, 9], &[0; 4], &ethernet(0x800, &ip)]);
    assert_eq!(found(1, &ethernet(0x8847, &pseudowire)).0.tunnel, "mpls:16");
    let nine = join(&[&[0, 1, 0x81, 0].repeat(9), &ip]);
    assert_eq!(class(1, &ethernet(0x8100, &nine)), Class::TooManyLayers);
    assert_eq!(class(1, &ethernet(0x0806, &ip)), Class::NonIp);
    assert_eq!(class(1, &[0; 13]), Class::LinkTruncated);
}

#[test]
fn an_interface_that_is_not_described() {
    let data = packet();
    let frame = Frame { interface: u32::MAX, ..frame(101, &data) };
    assert_eq!(Decoder::default().decode(&frame, 0).class(), Class::BadInterface);
}

#[test]
fn oddities_are_named() {
    let mut decoder = Decoder::default();
    decoder.decode(&frame(253, &[0; 20]), 0);
    let issues = decoder.take_issues();
    let issue = &issues.examples()[0];
    assert_eq!((issue.kind, issue.packet), ("unsupported_link_type", Some(1)));
    assert!(issue.detail.contains("netlink"), "{}", issue.detail);
}

#[test]
fn paths_are_bounded() {
    let mut decoder = Decoder::new(Limits { paths: 3, ..Limits::default() });
    for id in 1..9 {
        let data = ethernet(0x8100, &join(&[&[0, id, 8, 0], &packet()]));
        assert_eq!(decoder.decode(&frame(1, &data), 0).class(), Class::Tcp);
    }
    assert_eq!(decoder.paths().len(), 4);
    assert_eq!(decoder.take_issues().count("too_many_paths"), 6);
}
