"""Cards and tables for notebooks: static, escaped, light and dark, without scripts."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from .classes import CLASSES, class_of
from .text import number, plural, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from finrst._story.summary import Summary

# JupyterLab sets the --jp-… variables by its theme, VS Code the --vscode-… ones; elsewhere the
# system's choice decides. The doubled classes outweigh the notebooks' own rules for tables.
_STYLE = """
.finrst{--ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#1f2328));
--soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#59636e));
--line:var(--jp-border-color2,var(--vscode-panel-border,#d1d9e0));
--good:#3f9b6d;--bad:#d65a4a;--calm:#8b949e;
color:var(--ink);font:13px/1.45 system-ui,'DejaVu Sans',sans-serif;padding:2px 0}
@media(prefers-color-scheme:dark){
.finrst{--ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#e6edf3));
--soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#9198a1));
--line:var(--jp-border-color2,var(--vscode-panel-border,#3d444d))}}
.finrst h3{font-size:15px;font-weight:600;margin:.1em 0 .3em;overflow-wrap:anywhere}
.finrst h4{font-size:12px;margin:0 0 .35em;color:var(--soft);font-weight:600}
.finrst p{margin:.15em 0;color:var(--soft);overflow-wrap:anywhere}
.finrst .panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(24em,100%),1fr));
gap:1.1em 2.6em;margin:.9em 0 1.1em;max-width:84em}
.finrst.finrst.finrst tr,.finrst.finrst thead{background:none;border:0}
.finrst.finrst table{table-layout:auto;border-collapse:collapse;margin:0;font-size:12px;
color:var(--ink)}
.finrst.finrst th,.finrst.finrst td{padding:1px 12px 1px 0;text-align:left;border:0;
background:none;white-space:nowrap;max-width:26em;overflow:hidden;text-overflow:ellipsis}
.finrst.finrst td.n,.finrst.finrst th.n{text-align:right;font-variant-numeric:tabular-nums}
.finrst.finrst .bars table{width:100%}
.finrst.finrst .bars td:last-child{width:100%;padding-right:0}
.finrst .wide{overflow-x:auto}
.finrst.finrst .wide th{border-bottom:1px solid var(--line);font-weight:600;color:var(--soft)}
.finrst .bar{display:block;height:10px;border-radius:2px;background:var(--calm);min-width:2px}
.finrst .bar.good{background:var(--good)}.finrst .bar.bad{background:var(--bad)}
.finrst .key{font-size:11px;margin-top:.4em}
.finrst .key span.of{white-space:nowrap;margin-right:1em}
.finrst .key .of span{display:inline-block;width:9px;height:9px;border-radius:2px;
margin-right:.35em}
.finrst .warn{color:var(--bad)}
""".replace("\n", "")


COUNTED = frozenset({"connections", "segments", "packets"})
"""Columns of counts, written with separators; ports and numbers of packets are not."""


def _text(value: object, limit: int = 120) -> str:
    """Escape for text and quoted attributes; hidden characters become visible."""
    return escape(printable(value, limit), quote=True)


def _cell(value: Any, kind: str = "", *, counted: bool = False) -> str:
    if value is None:
        return f'<td{kind} title="not observable in this capture">&ndash;</td>'
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int):
        return f'<td class="n">{number(value) if counted else value}</td>'
    if isinstance(value, float):
        return f'<td class="n">{value:.6g}</td>'
    if isinstance(value, dt.datetime):
        return f"<td>{value:%Y-%m-%d %H:%M:%S.%f}</td>"
    return f"<td>{_text(value)}</td>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _grid(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    rows = list(rows)
    numbers = {name for name in columns if any(_is_number(row[name]) for row in rows)}
    kinds = {name: ' class="n"' if name in numbers else "" for name in columns}
    head = "".join(f"<th{kinds[name]}>{_text(name)}</th>" for name in columns)
    body = "".join(
        "<tr>"
        + "".join(_cell(row[name], kinds[name], counted=name in COUNTED) for name in columns)
        + "</tr>"
        for row in rows
    )
    grid = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{grid}</div>'


def table(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, total: int, name: str) -> str:
    """Render the first rows of a table."""
    caption = f"<p>{_text(name)}: {plural(total, 'row')}</p>"
    return f'<div class="finrst"><style>{_STYLE}</style>{caption}{_grid(rows, columns)}</div>'


class _Look(NamedTuple):
    """How a bar looks."""

    style: str = ""
    tone: str = ""
    title: str = ""


def _bars(title: str, items: Sequence[tuple[str, int]], look: Callable[[str], _Look]) -> str:
    if not items:
        return ""
    top = max(count for _, count in items)
    rows = ""
    for word, count in items:
        style, tone, hint = look(word)
        width = max(0.5, 100 * count / top)
        rows += (
            f'<tr><td title="{_text(word)}">{_text(word, 60)}</td>'
            f'<td class="n">{number(count)}</td><td><span class="bar {tone}" title="{hint}" '
            f'style="width:{width:.3g}%;{style}"></span></td></tr>'
        )
    return f'<div class="bars"><h4>{escape(title)}</h4><table>{rows}</table></div>'


def _neutral(_word: str) -> _Look:
    return _Look("opacity:.75")


def _by_class(word: str) -> _Look:
    """Paint a cause with the colour of its class, which hovering names."""
    one = class_of(word)
    faint = ";opacity:.45" if word.endswith(" others") else ""
    return _Look(f"background:{one.colour}{faint}", title=f"{one.name}: {one.meaning}")


def _key(causes: Iterable[str]) -> str:
    there = {class_of(cause).name for cause in causes}
    chips = "".join(
        f'<span class="of"><span style="background:{one.colour}"></span>{one.name}</span> '
        for one in CLASSES
        if one.name in there
    )
    return f'<p class="key">{chips}</p>'


def card(
    summary: Summary, trust: Sequence[str], first: Sequence[dict[str, Any]], columns: Sequence[str]
) -> str:
    """Render what a capture is, how far it can be trusted and how its connections ended."""

    def by_tone(word: str) -> _Look:
        return _Look(tone=summary.tones.get(word, ""))

    named = [word for word, _ in summary.causes if not word.endswith(" others")]
    why = _bars("Why", summary.causes, _by_class)
    parts = [
        f'<div class="finrst"><style>{_STYLE}</style>',
        f"<h3>{_text(summary.title)}</h3>",
        *(f"<p>{_text(line, 400)}</p>" for line in summary.lines),
        *(f'<p class="warn">&#9888; {_text(line, 400)}</p>' for line in summary.warnings),
        *(f"<p>Trust: {_text(line, 400)}</p>" for line in trust),
        '<div class="panels">',
        _bars("How they ended", summary.endings, by_tone),
        why.removesuffix("</div>") + _key(named) + "</div>" if why else "",
        _bars("Who ended them", summary.ended_by, _neutral),
        _bars("Servers with endings that are not orderly", summary.servers, _neutral),
        _bars("Clients with endings that are not orderly", summary.clients, _neutral),
        "</div>",
        _grid(first, columns) if len(first) else "",
        "</div>",
    ]
    return "".join(parts)
