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
_TIDY = 0.06


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


class Whole:
    """A file in the making, which takes its name with :meth:`commit`, when everything was written.

    Until then it is ``.finrst-*.tmp`` in the same directory. A pipe or device is written directly.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Begin a file."""
        self._temporary: Path | None = None
        self._target = Path(path).resolve()
        self.handle: BinaryIO
        """Where to write."""
        if _is_special(Path(path)):
            self.handle = Path(path).open("wb")  # noqa: SIM115 - closed with the rest
            return
        if self._target.is_dir():
            raise IsADirectoryError(21, "is a directory", os.fspath(path))
        try:
            descriptor, name = tempfile.mkstemp(".tmp", ".finrst-", self._target.parent)
        except OSError as error:
            # Of the name that was asked for, not of the temporary one.
            raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
        self._temporary = Path(name)
        self.handle = os.fdopen(descriptor, "wb")

    def commit(self) -> None:
        """Make it appear."""
        self.handle.flush()
        if self._temporary is not None:
            os.fsync(self.handle.fileno())
            # As a file that open() makes, not the private one of mkstemp.
            umask = os.umask(0)
            os.umask(umask)
            self._temporary.chmod(0o666 & ~umask)
            self.handle.close()
            self._temporary.replace(self._target)
            self._temporary = None
            _sync(self._target.parent)
        self.close()

    def close(self) -> None:
        """Let go; without a commit, nothing is left behind."""
        with contextlib.suppress(OSError):
            self.handle.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = None


@contextlib.contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that takes its name when everything was written, and is removed otherwise."""
    with contextlib.closing(Whole(path)) as file:
        yield file.handle
        file.commit()


def check(path: str | os.PathLike[str]) -> None:
    """Make sure that a file can be made there: before minutes of reading, not after them."""
    if not _is_special(Path(path)):
        Whole(path).close()


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
