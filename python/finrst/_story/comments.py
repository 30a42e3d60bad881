"""What a packet's comment says in Wireshark: of a FIN or RST, and of the connection it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import certainty, plural, printable

from .explain import explain
from .forged import between
from .happened import observed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from finrst._tables.naming import Ends

_LONGEST = 2000
"""Characters of a comment at most."""
_FACTS = 4


def of_segment(event: dict[str, Any], *, forged: bool) -> str:
    """Tell who sent a FIN or RST, why, and what is seen of it."""
    side = f"the {event['sender']}"
    who = f"{between(event['cause'])}, in {side}'s name" if forged else side
    said = [_verdict(event) if event["confidence"] else "why is not seen", *observed(event)]
    return printable(f"{event['kind'].upper()} by {who}: {', '.join(said)}", _LONGEST)


def of_connection(
    row: dict[str, Any],
    events: Sequence[dict[str, Any]],
    causes: dict[str, dict[str, Any]],
    ends: Ends,
) -> list[str]:
    """Tell why a connection ended, how and who ended it; then on what that rests.

    In two texts, as Wireshark shows the first 240 characters of each beside a packet.
    """
    story = explain(row, list(events), causes, ends)
    # Why comes first, where a column of comments is narrow.
    told = story.sentence.removesuffix(f" ({row['cause']}, {certainty(row['confidence'])} sure)")
    # Its addresses stand in the packet.
    told = told.replace(f" from {ends.client} to {ends.server}", "", 1)
    name = f"connection {row['connection_id']}"
    texts = [f"{name}: {_verdict(row)}. {told.rstrip('.')}."]
    if story.evidence:
        facts = "; ".join(fact.rstrip(".") for fact in story.evidence[:_FACTS])
        texts.append(f"{name}, what speaks for it: {facts}.")
    return [printable(text, _LONGEST) for text in texts]


def of_capture(made_by: Mapping[str, str], connections: int, segments: int) -> str:
    """Tell what made the comments, and of how much."""
    return (
        f"verdicts of finrst {made_by['finrst.version']}, rule set {made_by['finrst.rule_set']}, "
        f"on {plural(connections, 'TCP connection')} and {plural(segments, 'FIN or RST segment')}"
    )


def _verdict(row: dict[str, Any]) -> str:
    return f"{row['cause']} ({certainty(row['confidence'])})" if row["confidence"] else row["cause"]
