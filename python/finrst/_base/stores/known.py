"""Which store a URL names, each found once: a client of a cloud takes a twentieth of a second."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

from . import cloud, other
from .names import WEB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .names import Name
    from .store import Options, Store

# By scheme and host: the options that it was found with, and the store.
_KNOWN: ContextVar[dict[tuple[str, str], tuple[Options, Store]] | None] = ContextVar(
    "finrst_stores", default=None
)


@contextlib.contextmanager
def shared() -> Iterator[None]:
    """Find each store once as long as this lasts: for one reading, or one task of a reading.

    Not longer, as credentials may be others by then. What calls together, as
    :func:`.patience.together`, shares them as well.
    """
    if _KNOWN.get() is not None:
        yield
        return
    token = _KNOWN.set({})
    try:
        yield
    finally:
        _KNOWN.reset(token)


def store_of(name: Name, options: Options) -> Store:
    """Find the store that a URL names; nothing is asked of it yet."""
    if name.scheme in WEB:
        # It brings the web modules of the standard library, which take a third of the start. What
        # it asks for has the query of this one address.
        from . import web

        return web.Web(name, options)
    known = _KNOWN.get()
    if known is None or name.has_secrets:
        return _found(name, options)
    with_, store = known.get((name.scheme, name.host), (None, None))
    if store is None or with_ != options:
        store = _found(name, options)
        known[name.scheme, name.host] = (options, store)
    return store


def _found(name: Name, options: Options) -> Store:
    if name.scheme in cloud.SCHEMES:
        return cloud.Cloud(name, options)
    return other.Other(name, options)
