"""Cards and tables for notebooks: static, escaped, light and dark, without scripts."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

from ._text import number, plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._summary import Summary

# JupyterLab sets the --jp-… variables by its theme; elsewhere the system's choice decides.
_STYLE = """
.finrst{--ink:var(--jp-content-font-color1,#1f2328);--soft:var(--jp-content-font-color2,#59636e);
--line:var(--jp-border-color2,#d1d9e0);--good:#2e7d4f;--bad:#c2453d;--calm:#5b7aa8;
color:var(--ink);font:13px/1.45 system-ui,sans-serif;max-width:64em}
@media(prefers-color-scheme:dark){.finrst{--ink:var(--jp-content-font-color1,#e6edf3);
--soft:var(--jp-content-font-color2,#9198a1);--line:var(--jp-border-color2,#3d444d);
--good:#57ab6f;--bad:#e5736b;--calm:#86a5d3}}
[data-jp-theme-light=false] .finrst{--good:#57ab6f;--bad:#e5736b;--calm:#86a5d3}
.finrst h3{font-size:15px;margin:.2em 0}.finrst h4{font-size:12px;margin:0 0 .3em;color:var(--soft);
font-weight:600}.finrst p{margin:.2em 0;color:var(--soft)}
.finrst .cols{display:flex;flex-wrap:wrap;gap:1.2em 2.5em;margin:.8em 0}
.finrst.finrst.finrst tr{background:none}
.finrst table{border-collapse:collapse;margin:0;font-size:12px;color:var(--ink)}
.finrst.finrst th,.finrst.finrst td{padding:1px 10px 1px 0;text-align:left;border:0;background:none;
white-space:nowrap;max-width:26em;overflow:hidden;text-overflow:ellipsis}
.finrst.finrst td.n{text-align:right;font-variant-numeric:tabular-nums}
.finrst .wide{overflow-x:auto}.finrst .wide th{border-bottom:1px solid var(--line)}
.finrst .bar{display:inline-block;height:9px;border-radius:2px;background:var(--calm);min-width:1px}
.finrst .bar.good{background:var(--good)}.finrst .bar.bad{background:var(--bad)}
.finrst .warn{color:var(--bad)}
""".replace("\n", "")


def _text(value: object, limit: int = 120) -> str:
    """Escape for text and quoted attributes; hidden characters become visible."""
    return escape(printable(value, limit), quote=True)


def _cell(value: Any) -> str:
    if value is None:
        return '<td title="not observable in this capture">&ndash;</td>'
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int):
        return f'<td class="n">{value}</td>'
    if isinstance(value, float):
        return f'<td class="n">{value:.6g}</td>'
    if isinstance(value, dt.datetime):
        return f"<td>{value:%Y-%m-%d %H:%M:%S.%f}</td>"
    return f"<td>{_text(value)}</td>"


def _grid(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(_cell(row[name]) for name in columns) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def table(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, total: int, name: str) -> str:
    """Render the first rows of a table."""
    caption = f"<p>{_text(name)}: {plural(total, 'row')}</p>"
    return f'<div class="finrst"><style>{_STYLE}</style>{caption}{_grid(rows, columns)}</div>'


def _bars(title: str, items: Sequence[tuple[str, int]], tones: dict[str, str]) -> str:
    if not items:
        return ""
    top = max(count for _, count in items)
    rows = "".join(
        f'<tr><td>{_text(word)}</td><td class="n">{number(count)}</td>'
        f'<td><span class="bar {tones.get(word, "")}" '
        f'style="width:{max(1, round(120 * count / top))}px"></span></td></tr>'
        for word, count in items
    )
    return f"<div><h4>{escape(title)}</h4><table>{rows}</table></div>"


def card(summary: Summary, first: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    """Render what a capture is and how its connections ended."""
    parts = [
        f'<div class="finrst"><style>{_STYLE}</style>',
        f"<h3>{_text(summary.title)}</h3>",
        *(f"<p>{_text(line, 400)}</p>" for line in summary.lines),
        *(f'<p class="warn">{_text(line, 400)}</p>' for line in summary.warnings),
        '<div class="cols">',
        _bars("How they ended", summary.endings, summary.tones),
        _bars("Why", summary.causes, {}),
        _bars("Who ended them", summary.ended_by, {}),
        _bars("Servers with endings that are not orderly", summary.servers, {}),
        _bars("Clients with endings that are not orderly", summary.clients, {}),
        "</div>",
        _grid(first, columns),
        "</div>",
    ]
    return "".join(parts)
