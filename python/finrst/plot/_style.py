"""How plots look: one figure class, colours that follow the theme, words in titles."""

from __future__ import annotations

import io
import re
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from finrst._base.classes import CLASSES, class_of
from finrst._base.palette import CANVAS, DARK, LIGHT, dressed
from finrst._base.text import number, printable
from finrst._base.width import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ._columns import Words

INK, SOFT, LINE = LIGHT.ink, LIGHT.soft, LIGHT.line
"""Ink of texts, of axes, of grids on a light background. Nothing else has these colours, so that
in a page they can be left to its theme."""
_PAPER = to_hex(LIGHT.paper)
_DARK = {INK: DARK.ink, SOFT: DARK.soft, LINE: DARK.line, _PAPER: CANVAS}
_VARIABLES = {
    INK: f"var(--finrst-ink,{INK})",
    SOFT: f"var(--finrst-soft,{SOFT})",
    LINE: f"var(--finrst-line,{LINE})",
}
THEME = dressed(
    ".finrst-plot{--finrst-ink:var(--jp-content-font-color1,$ink);"
    "--finrst-soft:var(--jp-content-font-color2,$soft);"
    "--finrst-line:var(--jp-border-color2,$line)}"
    "@media(prefers-color-scheme:dark){.finrst-plot{"
    "--finrst-ink:var(--jp-content-font-color1,$dark_ink);"
    "--finrst-soft:var(--jp-content-font-color2,$dark_soft);"
    "--finrst-line:var(--jp-border-color2,$dark_line)}}"
    ".finrst-plot svg{max-width:100%;height:auto}"
)
"""Style of a plot in a page: JupyterLab's theme, else the system's."""
_RC: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "finrst",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
}
WIDTH = 8.6
"""Inches of a figure, unless others are asked for."""
NARROW = 5.5
"""Inches below which there is no room beside the names."""
_RASTER_DPI = 144
_BESIDE = 0.9
"""Inches that the axis on the left takes."""
_LINE = 0.19
"""Inches of one more line of a title, or of a legend."""
_LETTERS_PER_INCH = 10.4
_SMALL_LETTERS_PER_INCH = 13
_LEGEND_LETTERS_PER_INCH = 12
_HANDLE = 5


class Chart(Figure):
    """A matplotlib figure that shows itself in a notebook in the colours of its theme."""

    def __init__(self, width: float, height: float, *, dark: bool = False) -> None:
        """Begin a figure of a size in inches."""
        with rc_context(_RC):
            super().__init__(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(self)
        self.dark = dark
        self.is_empty = False
        self.finding = ""
        """The title in one line."""

    def _repr_html_(self) -> str:
        inner = self.svg(themed=not self.dark)
        return f'<div class="finrst-plot"><style>{THEME}</style>{inner}</div>'

    def svg(self, *, themed: bool = True) -> str:
        """Draw it as SVG; ``themed`` leaves ink and background to the page around it."""
        out = io.StringIO()
        with rc_context(_RC):
            self.savefig(
                out,
                format="svg",
                dpi=_RASTER_DPI,
                transparent=themed,
                metadata={"Date": None, "Creator": None, "Type": None, "Format": None},
            )
        text = out.getvalue()
        text = text[text.index("<svg") :]
        # Nothing refers to the ids of groups, and several plots share a page.
        text = re.sub(r'<g id="[a-zA-Z_0-9]+">', "<g>", text)
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = text.replace("'DejaVu Sans'", "system-ui, 'DejaVu Sans'")
        if themed:
            for colour, variable in _VARIABLES.items():
                text = text.replace(colour, variable)
        return text


def chart(height: float, *, dark: bool | None, width: float | None = None) -> Chart:
    """Begin a figure; without a word about it, dark when matplotlib's own style is."""
    from matplotlib import rcParams

    if dark is None:
        half = 0.5
        dark = sum(to_rgb(rcParams["figure.facecolor"])) / 3 < half
    return Chart(WIDTH if width is None else width, height, dark=dark)


def axes(figure: Chart, place: Any = 111, **options: Any) -> Axes:
    """Add axes without a box, with a faint grid."""
    ax: Axes = figure.add_subplot(place, **options)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(LINE)
    ax.tick_params(colors=SOFT, labelcolor=SOFT, length=3)
    ax.tick_params(which="minor", colors=LINE, length=2)
    ax.set_axisbelow(True)
    ax.grid(visible=True, color=LINE, linewidth=0.6)
    return ax


def is_narrow(ax: Axes) -> bool:
    """Tell whether there is room for a few ticks only."""
    return ax.get_figure(root=True).get_figwidth() < NARROW  # type: ignore[union-attr]


def whole(axis: Any, most: int = 10) -> None:
    """Put ticks at whole numbers only, so many at most, with separators of thousands."""
    most = min(most, 4) if is_narrow(axis.axes) else most
    axis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 5, 10]))
    # Where all that is shown lies between two of them, ticks are at parts of one.
    said = FuncFormatter(lambda value, _: number(round(value)) if value % 1 == 0 else "")
    axis.set_major_formatter(said)


def finish(
    figure: Chart, title: str, classes: Iterable[str] = (), handles: Sequence[Artist] = ()
) -> Chart:
    """Give a figure its title, which says the finding, a legend below it, and its colours."""
    figure.finding = title
    wrapped = _wrapped(title, int(figure.get_figwidth() * _LETTERS_PER_INCH))
    more = wrapped.count("\n")
    figure.suptitle(
        wrapped,
        x=0.01,
        ha="left",
        fontsize=11,
        fontweight="bold",
        color=INK,
    )
    shown = set(classes)
    entries: list[Artist] = [
        Patch(color=one.colour, label=one.name) for one in CLASSES if one.name in shown
    ]
    entries += handles
    if entries:
        across = _columns(entries, figure.get_figwidth())
        more += -(-len(entries) // across) - 1
        figure.legend(
            handles=entries,
            loc="outside lower left",
            ncols=across,
            frameon=False,
            labelcolor=SOFT,
            handlelength=1.4 if handles else 1,
            handleheight=1,
            columnspacing=1.4,
            borderaxespad=0,
        )
    for ax in figure.axes:
        words = ax.get_xlabel()
        room = int((figure.get_figwidth() - _BESIDE) * _LETTERS_PER_INCH)
        if len(words) > room and "\n" not in words:
            lines = textwrap.wrap(words, room)
            more += len(lines) - 1
            ax.set_xlabel("\n".join(lines))
    figure.set_figheight(figure.get_figheight() + _LINE * more)
    figure.set_facecolor(_PAPER)
    for ax in figure.axes:
        ax.set_facecolor("none")
        for axis in (ax.xaxis, ax.yaxis):
            axis.label.set_color(SOFT)
            axis.get_offset_text().set_color(SOFT)
    if figure.dark:
        _darken(figure)
    return figure


def _columns(entries: Sequence[Artist], inches: float) -> int:
    """Tell how many entries of a legend stand beside each other."""
    sizes = [len(str(entry.get_label())) + _HANDLE for entry in entries]
    room = inches * _LEGEND_LETTERS_PER_INCH
    return len(entries) if sum(sizes) <= room else max(1, int(room / max(sizes)))


def _wrapped(title: str, width: int) -> str:
    """Break a title into lines of about the same length."""
    lines = -(-len(title) // width)
    return "\n".join(textwrap.wrap(title, min(width, len(title) // lines + 8)))


def _darken(figure: Chart) -> None:
    """Replace ink, axes and grid; everything else is for both backgrounds."""
    for artist in figure.findobj():
        for kind in ("color", "facecolor", "edgecolor"):
            get, put = getattr(artist, f"get_{kind}", None), getattr(artist, f"set_{kind}", None)
            if get is None or put is None or (value := get()) is None:
                continue
            rows = to_rgba_array(value)
            dark = [_DARK.get(to_hex(row)) if row[3] else None for row in rows]
            if not any(dark):
                continue
            new = [
                (*to_rgb(name), row[3]) if name else tuple(row)
                for name, row in zip(dark, rows, strict=True)
            ]
            put(new[0] if len(new) == 1 else new)
    for ax in figure.axes:
        ax.tick_params(which="both", colors=_DARK[SOFT], grid_color=_DARK[LINE])


def fitting(letters: int, inches: float) -> float:
    """Tell which share of a width a text of so many small letters leaves free.

    >>> fitting(13, 10), fitting(13, 1)
    (0.9, 0.25)
    """
    return max(0.25, 1 - letters / _SMALL_LETTERS_PER_INCH / inches)


def label(text: object, limit: int = 48) -> str:
    """Make a text from a capture fit for a plot: nothing hidden, no formulas.

    What is too long loses its middle: of a host both name and address stay.
    """
    return fit(printable(text), limit).replace("$", r"\$")


def classes_of(words: Words) -> NDArray[np.int64]:
    """For every row the place of its cause's class in ``CLASSES``."""
    place = {one.name: index for index, one in enumerate(CLASSES)}
    table = np.array([place[class_of(name).name] for name in words.names] + [place["undecided"]])
    return np.asarray(table[words.codes], dtype=np.int64)


def colours(places: Sequence[int]) -> list[str]:
    """Give the colours of classes by their places."""
    return [CLASSES[place].colour for place in places]


def empty(figure: Chart, ax: Axes, text: str) -> Chart:
    """Say that there is nothing to draw, in a figure of no more than the words."""
    ax.set_axis_off()
    figure.is_empty = True
    figure.set_figheight(0.5)
    return finish(figure, text)
