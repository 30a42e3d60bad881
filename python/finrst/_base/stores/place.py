"""Places where things are kept: a bucket's folder, a directory, whatever is below."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, BinaryIO

from .disk import Disk
from .names import is_url, natural, parsed
from .objects import store_of
from .patience import patiently

if TYPE_CHECKING:
    from typing import NoReturn

    from .store import Found, Options, Store

_READ = 1 << 20


def place(name: str | os.PathLike[str], storage_options: Options | None = None) -> Place:
    """Give the place of a URL or a path, whatever lies there.

    >>> import tempfile
    >>> there = place(tempfile.mkdtemp())
    >>> (there / "a" / "x.frd").write(b"abc")
    >>> [(one.name, one.stat().size) for one in there.files()] == [(f"{there}/a/x.frd", 3)]
    True
    >>> (there / "a/x.frd").open().read()
    b'abc'
    """
    text = os.fspath(name)
    if not is_url(text):
        return Place(Disk(text), "", text.rstrip("/") or "/")
    url = parsed(text)
    key = url.path.strip("/")
    return Place(store_of(url, storage_options or {}), key, url.at(""))


class Place:
    """An object, or a folder of objects; made by :func:`place`."""

    def __init__(self, store: Store, key: str, root: str) -> None:
        """Wrap a key of a store."""
        self._store = store
        self._key = key
        self._root = root

    @property
    def name(self) -> str:
        """Its URL without credentials and query, or its path."""
        return f"{self._root}/{self._key}" if self._key else self._root

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    def __truediv__(self, more: str) -> Place:
        """Give the place of this name below it."""
        return Place(self._store, f"{self._key}/{more}" if self._key else more, self._root)

    def stat(self) -> Found:
        """Look it up: its size in bytes and its tag, which is another one when it changes.

        ``FileNotFoundError`` where there is no object of that name.
        """
        return patiently(lambda: self._store.stat(self._key))

    def files(self) -> list[Place]:
        """Give all objects below it, however deep, in the order of their names."""
        found = patiently(lambda: [one.key for one in self._store.below(self._key)])
        return [Place(self._store, key, self._root) for key in sorted(found, key=natural)]

    def open(self) -> BinaryIO:
        """Open it for reading, at any place; ``OSError`` where it changes meanwhile."""
        return io.BufferedReader(_Octets(self._store, self.stat()), _READ)

    def read(self) -> bytes:
        """Give all of it."""
        with self.open() as file:
            return file.read()

    def write(self, data: bytes) -> None:
        """Write it; it appears whole or not at all, in the place of what was there."""
        patiently(lambda: self._store.write(self._key, data))

    def delete(self) -> None:
        """Delete it; it is no error where there is none."""
        patiently(lambda: self._store.delete(self._key))

    def __reduce__(self) -> NoReturn:
        """Refuse."""
        message = "a Place is not pickled, as it may hold credentials: make it where it is used"
        raise TypeError(message)


class _Octets(io.RawIOBase):
    """The bytes of an object, as a file."""

    def __init__(self, store: Store, known: Found) -> None:
        self._store = store
        self._known = known
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._known.size or 0}
        self._at = max(0, begin[whence] + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        size = self._known.size
        length = len(view) if size is None else min(len(view), max(0, size - self._at))
        if length == 0:
            return 0
        octets = patiently(lambda: self._store.read(self._known, self._at, length))
        view[: len(octets)] = octets
        self._at += len(octets)
        return len(octets)
