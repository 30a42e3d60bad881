"""One colour says one thing, on every plot, card, page and widget, to whoever looks."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

import finrst
from finrst._base.classes import CLASSES, ENDINGS, class_of, class_of_ending
from finrst._base.paint import Paint
from finrst._base.palette import BARS, CANVAS, DARK, LIGHT, PRINT
from finrst._story import summary
from finrst._story.tally import GOOD, NEUTRAL

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

# What is seen without one of the three kinds of cones: Machado, Oliveira and Fernandes,
# "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.
SIGHT: dict[str, Matrix] = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# Oklab (Ottosson 2020): distances are about as large as they look; 0.02 can just be seen.
TO_CONES: Matrix = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB: Matrix = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
CLEAR = 0.09


def times(matrix: Matrix, vector: Vector) -> Vector:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def light(colour: str) -> Vector:
    """Linear light of a colour as written."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    values = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return red, green, blue


def distance(one: str, other: str, sight: Matrix) -> float:
    labs = []
    for colour in (one, other):
        seen = times(sight, light(colour))
        a, b, c = (max(0.0, min(1.0, part)) for part in seen)
        a, b, c = times(TO_CONES, (a, b, c))
        labs.append(times(TO_LAB, (a ** (1 / 3), b ** (1 / 3), c ** (1 / 3))))
    return float(sum((a - b) ** 2 for a, b in zip(*labs, strict=True)) ** 0.5)


def contrast(one: str, other: str) -> float:
    """Of 1 to 21, as WCAG has it."""
    weights = (0.2126, 0.7152, 0.0722)
    low, high = sorted(
        sum(w * part for w, part in zip(weights, light(colour), strict=True))
        for colour in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
def test_classes_can_be_told_apart(sight: str) -> None:
    for one, other in combinations(CLASSES, 2):
        found = distance(one.colour, other.colour, SIGHT[sight])
        assert found >= CLEAR, (one.name, other.name, found)


def test_the_measure_sees_what_people_do_not() -> None:
    """Red and green of the same lightness are one colour to many."""
    assert distance("#d65a4a", "#3f9b6d", SIGHT["all"]) > 0.2
    assert distance("#d65a4a", "#3f9b6d", SIGHT["no green"]) < 0.06


@pytest.mark.parametrize("paper", [LIGHT.paper, DARK.paper, PRINT.paper, CANVAS])
def test_classes_stand_out_from_every_background(paper: str) -> None:
    for one in CLASSES:
        # Orange as light as can be told from red by all is paler on white; it stands as areas
        # beside their names.
        least = 2.3 if one.name == "refused" else 3
        assert contrast(one.colour, paper) >= least, one.name


def test_texts_can_be_read() -> None:
    for theme, paper in ((LIGHT, LIGHT.paper), (DARK, DARK.paper), (DARK, CANVAS)):
        assert contrast(theme.ink, paper) >= 7
        assert contrast(theme.soft, paper) >= 4.5


def test_what_only_counts_has_no_colour_of_a_class() -> None:
    assert all(distance(BARS, one.colour, SIGHT["all"]) > 0.05 for one in CLASSES)


def test_every_ending_has_a_class() -> None:
    (words,) = (
        row["words"]
        for row in finrst.columns()
        if (row["table"], row["name"]) == ("connections", "ending")
    )
    assert set(ENDINGS) == set(words)
    assert set(ENDINGS.values()) < {one.name for one in CLASSES}
    assert {"graceful"} == GOOD
    assert {"open", "half_closed", "superseded", "stray"} == NEUTRAL


@pytest.mark.parametrize(
    ("script", "ending", "cause", "name"),
    [
        ("> S, > S again +1s, > S again +2s", "handshake_unanswered", "syn_unanswered", "timeout"),
        ("> S, < R.", "handshake_refused", "port_closed", "refused"),
        ("> ., < R", "stray", "stray_segment", "undecided"),
        ("> S, < S., > ., > F., < F., > .", "graceful", "client_close", "orderly"),
    ],
)
def test_how_and_why_have_one_colour(script: str, ending: str, cause: str, name: str) -> None:
    cap = finrst.conversation(script)
    assert (cap.connection(0).ending, cap.connection(0).cause) == (ending, cause)
    assert class_of_ending(ending) is class_of(cause)
    assert class_of(cause).name == name
    painted = re.findall(
        r'class="bar" title="(\w+): [^"]*" style="[^"]*background:(#\w+)', cap._repr_html_()
    )
    assert painted == [(name, class_of(cause).colour)] * 2
    told = summary.text(summary.summarize(cap), Paint(on=True))
    codes = re.findall(r"\x1b\[(\w+)m█", told)
    assert len(set(codes)) == 1
    assert codes[0] == {"timeout": "94", "refused": "33", "undecided": "2", "orderly": "32"}[name]


def test_the_sum_of_others_has_no_bar() -> None:
    """It would be the longest, and says nothing."""
    items = [*((f"cause_{n}", 20 - n) for n in range(12))]
    shown = summary.bars("Why", summary._folded(items))
    assert shown[-1].split() == ["5", "others", "55"]
    assert [line.count("█") for line in shown[2:-1]] == sorted(
        (line.count("█") for line in shown[2:-1]), reverse=True
    )
    assert shown[2].count("█") == summary._BAR
