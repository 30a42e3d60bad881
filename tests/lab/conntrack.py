"""What `conntrack -D` does, without the tool: a box forgets one connection."""

from __future__ import annotations

import socket
import struct

from net import Bed

_NETLINK_NETFILTER = 12
_DELETE = 1 << 8 | 2
_REQUEST_ACK = 1 | 4


def forget(bed: Bed, client: tuple[str, int], server: tuple[str, int]) -> None:
    """Deletes the entry that was begun by that client to that server, as the client named it."""
    v6 = ":" in client[0]
    family = socket.AF_INET6 if v6 else socket.AF_INET
    addresses = _attribute(3 if v6 else 1, socket.inet_pton(family, client[0]))
    addresses += _attribute(4 if v6 else 2, socket.inet_pton(family, server[0]))
    ports = _attribute(1, b"\6") + _attribute(2, struct.pack(">H", client[1]))
    ports += _attribute(3, struct.pack(">H", server[1]))
    nested = _attribute(1 | 0x8000, addresses) + _attribute(2 | 0x8000, ports)
    body = struct.pack(">BBH", family, 0, 0) + _attribute(1 | 0x8000, nested)
    head = struct.pack("=IHHII", 16 + len(body), _DELETE, _REQUEST_ACK, 1, 0)
    with bed.inside("box" if bed.box else "router"):
        talk = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    with talk:
        talk.bind((0, 0))
        talk.send(head + body)
        (error,) = struct.unpack_from("=i", talk.recv(4096), 16)
    if error:
        raise OSError(-error, "conntrack did not know this connection")


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
