"""What happened in one connection, packet by packet where it matters."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from finrst._base.text import certainty, duration, number, plural, printable

from .evidence import hops
from .forged import between, forged

_SHOWN = 12
_SILENCE = 1.0
"""Seconds of silence that are told."""
_ANSWER = 2.0
"""Seconds after which a reset is no answer to anything."""
_MOST = 0.5
_NUMBERS = {
    "exact": "its sequence number is the next one",
    "fin_minus_one": "its sequence number is that of the FIN before it",
    "in_window": "its sequence number lies in the window, but is not the next one",
    "old": "its sequence number has passed",
    "future": "its sequence number lies beyond the window",
    "acks_syn": "it acknowledges the SYN",
    "void": "its number is none that its receiver takes",
    "not_checkable": "its sequence number cannot be checked here",
}
"""The words of the column ``sequence_check``."""
_ICMP = {
    (4, 3, 0): "network unreachable",
    (4, 3, 1): "host unreachable",
    (4, 3, 2): "protocol unreachable",
    (4, 3, 3): "port unreachable",
    (4, 3, 4): "too big, and must not be fragmented",
    (4, 3, 9): "network prohibited",
    (4, 3, 10): "host prohibited",
    (4, 3, 13): "prohibited by a filter",
    (4, 11, 0): "TTL exceeded",
    (6, 1, 0): "no route",
    (6, 1, 1): "prohibited by a filter",
    (6, 1, 3): "address unreachable",
    (6, 1, 4): "port unreachable",
    (6, 2, 0): "too big",
    (6, 3, 0): "hop limit exceeded",
}


def happened(row: dict[str, Any], teardowns: list[dict[str, Any]]) -> list[str]:
    """Tell it from a connection's row and those of its FIN and RST segments."""
    lines = [_opening(row)]
    if row["client_bytes"] or row["server_bytes"]:
        lines.append(
            f"The client sent {plural(row['client_bytes'], 'byte')} of payload, "
            f"the server {plural(row['server_bytes'], 'byte')}."
        )
    lines += _icmp(row)
    begin, not_theirs = row["start"], forged(row, teardowns)
    runs = [
        list(run)
        for _, run in groupby(teardowns, lambda one: (*_kind(one), one["packet"] in not_theirs))
    ]
    rows = {event["packet"] for event in teardowns}
    lines += [
        f"Packet {packet}: {between(row['cause'])} sends {what}."
        for packet, what in sorted(not_theirs.items())
        if packet not in rows
    ]
    for run in runs[:_SHOWN]:
        who = f"the {run[0]['sender']}"
        if run[0]["packet"] in not_theirs:
            who = between(row["cause"], run[0]["cause"])
        lines.append(_teardown(run[0], begin, who))
        if len(run) > 1:
            more, last = number(len(run) - 1), run[-1]
            lines.append(
                f"  {more} more like it, until packet {last['packet']}, {_at(last, begin)}."
            )
    if len(runs) > _SHOWN:
        rest = sum(map(len, runs[_SHOWN:]))
        lines.append(f"... and {plural(rest, 'more FIN or RST segment')}.")
    for side in ("client", "server"):
        lost = row[f"{side}_bytes_lost"]
        if lost:
            lines.append(
                f"The reset threw away at least {plural(lost, 'byte')} that the {side} had sent."
            )
    if row["harmless"] and row["ending"] in {"reset", "reset_after_fin"}:
        alert = row["client_bytes_lost"] or row["server_bytes_lost"]
        lines.append(
            "That was no more than a TLS alert."
            if alert
            else "All that was sent had been acknowledged: the reset threw nothing away."
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
    syns, answers = row["client_syns"], row["server_syn_acks"]
    text = f"{first}: the client's SYN"
    if answers and row["synack_delay_s"] is None and not row["synack_ack_offset"]:
        text = f"{first}: the SYN-ACK, which the capture has before the client's SYN"
    if syns > 1:
        text += f", the first of {number(syns)}"
    delay, retry, wait = row["synack_delay_s"], row["syn_retry_s"], row["client_wait_s"]
    if row["synack_ack_offset"]:
        text += f"; the SYN-ACK acknowledged a number {row['synack_ack_offset']:+,} off"
    if answers > 1:
        text += f"; {number(answers)} SYN-ACKs came"
    if delay is not None and delay >= 0:
        which = "the SYN-ACK" if answers == 1 else "the first"
        text += (
            f"; {which} came {duration(delay)} later"
            if not retry
            else (
                f"; {which} came {duration(delay)} after the SYN before it, "
                f"{duration(retry + delay)} after the first"
            )
        )
    if wait is not None and wait >= 0:
        which = "first SYN" if syns > 1 else "SYN"
        did = "broke off" if row["ending"] == "handshake_abandoned" else "answered"
        text += f"; the client {did} {duration(wait)} after its {which}"
        if retry and retry > _MOST * wait:
            text += ", and most of that went by before the SYN that was answered"
    return f"{text}."


def _icmp(row: dict[str, Any]) -> list[str]:
    errors = row["icmp_errors"]
    if not errors:
        return []
    kind, code = map(int, row["icmp_error"].split("/"))
    meaning = _ICMP.get((row["ip_version"], kind, code))
    said = f"{row['icmp_error']}, {meaning}" if meaning else row["icmp_error"]
    more = f", the first of {number(errors)} ICMP errors about it" if errors > 1 else ""
    return [f"{row['icmp_reporter']} sent an ICMP error ({said}){more}."]


def _teardown(event: dict[str, Any], begin: Any, who: str) -> str:
    sender = f"the {event['sender']}"
    sends = f"{who} sends {event['flags']}"
    sends += "" if who == sender else f" in {sender}'s name"
    text = f"Packet {event['packet']}, {_at(event, begin)}: {sends}"
    seen = ", ".join(observed(event))
    if event["kind"] == "fin":
        return f"{text}, {seen}."
    why = (
        f"{event['cause']} ({certainty(event['confidence'])})"
        if event["confidence"]
        else "why is not seen"
    )
    return f"{text}: {seen}; {why}."


def observed(event: dict[str, Any]) -> list[str]:
    """Tell what is seen of a FIN or RST: what came before it, what it is, what became of it."""
    idle = event["idle_before_s"]
    silence = f"{duration(idle)} of silence" if idle is not None and idle >= _SILENCE else ""
    if event["kind"] == "fin":
        return [*([f"after {silence}"] if silence else []), _received(event)]
    parts = []
    if event["reset_form"] == "abort":
        parts.append("an abort by a live socket")
    elif event["reset_form"] == "reply":
        parts.append("the reply of a stack without a usable socket")
    parts += _behind(event, silence)
    parts.append(_NUMBERS[event["sequence_check"]])
    parts += _distance(event)
    if event["effective"] is False:
        parts.append("without effect")
    if event["challenged"]:
        parts.append("a challenge ACK answered it")
    if event["reset_reason"]:
        parts.append(f"it says: {printable(event['reset_reason'])}")
    return parts


def _behind(event: dict[str, Any], silence: str) -> list[str]:
    """Tell what came just before a reset: the segment that it answers, or silence."""
    packet, after = event["trigger_packet"], event["turnaround_s"]
    if packet is None or after is None or not 0 <= after < _ANSWER:
        return [f"after {silence}"] if silence else []
    reply = event["reset_form"] == "reply"
    before = f"it answers packet {packet}, {duration(after)} later"
    before = before if reply else f"{duration(after)} after packet {packet}"
    return [before, f"which came after {silence}"] if silence else [before]


def _received(event: dict[str, Any]) -> str:
    """Tell what became of a FIN."""
    if event["retransmission_of"] is not None:
        return f"again (first in packet {event['retransmission_of']})"
    if event["acked_packet"] is None:
        return "never acknowledged"
    delay = event["ack_delay_s"]
    # It may have been acknowledged before, where the capture lost its first copy.
    when = f" {duration(delay)} later" if delay is not None and delay >= 0 else ""
    return f"acknowledged{when} in packet {event['acked_packet']}"


def _distance(event: dict[str, Any]) -> list[str]:
    """Tell how far it came, where that is not what its sender's other segments say."""
    if not event["ttl_delta"]:
        return []
    ttl, usual = event["ttl"], event["ttl"] - event["ttl_delta"]
    here, there = hops(ttl), hops(usual)
    if here == there:
        return [f"its TTL began at another number than its sender's ({ttl}, else {usual})"]
    return [f"from {plural(here, 'hop')} away by its TTL {ttl}, its sender's others from {there}"]


def _at(event: dict[str, Any], begin: Any) -> str:
    return f"{(event['time'] - begin).total_seconds():+.6f} s"
