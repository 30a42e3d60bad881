"""A capture as a card in a notebook: static, escaped, light and dark, without scripts."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from finrst._base.classes import CLASSES, class_of, class_of_ending
from finrst._base.html import STYLE, brief, escaped
from finrst._base.text import number
from finrst._story.summary import is_rest

from . import rows, stories

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from finrst._base.classes import CauseClass
    from finrst._story.summary import Summary

_STYLE = rows.style(".finrst.finrst", "66em")
_ROOM = 60


class _Look(NamedTuple):
    """How a bar looks."""

    style: str = ""
    title: str = ""


def _bars(title: str, items: Sequence[tuple[str, int]], look: Callable[[str], _Look]) -> str:
    if not items:
        return ""
    top = max((count for word, count in items if not is_rest(word)), default=1)
    lines = ""
    for word, count in items:
        style, hint = look(word)
        width = max(0.5, 100 * count / top)
        # The sum of all that are not named has no bar: it would be the longest.
        bar = (
            ""
            if is_rest(word)
            else f'<span class="bar" title="{hint}" style="width:{width:.3g}%;{style}"></span>'
        )
        lines += (
            f"<tr><td>{brief(word, _ROOM)}</td>"
            f'<td class="n">{number(count)}</td><td>{bar}</td></tr>'
        )
    return f'<div class="bars"><h4>{escape(title)}</h4><table>{lines}</table></div>'


def _neutral(_word: str) -> _Look:
    return _Look()


def _in(one: CauseClass) -> _Look:
    """Paint with the colour of a class, which hovering names."""
    return _Look(f"background:{one.colour}", title=f"{one.name}: {one.meaning}")


def _key(summary: Summary) -> str:
    """Name the colours of both charts that have some."""
    there = {class_of(word).name for word, _ in summary.causes if not is_rest(word)}
    there |= {class_of_ending(word).name for word, _ in summary.endings if not is_rest(word)}
    chips = "".join(
        f'<span class="of"><span style="background:{one.colour}"></span>{one.name}</span> '
        for one in CLASSES
        if one.name in there
    )
    return f'<p class="key">{chips}</p>'


def card(
    summary: Summary,
    first: Sequence[dict[str, Any]],
    columns: Sequence[str],
    said: str = "",
    where: dt.tzinfo = dt.UTC,
) -> str:
    """Render what a capture is, how far it can be trusted and how its connections ended."""
    why = _bars("Why", summary.causes, lambda word: _in(class_of(word)))
    source = f" in {brief(summary.source)}" if summary.source else ""
    parts = [
        f'<div class="finrst"><style>{STYLE}{_STYLE}</style>',
        f"<h3>{escaped(summary.title)}{source}</h3>",
        *(f"<p>{escaped(line, 400)}</p>" for line in summary.lines),
        *(f'<p class="warn">&#9888; {escaped(line, 400)}</p>' for line in summary.warnings),
        *(f"<p>Trust: {escaped(line, 400)}</p>" for line in summary.limits),
        stories.brief(summary.findings),
        '<div class="panels">',
        _bars("How they ended", summary.endings, lambda word: _in(class_of_ending(word))),
        why.removesuffix("</div>") + _key(summary) + "</div>" if why else "",
        _bars("Who ended them", summary.ended_by, _neutral),
        _bars("Servers with endings that are not orderly", summary.servers, _neutral),
        _bars("Clients with endings that are not orderly", summary.clients, _neutral),
        "</div>",
        f"<h4>{escaped(said)}</h4>{rows.connections(first, columns, where=where)}" if first else "",
        "</div>",
    ]
    return "".join(parts)
