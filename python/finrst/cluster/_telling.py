"""Telling how far a reading on many workers has come."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from finrst._base.progress import PATIENCE, can_show
from finrst._base.text import number, plural

if TYPE_CHECKING:
    from finrst._base.progress import Progress

_TURN = 0.05


class Telling:
    """A line on a terminal or in a notebook, or a function that is called."""

    def __init__(self, progress: Progress, octets: int) -> None:
        """Begin with bytes to read in all; ``progress`` is that of :func:`finrst.read`."""
        self._function = progress if callable(progress) else None
        self._shown = progress is True or (progress == "auto" and can_show())
        self._begin = time.monotonic() if progress == "auto" else 0.0
        self._last = 0.0
        self._octets, self._read, self._packets = octets, 0, 0
        self._line = False

    def read(self, octets: int, packets: int) -> None:
        """Add what a task has read."""
        self._read += octets
        self._packets += packets
        if self._function is not None:
            self._function(self._read, self._octets, self._packets)

    def stage(self, name: str, done: int, tasks: int) -> None:
        """Say how many tasks of a stage are done."""
        now = time.monotonic()
        if not self._shown or now - self._begin < PATIENCE or now - self._last < _TURN:
            return
        self._last, self._line = now, True
        share = f"{100 * self._read / max(1, self._octets):.0f} % read"
        said = f"{name} {number(done)} of {number(tasks)}; {share}"
        said += f", {plural(self._packets, 'packet')}"
        print(f"\r\x1b[K{said}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the line away."""
        if self._line:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
