"""Tables as HTML for notebooks and pages: static, escaped, light and dark, without scripts."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

from .palette import variables
from .text import number, plural, printable, shortened
from .times import clock, zone_name
from .width import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# The doubled classes outweigh the notebooks' own rules for tables.
STYLE = variables(".finrst") + (
    """
.finrst{color:var(--ink);font:13px/1.45 system-ui,'DejaVu Sans',sans-serif;padding:2px 0}
.finrst h3{font-size:15px;font-weight:600;margin:.1em 0 .3em;overflow-wrap:anywhere}
.finrst h4{font-size:12px;margin:0 0 .35em;color:var(--soft);font-weight:600}
.finrst p{margin:.15em 0;color:var(--soft);overflow-wrap:anywhere}
.finrst .panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(24em,100%),1fr));
gap:1.1em 2.6em;margin:.9em 0 1.1em}
.finrst.finrst.finrst tr,.finrst.finrst thead{background:none;border:0}
.finrst.finrst table{table-layout:auto;border-collapse:collapse;margin:0;font-size:12px;
color:var(--ink)}
.finrst.finrst th,.finrst.finrst td{padding:1px 12px 1px 0;text-align:left;border:0;
background:none;white-space:nowrap}
.finrst.finrst td.n,.finrst.finrst th.n{text-align:right;font-variant-numeric:tabular-nums}
.finrst.finrst .bars table{width:100%}
.finrst .bars{overflow-x:auto}.finrst.finrst .bars td:first-child{white-space:normal}
.finrst.finrst .bars td:last-child{width:100%;min-width:3em;padding-right:0}
.finrst .wide{overflow-x:auto}.finrst.finrst .wide td{max-width:26em;overflow:hidden;
text-overflow:ellipsis}
.finrst.finrst .wide th{border-bottom:1px solid var(--line);font-weight:600;color:var(--soft)}
.finrst .bar{display:block;height:10px;border-radius:2px;background:var(--bars);min-width:2px}
.finrst .key{font-size:11px;margin-top:.4em}
.finrst .key span.of{white-space:nowrap;margin-right:1em}
.finrst .key .of span{display:inline-block;width:9px;height:9px;border-radius:2px;
margin-right:.35em}
.finrst.finrst td.gap{color:var(--soft);max-width:none}
.finrst.finrst tr.mark td{font-weight:600;background:color-mix(in srgb,var(--bars) 22%,transparent)}
.finrst .warn{color:var(--bad)}
.finrst ul.told{margin:.2em 0 .7em;padding-left:1.5em}.finrst ul.told li{overflow-wrap:anywhere}
.finrst ol.findings{list-style:none;margin:.6em 0;padding:0;max-width:84em}
.finrst ol.findings li{border-left:4px solid;padding:.05em 0 .05em .6em;margin:.25em 0;
overflow-wrap:anywhere}
""".replace("\n", "")
)
"""For what has the class ``finrst``."""

_PATHS = frozenset({"file"})
"""Columns whose words may have to be broken on a phone."""
_ROOM = 60
"""Columns of a cell of one word."""
COUNTED = frozenset({"connections", "of", "segments", "packets"})
"""Columns of counts, written with separators; ports and numbers of packets are not."""


def escaped(value: object, limit: int = 120) -> str:
    """Escape for text and quoted attributes; hidden characters become visible."""
    return escape(printable(value, limit), quote=True)


def brief(value: object, room: int = 60) -> str:
    """Write a text with its addresses shortened in the middle, and the whole where one hovers.

    >>> brief("[2001:db8:85a3:8d3:1319:8a2e:370:7348]:443")
    '<span title="[2001:db8:85a3:8d3:1319:8a2e:370:7348]:443">[2001:db8:…:370:7348]:443</span>'
    """
    whole = printable(value, max(300, room))
    short = fit(shortened(whole), room)
    return f'<span title="{escape(whole, quote=True)}">{escape(short, quote=True)}</span>'


def hovered(value: object, room: int) -> str:
    """Write a text; the whole stands where one hovers if an address of it had to be shortened.

    >>> hovered("2001:db8:85a3:8d3:1319:8a2e:370:7348 left", 99)
    '<span title="2001:db8:85a3:8d3:1319:8a2e:370:7348 left">2001:db8:…:370:7348 left</span>'
    >>> hovered("10.0.0.1 closed it", 99)
    '10.0.0.1 closed it'
    """
    whole = printable(value, room)
    return escape(whole, quote=True) if shortened(whole) == whole else brief(value, room)


def cell(  # noqa: PLR0911 - kinds
    value: Any, kind: str = "", *, counted: bool = False, where: dt.tzinfo = dt.UTC
) -> str:
    """Render a value as a cell."""
    if value is None:
        return f'<td{kind} title="not observable in this capture">&ndash;</td>'
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int):
        return f'<td class="n">{number(value) if counted else value}</td>'
    if isinstance(value, float):
        return f'<td class="n">{value:.6g}</td>'
    if isinstance(value, dt.datetime):
        return f"<td>{clock(value, where, 6, date=True)}</td>"
    if isinstance(value, str) and " " in value:
        return f"<td{kind}>{brief(value, 120)}</td>"
    # Of one word, as a path, the end says more than what is in the middle.
    return f"<td{kind}>{brief(value, _ROOM)}</td>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def grid(
    rows: Iterable[dict[str, Any] | str],
    columns: Sequence[str],
    marked: frozenset[int] = frozenset(),
    heads: Mapping[str, str] | None = None,
    where: dt.tzinfo = dt.UTC,
) -> str:
    """Render rows; a text among them says what was left out, and ``marked`` packets stand out.

    ``heads`` says what is written above columns where that is not their name; that
    of a column of times says their zone.
    """
    heads = dict(heads or {})
    rows = list(rows)
    there = [row for row in rows if not isinstance(row, str)]
    numbers = {name for name in columns if any(_is_number(row[name]) for row in there)}
    kinds = {name: ' class="n"' if name in numbers else "" for name in columns}
    for name in columns:
        if any(isinstance(row[name], dt.datetime) for row in there):
            heads[name] = f"{heads.get(name, name)} ({zone_name(where)})"
    kinds |= dict.fromkeys(_PATHS & set(columns), ' class="t"')
    head = "".join(
        f'<th{kinds[name]} title="{escaped(name)}">{escaped(heads.get(name, name))}</th>'
        for name in columns
    )
    body = ""
    for row in rows:
        if isinstance(row, str):
            body += f'<tr><td class="gap" colspan="{len(columns)}">&#8942; {escaped(row)}</td></tr>'
            continue
        mark = ' class="mark"' if marked and row["packet"] in marked else ""
        cells = (
            cell(row[name], kinds[name], counted=name in COUNTED, where=where) for name in columns
        )
        body += f"<tr{mark}>{''.join(cells)}</tr>"
    grid = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{grid}</div>'


def table(  # noqa: PLR0913 - what is said of a table
    rows: Iterable[dict[str, Any] | str],
    columns: Sequence[str],
    *,
    total: int,
    name: str,
    more: str = "",
    marked: frozenset[int] = frozenset(),
) -> str:
    """Render rows of a table, below its name, how many it has, and what else is said of it."""
    caption = f"<p>{escaped(name)}: {plural(total, 'row')}{escaped(more)}</p>"
    inner = f"{caption}{grid(rows, columns, marked)}"
    return f'<div class="finrst"><style>{STYLE}</style>{inner}</div>'
