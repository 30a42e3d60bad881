"""The report as Markdown: nothing of the capture is taken for markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from finrst._base.html import COUNTED
from finrst._base.text import number, printable
from finrst._story.figures import tables

from . import stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from finrst._story.answer import Answer
    from finrst._story.finding import Finding
    from finrst._story.overview import Overview

# Marks of emphasis, links, tables, HTML, formulas, and what makes bare addresses links.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$@]|:(?=//)|(?<=www)\.|^[-+])", re.IGNORECASE)


def plain(value: object, limit: int = 600) -> str:
    r"""Write a value so that Markdown shows it as it is.

    >>> plain("<b>|[x](y)")
    '\\<b\\>\\|\\[x\\](y)'
    """
    return _MARKUP.sub(r"\\\1", printable(value, limit))


def _grid(rows: Iterable[Sequence[object]], columns: Sequence[str], limit: int = 120) -> list[str]:
    lines = ["| " + " | ".join(plain(name) for name in columns) + " |"]
    lines.append("|" + " --- |" * len(columns))
    lines += ["| " + " | ".join(plain(value, limit) for value in row) + " |" for row in rows]
    return [*lines, ""]


def _said(name: str, value: object) -> object:
    return number(value) if name in COUNTED and isinstance(value, int) else value


def _finding(one: Finding) -> list[str]:
    shows = [f"- {plain(line, 900)}" for line in stories.markdown(one)]
    return [
        f"### {plain(one.sentence, 900)} ({one.severity})",
        "",
        *shows,
        *([""] if shows else []),
    ]


def page(capture: Answer, found: Overview, title: str, about: list[tuple[str, str]]) -> str:
    """Write the page."""
    lines = [f"# {plain(title)}", "", *(f"{plain(line)}\n" for line in found.lines)]
    lines += ["## Findings", ""]
    for one in found.findings:
        lines += _finding(one)
    if not found.findings:
        lines += ["There is no connection to tell of.", ""]
    for name, rows in tables(capture, found).items():
        lines += [f"## {name}", ""]
        lines += _grid([[_said(*item) for item in row.items()] for row in rows], list(rows[0]))
    if found.items:
        lines += ["## How each cause is recognised", ""]
        lines += [f"- **{plain(one.cause)}**: {plain(one.wire)}" for one in found.items]
    lines += ["", "## Limits of trust", "", *(f"- {plain(limit)}" for limit in found.limits), ""]
    names = capture.ledger.column_names
    lines += _grid([[_said(name, row[name]) for name in names] for row in capture.ledger], names)
    lines += ["## What was read, and how", "", *_grid(about, ("what", "value"), 2000)]
    return "\n".join(lines)
