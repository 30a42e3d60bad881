"""Plots of a Capture or of any table of finrst's, however it was filtered.

Each function takes a Capture, or an Arrow, pandas or polars table with the columns that it names,
and returns a matplotlib figure that shows itself in a notebook in the colours of its theme
(``figure.savefig`` writes any format). Only :func:`ladder` needs no plotting library.

Plots stay readable with ten connections and with a million: they count before they draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.extras import need

from ._ladder import Ladder, ladder

if TYPE_CHECKING:
    from ._causes import causes, timeline
    from ._fingerprint import fingerprint
    from ._hosts import matrix
    from ._lifetimes import lifetimes
    from ._sequence import sequence
    from ._waits import waits

__all__ = [
    "Ladder",
    "causes",
    "fingerprint",
    "ladder",
    "lifetimes",
    "matrix",
    "sequence",
    "timeline",
    "waits",
]

_MODULES = {
    "causes": "_causes",
    "timeline": "_causes",
    "matrix": "_hosts",
    "waits": "_waits",
    "lifetimes": "_lifetimes",
    "fingerprint": "_fingerprint",
    "sequence": "_sequence",
}


def __getattr__(name: str) -> Any:
    """Import the functions that need matplotlib when they are used."""
    from importlib import import_module

    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    need("matplotlib", "plot")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
