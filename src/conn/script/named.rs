//! First payloads that carry a server's name.

/// The beginning of a TLS handshake that asks for this name (RFC 8446 section 4.1.2, RFC 6066
/// section 3), with one cipher and no other extension.
pub(super) fn client_hello(name: &str) -> Option<Vec<u8>> {
    let entry = [&[0][..], &length(name.len())?, name.as_bytes()].concat();
    let list = [&length(entry.len())?[..], &entry].concat();
    let extension = [&[0, 0][..], &length(list.len())?, &list].concat();
    let extensions = [&length(extension.len())?[..], &extension].concat();
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &extensions].concat();
    let message = [&[1, 0][..], &length(body.len())?, &body].concat();
    Some([&[22, 3, 1][..], &length(message.len())?, &message].concat())
}

/// An HTTP request with this host (RFC 9112 section 3.2).
pub(super) fn request(name: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n").into_bytes()
}

/// A length as it stands in front of what it counts.
fn length(octets: usize) -> Option<[u8; 2]> {
    // What stands around a name of 255 bytes fits as well.
    u16::try_from(octets).ok().map(u16::to_be_bytes)
}
