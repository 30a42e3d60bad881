"""Files that appear whole or not at all, and long work that Ctrl-C does not wait for."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_TURN = 0.02
_TIDY = 0.03


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextlib.contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that takes its name when everything was written, and is removed otherwise.

    Until then it is ``.finrst-*.tmp`` in the same directory. A pipe or device is written directly.
    """
    if _is_special(Path(path)):
        with Path(path).open("wb") as out:
            yield out
        return
    target = Path(path).resolve()
    if target.is_dir():
        raise IsADirectoryError(21, "is a directory", os.fspath(path))
    handle, temporary = tempfile.mkstemp(".tmp", ".finrst-", target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        # As a file that open() makes, not the private one of mkstemp.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync(target.parent)


def _sync(directory: Path) -> None:
    """Make the new name durable; where that cannot be asked for, the file is whole all the same."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def aside(work: Callable[[Callable[[], bool]], T]) -> T:
    """Run long work on a thread of its own, so that Ctrl-C is answered at once.

    ``work`` gets a function that says whether anybody still waits for it.
    """
    if threading.current_thread() is not threading.main_thread():
        return work(lambda: True)
    given: list[T] = []
    raised: list[BaseException] = []
    left = threading.Event()

    def run() -> None:
        try:
            given.append(work(lambda: not left.is_set()))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            raised.append(error)

    thread = threading.Thread(target=run, name="finrst")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_TURN)
    except BaseException:
        left.set()
        thread.join(_TIDY)
        raise
    if raised:
        raise raised[0]
    return given[0]
