"""Comparing pictures: as strict as one changed bar, as lenient as another release of matplotlib.

Releases differ in how they draw letters and so in how much room they leave for them, not in the
marks. So the words of a plot are compared as words, and the marks alone, in axes of a fixed place,
pixel by pixel.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
MARKS = ROOT / "tests/data/pictures"
MANUAL = ROOT / "docs/pictures"
RECORD = bool(os.environ.get("FINRST_RECORD"))
"""Whether the pictures are made anew: look at them before they are committed."""

_CHANGED = 0.1
MOST = 40
"""Pixels that may differ, of some 300,000: fewer than a changed bar or point has."""
MOST_OF_MANUAL = 0.05
"""The share of blocks that may differ where letters are drawn, too."""
_BLOCK = 8


def marks(figure: Any, path: Path) -> Path:
    """Draw what a figure draws of its data, without words."""
    from matplotlib.text import Text

    figure.set_layout_engine("none")
    for legend in figure.legends:
        legend.remove()
    for ax in figure.axes:
        ax.set_position((0.02, 0.02, 0.96, 0.96))
    for words in figure.findobj(Text):
        words.set_visible(False)
    figure.savefig(path, dpi=100)
    return path


def changed(one: Path, other: Path) -> float:
    """The number of pixels in which two pictures differ; all of them when their sizes do."""
    import numpy as np

    first, second = _pixels(one), _pixels(other)
    if first.shape != second.shape:
        return float(first.size)
    return float((np.abs(first - second).max(axis=2) > _CHANGED).sum())


def blocks_changed(one: Path, other: Path) -> float:
    """The share of blocks whose means differ clearly."""
    import numpy as np

    first, second = _blocks(_pixels(one)), _blocks(_pixels(other))
    if first.shape != second.shape:
        return 1.0
    return float((np.abs(first - second).max(axis=2) > 2 * _CHANGED).mean())


def _pixels(path: Path) -> NDArray[Any]:
    from matplotlib.image import imread

    pixels: NDArray[Any] = imread(path)[..., :3]
    return pixels


def _blocks(pixels: NDArray[Any]) -> NDArray[Any]:
    height, width = (size // _BLOCK for size in pixels.shape[:2])
    cut = pixels[: height * _BLOCK, : width * _BLOCK]
    means: NDArray[Any] = cut.reshape(height, _BLOCK, width, _BLOCK, 3).mean(axis=(1, 3))
    return means


def keep(made: Path, kept: Path) -> None:
    """Take a picture over, with as many colours as it needs."""
    from PIL import Image

    kept.parent.mkdir(exist_ok=True)
    with Image.open(made) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(kept, optimize=True)
