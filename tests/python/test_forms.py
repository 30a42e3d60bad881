"""Durations, bytes and certainties are written in one form, whatever shows them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst
from finrst.__main__ import main
from finrst._base.text import certainty, duration, plural
from finrst._story import oddities

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tests/data/demo.pcap"
OTHERS = {
    "a share without a space": r"\d%",
    "a share as a fraction": r"\b0\.\d+ sure|\(0\.\d+\)",
    "bytes in words": r"\boctets?\b",
    "a moment as a duration": r"\b(?:for|after|within) 0 (?:ns|s)\b",
    "nanoseconds that are none": r"\b0 ns\b",
    "a count and another number": r"\b1 bytes\b",
    "thousands without a separator": r"\b\d{4,} bytes?\b",
    "more digits than are said elsewhere": r"\b\d+\.\d{3,} (?:ms|µs|ns|min|h)\b",
}


def text_of(html: str) -> str:
    """What a page shows, without markup and styles."""
    plain = re.sub(r"<style.*?</style>", " ", html, flags=re.DOTALL)
    plain = re.sub(r"<(?:path|defs|use|g|rect|clipPath)\b[^>]*>", "", plain)
    return unescape(re.sub(r"<[^>]+>", "\n", plain))


def words_of(svg: str) -> str:
    """What a drawing says."""
    return "\n".join(
        node.text or "" for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    )


def outputs(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything that people see of the demo, by its name."""
    capture = finrst.read(DEMO)
    yield "summary", str(capture)
    yield "card", text_of(capture._repr_html_())
    yield (
        "findings",
        "\n".join(
            f"{one.sentence}\n{one.why}\n{one.cost}\n{one.next}" for one in capture.findings()
        ),
    )
    for number in range(len(capture)):
        one = capture.connection(number)
        yield f"explain {number}", str(one.explain())
        yield f"ladder {number}", words_of(str(capture.plot.ladder(number)))
    for name in ("report.md", "report.html"):
        capture.report(folder / name)
        text = (folder / name).read_text()
        text = text if name.endswith("md") else text_of(text)
        # What a reading was given is told as it was given; columns keep their units.
        yield name, text.split("What was read, and how")[0]


def test_what_people_see_has_one_form(tmp_path: Path) -> None:
    wrong = [
        f"{name}: {what}: {text[max(0, found.start() - 40) : found.end() + 20]!r}"
        for name, text in outputs(tmp_path)
        for what, form in OTHERS.items()
        for found in re.finditer(form, text)
    ]
    assert wrong == []


def test_what_plots_say_has_one_form() -> None:
    pytest.importorskip("matplotlib")
    capture = finrst.read(DEMO)
    for name in ("causes", "timeline", "matrix", "waits", "lifetimes", "fingerprint"):
        chart = getattr(capture.plot, name)()
        said = [text.get_text() for ax in chart.axes for text in ax.findobj(match=is_text)]
        for form in OTHERS.values():
            assert not re.search(form, "\n".join(said)), f"{name}: {said}"
    texts = capture.plot.sequence(1).findobj(match=is_text)
    assert "bytes" in " ".join(map(str, texts))


def is_text(artist: object) -> bool:
    """Whether an artist of matplotlib is a text."""
    return hasattr(artist, "get_text")


def test_what_programs_print_has_one_form(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([str(DEMO)], ["explain", str(DEMO), "--all", "--packets"], ["causes"]):
        assert main(command) == 0
        text = capsys.readouterr().out
        for what, form in OTHERS.items():
            assert not re.search(form, text), f"{command}: {what}: {re.search(form, text)}"


def test_the_forms() -> None:
    assert (certainty(0.97), certainty(1.0)) == ("97 %", "100 %")
    assert (duration(0), duration(0.005676), duration(60)) == ("0 s", "5.68 ms", "1 min")
    assert (plural(1, "byte"), plural(2000, "byte")) == ("1 byte", "2,000 bytes")


def test_each_oddity_is_told_in_words() -> None:
    kinds = set()
    for path in (ROOT / "src").rglob("*.rs"):
        if path.parts[len(ROOT.parts) + 1] in {"cause", "table", "python", "finding"}:
            continue
        source = path.read_text().split("#[cfg(test)]\nmod tests {")[0]
        kinds |= set(re.findall(r"issues?\.add(?:_many)?\([^;\"]*?\"([a-z_]+)\"", source))
        kinds |= set(re.findall(r"\bnotes\.issue\(\s*\"([a-z_]+)\"", source))
        kinds |= set(re.findall(r"const KIND: &str = \"([a-z_]+)\"", source))
    assert len(kinds) > 25
    assert kinds <= set(oddities._KINDS), kinds - set(oddities._KINDS)
    assert oddities.told("evicted", 1).endswith("(1 connection)")
