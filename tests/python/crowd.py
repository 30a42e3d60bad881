"""Captures of very many short connections, made in a moment."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_BEGIN = 1_790_000_000
_SYN, _RESET = 0x5002, 0x5014
SERVER = "2001:db8:1111:2222:3333:4444:5555"
"""What the addresses of servers of IPv6 begin with."""
_CLIENT = "2001:db8:aaaa:bbbb:cccc:dddd:eeee"


def _words(kind: str, names: str) -> list[tuple[str, str]]:
    return [(name, kind) for name in names.split()]


_RECORD = _words("<u4", "second micro caught length")
_ETHERNET = [("macs", "S12"), ("type", ">u2")]
_IP = _words(">u2", "version total id fragment ttl ip_sum") + _words(">u4", "source target")
_IP6 = [*_words(">u2", "version flow total ttl"), ("source", ">u2", 8), ("target", ">u2", 8)]
_TCP = _words(">u2", "source_port target_port") + _words(">u4", "seq ack")
_TCP += _words(">u2", "flags window tcp_sum urgent")


def write(path: Path, count: int, *, seconds: int = 3600, v6: bool = False) -> Path:
    """Write ``count`` connections: of ten, one is never answered and nine are refused.

    Clients are 10.0.0.0 and after, a new one every ten connections; the servers' addresses count
    down from 198.51.100.255, and their ports are 1 to 1000, in turn. With ``v6`` the addresses
    have the same last numbers.
    """
    kind: Any = np.dtype([*_RECORD, *_ETHERNET, *(_IP6 if v6 else _IP), *_TCP])
    number = np.arange(count)
    there = np.zeros((count, 2), dtype=kind)
    ends = [_addresses(number // 10, v6, _CLIENT, 0x0A000000)]
    ends.append(_addresses(255 - number % 200, v6, SERVER, 0xC6336400))
    ports = [20_000 + number % 10, 1 + number % 1000]
    for place in (0, 1):
        packets = there[:, place]
        micro = number * (seconds * 1_000_000 // count) + 200 * place
        packets["second"], packets["micro"] = _BEGIN + micro // 1_000_000, micro % 1_000_000
        packets["caught"] = packets["length"] = kind.itemsize - 16
        packets["type"], packets["version"] = (0x86DD, 0x6000) if v6 else (0x0800, 0x4500)
        packets["total"], packets["ttl"] = (20, 0x0640) if v6 else (40, 0x4006)
        packets["source"], packets["target"] = ends[:: 1 - 2 * place]
        packets["source_port"], packets["target_port"] = ports[:: 1 - 2 * place]
        packets["seq"], packets["ack"] = (0, 101) if place else (100, 0)
        packets["flags"] = _RESET if place else _SYN
        packets["window"] = 0 if place else 65_000
        octets = np.ascontiguousarray(packets).view(np.uint8).reshape(count, kind.itemsize)
        if not v6:
            packets["ip_sum"] = _checksum(octets[:, 30:50])
        # Both addresses, length, protocol: what TCP's checksum covers beside the segment.
        both = octets[:, -52:-20] if v6 else octets[:, -28:-20]
        tail = np.tile(np.array([0, 6, 0, 20], dtype=np.uint8), (count, 1))
        packets["tcp_sum"] = _checksum(np.hstack([both, tail, octets[:, -20:]]))
    kept = np.ones((count, 2), dtype=bool)
    kept[9::10, 1] = False
    head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    path.write_bytes(head + there[kept].tobytes())
    return path


def _addresses(last: Any, v6: bool, prefix: str, first: int) -> Any:  # noqa: FBT001
    if not v6:
        return first + last
    packed = np.frombuffer(ipaddress.IPv6Address(f"{prefix}:0").packed, dtype=">u2")
    found = np.tile(packed, (len(last), 1))
    found[:, 7] = last % 65_536
    return found


def _checksum(octets: Any) -> Any:
    total = octets[:, ::2].astype(np.uint64) @ np.full(octets.shape[1] // 2, 256, dtype=np.uint64)
    total += octets[:, 1::2].sum(axis=1, dtype=np.uint64)
    for _ in range(2):
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF
