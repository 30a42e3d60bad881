"""What to read: from what people hand over to what the engine takes."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO, Protocol, TypeAlias

_TURN = 0.05

PathText: TypeAlias = "str | os.PathLike[str]"


class Reads(Protocol):
    """Anything that gives octets: a binary file, a socket's file, a pipe."""

    def read(self, size: int, /) -> bytes:
        """Give some octets, at most ``size``; none at the end."""
        ...


One: TypeAlias = "PathText | bytes | bytearray | memoryview | Reads"
Source: TypeAlias = "One | Iterable[One]"
"""A path, a directory (its capture files), a pattern (``*``, ``?``, ``[..]``), ``"-"`` (standard
input), bytes, a binary file object, or a list of these, merged by time."""


def is_pipe(path: str) -> bool:
    """Tell whether a name is a pipe."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 - follows links, as open() does
    except (OSError, ValueError):
        return False


class _Patient:
    """Waits for a pipe in short turns, so that Ctrl-C is answered whatever handles the signal.

    Some packages (polars) install a handler after which a blocking read is not interrupted.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, size: int) -> bytes:
        while not select.select([self._descriptor], [], [], _TURN)[0]:
            pass
        return os.read(self._descriptor, size)


def _patient(file: BinaryIO) -> Any:
    try:
        descriptor = file.fileno()
    except (AttributeError, OSError, ValueError):
        return file
    # Elsewhere only sockets can be waited for.
    return _Patient(descriptor) if os.name == "posix" else file


def _one(item: Any, opened: list[BinaryIO]) -> tuple[Any, ...]:
    if isinstance(item, str | os.PathLike):
        path = os.fspath(item)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if path == "-":
            if sys.stdin is None:
                message = "there is no standard input to read"
                raise OSError(message)
            file = sys.stdin.buffer
            return "reader", "-", _patient(file), None, _behind(file)
        if is_pipe(path):
            pipe = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed by the caller
            opened.append(pipe)
            return "reader", path, _patient(pipe), None, None
        return "path", path
    if isinstance(item, bytes | bytearray | memoryview) or hasattr(item, "__buffer__"):
        return "bytes", "bytes", item
    if hasattr(item, "read"):
        name = getattr(item, "name", None)
        shown = name if isinstance(name, str) else "stream"
        return "reader", shown, item, _size(item), _behind(item)
    message = f"cannot read a {type(item).__name__}: a path, bytes or a binary file is wanted"
    raise TypeError(message)


def _behind(file: Any) -> tuple[int, int] | str | bytes | None:
    """Tell which file a file object reads: by device and inode, else by its name."""
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError, ValueError, TypeError):
        status = None
    if status is not None and os.name == "posix":
        return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
    name = getattr(file, "name", None)
    return os.fspath(name) if isinstance(name, str | bytes | os.PathLike) else None


def _size(file: Any) -> int | None:
    """Tell how many octets a file object has left, for progress only."""
    try:
        return int(max(0, os.fstat(file.fileno()).st_size - file.tell())) or None
    except (AttributeError, OSError, ValueError, TypeError):
        return None


def sources(source: Source) -> tuple[list[tuple[Any, ...]], list[BinaryIO]]:
    """Give the engine's sources, and the files that were opened for them.

    >>> sources(["a.pcap", b"..."])[0]
    [('path', 'a.pcap'), ('bytes', 'bytes', b'...')]
    """
    single = isinstance(source, str | os.PathLike | bytes | bytearray | memoryview)
    if single or hasattr(source, "read") or hasattr(source, "__buffer__"):
        items: list[Any] = [source]
    elif isinstance(source, Iterable):
        items = list(source)
    else:
        items = [source]
    if not items:
        message = "there is nothing to read: the list of sources is empty"
        raise ValueError(message)
    opened: list[BinaryIO] = []
    try:
        return [_one(item, opened) for item in items], opened
    except BaseException:
        for file in opened:
            file.close()
        raise
