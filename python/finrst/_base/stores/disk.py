"""The file system of this machine, as a store."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from . import errors
from .store import Found

if TYPE_CHECKING:
    from collections.abc import Iterator


class Disk:
    """A directory; keys lie below it."""

    def __init__(self, root: str) -> None:
        """Name the directory, which need not exist yet."""
        self._root = Path(root)

    def stat(self, key: str) -> Found:
        """Look a file up."""
        path = self._root / key
        status = path.stat()
        if not path.is_file():
            raise errors.missing(str(path))
        return Found(key, status.st_size, str(status.st_mtime_ns))

    def below(self, folder: str) -> Iterator[Found]:
        """Go through the files below a directory."""
        for path, _, names in os.walk(self._root / folder):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    yield self.stat((Path(path) / name).relative_to(self._root).as_posix())

    def inside(self, folder: str) -> tuple[list[Found], list[str]]:
        """Give what is right in a directory."""
        base = self._root / folder
        there = list(base.iterdir()) if base.is_dir() else []
        keys = {path: path.relative_to(self._root).as_posix() for path in there}
        files = [self.stat(key) for path, key in keys.items() if path.is_file()]
        return files, [key for path, key in keys.items() if path.is_dir()]

    def read(self, known: Found, offset: int, length: int) -> bytes:
        """Give bytes of a file, and make sure that they are of that one."""
        with (self._root / known.key).open("rb") as file:
            file.seek(offset)
            octets = file.read(length)
        if not known.is_still(self.stat(known.key)):
            raise errors.changed(str(self._root / known.key))
        return octets

    def write(self, key: str, data: bytes) -> None:
        """Write a file under another name and give it its own when it is whole."""
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        other = path.with_name(f".{path.name}.{os.urandom(16).hex()}")
        try:
            other.write_bytes(data)
            other.replace(path)
        finally:
            other.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Delete a file."""
        (self._root / key).unlink(missing_ok=True)
