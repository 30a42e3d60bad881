"""The report as one HTML page: no script, nothing loaded, everything escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst._base.classes import CLASSES
from finrst._base.html import escaped, grid
from finrst._base.palette import dressed
from finrst._base.text import number, plural, share
from finrst._story.figures import tables

from . import stories
from .card import COLUMNS

if TYPE_CHECKING:
    from finrst._story.answer import Answer
    from finrst._story.overview import Occurrence, Overview

_ROWS = 200
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = dressed(
    """
:root{color-scheme:light dark;--finrst-ink:$ink;--finrst-soft:$soft;--finrst-line:$line;
--paper:$paper;--raised:$raised}
@media(prefers-color-scheme:dark){:root{--finrst-ink:$dark_ink;--finrst-soft:$dark_soft;
--finrst-line:$dark_line;--paper:$dark_paper;--raised:$dark_raised}}
body{margin:0 auto;padding:2em 1.5em 4em;max-width:62em;background:var(--paper);
color:var(--finrst-ink);font:15px/1.5 system-ui,'DejaVu Sans',sans-serif}
h1{font-size:1.7em;line-height:1.2;margin:0 0 .4em;overflow-wrap:anywhere}
h2{font-size:1.25em;margin:2em 0 .6em;border-bottom:1px solid var(--finrst-line)}
h3{font-size:1em;margin:0}p{margin:.4em 0}.soft,dt{color:var(--finrst-soft)}
nav a{color:inherit;margin-right:1em}
.lead{font-size:1.08em}.finding{background:var(--raised);border-left:5px solid;
border-radius:4px;padding:.7em 1em;margin:.8em 0;break-inside:avoid}
.finding p{overflow-wrap:anywhere}.example{break-inside:avoid}
.wide{overflow-x:auto;margin:.3em 0 1.2em}table{border-collapse:collapse;font-size:13px}
th,td{text-align:left;padding:2px 14px 2px 0;white-space:nowrap;border-bottom:1px solid
var(--finrst-line);max-width:30em;overflow:hidden;text-overflow:ellipsis}
th{color:var(--finrst-soft);font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.stack{display:flex;height:14px;border-radius:3px;overflow:hidden;margin:.8em 0 .4em;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.key{font-size:.9em;color:var(--finrst-soft)}.key span{margin-right:1.4em;white-space:nowrap}
.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:.4em;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1.5em;font-size:14px}
dd{margin:0;overflow-wrap:anywhere}code{font-size:.92em;overflow-wrap:anywhere}
figure{margin:0}figure.narrow{display:none}
@media screen and (max-width:560px){figure.broad{display:none}figure.narrow{display:block}}
svg{max-width:100%;height:auto;display:block;margin:1em 0;break-inside:avoid}
@page{margin:14mm}@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}
h2,h3{break-after:avoid}.wide{overflow:visible}tr,li{break-inside:avoid}
table{font-size:8.5pt}.many table{font-size:6.6pt}th,td{padding:1px 6px 1px 0}svg{max-height:90vh}
:root{--finrst-ink:$print_ink;--finrst-soft:$print_soft;--finrst-line:$print_line;
--paper:$print_paper;--raised:$print_raised}}
""".replace("\n", "")
)
_SHOWN = (*COLUMNS, "mechanism", "harmless", "first_packet", "deciding_packet")


def page(  # noqa: PLR0913, PLR0917 - the parts of a page
    capture: Answer,
    found: Overview,
    title: str,
    about: list[tuple[str, str]],
    plots: list[tuple[str, str, str]] | None,
    ladders: dict[int, str] | str,
) -> str:
    """Write the page."""
    sections = {
        "findings": ("Findings", stories.whole(found.findings)),
        "plots": ("Plots", _plots(plots)),
        "examples": ("Examples", _examples(found, ladders)),
        "tables": ("Tables", _tables(capture, found)),
        "causes": ("How each cause is recognised", _recognised(found.items)),
        "trust": ("Limits of trust", _trust(capture, found)),
        "about": ("What was read, and how", _pairs(about)),
    }
    links = "".join(
        f'<a href="#{key}">{name}</a>' for key, (name, body) in sections.items() if body
    )
    bodies = "".join(
        f'<section id="{key}"><h2>{name}</h2>{body}</section>'
        for key, (name, body) in sections.items()
        if body
    )
    lead = "".join(f'<p class="lead">{escaped(line, 600)}</p>' for line in found.lines)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{_STYLE}</style></head>"
        f"<body><header><h1>{escaped(title)}</h1>{_stack(found)}{lead}<nav>{links}</nav></header>"
        f"{bodies}"
        "</body></html>\n"
    )


def _stack(found: Overview) -> str:
    """Draw the shares of the classes as one bar."""
    groups = found.groups
    parts = "".join(
        f'<span style="width:{100 * count / found.total:.4g}%;background:{group.colour}"></span>'
        for group, count in groups.items()
    )
    key = "".join(
        f'<span><i style="background:{group.colour}"></i>{group.name} {number(count)} '
        f"({share(count, found.total)})</span>"
        for group, count in groups.items()
    )
    return f'<div class="stack">{parts}</div><p class="key">{key}</p>' if groups else ""


def _plots(plots: list[tuple[str, str, str]] | None) -> str:
    if plots is None:
        return "<p>Plots need matplotlib: <code>pip install 'finrst[plot]'</code>.</p>"
    return "".join(
        f'<figure class="broad" role="img" aria-label="{escaped(title)}">{svg}</figure>'
        f'<figure class="narrow" role="img" aria-label="{escaped(title)}">{narrow}</figure>'
        for title, svg, narrow in plots
    )


def _examples(found: Overview, ladders: dict[int, str] | str) -> str:
    if isinstance(ladders, str):
        return f"<p>No packets are drawn: {escaped(ladders, 600)}.</p>"
    return "".join(
        f'<div class="example"><p><b>{escaped(one.sentence, 900)}</b></p>'
        f'<div class="wide">{ladders[place]}</div></div>'
        for place, one in enumerate(found.findings)
        if place in ladders
    )


def _tables(capture: Answer, found: Overview) -> str:
    total = len(capture)
    if not total:
        return ""
    parts = [
        f"<h3>{title}</h3>{grid(rows, list(rows[0]))}"
        for title, rows in tables(capture, found).items()
    ]
    shown = "All" if total <= _ROWS else f"The first {_ROWS} of"
    rows = grid(map(capture.naming.told, capture.connections.head(_ROWS)), _SHOWN)
    parts += [f"<h3>{shown} {plural(total, 'connection')}</h3>", f'<div class="many">{rows}</div>']
    return "".join(parts)


def _recognised(items: list[Occurrence]) -> str:
    parts = [
        "<p class=soft>Only causes that occur here. Classes: "
        + "; ".join(f"{one.name} &ndash; {one.meaning}" for one in CLASSES)
        + ".</p>"
    ]
    for one in items:
        twins = "".join(f"<br>Cannot be told from {escaped(twin, 300)}." for twin in one.twins)
        reference = f'<br><span class="soft">{escaped(one.reference, 300)}</span>'
        parts.append(
            f"<p><b>{escaped(one.cause)}</b>: {escaped(one.wire, 900)}{twins}{reference}</p>"
        )
    return "".join(parts)


def _trust(capture: Answer, found: Overview) -> str:
    limits = "".join(f"<li>{escaped(limit, 400)}</li>" for limit in found.limits)
    ledger = grid(capture.ledger, capture.ledger.column_names)
    files = grid(capture.files, ("file", "status", "packets", "bytes_total", "compression"))
    dropped = ("file", "name", "packets", "dropped_by_interface", "dropped_by_os")
    return (
        f"<ul>{limits}</ul><h3>Every packet, by what it turned out to be</h3>{ledger}"
        f"<h3>Files</h3>{files}"
        f"<h3>Interfaces, and what they say they lost</h3>{grid(capture.interfaces, dropped)}"
    )


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return (
        "<dl>"
        + "".join(f"<dt>{escaped(key)}</dt><dd>{escaped(value, 2000)}</dd>" for key, value in pairs)
        + "</dl>"
    )
