"""The tables behind a report's plots, the same for HTML and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import duration, share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .answer import Answer
    from .overview import Overview

_HOSTS = 20
_KINDS = 40

Rows = list[dict[str, Any]]


def tables(capture: Answer, found: Overview) -> dict[str, Rows]:
    """Give the tables by their titles; those without rows are left out."""
    troubled = {"cause": [one.cause for one in found.troubled]}
    connections, total = capture.connections, len(capture)
    harmless = {
        word: count for word, yes, count in connections.counts("mechanism", "harmless") if yes
    }
    made: dict[str, Rows] = {
        "Causes": [
            {
                "cause": one.cause,
                "class": one.group.name,
                "connections": one.count,
                "share": share(one.count, total),
            }
            for one in found.items
        ],
        "How they were ended": [
            {
                "mechanism": word,
                "connections": count,
                "share": share(count, total),
                "nothing lost": harmless.get(word, 0),
            }
            for word, count in connections.counts("mechanism")
        ],
        "FIN and RST segments": [
            dict(zip(("kind", "sender", "cause", "segments"), row, strict=True))
            for row in capture.teardowns.counts("kind", "sender", "cause", top=_KINDS)
        ],
        "Servers with most trouble": [
            {"server": capture.naming.service(ip, port), "cause": cause, "connections": count}
            for ip, port, cause, count in connections.counts(
                "server_ip", "server_port", "cause", only=troubled, top=_HOSTS
            )
        ],
        "Clients with most trouble": [
            {"client": capture.naming.host(ip), "cause": cause, "connections": count}
            for ip, cause, count in connections.counts(
                "client_ip", "cause", only=troubled, top=_HOSTS
            )
        ],
        "Waits, durations, silences": _times(capture),
    }
    return {title: rows for title, rows in made.items() if rows}


def _times(capture: Answer) -> Rows:
    table = capture.connections
    waits: dict[bool, list[float]] = {False: [], True: []}
    for wait, ending in zip(table["client_wait_s"], table["ending"], strict=True):
        if wait is not None:
            waits[ending.startswith("handshake_")].append(wait)
    rows = (
        ("wait for a completed handshake", waits[False]),
        ("wait for one given up or reset", waits[True]),
        ("duration of a connection", table["duration_s"]),
        ("silence before the end", table["idle_before_end_s"]),
    )
    return [row for what, values in rows for row in _quantiles(what, values)]


def _quantiles(what: str, values: Iterable[float | None]) -> Rows:
    known = sorted(value for value in values if value is not None)
    if not known:
        return []
    count = len(known)
    return [
        {
            "what": what,
            "connections": count,
            "half within": duration(known[(count - 1) // 2]),
            "95 % within": duration(known[-(-count * 95 // 100) - 1]),
            "longest": duration(known[-1]),
        }
    ]
