"""Objects that are read as captures: what the engine asks for bytes, and may ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._errors import CaptureError

from . import cloud, listing, other
from .names import WEB, Name, parsed
from .patience import patiently, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .store import Found, Options, Store


def store_of(name: Name, options: Options) -> Store:
    """Find the store that a URL names; nothing is asked of it yet."""
    if name.scheme in WEB:
        # It brings the web modules of the standard library, which take a third of the start.
        from . import web

        return web.Web(name, options)
    if name.scheme in cloud.SCHEMES:
        return cloud.Cloud(name, options)
    return other.Other(name, options)


def objects(urls: Iterable[str], options: Options | None = None) -> list[Object]:
    """Look single objects up, some at a time; ``FileNotFoundError`` where there is none."""
    known: dict[tuple[str, str], Store] = {}
    names = [parsed(url) for url in urls]
    for name in names:
        if (name.scheme, name.host) not in known:
            known[name.scheme, name.host] = store_of(name, options or {})

    def look(name: Name) -> Object:
        store = known[name.scheme, name.host]
        return Object(name.shown, store.stat(name.path), store, bare=not options)

    return together(look, names)


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


class Stores:
    """The stores of one reading, each found once."""

    def __init__(self, options: Options | None) -> None:
        """Take the options, which are the same for all."""
        self._options = dict(options or {})
        self._known: dict[tuple[str, str], Store] = {}

    def look(self, url: str, *, recursive: bool) -> Looked:
        """Look up what a URL names."""
        name = parsed(url)
        if name.scheme in WEB:
            store = store_of(name, self._options)
        else:
            place = (name.scheme, name.host)
            if place not in self._known or name.has_secrets:
                self._known[place] = store_of(name, self._options)
            store = self._known[place]
        return Looked(name, self._options, store, recursive=recursive)


def check(objects: Iterable[Object]) -> None:
    """Raise :exc:`CaptureError` where one of several cannot be read again as it was."""
    together(Object.check, objects)
