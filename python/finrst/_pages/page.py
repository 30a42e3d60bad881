"""The report as one HTML page: no script, nothing loaded, everything escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst._base.classes import CLASSES
from finrst._base.html import escaped, grid, hovered
from finrst._base.palette import variables
from finrst._base.text import duration, number, share
from finrst._base.times import stamp
from finrst._story.figures import tables
from finrst._story.summary import span
from finrst._story.troubled import listed

from . import rows, stories

if TYPE_CHECKING:
    from finrst._story.answer import Answer
    from finrst._story.overview import Occurrence, Overview

_ROWS = 200
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = (
    variables(":root", notebook=False)
    + """
:root{color-scheme:light dark;--finrst-ink:var(--ink);--finrst-soft:var(--soft);
--finrst-line:var(--line)}
body{margin:0 auto;padding:2em 1.5em 4em;max-width:72em;background:var(--paper);
color:var(--ink);font:15px/1.5 system-ui,'DejaVu Sans',sans-serif}
h1{font-size:1.7em;line-height:1.2;margin:0 0 .4em;overflow-wrap:anywhere}
h2{font-size:1.25em;margin:2em 0 .6em;border-bottom:1px solid var(--line)}
h3{font-size:1em;margin:0}p{margin:.4em 0}.soft,dt{color:var(--soft)}
p,li,.finding{max-width:62em;overflow-wrap:anywhere}
nav a{color:inherit;margin-right:1em}
.facts{display:flex;flex-wrap:wrap;gap:.2em 2.2em;margin:.2em 0 .6em}
.facts div{display:flex;flex-direction:column-reverse}.facts b{font-size:1.15em}
.facts span{color:var(--soft);font-size:.85em}
.lead{font-size:1.08em}.finding{background:var(--raised);border-left:5px solid;
border-radius:4px;padding:.7em 1em;margin:.8em 0;break-inside:avoid}
.example{break-inside:avoid}
.wide{overflow-x:auto;margin:.3em 0 1.2em}table{border-collapse:collapse;font-size:13px}
th,td{text-align:left;padding:2px 14px 2px 0;border-bottom:1px solid var(--line);
vertical-align:top}th{color:var(--soft);font-weight:600}
td.t{overflow-wrap:anywhere}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.rows{margin:.3em 0 1.2em}.rows table{font-size:12.5px}
.stack{display:flex;height:14px;border-radius:3px;overflow:hidden;margin:.8em 0 .4em;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.key{font-size:.9em;color:var(--soft)}.key span{margin-right:1.4em;white-space:nowrap}
.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:.4em;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1.5em;font-size:14px}
dd{margin:0;overflow-wrap:anywhere}code{font-size:.92em;overflow-wrap:anywhere}
figure{margin:0}figure.narrow{display:none}
@media screen and (max-width:560px){figure.broad{display:none}figure.narrow{display:block}}
svg{max-width:100%;height:auto;display:block;margin:1em 0;break-inside:avoid}
@media screen and (max-width:640px){body{padding:1em 12px 3em;font-size:14px}
h1{font-size:1.3em}dl{display:block}dd{margin:0 0 .5em}
.example svg{max-width:none;width:56em}
.key span{white-space:normal;display:inline-block}
th,td{padding-right:6px}.wide table{font-size:10.5px}.rows table{font-size:12px}}
@page{margin:14mm}@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}
h2,h3{break-after:avoid}.wide{overflow:visible}tr,li{break-inside:avoid}
table{font-size:8.5pt}.rows table{font-size:6.8pt}th,td{padding:1px 6px 1px 0}
svg{max-height:90vh}.rows td.v{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
""".replace("\n", "")
    + rows.style("body", "46em")
    # Letters are smaller on paper, where the columns need less room.
    + f"@media screen{{{rows.stacked('body', '58em')}}}"
)


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
        f"<body><header><h1>{escaped(title)}</h1>{_facts(capture)}{_stack(found)}{lead}"
        f"<nav>{links}</nav></header>"
        f"{bodies}"
        "</body></html>\n"
    )


def _facts(capture: Answer) -> str:
    """Tell at once when it was, how long, and how much."""
    begin, end = span(capture.files)
    facts = {
        "packets": number(sum(capture.ledger["packets"])),
        "TCP connections": number(len(capture)),
        "FIN and RST segments": number(len(capture.teardowns)),
    }
    if begin is not None:
        when = {
            "first packet": stamp(begin, capture.tz),
            "long": duration((end - begin).total_seconds()),
        }
        facts = when | facts
    told = "".join(f"<div><span>{what}</span><b>{said}</b></div>" for what, said in facts.items())
    return f'<div class="facts">{told}</div>'


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
        f'<div class="example"><p><b>{hovered(one.sentence, 900)}</b></p>'
        f'<div class="wide">{ladders[place]}</div></div>'
        for place, one in enumerate(found.findings)
        if place in ladders
    )


def _tables(capture: Answer, found: Overview) -> str:
    total = len(capture)
    if not total:
        return ""
    parts = [
        f"<h3>{title}</h3>" + (rows.counts(made) if "of" in made[0] else grid(made, list(made[0])))
        for title, made in tables(capture, found).items()
    ]
    chosen = listed(capture.connections, found.findings, _ROWS)
    told = rows.connections(
        map(capture.naming.told, chosen.rows), rows.WITH_MORE, more=True, where=capture.tz
    )
    parts += [f"<h3>{chosen.said}</h3>", f'<div class="many">{told}</div>']
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
    lost = {name: name.replace("_", " ") for name in dropped}
    interfaces = grid(capture.interfaces, dropped, heads=lost)
    return (
        f"<ul>{limits}</ul><h3>Every packet, by what it turned out to be</h3>{ledger}"
        f"<h3>Files</h3>{files}"
        f"<h3>Interfaces, and what they say they lost</h3>{interfaces}"
    )


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return (
        "<dl>"
        + "".join(f"<dt>{escaped(key)}</dt><dd>{escaped(value, 2000)}</dd>" for key, value in pairs)
        + "</dl>"
    )
