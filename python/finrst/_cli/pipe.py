"""Pipes that Ctrl-C ends as their writer would: what has come is kept."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from finrst._base.source import is_pipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_TURN = 0.05
# How long a writer that was interrupted as well is given to write what it still holds.
_REST = 1.0


class Pipe:
    """A binary file object over a pipe, for :func:`finrst.read` and :func:`finrst.scan`.

    After :meth:`interrupt` it gives what still comes within a second, then its end; after a second
    one its end at once.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        """Wrap a descriptor, which stays the caller's."""
        self._descriptor = descriptor
        self.name = name
        """What it is called in tables and messages."""
        self.interrupted = 0
        """How often Ctrl-C was pressed."""
        self.waiting: Callable[[], object] | None = None
        """Called while nothing comes, some twenty times a second."""
        self._deadline = 0.0

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._descriptor

    def interrupt(self) -> None:
        """End soon."""
        self.interrupted += 1
        self._deadline = time.monotonic() + (_REST if self.interrupted == 1 else 0)

    def is_ready(self, timeout: float = 0) -> bool:
        """Tell whether reading would not wait."""
        return bool(select.select([self._descriptor], [], [], timeout)[0])

    def read(self, size: int) -> bytes:
        """Give what has come, at least a byte unless it is at its end."""
        while not self.interrupted or time.monotonic() < self._deadline:
            if self.is_ready(_TURN):
                return os.read(self._descriptor, size)
            if self.waiting is not None:
                self.waiting()
        return b""


@contextlib.contextmanager
def opened(captures: Sequence[str]) -> Iterator[tuple[list[Any], list[Pipe]]]:
    """Give the sources to read, and those of them that are pipes, which Ctrl-C ends meanwhile."""
    sources: list[Any] = []
    pipes: list[Pipe] = []
    with contextlib.ExitStack() as stack:
        for capture in captures:
            if os.name != "posix" or not (capture == "-" or is_pipe(capture)):
                sources.append(capture)
                continue
            if capture == "-":
                pipe = Pipe(_standard_input(), "-")
            else:
                file = stack.enter_context(open(capture, "rb", buffering=0))  # noqa: PTH123
                pipe = Pipe(file.fileno(), capture)
            pipes.append(pipe)
            sources.append(pipe)
        if pipes and threading.current_thread() is threading.main_thread():

            def interrupt(*_: object) -> None:
                for pipe in pipes:
                    pipe.interrupt()

            stack.callback(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, interrupt))
        yield sources, pipes


def _standard_input() -> int:
    if sys.stdin is None:
        message = "there is no standard input to read"
        raise OSError(message)
    if sys.stdin.isatty():
        message = (
            "standard input is a terminal, not packets: name a capture file, or send packets "
            "as in: tcpdump -w - tcp | finrst -"
        )
        raise ValueError(message)
    return sys.stdin.fileno()
