"""A capture in which everything that can hold a text holds one that somebody would obey."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = "evil.example"
"""Nothing may ever ask for it."""

# Each sets window.pwned or asks for HOST when it is obeyed: by a browser, inside a text, an
# attribute, a style sheet, a template, a script or Markdown; by a terminal; by a spreadsheet; by
# matplotlib.
TEXTS = (
    "<script>window.pwned=1</script>",
    f"<img src=//{HOST}/a onerror=window.pwned=2>",
    f'"><svg onload=window.pwned=3><image href=//{HOST}/b />',
    f"' onmouseover=window.pwned=4 style='background:url(//{HOST}/c)",
    f"</style><style>@import '//{HOST}/d';*{{display:none!important}}</style>",
    f"</title></textarea><iframe srcdoc='<script>parent.pwned=5</script>' src=//{HOST}/e>",
    "{{constructor.constructor('window.pwned=6')()}}${window.pwned=7}`${window.pwned=8}`",
    f"[x](javascript:window.pwned=9) ![y](http://{HOST}/f) <a href='//{HOST}/g'>z</a>",
    "</script><script>window.pwned=10//<!-- ]]>",
    "\x1b[2J\x1b]0;pwned\x07\x1b]8;;http://evil.example/h\x07click\x9b31m\x00",
    "\u202egnp.exe\u2066\u200b\ufeff\u2028",
    '=HYPERLINK("http://evil.example/i","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    r"$\frac{1}{0}$ $x^{$ \input{/etc/passwd}",
    "%s%n{0.__class__}\\N{DIGIT ONE}",
)
EVERYTHING = " ".join(TEXTS)
NAME = f"<img src=x onerror=window.pwned=11>'\"&\x1b[31m=cmd() $x^{{ <b> {HOST}.pcapng"


def write(folder: Path) -> Path:
    """Write the capture into a folder, under a name of the same kind."""
    path = folder / NAME
    path.write_bytes(capture())
    return path


def capture() -> bytes:
    """Build it: a pcapng section with one interface, names, comments and seventeen connections."""
    texts = [text.encode() for text in TEXTS]
    everything = EVERYTHING.encode()
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    # Comment, hardware, operating system, application; name, description, filter, hardware, os.
    options = [(code, everything) for code in (1, 2, 3, 4)]
    blocks = [_block(0x0A0D0D0A, section + _options(options))]
    interface = [(2, everything), (3, everything), (11, b"\0" + everything)]
    interface += [(12, everything), (15, everything), (1, everything), (9, b"\x06")]
    blocks.append(_block(1, struct.pack("<HHI", 1, 0, 0) + _options(interface)))
    blocks.append(_block(4, _names(texts) + _options([(2, everything), (1, everything)])))
    for count, frame in enumerate(_frames(texts)):
        time = 1_790_000_000_000_000 + 20_000 * count
        head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame))
        comment = [(1, texts[count % len(texts)]), (1, everything)]
        blocks.append(_block(6, head + _padded(frame) + _options(comment)))
    statistics = struct.pack("<III", 0, time >> 32, time & 0xFFFFFFFF)
    drops = [(4, struct.pack("<Q", 1000)), (5, struct.pack("<Q", 7)), (1, everything)]
    blocks.append(_block(5, statistics + _options(drops)))
    return b"".join(blocks)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    parts = [struct.pack("<HH", code, len(text)) + _padded(text) for code, text in options]
    return b"".join([*parts, struct.pack("<HH", 0, 0)])


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _names(texts: list[bytes]) -> bytes:
    """Name the hosts with everything: records of IPv4 addresses."""
    records = b""
    for address in (_CLIENT, _SERVER):
        names = b"".join(text.replace(b"\0", b"") + b"\0" for text in texts)
        body = address + names
        records += struct.pack("<HH", 1, len(body)) + _padded(body)
    return records + struct.pack("<HH", 0, 0)


_CLIENT, _SERVER = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 1])
SYN, RST, PSH, ACK = 2, 4, 8, 16
_SERVICES = 80


def _frames(texts: list[bytes]) -> Iterable[bytes]:
    """Give a refused connection, and for every text one whose names and reset say it."""
    yield _tcp(1, 80, SYN, 100, 0)
    yield _tcp(80, 1, RST | ACK, 0, 101, back=True)
    for port, text in enumerate(texts, 2):
        service = 443 if port % 2 else 80
        # A name is only taken without blanks and control characters.
        name = bytes(octet for octet in text if 32 < octet < 127)[:250]
        request = b"GET /" + text + b" HTTP/1.1\r\nHost: " + name + b"\r\n\r\n"
        payload = _client_hello(name) if service == 443 else request
        yield _tcp(port, service, SYN, 100, 0)
        yield _tcp(service, port, SYN | ACK, 500, 101, back=True)
        yield _tcp(port, service, ACK, 101, 501)
        yield _tcp(port, service, PSH | ACK, 101, 501, payload)
        seq, ack = 501 + len(text), 101 + len(payload)
        yield _tcp(service, port, PSH | ACK, 501, ack, text, back=True)
        yield _tcp(port, service, ACK, ack, seq)
        # RFC 9293 lets a reset carry a text that explains it.
        yield _tcp(service, port, RST | ACK, seq, ack, text, back=True)


def _tcp(  # noqa: PLR0913, PLR0917 - the fields of a header
    source: int,
    target: int,
    flags: int,
    seq: int,
    ack: int,
    payload: bytes = b"",
    *,
    back: bool = False,
) -> bytes:
    ports = [40000 + port if port < _SERVICES else port for port in (source, target)]
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 65000, 0, 0) + payload
    addresses = _SERVER + _CLIENT if back else _CLIENT + _SERVER
    checked = addresses + struct.pack(">HH", 6, len(tcp)) + tcp
    tcp = tcp[:16] + struct.pack(">H", _checksum(checked)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), seq & 0xFFFF, 0, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack(">H", _checksum(ip)) + ip[12:]
    return bytes(12) + b"\x08\0" + ip + tcp


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _client_hello(name: bytes) -> bytes:
    server_name = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extension = struct.pack(">HH", 0, len(server_name)) + server_name
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack(">H", len(extension)) + extension
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake
