"""Objects that are read as captures: what the engine asks for bytes, and may ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._errors import CaptureError

from . import listing
from .known import shared, store_of
from .names import Name, parsed
from .patience import patiently, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .store import Found, Options, Store


def objects(urls: Iterable[str], options: Options | None = None) -> list[Object]:
    """Look single objects up, some at a time; ``FileNotFoundError`` where there is none."""

    def look(found: tuple[Name, Store]) -> Object:
        name, store = found
        bare = not options and not name.has_secrets
        return Object(name.shown, store.stat(name.path), store, bare=bare)

    with shared():
        names = [parsed(url) for url in urls]
        return together(look, [(name, store_of(name, options or {})) for name in names])


def state(url: str, options: Options | None = None) -> tuple[int | None, str | None]:
    """Give an object's size in bytes and its tag; ``FileNotFoundError`` where there is none."""
    name = parsed(url)
    found = patiently(lambda: store_of(name, options or {}).stat(name.path))
    return found.size, found.tag


class Object:
    """One object as it was found: its bytes are of that one, or an error.

    A pickle has its name, its size and its tag, and nothing that may be a secret: storage options,
    credentials and the query of a URL stay behind. What needed them cannot be read from it.
    """

    def __init__(self, name: str, known: Found, store: Store | None, *, bare: bool) -> None:
        """Wrap what was found."""
        self.name = name
        """Its URL, without credentials and query."""
        self.known = known
        self._store = store
        self._bare = bare

    @property
    def size(self) -> int | None:
        """Bytes, where that is known."""
        return self.known.size

    def read(self, offset: int, length: int) -> bytes:
        """Give bytes from a place on; none at the end."""
        return self._opened().read(self.known, offset, length)

    def now(self) -> Found:
        """Look it up again; ``FileNotFoundError`` where it is gone."""
        return patiently(lambda: self._opened().stat(self.known.key))

    def check(self) -> None:
        """Raise :exc:`CaptureError` where it is gone, or another one by now."""
        try:
            same = self.known.is_still(self._opened().stat(self.known.key))
        except FileNotFoundError:
            message = f"'{self.name}' is gone: its packets cannot be found again"
            raise CaptureError(message) from None
        if not same:
            message = (
                f"'{self.name}' has changed since it was read: its packets cannot be found again"
            )
            raise CaptureError(message)

    def _opened(self) -> Store:
        if self._store is None:
            name = parsed(self.name)
            if not self._bare:
                message = (
                    f"'{self.name}' was read with storage options or a signed URL, which a pickle "
                    "of the capture leaves out: read it again to get packets"
                )
                raise CaptureError(message)
            self._store = store_of(name, {})
        return self._store

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the store behind."""
        return _again, (self.name, self.known, self._bare)

    def __repr__(self) -> str:
        """Say what it is."""
        return f"<finrst object {self.name}>"


def _again(name: str, known: Found, bare: bool) -> Object:  # noqa: FBT001 - of a pickle
    return Object(name, known, None, bare=bare)


class Looked:
    """What a URL names."""

    def __init__(self, name: Name, options: Options, store: Store, *, recursive: bool) -> None:
        """Look it up, so that Ctrl-C is answered."""
        self.name = name.shown
        """The URL, without credentials and query."""
        one, many, self.folders = patiently(lambda: listing.found(store, name, recursive=recursive))
        bare = not options and not name.has_secrets
        self.objects = [
            Object(name.at(known.key), known, store, bare=bare)
            for known in ([one] if one is not None else many)
        ]
        """The objects, in order."""
        self.is_one = one is not None
        """Whether it names a single object, and no folder or pattern."""
        self.folders = [name.at(folder) for folder in self.folders]
        """The folders that were not entered."""


def covers(url: str, folder: str, *, recursive: bool) -> bool:
    """Tell whether what lies in a folder is, or will be, among what a URL names."""
    return listing.covers(parsed(url), parsed(folder), recursive=recursive)


def look(url: str, options: Options | None, *, recursive: bool) -> Looked:
    """Look up what a URL names."""
    name = parsed(url)
    return Looked(name, options or {}, store_of(name, options or {}), recursive=recursive)


def among(items: Iterable[tuple[Any, ...]]) -> Iterator[Object]:
    """Give the objects among what the engine takes (see :func:`finrst._base.source.sources`)."""
    for kind, *rest in items:
        if kind == "object":
            yield rest[0]
        elif kind == "listing":
            yield from rest[1]


def check(objects: Iterable[Object]) -> None:
    """Raise :exc:`CaptureError` where one of several cannot be read again as it was."""
    together(Object.check, objects)
