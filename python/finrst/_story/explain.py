"""Why one connection ended, in plain words, with the packets that prove it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from finrst._base.pickles import ByValue
from finrst._base.text import duration, endpoint, number, plural, printable

_SHOWN = 12
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
_WHO = {
    "client": "by the client",
    "server": "by the server",
    "both": "by both sides at once",
    "third_party": "by a box or a forger in between",
    "none": "by nobody",
}


@dataclass(frozen=True)
class Explanation(ByValue):
    """One connection's story: ``str()`` gives it as text, a notebook shows it as HTML.

    >>> import finrst
    >>> story = finrst.conversation("> S, < R.").connection(0).explain()
    >>> story.next
    'Is the service running, and does it listen on this address?'
    """

    sentence: str
    """What happened, who did it and why, with the numbers."""
    story: tuple[str, ...]
    """What happened, packet by packet where it matters."""
    evidence: tuple[str, ...]
    """The facts that the cause rests on."""
    doubts: tuple[str, ...]
    """What lowers the confidence, and what else it could be."""
    next: str
    """What to check next."""

    def __str__(self) -> str:
        """Give the whole story as text."""
        parts = [self.sentence]
        for title, lines in self._parts():
            parts += ["", title, *(f"  {line}" for line in lines)]
        return "\n".join(parts)

    def _parts(self) -> list[tuple[str, tuple[str, ...]]]:
        parts = [
            ("What happened", self.story),
            ("What speaks for it", self.evidence),
            ("What speaks against it", self.doubts),
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
    row: dict[str, Any], teardowns: list[dict[str, Any]], causes: dict[str, dict[str, Any]]
) -> Explanation:
    """Put a connection's row and those of its teardown segments into words."""
    cause = causes.get(row["cause"], {})
    facts = [fact for fact in row["evidence"] if not fact["fact"].startswith("guard_")]
    guards = [fact for fact in row["evidence"] if fact["fact"].startswith("guard_")]
    doubts = [f"{_words(fact['fact'][6:])} ({fact['value']:+.2g})" for fact in guards]
    twins = dict(twin.split(": ", 1) for twin in cause.get("twins", ()))
    doubts += [_rival(other, twins.get(other["cause"]), cause) for other in row["alternatives"]]
    return Explanation(
        sentence=_sentence(row, cause, _lasted(row, teardowns)),
        story=tuple(_story(row, teardowns)),
        evidence=tuple(dict.fromkeys(_fact(fact) for fact in facts)),
        doubts=tuple(doubts),
        next=cause.get("next", "Capture more of it, or nearer to the host that ended it."),
    )


def _rival(other: dict[str, Any], twin: str | None, cause: dict[str, Any]) -> str:
    text = f"it could be {other['cause']} ({100 * other['confidence']:.0f} %)"
    if twin:
        return f"{text}: {twin}"
    return f"{text}: its rule holds too" if cause else text


def _lasted(row: dict[str, Any], teardowns: list[dict[str, Any]]) -> float:
    """Give the seconds until the segment that decided it, else until the last one."""
    for event in teardowns:
        if event["packet"] == row["deciding_packet"]:
            return float((event["time"] - row["start"]).total_seconds())
    return float(row["duration_s"])


def _sentence(row: dict[str, Any], cause: dict[str, Any], lasted: float) -> str:
    client = endpoint(row["client_ip"], row["client_port"])
    server = endpoint(row["server_ip"], row["server_port"])
    decided = row["ended_by"] != "none" and row["ending"] != "handshake_abandoned"
    who = f" {_WHO[row['ended_by']]}" if decided else ""
    how = _ENDINGS[row["ending"]].format(who=who, time=duration(lasted))
    what = "The packets" if row["ending"] == "stray" else "The connection"
    text = f"{what} from {client} to {server} {how}."
    if not cause:
        return f"{text} Why cannot be told from this capture."
    return f"{text} {cause['summary']} ({row['cause']}, {100 * row['confidence']:.0f} % sure)"


def _story(row: dict[str, Any], teardowns: list[dict[str, Any]]) -> list[str]:
    lines = [_opening(row)]
    if row["client_bytes"] or row["server_bytes"]:
        lines.append(
            f"The client sent {row['client_bytes']} bytes of payload, "
            f"the server {row['server_bytes']}."
        )
    begin = row["start"]
    runs = [list(run) for _, run in groupby(teardowns, _kind)]
    for run in runs[:_SHOWN]:
        lines.append(_teardown(run[0], begin))
        if len(run) > 1:
            after = (run[-1]["time"] - begin).total_seconds()
            more, last = number(len(run) - 1), run[-1]["packet"]
            lines.append(f"  {more} more like it, until packet {last}, +{after:.6f} s.")
    if len(runs) > _SHOWN:
        rest = sum(map(len, runs[_SHOWN:]))
        lines.append(f"... and {plural(rest, 'more FIN or RST segment')}.")
    for side in ("client", "server"):
        lost = row[f"{side}_bytes_lost"]
        if lost:
            lines.append(
                f"The reset threw away at least {number(lost)} bytes that the {side} had sent."
            )
    if row["censored"]:
        lines.append("The capture ended too soon afterwards to know how it went on.")
    return lines


def _kind(event: dict[str, Any]) -> tuple[Any, ...]:
    """Give what makes one FIN or RST segment like the one before it."""
    again = event["retransmission_of"] is not None
    told = ("sender", "flags", "kind", "reset_form", "effective", "cause", "reset_reason")
    return (*(event[name] for name in told), again)


def _opening(row: dict[str, Any]) -> str:
    first = f"Packet {row['first_packet']}"
    if row["opening"] == "mid_stream":
        return f"{first}: the capture begins in the middle of it."
    if row["opening"] == "syn_ack_first":
        return f"{first}: a SYN-ACK whose SYN the capture does not have."
    text = f"{first}: the client's SYN"
    if row["synack_delay_s"] is not None:
        text += f"; the SYN-ACK came {row['synack_delay_s'] * 1e3:.3f} ms later"
    if row["client_wait_s"] is not None:
        text += f"; the client answered {row['client_wait_s'] * 1e3:.3f} ms after its SYN"
    return f"{text}."


def _teardown(event: dict[str, Any], begin: Any) -> str:
    after = (event["time"] - begin).total_seconds()
    text = f"Packet {event['packet']}, +{after:.6f} s: {event['sender']} sends {event['flags']}"
    if event["kind"] == "fin":
        if event["retransmission_of"] is not None:
            return f"{text}, again (first in packet {event['retransmission_of']})."
        delay = event["ack_delay_s"]
        acked = (
            "never acknowledged" if delay is None else f"acknowledged {delay * 1e3:.3f} ms later"
        )
        return f"{text}, {acked}."
    parts = []
    if event["reset_form"] == "abort":
        parts.append("an abort by a live socket")
    elif event["reset_form"] == "reply":
        parts.append("the reply of a stack without a usable socket")
    if event["trigger_packet"] is not None:
        parts.append(f"it answers packet {event['trigger_packet']}")
    parts.append(f"sequence number {event['sequence_check']}".replace("_", " "))
    if event["effective"] is False:
        parts.append("without effect")
    if event["reset_reason"]:
        parts.append(f"it says: {printable(event['reset_reason'])}")
    return f"{text}: {', '.join(parts)}; {event['cause']} ({event['confidence']:.2f})."


def _words(fact: str) -> str:
    return fact.replace("_", " ")


def _fact(fact: dict[str, Any]) -> str:
    name = fact["fact"]
    unit = " s" if name.endswith("_s") else ""
    text = _words(name.removesuffix("_s"))
    if fact["value"] is not None:
        text += f": {fact['value']:.6g}{unit}"
    if fact["text"]:
        text += f": {printable(fact['text'])}"
    if fact["packet"] is not None:
        text += f" (packet {fact['packet']})"
    return text
