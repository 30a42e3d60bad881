"""Cards, texts and filters: right figures, and nothing from a capture is obeyed."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest

import finrst
from finrst._base.text import printable
from finrst._pages.card import card
from finrst._story import summary as _summary
from finrst._story.finding import Findings


class Elements(HTMLParser):
    """Collects what a browser would build."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


DEMO = Path(__file__).parents[1] / "data/demo.pcap"
ALLOWED = {
    "ol",
    "li",
    "b",
    "tbody",
    "thead",
    "div",
    "style",
    "h3",
    "h4",
    "p",
    "table",
    "tr",
    "th",
    "td",
    "span",
}


def hidden(text: str) -> list[str]:
    return [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}]


def test_the_card_says_what_the_text_says(cap: finrst.Capture) -> None:
    shown = Elements(cap._repr_html_())
    for said in (
        "1 TCP connection, 2 FIN or RST segments in script",
        "11 packets = 11 tcp",
        "graceful",
        "closed in order",
    ):
        assert said in shown.text
        assert said in repr(cap)
    assert shown.tags <= ALLOWED
    assert shown.attributes <= {"class", "style", "title"}
    assert "://" not in cap._repr_html_()


def test_limits_of_trust_are_told_where_the_figures_are() -> None:
    begun = finrst.conversation("> P. 10, < ., > R.")
    said = "1 connection began before the capture: who is client and who is server is a guess."
    assert said in " ".join(repr(begun).split())
    assert said in Elements(begun._repr_html_()).text
    # What no finding says stands below them.
    cut = finrst.conversation("> S, < S., > ., > P. 10, < ., > F.")
    said = "The capture ended too early to know how 1 connection went on."
    assert said in repr(cut)
    assert f"Trust: {said}" in Elements(cut._repr_html_()).text


def test_several_files_are_named() -> None:
    data = DEMO.read_bytes()
    shown = Elements(finrst.read([data, data])._repr_html_()).text
    assert " segments in 2 files" in shown
    assert ", ".join(finrst.read([data, data]).files["file"]) in shown


def test_hostile_text_is_shown_not_obeyed(hostile: str) -> None:
    summary = _summary.Summary(
        title=hostile,
        lines=[hostile],
        warnings=[hostile],
        endings=[(hostile, 3)],
        causes=[(hostile, 3)],
        ended_by=[(hostile, 3)],
        servers=[(hostile, 3)],
        clients=[],
        tones={},
        findings=Findings(()),
        limits=[hostile],
    )
    elements = Elements(card(summary, [{hostile: hostile}], [hostile], hostile))
    assert elements.tags <= ALLOWED
    assert elements.attributes <= {"class", "style", "title"}
    assert elements.text.count("<script>alert(1)</script>") == 11
    assert hidden(elements.text) == []
    text = _summary.text(summary)
    assert hidden(text) == []
    assert "\\x1b[2J\\u202e" in text


def test_printable_cuts_and_escapes(hostile: str) -> None:
    assert hidden(printable(hostile)) == []
    assert printable("plain – täxt") == "plain – täxt"
    assert len(printable("x" * 1000)) == 300


def test_tables_show_themselves(cap: finrst.Capture) -> None:
    assert repr(cap.teardowns).startswith("<finrst.Table teardowns: 2 rows, ")
    shown = Elements(cap.teardowns._repr_html_())
    assert "teardowns: 2 rows" in shown.text
    assert shown.tags <= ALLOWED


def test_wireshark_filter_and_community_id(cap: finrst.Capture) -> None:
    one = cap.connection(0)
    assert one.wireshark_filter == (
        "ip.addr == 192.0.2.1 && ip.addr == 198.51.100.1 && tcp.port == 443 && "
        "tcp.port == 40000 && frame.number >= 1 && frame.number <= 11"
    )
    assert one.community_id == finrst.community_id("198.51.100.1", 443, "192.0.2.1", 40000)
    assert repr(one) == (
        "<finrst.Connection 0: 192.0.2.1:40000 > 198.51.100.1:443: graceful, ended by server, "
        f"server_close ({100 * one.confidence:.0f} %)>"
    )
    assert {"ending", "client_ip", "wireshark_filter"} <= set(dir(one))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("128.232.110.120", 34855, "66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (
            (
                "2001:470:e5bf:dead:4957:2174:e82c:4887",
                63943,
                "2607:f8b0:400c:c03::1a",
                25,
            ),
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
    ],
)
def test_community_id_of_the_specification(ends: tuple[str, int, str, int], expected: str) -> None:
    assert finrst.community_id(*ends) == expected
    assert finrst.community_id(ends[2], ends[3], ends[0], ends[1]) == expected
