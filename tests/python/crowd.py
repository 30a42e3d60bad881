"""Captures of very many short connections, made in a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_BEGIN = 1_790_000_000
_RECORD = np.dtype(
    [
        *((name, "<u4") for name in ("second", "micro", "caught", "length")),
        ("macs", "S12"),
        ("type", ">u2"),
        *((name, ">u2") for name in ("version", "total", "id", "fragment", "ttl", "ip_sum")),
        ("source", ">u4"),
        ("target", ">u4"),
        *((name, ">u2") for name in ("source_port", "target_port")),
        *((name, ">u4") for name in ("seq", "ack")),
        *((name, ">u2") for name in ("flags", "window", "tcp_sum", "urgent")),
    ]
)
_IP, _TCP = slice(30, 50), slice(50, 70)
_SYN, _RESET = 0x5002, 0x5014


def write(path: Path, count: int, *, seconds: int = 3600) -> Path:
    """Write ``count`` connections: of ten, one is never answered and nine are refused.

    Clients are 10.0.0.0 and after, a new one every ten connections; the servers' addresses count
    down from 198.51.100.255, and their ports are 1 to 1000, in turn.
    """
    number = np.arange(count)
    there = np.zeros((count, 2), dtype=_RECORD)
    for place in (0, 1):
        packets = there[:, place]
        micro = number * (seconds * 1_000_000 // count) + 200 * place
        packets["second"], packets["micro"] = _BEGIN + micro // 1_000_000, micro % 1_000_000
        packets["caught"] = packets["length"] = 54
        packets["type"], packets["version"], packets["total"] = 0x0800, 0x4500, 40
        packets["ttl"] = 0x4006
        client, server = 0x0A000000 + number // 10, 0xC63364FF - number % 200
        ports = 20_000 + number % 10, 1 + number % 1000
        packets["source"], packets["target"] = (client, server)[:: 1 - 2 * place]
        packets["source_port"], packets["target_port"] = ports[:: 1 - 2 * place]
        packets["seq"], packets["ack"] = (0, 101) if place else (100, 0)
        packets["flags"] = _RESET if place else _SYN
        packets["window"] = 0 if place else 65_000
        packets["ip_sum"] = _checksum(_octets(packets)[:, _IP])
        ends = packets["source"].astype(">u4"), packets["target"].astype(">u4")
        pseudo = [one.view(np.uint8).reshape(count, 4) for one in ends]
        tail = np.tile(np.array([0, 6, 0, 20], dtype=np.uint8), (count, 1))
        packets["tcp_sum"] = _checksum(np.hstack([*pseudo, tail, _octets(packets)[:, _TCP]]))
    kept = np.ones((count, 2), dtype=bool)
    kept[9::10, 1] = False
    head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    path.write_bytes(head + there[kept].tobytes())
    return path


def _octets(packets: Any) -> Any:
    return np.ascontiguousarray(packets).view(np.uint8).reshape(len(packets), _RECORD.itemsize)


def _checksum(octets: Any) -> Any:
    total = octets[:, ::2].astype(np.uint64) @ np.full(octets.shape[1] // 2, 256, dtype=np.uint64)
    total += octets[:, 1::2].sum(axis=1, dtype=np.uint64)
    for _ in range(2):
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF
