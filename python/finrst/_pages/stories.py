"""Findings as HTML: nothing of the capture is taken for markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst._base.html import escaped, hovered
from finrst._base.palette import HUES, SEVERITIES
from finrst._base.text import printable, shortened
from finrst._story.told import details, example, matters

if TYPE_CHECKING:
    from finrst._story.finding import Finding, Findings

_LONGEST = 900


def colour(one: Finding) -> str:
    """Give the colour of its severity."""
    return HUES[SEVERITIES[one.severity]].css


def brief(found: Findings) -> str:
    """Write them for a card: a line each, the rest where one hovers, and addresses whole."""
    items = ""
    for one in found:
        short = shortened(one.sentence)
        whole = f"{one.sentence} " if short != one.sentence else ""
        hover = f"{whole}{details(one)} Next: {one.next}"
        items += (
            f'<li style="border-color:{colour(one)}"><b>{one.severity}</b> '
            f'<span title="{escaped(hover, _LONGEST)}">{escaped(short, _LONGEST)}</span></li>'
        )
    return f'<ol class="findings">{items}</ol>' if items else ""


def whole(found: Findings) -> str:
    """Write them for a page: each with what says so, what it cost and what to do next."""
    parts = []
    for one in found:
        name = f'<span class="soft">({one.severity}: {one.kind})</span>'
        said = [
            f'<div class="finding" style="border-color:{colour(one)}">',
            f"<h3>{hovered(one.sentence, _LONGEST)} {name}</h3>",
        ]
        if matters(one):
            shows = f"{details(one)} {one.why} {example(one)}"
            said += [
                f'<p class="soft">{hovered(shows, _LONGEST)}</p>',
                f"<p><b>Next:</b> {escaped(one.next, _LONGEST)}</p>",
            ]
        parts.append("".join(said) + "</div>")
    return "".join(parts) or "<p>There is no connection to tell of.</p>"


def markdown(one: Finding) -> list[str]:
    """Give the lines of a finding, still to be escaped."""
    if not matters(one):
        return []
    shows = [details(one), one.why, example(one), f"Next: {one.next}"]
    return [printable(line, _LONGEST) for line in shows]
