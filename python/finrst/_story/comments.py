"""What a packet's comment says in Wireshark: of a FIN or RST, and of the connection it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import plural, printable

from .explain import explain
from .happened import _behind, _distance, _received

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from finrst._tables.naming import Ends

_LONGEST = 2000
"""Characters of a comment at most."""
_FACTS = 4
_BETWEEN = "a box or a forger in between"
_NOT_THEIRS = "third_party_reset"


def of_segment(event: dict[str, Any]) -> str:
    """Tell who sent a FIN or RST, why, and what is seen of it."""
    side = f"the {event['sender']}"
    who = f"{_BETWEEN}, in {side}'s name" if event["mechanism"] == _NOT_THEIRS else side
    said = [_verdict(event) if event["confidence"] else "why is not seen", *_observed(event)]
    return printable(f"{event['kind'].upper()} by {who}: {', '.join(said)}", _LONGEST)


def of_connection(
    row: dict[str, Any],
    events: Sequence[dict[str, Any]],
    causes: dict[str, dict[str, Any]],
    ends: Ends,
) -> str:
    """Tell why a connection ended, how, who ended it, and on what that rests."""
    story = explain(row, list(events), causes, ends)
    # Why comes first, where a column of comments is narrow.
    told = story.sentence.removesuffix(f" ({row['cause']}, {_percent(row['confidence'])} sure)")
    text = f"connection {row['connection_id']}: {_verdict(row)}. {told.rstrip('.')}."
    if story.evidence:
        facts = "; ".join(fact.rstrip(".") for fact in story.evidence[:_FACTS])
        text += f" What speaks for it: {facts}."
    return printable(text, _LONGEST)


def of_capture(made_by: Mapping[str, str], connections: int, segments: int) -> str:
    """Tell what made the comments, and of how much."""
    return (
        f"verdicts of finrst {made_by['finrst.version']}, rule set {made_by['finrst.rule_set']}, "
        f"on {plural(connections, 'TCP connection')} and {plural(segments, 'FIN or RST segment')}"
    )


def _verdict(row: dict[str, Any]) -> str:
    return f"{row['cause']} ({_percent(row['confidence'])})" if row["confidence"] else row["cause"]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _observed(event: dict[str, Any]) -> list[str]:
    if event["kind"] == "fin":
        return [_received(event)]
    check = f"sequence number {event['sequence_check']}".replace("_", " ")
    return [*_behind(event, ""), check, *_distance(event)]
