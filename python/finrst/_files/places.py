"""Where results and what leads to them are kept: a directory, or a bucket's folder."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from finrst import _native
from finrst._base import stores

from .atomic import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finrst._base.stores.store import Options

PathText: TypeAlias = "str | os.PathLike[str]"
# What an interrupted writer leaves, by the engine's name for what is not whole yet.
_HALF = ".finrst-*.tmp"
# How often deleting begins anew where somebody else writes or deletes, too.
_TIMES = 100


def place(name: PathText, storage_options: Options | None = None) -> Place:
    """Give the place of a path or a URL, whatever lies there.

    >>> import tempfile
    >>> there = place(tempfile.mkdtemp())
    >>> (there / "x.json").write(b"{}")
    >>> (there / "x.json").create(b"[]"), (there / "x.json").read()
    (False, b'{}')
    """
    if stores.is_url(name):
        return stores.place(os.fspath(name), storage_options)
    return OnDisk(Path(os.path.abspath(name)))  # noqa: PTH100 - links are not followed


class OnDisk:
    """A file, or a directory, with what :class:`finrst._base.stores.Place` has."""

    def __init__(self, path: Path) -> None:
        """Wrap a path."""
        self.path = path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    def __truediv__(self, more: str) -> OnDisk:
        """Give the place of this name below it."""
        return OnDisk(self.path / more)

    def make(self) -> None:
        """Make the directory, and those around it."""
        self.path.mkdir(parents=True, exist_ok=True)

    def below(self) -> list[OnDisk]:
        """Give all files below it, however deep, in the order of their names."""
        return [OnDisk(path) for path in sorted(self.path.rglob("*")) if path.is_file()]

    def is_empty(self) -> bool:
        """Tell whether there is nothing whole in it, or no such directory."""
        if not self.path.exists():
            return True
        return all(one.match(_HALF) for one in self.path.iterdir())

    def read(self) -> bytes:
        """Give all of it."""
        return self.path.read_bytes()

    def write(self, data: bytes) -> None:
        """Write it, in the place of what was there, but for a capture."""
        with self.writing() as file:
            file.write(data)

    def create(self, data: bytes) -> bool:
        """Write it where there is nothing of that name; tell whether that was so."""
        half = self.path.with_name(f".finrst-{os.urandom(8).hex()}.tmp")
        try:
            half.write_bytes(data)
            try:
                # A second name, which is given to nothing that is there: the file is whole already.
                os.link(half, self.path)
            except FileExistsError:
                return False
            except OSError:
                # Some file systems know no second names.
                if self.path.exists():
                    return False
                half.replace(self.path)
        finally:
            half.unlink(missing_ok=True)
        return True

    @contextlib.contextmanager
    def local(self) -> Iterator[Path]:
        """Give a path to write to, by whatever writes files whole."""
        yield self.path

    @contextlib.contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """Give a file to write to, which appears when it is left without an error."""
        with whole(self.path, _native.Sources([]), overwrite=False) as file:
            yield file

    def clear(self) -> None:
        """Delete it and all below it, but what somebody else keeps writing there meanwhile."""
        for _ in range(_TIMES):
            try:
                shutil.rmtree(self.path)
            except FileNotFoundError:
                # Somebody else deletes the same: what is left is looked for again.
                if not self.path.exists():
                    return
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:
                    raise
            else:
                return

    def tidy(self) -> None:
        """Take away what writers that were killed were in the middle of."""
        for half in self.path.rglob(_HALF):
            with contextlib.suppress(OSError):
                half.unlink()


Place: TypeAlias = "OnDisk | stores.Place"
"""Either of them."""
