"""Which packets of a connection neither of its sides sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_REFUSED, _BOX, _UNKNOWN = (
    "a firewall or a router in between",
    "a box in between",
    "a box or a forger in between",
)
_SEGMENT = {"fin": "a FIN", "rst": "a reset"}
_MECHANISMS = {"third_party_reset", "third_party_data"}
_THEIRS = {
    "injection_score": (None, "a reset"),
    "segment_unlike_its_sender": (None, "payload"),
    "first_syn_ack": ("forged_syn_ack", "a SYN-ACK"),
    "ack_offset": ("forged_syn_ack", "a SYN-ACK"),
}
"""The facts whose packet is a forged one, with which cause only, and what that packet is."""


def between(*causes: str) -> str:
    """Name who sent them, as far as the causes of a connection and its segment tell.

    >>> between("rejected_by_firewall"), between("idle_timeout_reset"), between("undetermined")
    ('a firewall or a router in between', 'a box in between', 'a box or a forger in between')
    """
    classes = {class_of(cause).name for cause in causes}
    if classes & {"suspicious", "undecided"}:
        return _UNKNOWN
    return _REFUSED if "refused" in classes else _BOX


def forged(row: dict[str, Any], teardowns: Sequence[dict[str, Any]] = ()) -> dict[int, str]:
    """Give the packets that came from somebody else than their addresses say, and what they are.

    They are those that the verdict of the connection or of one of its FINs and RSTs says so of, and
    the resets after a forged one that come from as far away as it does and not from where their
    claimed sender is.
    """
    found: dict[int, str] = {}
    for verdict in (row, *teardowns):
        found |= _accused(verdict.get("cause", ""), verdict.get("evidence") or ())
    found.update(
        (event["packet"], _SEGMENT[event["kind"]])
        for event in teardowns
        if event["mechanism"] in _MECHANISMS and not _victim(event)
    )
    places = {
        (event["sender"], event["ttl"])
        for event in teardowns
        if event["packet"] in found and event["ttl_delta"]
    }
    found.update(
        (event["packet"], _SEGMENT[event["kind"]])
        for event in teardowns
        if event["follow_up"] and event["ttl_delta"] and (event["sender"], event["ttl"]) in places
    )
    return found


def _accused(cause: str, evidence: Iterable[dict[str, Any]]) -> dict[int, str]:
    found = {}
    for fact in evidence:
        only, what = _THEIRS.get(fact["fact"], ("", ""))
        if what and fact["packet"] is not None and only in {None, cause}:
            by = "server" if what == "a SYN-ACK" else fact["text"]
            found[fact["packet"]] = f"{what} in the {by}'s name" if by else what
    return found


def _victim(event: dict[str, Any]) -> bool:
    """Whether it is the real host's answer to what came to it behind a forged reset."""
    return any(
        fact["fact"] == "victim_answers" and fact["packet"] == event["packet"]
        for fact in event["evidence"]
    )
