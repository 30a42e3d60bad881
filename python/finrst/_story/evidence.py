"""The facts that a verdict rests on, as sentences."""

from __future__ import annotations

import functools
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from finrst._base.text import duration, plural, printable
from finrst._tables.reference import facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WEIGHT: Final = "weight"
# Of a verdict that nothing sets apart from another.
_DOUBLE: Final = "something_else_leaves_the_same"
_INITIAL = (32, 64, 128, 255)
"""The TTLs that systems begin with."""


def hops(ttl: int) -> int:
    """Count the hops that a TTL has behind it.

    >>> hops(57), hops(64), hops(250)
    (7, 0, 5)
    """
    return next(initial for initial in _INITIAL if initial >= ttl) - ttl


def told(fact: dict[str, Any], event: dict[str, Any] | None = None, *, packet: bool = True) -> str:
    """Tell one fact of the column ``evidence`` in a sentence.

    ``event`` is the row of ``teardowns`` that the fact is about: that of its packet, else that of
    the reset that is judged. Without ``packet`` the sentence stands beside its packet, whose number
    is left out.

    >>> told({"fact": "unread_bytes", "value": 3000.0, "text": None, "packet": 29})
    '3,000 bytes that were sent to it were not answered with data (packet 29)'
    >>> told({"fact": "hops_differ", "value": 3.0, "text": None, "packet": None})
    "It passed another number of routers than its claimed sender's other packets"
    """
    known = _declared()[fact["fact"]]
    places = _places(fact, known["unit"], event)
    words = [known["none"]] if known["none"] and fact["value"] == 0 else known["words"]
    said: str = next(text for text in words if places.keys() >= _named(text))
    text = said.format_map(places)
    if not packet or fact["packet"] is None or "packet" in _named(said):
        return text
    return f"{text} (packet {fact['packet']})"


def against(fact: dict[str, Any]) -> bool:
    """Whether a fact speaks against the cause that it stands with."""
    if fact["fact"] == _DOUBLE:
        return True
    return _declared()[fact["fact"]]["unit"] == _WEIGHT and (fact["value"] or 0) < 0


def all_told(
    evidence: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]], judged: int | None
) -> list[str]:
    """Tell facts, each once; ``events`` are rows of ``teardowns``, ``judged`` is one's packet."""
    rows = {event["packet"]: event for event in events}
    return list(dict.fromkeys(told(fact, about(fact, rows, judged)) for fact in evidence))


def about(
    fact: dict[str, Any], rows: Mapping[int, dict[str, Any]], judged: int | None
) -> dict[str, Any] | None:
    """Give the row of ``teardowns`` that a fact is about: of its packet, else what is judged."""
    packet = judged if fact["packet"] is None else fact["packet"]
    return None if packet is None else rows.get(packet)


@functools.cache
def _declared() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in facts()}


@functools.cache
def _named(words: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)


def _places(fact: dict[str, Any], unit: str | None, event: dict[str, Any] | None) -> dict[str, str]:
    """Give what the places of a sentence are filled with, as far as it is known."""
    places = {}
    if fact["value"] is not None and unit and unit != _WEIGHT:
        places["value"] = _quantity(fact["value"], unit)
    if fact["text"] is not None:
        places["text"] = printable(fact["text"])
    if fact["packet"] is not None:
        places["packet"] = str(fact["packet"])
    if event is None:
        return places
    sender = f"the {event['sender']}"
    peer = "the server" if event["sender"] == "client" else "the client"
    places |= {"sender": sender, "peer": peer, "Sender": sender.capitalize()}
    places["Peer"] = peer.capitalize()
    if event["ttl_delta"]:
        usual = event["ttl"] - event["ttl_delta"]
        places |= {"ttl": str(event["ttl"]), "usual_ttl": str(usual)}
        places["hops"] = plural(hops(event["ttl"]), "hop")
        places["usual_hops"] = plural(hops(usual), "hop")
    if event["ip_id_delta"] is not None:
        places["ip_id_delta"] = f"{event['ip_id_delta']:+,}"
    if event["turnaround_s"] is not None and event["turnaround_s"] >= 0:
        places["turnaround"] = duration(event["turnaround_s"])
    return places


def _quantity(value: float, unit: str) -> str:
    if unit == "s":
        return duration(value)
    if unit in {"id", "code"}:
        return f"{value:.0f}"
    return f"{value:+,.0f}" if unit == "signed" else plural(round(value), unit)
