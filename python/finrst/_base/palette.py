"""Every colour, once: for style sheets, for SVG, for terminals."""

from __future__ import annotations

from string import Template
from typing import NamedTuple


class Theme(NamedTuple):
    """What is no statement about connections: it follows the background."""

    ink: str
    """Texts."""
    soft: str
    """Axes, headings of columns, what is said aside."""
    line: str
    """Grids and borders."""
    paper: str
    """The background of a page."""
    raised: str
    """The background of what stands out on it."""


LIGHT = Theme("#1f2329", "#59636f", "#d1d9e1", "#fff", "#f6f8fa")
DARK = Theme("#e6edf3", "#9198a1", "#3d444d", "#0d1117", "#161b22")
PRINT = Theme("#000", "#444", "#bbb", "#fff", "#fff")
CANVAS = "#16191d"
"""The background of a dark plot, which may stand on any page."""
BARS = "#6f87ab"
"""Bars that say how many, not how well."""


class Hue(NamedTuple):
    """A colour that says something, for light and dark backgrounds."""

    css: str
    terminal: str
    """The parameter of the escape sequence SGR."""


HUES = {
    "orderly": Hue("#177968", "32"),
    "abort": Hue("#b34329", "31"),
    "refused": Hue("#d09e43", "33"),
    "timeout": Hue("#5d7bee", "94"),
    "suspicious": Hue("#9e53ae", "35"),
    "undecided": Hue("#8b949e", "2"),
}
"""The classes of causes and endings, by their names: nothing else has these colours. Each can be
told from the others by people who see no red, no green or no blue, on light and on dark: tests hold
it, so whoever changes one measures all."""
HUES |= {"good": HUES["orderly"], "bad": Hue("#d65a4a", "31")}
"""What is better than it was, and what warns: words only."""

SEVERITIES = {
    "suspicious": "suspicious",
    "costly": "abort",
    "notable": "timeout",
    "uncertain": "undecided",
    "harmless": "orderly",
}
"""The severities of findings, gravest first, each with the class whose colour it has."""

_NAMES = {
    **LIGHT._asdict(),
    **{f"dark_{name}": colour for name, colour in DARK._asdict().items()},
    **{f"print_{name}": colour for name, colour in PRINT._asdict().items()},
    **{name: hue.css for name, hue in HUES.items()},
    "bars": BARS,
}


def dressed(style: str) -> str:
    """Put colours into a style sheet, where it has their names.

    >>> dressed("p{color:var(--ink,$ink)}.bad{color:$bad}")
    'p{color:var(--ink,#1f2329)}.bad{color:#d65a4a}'
    """
    return Template(style).substitute(_NAMES)


_NOTEBOOK = {
    "ink": "--jp-content-font-color1,var(--vscode-editor-foreground",
    "soft": "--jp-content-font-color2,var(--vscode-descriptionForeground",
    "line": "--jp-border-color2,var(--vscode-panel-border",
    "paper": "--jp-layout-color0,var(--vscode-editor-background",
    "raised": "--jp-layout-color2,var(--vscode-textBlockQuote-background",
}


def variables(selector: str, *, notebook: bool = True) -> str:
    """Declare all colours as variables for what a selector selects: card, widget and page alike.

    ``--ink``, ``--soft``, ``--line``, ``--paper`` and ``--raised`` follow the background: in a
    notebook that of JupyterLab (``--jp-...``) or VS Code (``--vscode-...``), else the system's
    choice of light or dark, and on paper black on white. A colour that says something is called
    as in :data:`HUES`.

    >>> "--abort:#b34329" in variables(".card"), "prefers-color-scheme:dark" in variables(".card")
    (True, True)
    """

    def theme(colours: Theme) -> str:
        made = {
            name: f"var({_NOTEBOOK[name]},{colour}))" if notebook else colour
            for name, colour in colours._asdict().items()
        }
        return ";".join(f"--{name}:{value}" for name, value in made.items())

    hues = ";".join(f"--{name}:{hue.css}" for name, hue in HUES.items())
    print_ = ";".join(f"--{name}:{colour}" for name, colour in PRINT._asdict().items())
    return (
        f"{selector}{{{theme(LIGHT)};{hues};--bars:{BARS}}}"
        f"@media(prefers-color-scheme:dark){{{selector}{{{theme(DARK)}}}}}"
        f"@media print{{{selector}{{{print_}}}}}"
    )
