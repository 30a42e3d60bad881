"""What to read: from what people hand over to what the engine takes."""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

from .stores import is_url, look, shared
from .text import file_name

if TYPE_CHECKING:
    from finrst import _native

    from .stores.store import Options

_TURN = 0.05
# Bytes asked of a file object at a time.
_PULL = 1 << 20
# What bytes are called, by arrays and by buffers (pyarrow's are signed).
_OCTETS = frozenset({"uint8", "B", "b", "c"})
# Items of a buffer that are texts or objects: sources, and no capture.
_NAMES = frozenset("OUSws")

PathText: TypeAlias = "str | os.PathLike[str]"


class Reads(Protocol):
    """Anything that gives octets: a binary file, a socket's file, a pipe."""

    def read(self, size: int, /) -> bytes:
        """Give some bytes, at most ``size``; none at the end."""
        ...


class Buffer(Protocol):
    """Bytes in memory, by the buffer protocol: ``bytes``, ``mmap``, an array of numpy, ..."""

    def __buffer__(self, flags: int, /) -> memoryview:
        """Show them."""
        ...


One: TypeAlias = "PathText | Buffer | Reads"
Source: TypeAlias = "One | Iterable[One]"
"""A path, a directory (its capture files), a pattern (``*``, ``?``, ``[..]``), the URL of one of
these in an object store, a web address, ``"-"`` (standard input), bytes or anything else that holds
bytes, a binary file object, or a list of these, merged by time."""


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


def _stored(url: str, options: Options | None, *, recursive: bool) -> tuple[Any, ...]:
    looked = look(url, options, recursive=recursive)
    if looked.is_one:
        return "object", looked.objects[0]
    return "listing", looked.name, looked.objects, looked.folders


def _one(
    item: Any, opened: list[BinaryIO], options: Options | None, *, recursive: bool
) -> tuple[Any, ...]:
    if is_url(item):
        return _stored(item, options, recursive=recursive)
    if isinstance(item, str | os.PathLike):
        path = os.fspath(item)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if path == "-":
            if sys.stdin is None:
                message = "there is no standard input to read"
                raise OSError(message)
            file = sys.stdin.buffer
            return _reader("-", _patient(file), None, _behind(file))
        if is_pipe(path):
            pipe = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed by the caller
            opened.append(pipe)
            return _reader(file_name(path), _patient(pipe), None, None)
        return "path", path
    if _is_octets(item):
        return "bytes", "bytes", item
    if hasattr(item, "read"):
        name = getattr(item, "name", None)
        known = file_name(name) if isinstance(name, str | bytes) else "stream"
        return _reader(known, item, _size(item), _behind(item))
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


def _reader(
    name: str, file: Any, size: int | None, behind: tuple[int, int] | str | bytes | None
) -> tuple[Any, ...]:
    return "reader", name, file, size, threading.main_thread().ident, behind


def _is_octets(item: Any) -> bool:
    """Tell whether something holds bytes, by the buffer protocol; items of texts are names."""
    # What an array calls its items is known better than what its buffer does.
    dtype = getattr(item, "dtype", None)
    try:
        view = memoryview(item)
    except TypeError:
        return False
    except ValueError:
        if dtype is None:
            raise
        raise _no_octets(item, f"{dtype} is no capture") from None
    with view:
        kind = str(dtype or view.format.lstrip("@=<>!|"))
        if kind in _OCTETS and view.c_contiguous:
            return True
        if view.format.strip("@=<>!|0123456789") in _NAMES:
            return False
        wrong = "is not contiguous" if kind in _OCTETS else "is no capture"
    raise _no_octets(item, f"{kind} {wrong}")


def _no_octets(item: Any, said: str) -> TypeError:
    return TypeError(
        f"a {type(item).__name__} of {said}: bytes are wanted, unsigned (uint8) and contiguous"
    )


def pump(file: Any, feed: _native.Feed) -> None:
    """Read a file object for the engine, on a thread of its own.

    A thread may be ended by the interpreter at any line of this, with which nothing is lost.
    """
    while feed.wanted():
        try:
            # read1 gives what a pipe has, where read waits for all that was asked for.
            read = file.read1 if hasattr(file, "read1") else file.read
            feed.give(read(_PULL))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            feed.fail(_said(error), None if isinstance(error, OSError) else error)


def serve(requests: _native.Requests) -> None:
    """Read objects of stores for the engine, on a thread of its own; see :func:`pump`."""
    while (wanted := requests.next()) is not None:
        try:
            wanted.give(wanted.item.read(wanted.offset, wanted.length))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            wanted.fail(_said(error), error)
        # Bytes that were given, and an object that nobody else holds, are let go before waiting.
        del wanted


def _said(error: BaseException) -> str:
    try:
        return getattr(error, "strerror", None) or str(error)
    except Exception:  # noqa: BLE001 - the error of somebody else's code that tells its own
        return type(error).__name__


def _size(file: Any) -> int | None:
    """Tell how many bytes a file object has left, for progress only."""
    try:
        return int(max(0, os.fstat(file.fileno()).st_size - file.tell())) or None
    except (AttributeError, OSError, ValueError, TypeError):
        return None


def sources(
    source: Source, storage_options: Options | None = None, *, recursive: bool = False
) -> tuple[list[tuple[Any, ...]], list[BinaryIO]]:
    """Give the engine's sources, and the files that were opened for them.

    What URLs name is looked up; what paths name is the engine's to look at.

    >>> sources(["a.pcap", b"..."])[0]
    [('path', 'a.pcap'), ('bytes', 'bytes', b'...')]
    """
    if isinstance(source, str | os.PathLike) or hasattr(source, "read") or _is_octets(source):
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
        with shared():
            found = [_one(one, opened, storage_options, recursive=recursive) for one in items]
    except BaseException:
        for file in opened:
            file.close()
        raise
    return found, opened
