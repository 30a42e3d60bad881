"""Large captures, made in seconds: classic pcap of raw IP, without checksums."""

from pathlib import Path

import numpy as np

FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
_RECORD = np.dtype(
    [
        ("seconds", "<u4"),
        ("micros", "<u4"),
        ("captured", "<u4"),
        ("original", "<u4"),
        ("ip", "u1", 12),
        ("source", ">u4"),
        ("destination", ">u4"),
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("sequence", ">u4"),
        ("acknowledgment", ">u4"),
        ("offset", "u1"),
        ("flags", "u1"),
        ("window", ">u2"),
        ("rest", "u1", 4),
    ]
)
_HEAD = bytes.fromhex("d4c3b2a1 02000400 00000000 00000000 ffff0000 65000000")
_IP = np.frombuffer(bytes.fromhex("45000028 00010000 40060000"), "u1")
_SERVER = 0xC0000201
_TURN = 1 << 19
# Flags, whether the server sends it, sequence and acknowledgment numbers.
_PACKETS = (
    (SYN, False, 0, 0),
    (SYN | ACK, True, 0, 1),
    (ACK, False, 1, 1),
    (FIN | ACK, False, 1, 1),
    (RST | ACK, True, 1, 2),
)


def _write(path: Path, connections: int, packets: tuple[tuple[int, bool, int, int], ...]) -> None:
    with path.open("wb") as out:
        out.write(_HEAD)
        for begin in range(0, connections, _TURN):
            number = np.arange(begin, min(begin + _TURN, connections), dtype=np.uint32)
            rows = np.zeros((len(number), len(packets)), _RECORD)
            client = 0x0A000000 + number // 50_000
            port = (1024 + number % 50_000).astype(np.uint16)
            for place, (flags, back, sequence, acknowledgment) in enumerate(packets):
                row = rows[:, place]
                micros = number.astype(np.uint64) * 100 + place * 10
                row["seconds"] = 1_700_000_000 + micros // 1_000_000
                row["micros"] = micros % 1_000_000
                row["captured"] = row["original"] = 40
                row["ip"] = _IP
                row["source"], row["destination"] = (_SERVER, client) if back else (client, _SERVER)
                row["source_port"], row["destination_port"] = (443, port) if back else (port, 443)
                row["sequence"], row["acknowledgment"] = sequence, acknowledgment
                row["offset"], row["flags"], row["window"] = 0x50, flags, 65535
            out.write(rows.tobytes())


def flood(path: Path, connections: int) -> None:
    """Write a capture of SYNs, each of another client."""
    _write(path, connections, _PACKETS[:1])


def closed(path: Path, connections: int) -> None:
    """Write a capture of connections that are opened, closed by the client and reset."""
    _write(path, connections, _PACKETS)


def _one(path: Path, flags: int, sequence: np.ndarray, *, payload: bool) -> None:
    """Write segments of one connection, each with its sequence number."""
    with path.open("wb") as out:
        out.write(_HEAD)
        rows = np.zeros(len(sequence), _RECORD)
        micros = np.arange(len(sequence), dtype=np.uint64) * 100
        rows["seconds"] = 1_700_000_000 + micros // 1_000_000
        rows["micros"] = micros % 1_000_000
        rows["captured"], rows["original"] = 40, 40 + 10 * payload
        rows["ip"] = _IP
        rows["ip"][:, 3] = 40 + 10 * payload
        rows["source"], rows["destination"] = 0x0A000000, _SERVER
        rows["source_port"], rows["destination_port"] = 40000, 443
        rows["sequence"], rows["offset"], rows["window"] = sequence, 0x50, 65535
        rows["flags"] = flags
        rows["flags"][0] = SYN
        out.write(rows.tobytes())


def storm(path: Path, segments: int) -> None:
    """Write a capture of one connection with a SYN and FINs, no two alike."""
    _one(path, FIN | ACK, 1 + 7 * np.arange(segments, dtype=np.uint32), payload=False)


def gaps(path: Path, segments: int) -> None:
    """Write a capture of one connection in which each segment leaves a gap below all others."""
    sequence = 20 * np.arange(segments, 0, -1, dtype=np.uint32)
    sequence[0] = 0
    _one(path, ACK, sequence, payload=True)
