use finrst::packet::Class;

use super::build::{class, ethernet, found, join, packet, snap, tcp, udp, v4, v6};

fn tunnel(packet: &[u8]) -> String {
    found(101, packet).0.tunnel
}

/// An 802.11 data frame that begins with these two bytes.
fn wireless(control: &[u8]) -> Vec<u8> {
    join(&[control, &[0; 22], &snap()])
}

fn gre(header: &[u8], payload: &[u8]) -> Vec<u8> {
    v4(47, &join(&[header, payload]))
}

#[test]
fn over_ip() {
    let ip = packet();
    let six = v6(6, &tcp());
    let inner = ethernet(0x800, &ip);
    let keyed = [0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0];
    for (expected, outer) in [
        ("ipip", v4(4, &ip)),
        ("6in4", v4(41, &six)),
        ("4in6", v6(4, &ip)),
        ("6in6", v6(41, &six)),
        ("gre", gre(&[0, 0, 8, 0], &ip)),
        ("gre", gre(&[0, 0, 0x86, 0xdd], &six)),
        ("gre", gre(&[0, 0, 0x82, 0x00], &wireless(&[8, 1]))),
        ("gre", gre(&[0, 0, 0x83, 0x70], &wireless(&[8, 1]))),
        ("gre", udp(4754, &join(&[&[0, 0, 8, 0][..], &ip]))),
        ("capwap", udp(5247, &join(&[&[0, 16, 2, 0, 0, 0, 0, 0][..], &inner]))),
        ("capwap", udp(5247, &join(&[&[0, 16, 3, 0, 0, 0, 0, 0][..], &wireless(&[8, 1])]))),
        ("capwap", udp(5247, &join(&[&[0, 16, 3, 0, 0, 0, 0, 0][..], &wireless(&[1, 8])]))),
        ("gre:9", gre(&keyed, &inner)),
        ("gre", gre(&[0x40, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0], &ip)),
        ("gre", gre(&[0, 0, 0x88, 0x3e], &ip)),
        ("gre", gre(&[0, 0, 0x88, 0x3e, 0, 1, 2, 3], &ip)),
        ("pptp", gre(&[&[0x30, 0x81, 0x88, 0x0b][..], &[0; 12], &[0x21]].concat(), &ip)),
        ("erspan", gre(&[0, 0, 0x88, 0xbe], &inner)),
        ("erspan:3", gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 0, 16, 0, 0, 3, 0, 0, 0, 0], &inner)),
        (
            "erspan:3",
            gre(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 0, 32, 0, 0, 3][..], &[0; 8]].concat(), &inner),
        ),
        ("etherip", v4(97, &join(&[&[0x30, 0], &inner]))),
        ("srv6", v6(143, &inner)),
        ("mpls:1", v4(137, &join(&[&[0, 0, 0x11, 1], &ip]))),
    ] {
        assert_eq!(tunnel(&outer), expected);
    }
    let nested = (0..8).fold(packet(), |ip, _| v4(4, &ip));
    assert_eq!(tunnel(&nested), ["ipip"; 8].join("/"));
    assert_eq!(class(101, &v4(4, &nested)), Class::TooManyLayers);
    assert_eq!(class(101, &v4(132, &[0; 40])), Class::Sctp);
    assert_eq!(class(101, &v4(50, &[0; 40])), Class::OtherIp);
    assert_eq!(class(101, &gre(&[0, 0], &[])), Class::OtherIp);
}

#[test]
fn over_udp() {
    let ip = packet();
    let six = v6(6, &tcp());
    let inner = ethernet(0x800, &ip);
    let vxlan = |first: u8, next: u8| [first, 0, 0, next, 0, 0, 42, 0];
    let extended = [0x34, 0xff, 0, 53, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0];
    let teredo = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
    let ayiya = [&[0x44, 0x52, 0x11, 41][..], &[0; 40]].concat();
    for (expected, port, header, payload) in [
        ("vxlan:42", 4789, &vxlan(8, 0)[..], &inner),
        ("vxlan:42", 8472, &vxlan(8, 0), &inner),
        ("vxlan:42", 4790, &vxlan(0x0c, 1), &ip),
        ("vxlan:42", 4790, &vxlan(0x0c, 3), &inner),
        ("geneve:42", 6081, &[1, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 4], &inner),
        ("geneve:42", 6081, &[0, 0, 8, 0, 0, 0, 42, 0], &ip),
        ("gtp:0x1a2b", 2152, &[0x30, 0xff, 0, 45, 0, 0, 0x1a, 0x2b], &ip),
        ("gtp:0x1", 2152, &extended, &ip),
        ("teredo", 3544, &[], &six),
        ("teredo", 3544, &teredo, &six),
        ("l2tp:7", 1701, &[0x40, 2, 0, 0, 0, 1, 0, 7, 0, 0x21], &ip),
        ("lisp:2", 4341, &[8, 0, 0, 0, 0, 0, 2, 0], &ip),
        ("ayiya", 5072, &ayiya, &six),
    ] {
        assert_eq!(tunnel(&udp(port, &join(&[header, payload]))), expected);
    }
    let nested = udp(4789, &join(&[&vxlan(8, 0), &inner]));
    assert_eq!(tunnel(&v4(4, &gre(&[0, 0, 8, 0], &nested))), "ipip/gre/vxlan:42");
    for port in [53, 4789, 8472, 4790, 2152, 3544, 1701, 4341, 4754, 5072, 5247] {
        assert_eq!(class(101, &udp(port, &[0x10; 7])), Class::Udp, "port {port}");
    }
}
