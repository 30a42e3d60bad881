"""Why one connection ended, in plain words, with the packets that prove it."""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finrst._base.pickles import ByValue
from finrst._base.text import certainty, duration
from finrst._base.width import is_known, wrap

from .evidence import against, all_told
from .forged import between
from .happened import happened

if TYPE_CHECKING:
    from finrst._tables.naming import Ends

_ENDINGS = {
    "stray": "belong to no connection that this capture shows",
    "handshake_unanswered": "was never answered, for {time}",
    "handshake_refused": "was refused{who} after {time}",
    "handshake_abandoned": "was abandoned by the client after {time}, before it was open",
    "handshake_aborted_by_server": "was aborted by the server after {time}, before it was open",
    "handshake_incomplete": "never got past the server's SYN-ACK, for {time}",
    "superseded": "was replaced after {time} by a new one of the same addresses and ports",
    "graceful": "was closed in order{who}, with FINs of both sides, after {time}",
    "reset_after_fin": "was reset{who} after {time}, when one side had sent its FIN",
    "reset": "was reset{who} after {time}",
    "half_closed": "was closed{who}, and not by the other side, when last seen after {time}",
    "peer_unresponsive": "ended after {time} in segments that nobody answered",
    "open": "was still open when last seen, after {time}",
}
_MECHANISMS = {
    "orderly_close": "FINs closed it",
    "half_close": "One side closed it by a FIN",
    "host_abort": "A live socket was aborted",
    "reply_reset": "A stack without a usable socket answered with a reset",
    "unclear_reset": "The reset has the shape neither of an abort nor of a reply",
    "refusal": "A reset answered the SYN",
    "handshake_abandoned": "The client reset the handshake that it had begun",
    "third_party_reset": "Neither side sent the reset",
    "third_party_data": "Neither side sent some of the payload",
    "icmp_error": "ICMP said that the other side cannot be reached",
    "silence": "The last segments were not answered",
    "superseded": "A new SYN took its place",
    "open": "Nothing ended it",
    "stray": "They stand alone",
}
_KNOWN = 0.995
# What is left out where only one moment of a connection was seen.
_TIME = re.compile(r",? (?:for|after) \{time\}")
_WHO = {
    "client": "by the client",
    "server": "by the server",
    "both": "by both sides at once",
    "none": "by nobody",
}


@dataclass(frozen=True)
class Explanation(ByValue):
    """One connection's story: ``str()`` gives it as text, a notebook shows it as HTML.

    >>> import finrst
    >>> story = finrst.conversation("> S, < R.").connection(0).explain()
    >>> story.evidence[0]
    'The reset acknowledges the SYN: it is the answer to it (packet 2)'
    """

    sentence: str
    """What happened, who did it and why, with the numbers."""
    story: tuple[str, ...]
    """What happened, packet by packet where it matters."""
    evidence: tuple[str, ...]
    """The facts that the cause rests on."""
    doubts: tuple[str, ...]
    """What lowers the confidence."""
    rivals: tuple[str, ...]
    """What else it could be, likeliest first."""
    next: str
    """What to check next."""

    def __str__(self) -> str:
        """Give the whole story as text, a sentence a line, or as a terminal has room for it."""
        return "\n".join(self.lines(width=None if is_known() else sys.maxsize))

    def lines(self, title: str = "", *, width: int | None = None) -> list[str]:
        """Lay it out in lines of so many columns, the first sentence behind a title.

        Without a width it is that of standard output.

        >>> import finrst
        >>> story = finrst.conversation("> S, < R.").connection(0).explain()
        >>> story.lines("first: ", width=60)[0]
        'first: The connection from 192.0.2.1:40000 to'
        """
        made = wrap(self.sentence, width, title, "")
        for heading, lines in self._parts():
            made += ["", heading]
            made += [part for line in lines for part in wrap(line, width, "  ", "    ")]
        return made

    def _parts(self) -> list[tuple[str, tuple[str, ...]]]:
        parts = [
            ("What happened", self.story),
            ("What speaks for it", self.evidence),
            ("What speaks against it", self.doubts),
            ("What else it could be" if self.evidence else "What it could be", self.rivals),
            ("What to check next", (self.next,)),
        ]
        return [(title, lines) for title, lines in parts if any(lines)]

    def _repr_html_(self) -> str:
        """Give the whole story as HTML; everything from the capture is escaped."""
        out = [f"<p><strong>{html.escape(self.sentence)}</strong></p>"]
        for title, lines in self._parts():
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            out.append(f"<p>{html.escape(title)}</p><ul>{items}</ul>")
        return "<div>" + "".join(out) + "</div>"


def explain(
    row: dict[str, Any],
    teardowns: list[dict[str, Any]],
    causes: dict[str, dict[str, Any]],
    ends: Ends,
) -> Explanation:
    """Put a connection's row and those of its teardown segments into words."""
    cause = causes.get(row["cause"], {})
    doubts = [fact for fact in row["evidence"] if against(fact)]
    facts = [fact for fact in row["evidence"] if not against(fact)]
    judged = row["deciding_packet"]
    return Explanation(
        sentence=_sentence(row, cause, _lasted(row, teardowns), ends),
        story=(*happened(row, teardowns), *ends.told),
        evidence=tuple(all_told(facts, teardowns, judged)),
        doubts=tuple(all_told(doubts, teardowns, judged)),
        rivals=tuple(_rivals(row, causes)),
        next=cause.get("next", "Capture more of it, or nearer to the host that ended it."),
    )


def _rivals(row: dict[str, Any], causes: dict[str, dict[str, Any]]) -> list[str]:
    """Tell what else it could be, and how much is left for what nobody thought of."""
    twins = dict(twin.split(": ", 1) for twin in causes.get(row["cause"], {}).get("twins", ()))
    lines = []
    for other in row["alternatives"]:
        name = other["cause"]
        why = twins.get(name) or causes[name]["summary"]
        lines.append(f"{name} ({certainty(other['confidence'])}): {why}")
    known = row["confidence"] + sum(other["confidence"] for other in row["alternatives"])
    if lines and known < _KNOWN:
        lines.append(f"something else ({certainty(1 - known)})")
    return lines


def _lasted(row: dict[str, Any], teardowns: list[dict[str, Any]]) -> float:
    """Give the seconds until the segment that decided it, else until the last one."""
    for event in teardowns:
        if event["packet"] == row["deciding_packet"]:
            return float((event["time"] - row["start"]).total_seconds())
    return float(row["duration_s"])


def _sentence(row: dict[str, Any], cause: dict[str, Any], lasted: float, ends: Ends) -> str:
    decided = row["ended_by"] != "none" and row["ending"] != "handshake_abandoned"
    by = _WHO.get(row["ended_by"]) or f"by {between(row['cause'])}"
    who = f" {by}" if decided else ""
    how = _ENDINGS[row["ending"]]
    if row["ending"] == "handshake_unanswered" and row["server_packets"]:
        how = "got no answer that the client took, for {time}"
    how = (how if lasted else _TIME.sub("", how)).format(who=who, time=duration(lasted))
    what = "The packets" if row["ending"] == "stray" else "The connection"
    text = f"{what} from {ends.client} to {ends.server} {how}."
    if not cause:
        return f"{text} {_MECHANISMS[row['mechanism']]}; why cannot be told from this capture."
    return f"{text} {cause['summary']} ({row['cause']}, {certainty(row['confidence'])} sure)"
