"""Captures cut in files, as a capture that was rotated; and readings held against each other."""

from __future__ import annotations

import lzma
import struct
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import finrst
    from finrst.cluster import Dataset

P = ParamSpec("P")
T = TypeVar("T")

TABLES = ("connections", "teardowns", "ledger", "files", "interfaces", "issues", "names")
_PACKETS = (3, 6, 2)
"""Types of blocks of pcapng that hold packets."""


def octets(capture: Path) -> bytes:
    """What a file holds, unpacked."""
    held = capture.read_bytes()
    return lzma.decompress(held) if capture.suffix == ".xz" else held


def records(held: bytes) -> tuple[bytes, list[bytes]]:
    """What each file of a cut capture begins with, and the packets in their records or blocks."""
    if held[:4] == b"\x0a\x0d\x0d\x0a":
        return _blocks(held)
    order = "<" if held[:4] in {b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"} else ">"
    found, at = [], 24
    while at < len(held):
        (length,) = struct.unpack_from(f"{order}I", held, at + 8)
        found.append(held[at : at + 16 + length])
        at += 16 + length
    return held[:24], found


def _blocks(held: bytes) -> tuple[bytes, list[bytes]]:
    order = "<" if held[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    head, found, at = b"", [], 0
    while at < len(held):
        kind, length = struct.unpack_from(f"{order}II", held, at)
        block = held[at : at + length]
        if kind in _PACKETS:
            found.append(block)
        elif not found:
            head += block
        at += length
    return head, found


def cut(capture: Path, into: Path, files: int) -> list[Path]:
    """Cut a capture in files of about as many packets each, whose names do not tell their order."""
    into.mkdir(parents=True, exist_ok=True)
    head, packets = records(octets(capture))
    made = []
    for number in range(files):
        first, last = (len(packets) * at // files for at in (number, number + 1))
        # Directories are read by their names, and captures by their times.
        path = into / f"{'qhzcmaxk'[number % 8]}{number // 8}.pcap"
        path.write_bytes(head + b"".join(packets[first:last]))
        made.append(path)
    return made


def same(ds: Dataset, cap: finrst.Capture) -> None:
    """Hold a dataset against one reading: every column of every table, schema and metadata."""
    for name in TABLES:
        found, wanted = ds.arrow(name), cap.to_arrow(name)
        assert found.schema.equals(wanted.schema, check_metadata=True), name
        assert found.num_rows == wanted.num_rows, name
        wrong = [one for one in wanted.column_names if not found[one].equals(wanted[one])]
        assert wrong == [], name
    ds.check()


class Here(Executor):
    """Does tasks at once and counts them; something may be done before one of them."""

    def __init__(self, before: Callable[[int], object] | None = None) -> None:
        self._max_workers = 1
        self.done: list[str] = []
        self._before = before

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[Any] = Future()
        try:
            if self._before is not None:
                self._before(len(self.done))
            future.set_result(fn(*args, **kwargs))
            self.done.append(fn.__name__)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            future.set_exception(error)
        return future
