"""Where results are kept in a bucket: an object, a folder of objects, whatever is below.

Nothing is renamed in a bucket. What is written appears under its name when all of it is there, and
until then what was there before, or nothing.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .cloud import SCHEMES
from .known import store_of
from .names import natural, parsed
from .patience import patiently

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from .cloud import Cloud
    from .store import Found, Options

_READ = 1 << 18


def place(url: str, storage_options: Options | None = None) -> Place:
    """Give the place of a URL, whatever lies there; ``ValueError`` where nothing can be written.

    >>> place("https://host/endings")
    Traceback (most recent call last):
        ...
    ValueError: results go into a directory, or a bucket (s3://, gs://, az://), not into https://
    """
    name = parsed(url)
    if name.scheme not in SCHEMES:
        message = (
            "results go into a directory, or a bucket (s3://, gs://, az://), "
            f"not into {name.scheme}://"
        )
        raise ValueError(message)
    # Of these schemes it is one.
    store = cast("Cloud", store_of(name, storage_options or {}))
    return Place(store, name.path.strip("/"), name.at(""))


class Place:
    """An object, or a folder of objects, in a bucket; made by :func:`place`."""

    def __init__(self, store: Cloud, key: str, root: str) -> None:
        """Wrap a key of a bucket."""
        self._store = store
        self._key = key
        self._root = root

    @property
    def name(self) -> str:
        """Its URL."""
        return f"{self._root}/{self._key}" if self._key else self._root

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    def __truediv__(self, more: str) -> Place:
        """Give the place of this name below it."""
        return Place(self._store, f"{self._key}/{more}" if self._key else more, self._root)

    def make(self) -> None:
        """Do nothing: a bucket has no folders that would have to be there first."""

    def stat(self) -> Found:
        """Look it up: its size in bytes and its tag, which is another one when it changes.

        ``FileNotFoundError`` where there is no object of that name.
        """
        return patiently(lambda: self._store.stat(self._key))

    def below(self) -> list[Place]:
        """Give all objects below it, however deep, in the order of their names."""
        found = patiently(lambda: [one.key for one in self._store.below(self._key)])
        return [Place(self._store, key, self._root) for key in sorted(found, key=natural)]

    def is_empty(self) -> bool:
        """Tell whether there is nothing below it."""
        return patiently(lambda: next(iter(self._store.below(self._key)), None)) is None

    def open(self) -> BinaryIO:
        """Open it for reading, at any place; ``OSError`` where it changes meanwhile."""
        return io.BufferedReader(_Octets(self._store, self.stat()), _READ)

    def read(self) -> bytes:
        """Give all of it."""
        with self.open() as file:
            return file.read()

    def write(self, data: bytes) -> None:
        """Write it, in the place of what was there."""
        patiently(lambda: self._store.write(self._key, data))

    def create(self, data: bytes) -> bool:
        """Write it where there is nothing of that name; tell whether that was so."""
        return patiently(lambda: self._store.create(self._key, data))

    @contextlib.contextmanager
    def local(self) -> Iterator[Path]:
        """Give a path to write to, which becomes this object when it is left without an error."""
        with tempfile.TemporaryDirectory(prefix="finrst-") as folder:
            path = Path(folder, self._key.rpartition("/")[2])
            yield path
            patiently(lambda: self._store.write(self._key, path))

    @contextlib.contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """Give a file to write to, as :meth:`local` gives a path."""
        with self.local() as path, path.open("wb") as file:
            yield file
            file.flush()

    def clear(self) -> None:
        """Delete all objects below it."""
        patiently(lambda: self._store.delete([one.key for one in self._store.below(self._key)]))

    def tidy(self) -> None:
        """Do nothing: what is half written has no name here."""

    def __reduce__(self) -> NoReturn:
        """Refuse."""
        message = "a Place is not pickled, as it may hold credentials: make it where it is used"
        raise TypeError(message)


class _Octets(io.RawIOBase):
    """The bytes of an object, as a file."""

    def __init__(self, store: Cloud, known: Found) -> None:
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
        length = min(len(view), max(0, (self._known.size or 0) - self._at))
        if length == 0:
            return 0
        octets = patiently(lambda: self._store.read(self._known, self._at, length))
        view[: len(octets)] = octets
        self._at += len(octets)
        return len(octets)
