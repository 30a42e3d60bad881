"""The report says what it should, in one file that loads nothing, whatever the capture says."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import finrst
from finrst.__main__ import main
from finrst._base.text import duration
from finrst._story import figures as _figures
from finrst._story import overview as _overview

pytest.importorskip("matplotlib", reason="matplotlib is not installed: no report with plots")

DEMO = Path(__file__).parents[1] / "data/demo.pcap"


class Elements(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "x.html"
    finrst.read(DEMO).report(path)
    assert [found.name for found in path.parent.iterdir()] == ["x.html"]
    return path.read_text(encoding="utf-8")


def test_it_is_one_file(page: str) -> None:
    found = Elements(page)
    assert not {"script", "link", "iframe", "object", "img", "form"} & set(found.names)
    urls = [v or "" for k, v in found.attributes if k in {"href", "src", "xlink:href"}]
    assert all(url.startswith(("#", "data:image/png;base64,")) for url in urls)
    assert not re.findall(r"url\((?!#)", page)
    assert not [key for key, _ in found.attributes if key.startswith("on")]
    assert "default-src 'none'" in page
    assert len(page) < 2_000_000


def test_it_says_the_findings(page: str) -> None:
    words = Elements(page).words
    assert "Of 25 connections: 3 closed by FIN, as intended; 7 reset after the handshake" in words
    assert "1 connection to 10.77.0.2:4001 was refused: nothing listens there." in words
    assert "164" in words
    for heading in ("Findings", "Plots", "Tables", "Limits of trust"):
        assert heading in words
    # Six plots, each once more for phones; ladders of the five gravest findings.
    assert page.count("<svg") == 2 * 6 + 5
    assert "Connection 13: reset, ended by third party" in words


def test_the_shares_of_the_classes_add_up(page: str) -> None:
    bar = page.split('<div class="stack">')[1].split("</div>", maxsplit=1)[0]
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", bar)]
    assert len(widths) == 6
    assert sum(widths) == pytest.approx(100)
    assert "refused 5 (20 %)" in Elements(page).words


def test_the_tables_behind_the_plots() -> None:
    cap = finrst.read(DEMO)
    found = _overview.survey(cap)
    made = _figures.tables(cap, found)
    assert list(made) == [
        "Causes",
        "How they were ended",
        "FIN and RST segments",
        "Servers with most trouble",
        "Clients with most trouble",
        "Waits, durations, silences",
    ]
    assert {row["cause"]: row["connections"] for row in made["Causes"]} == dict(
        cap.connections.counts("cause")
    )
    ended = made["How they were ended"]
    assert sum(row["connections"] for row in ended) == len(cap)
    assert sum(row["nothing lost"] for row in ended) == sum(cap.connections["harmless"])
    assert sum(row["segments"] for row in made["FIN and RST segments"]) == len(cap.teardowns)
    troubled = sum(one.count for one in found.troubled)
    for title in ("Servers with most trouble", "Clients with most trouble"):
        assert sum(row["connections"] for row in made[title]) == troubled == 15
    assert made["Servers with most trouble"][0] == {
        "server": "10.77.0.2:4012",
        "connections": 3,
        "of": 4,
        "causes": "intermittent_refusal 2, accept_queue_overflow 1",
    }
    waits = sorted(wait for wait in cap.connections["client_wait_s"] if wait is not None)
    completed, abandoned, *_ = made["Waits, durations, silences"]
    assert (completed["connections"], abandoned["connections"]) == (19, 1)
    assert completed["longest"] == duration(waits[-1])
    assert abandoned["half within"] == abandoned["longest"] == "152 ms"


def test_the_same_capture_gives_the_same_octets(page: str, tmp_path: Path) -> None:
    finrst.read(DEMO).report(tmp_path / "x.html")
    assert (tmp_path / "x.html").read_text(encoding="utf-8") == page


def test_hostile_texts_do_nothing(tmp_path: Path, hostile: str, page: str) -> None:
    name = re.sub(r"[/\x00]", "_", hostile) + ".pcap"
    (tmp_path / name).write_bytes(DEMO.read_bytes())
    cap = finrst.read(tmp_path / name)
    cap.report(tmp_path / "x.html", title=hostile)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert Elements(text).names == Elements(page).names
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    cap.report(tmp_path / "x.md", title=hostile)
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert not re.search(r"(?<!\\)<", text)


@pytest.mark.parametrize("script", ["> S", "> S, < S., > ., > F., < F., > ."])
def test_small_captures(script: str, tmp_path: Path) -> None:
    finrst.conversation(script).report(tmp_path / "x.html")
    assert "Of 1 connection: 1 " in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_what_nothing_explains_is_a_finding_with_its_candidates(tmp_path: Path) -> None:
    cap = finrst.conversation("> S, < S. +20ms, > R +1ms")
    for name in ("x.html", "x.md"):
        cap.report(tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8").replace("\\", "")
        assert "ended by the client: the capture does not show why." in text
        assert "It could be syn_scan (30 %), client_handshake_timeout" in text


def test_resets_that_lost_nothing_are_counted(tmp_path: Path) -> None:
    cap = finrst.conversation("> S, < S., > ., > P. 80, < P. 300, > ., > R. +2s")
    cap.report(tmp_path / "x.md")
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert "1 of 1 reset connection lost nothing" in text


def test_a_capture_without_connections(tmp_path: Path) -> None:
    empty = finrst.read(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    empty.report(tmp_path / "x.html")
    words = Elements((tmp_path / "x.html").read_text(encoding="utf-8")).words
    assert "The capture has no TCP connection." in words
    empty.report(tmp_path / "x.md")
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert "The capture has no TCP connection." in text
    assert "recognised" not in text
    assert "0 TCP connections" in Elements(empty._repr_html_()).words


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str, _extra: str) -> Any:
        raise ModuleNotFoundError(module)

    monkeypatch.setattr("finrst.plot.need", absent)
    finrst.read(DEMO).report(tmp_path / "x.html")
    assert "Plots need matplotlib" in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(DEMO), "-o", str(tmp_path / "x.md"), "--title", "Monday"]) == 0
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert text.startswith("# Monday\n")
    assert "was refused: nothing listens there" in text
    assert "## Servers with most trouble" in text
    assert "| 10.77.0.2:4012 | 3 | 4 | intermittent\\_refusal 2, accept" in text
    assert main(["report", str(tmp_path / "absent.pcap"), "-o", str(tmp_path / "y.md")]) == 1
    assert "absent.pcap" in capsys.readouterr().err
    assert not (tmp_path / "y.md").exists()


def test_plots_are_there_for_phones_too(page: str) -> None:
    pytest.importorskip("matplotlib")
    broad = re.findall(
        r'<figure class="broad"[^>]*>.*?<svg [^>]*width="([\d.]+)pt"', page, re.DOTALL
    )
    narrow = re.findall(
        r'<figure class="narrow"[^>]*>.*?<svg [^>]*width="([\d.]+)pt"', page, re.DOTALL
    )
    assert len(broad) == len(narrow) == 6
    # As wide as a phone of 390 pixels: its letters are as large as those around.
    assert {float(width) * 96 / 72 < 390 for width in narrow} == {True}
    assert {float(width) * 96 / 72 > 800 for width in broad} == {True}
    assert "figure.narrow{display:none}" in page


def test_a_report_says_on_a_terminal_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "demo.md")
    assert main(["report", str(DEMO), "-o", out]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["report", str(DEMO), "-o", out]) == 0
    assert f"25 connections: {out}\n" in capsys.readouterr().err
