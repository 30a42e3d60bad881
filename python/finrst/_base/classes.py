"""Five classes of causes, and one for what is not decided: their order, meaning and colours.

Which cause belongs to which is said by its rule; which ending, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from finrst import _native

from .palette import HUES


@dataclass(frozen=True)
class CauseClass:
    """A class of causes."""

    name: str
    meaning: str
    """What happened to its connections: "3 …"."""

    @property
    def colour(self) -> str:
        """One colour for light and dark backgrounds."""
        return HUES[self.name].css


CLASSES = (
    CauseClass("orderly", "closed by FIN, as intended"),
    CauseClass("abort", "reset after the handshake"),
    CauseClass("refused", "turned down at the handshake"),
    CauseClass("timeout", "given up after waiting"),
    CauseClass("suspicious", "ended by somebody between, or scanned"),
    CauseClass("undecided", "still open, or not explained by the capture"),
)
"""Every class, in the order in which plots stack them."""

BY_NAME = {one.name: one for one in CLASSES}

ENDINGS = {
    "graceful": "orderly",
    "reset": "abort",
    "reset_after_fin": "abort",
    "handshake_refused": "refused",
    "handshake_aborted_by_server": "refused",
    "handshake_unanswered": "timeout",
    "handshake_abandoned": "timeout",
    "peer_unresponsive": "timeout",
    "handshake_incomplete": "timeout",
    "half_closed": "undecided",
    "superseded": "undecided",
    "open": "undecided",
    "stray": "undecided",
}
"""The class of every ending: that of the causes which such an ending mostly has."""


@cache
def _of() -> dict[str, CauseClass]:
    table = _native.causes()
    named = zip(table.column("name"), table.column("class"), strict=True)
    return {name: BY_NAME[kind] for name, kind in named}


def class_of(cause: str) -> CauseClass:
    """Give the class of a cause; one that is not known counts as undecided.

    >>> class_of("port_closed").name
    'refused'
    """
    return _of().get(cause, BY_NAME["undecided"])


def class_of_ending(ending: str) -> CauseClass:
    """Give the class of an ending; one that is not known counts as undecided.

    >>> class_of_ending("handshake_refused").name, class_of_ending("open").name
    ('refused', 'undecided')
    """
    return BY_NAME[ENDINGS.get(ending, "undecided")]
