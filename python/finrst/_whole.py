"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO


def check(path: str | os.PathLike[str]) -> None:
    """Make sure that a file can be made there: before minutes of reading, not after them."""
    there = Path(path)
    if there.is_dir() or there.is_file() or not there.exists():
        Whole(path).close()


class Whole:
    """A file in the making: beside its place until :meth:`commit`, then in it.

    A pipe or device is written directly.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Begin a file."""
        there = Path(path)
        self._temporary: Path | None = None
        self._target = there.resolve()
        self.handle: BinaryIO
        """Where to write."""
        if there.is_dir():
            raise IsADirectoryError(21, os.strerror(21), os.fspath(path))
        if there.exists() and not there.is_file():
            self.handle = there.open("wb")
            return
        try:
            descriptor, name = tempfile.mkstemp(".tmp", ".finrst-", self._target.parent)
        except FileNotFoundError:
            raise FileNotFoundError(2, os.strerror(2), os.fspath(path)) from None
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
        self.close()

    def close(self) -> None:
        """Let go; without a commit, nothing is left behind."""
        with contextlib.suppress(OSError):
            self.handle.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = None
