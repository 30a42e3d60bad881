"""The tables behind a report's plots, the same for HTML and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import duration, number, plural, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .answer import Answer
    from .overview import Overview

_HOSTS = 10
_CAUSES = 3
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
        "Servers with most trouble": _worst(
            capture, troubled, "server", ("server_ip", "server_port"), capture.naming.service
        ),
        "Clients with most trouble": _worst(
            capture, troubled, "client", ("client_ip",), capture.naming.host
        ),
        "Waits, durations, silences": _times(capture),
    }
    return {title: rows for title, rows in made.items() if rows}


def _worst(
    capture: Answer,
    only: dict[str, list[str]],
    side: str,
    columns: tuple[str, ...],
    name: Callable[..., str],
) -> Rows:
    """Give those with most connections that need an explanation, and why; the rest added up."""
    table = capture.connections
    if not only["cause"]:
        return []
    ranked = table.counts(*columns, only=only, top=_HOSTS + 1)
    shown = ranked if len(ranked) <= _HOSTS else ranked[: _HOSTS - 1]
    ips = {f"{side}_ip": sorted({row[0] for row in shown})}
    totals = {tuple(key): count for *key, count in table.counts(*columns, only=ips)}
    causes: dict[tuple[Any, ...], list[str]] = {}
    for *key, cause, count in table.counts(*columns, "cause", only={**only, **ips}):
        causes.setdefault(tuple(key), []).append(f"{cause} {number(count)}")
    rows: Rows = [
        {
            side: name(*key),
            "connections": count,
            "of": totals[tuple(key)],
            "causes": _listed(causes[tuple(key)]),
        }
        for *key, count in shown
    ]
    if len(shown) < len(ranked):
        by_cause = dict(table.counts("cause"))
        rest = sum(by_cause.get(cause, 0) for cause in only["cause"])
        rest -= sum(count for *_, count in shown)
        seen = sum(totals[tuple(key)] for *key, _ in shown)
        rows.append(
            {side: "all others", "connections": rest, "of": len(table) - seen, "causes": ""}
        )
    return rows


def _listed(causes: list[str]) -> str:
    more = len(causes) - _CAUSES
    return ", ".join(causes[:_CAUSES]) + (f" and {plural(more, 'other')}" if more > 0 else "")


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
