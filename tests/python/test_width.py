"""What a text takes of a line, and how it is laid out in one."""

from __future__ import annotations

import io
import itertools
import re

import pytest

from finrst._base import width
from finrst._base.html import brief
from finrst._base.text import shortened

RED, END = "\x1b[31m", "\x1b[0m"
LONG = "2001:db8:85a3:8d3:1319:8a2e:370:7348"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("", 0),
        ("abc", 3),
        ("täxt", 4),
        ("ta\u0308xt", 4),  # the dots are a character of their own
        ("日本語", 6),
        ("ＡＢ", 4),
        ("ｱｲ", 2),  # half width
        ("한국", 4),
        ("👍", 2),
        ("a\u200db", 2),  # a joiner between them
        ("█▶──◀", 5),
        (f"{RED}abc{END}", 3),
        (f"\x1b[1;38;5;208m日{END}", 2),
    ],
)
def test_columns_are_those_of_a_terminal(text: str, taken: int) -> None:
    assert width.columns(text) == taken
    assert width.columns(width.pad(text, 10)) == 10
    assert width.columns(width.pad(text, 10, right=True)) == 10


@pytest.mark.parametrize("room", range(20))
@pytest.mark.parametrize(
    "text", ["plain words", "日本 語の x", f"{RED}one{END} two日", "e\u0301" * 30]
)
def test_what_is_cut_fits(text: str, room: int) -> None:
    taken = width.columns(text)
    kept = width.cut(text, room)
    assert width.columns(kept) <= room
    assert width.columns(kept) >= min(taken, room) - 1
    assert kept == text or taken > room
    # What was painted ends where it ended.
    assert kept.count(END) == text.count(END)
    short = width.middle(re.sub(r"\x1b\[\d+m", "", text), room)
    assert width.columns(short) <= max(room, 1)


SENTENCE = (
    "The connection from 192.0.2.1:40000 to 198.51.100.1:443 was reset by the server after 1.2 s: "
    "SYN-ACK, 日本語のホスト名 and e\u0301tait."
)


@pytest.mark.parametrize("room", [20, 40, 80, 100, 200])
@pytest.mark.parametrize("painted", [False, True])
def test_lines_break_between_words_only(room: int, *, painted: bool) -> None:
    words = SENTENCE.split()
    given = " ".join(f"{RED}{word}{END}" for word in words) if painted else SENTENCE
    lines = width.wrap(given, room, "- ")
    told = [re.sub(r"\x1b\[\d+m", "", line) for line in lines]
    assert " ".join(line[2:] for line in told) == SENTENCE
    assert told[0].startswith("- The")
    assert all(line.startswith("  ") for line in told[1:])
    assert [line for line in told if width.columns(line) > room and " " in line[2:]] == []
    # A line is no shorter than it must be.
    for line, after in itertools.pairwise(told):
        (word,) = re.findall(r"^ *(1\.2 s:|\S+)", after)
        assert width.columns(line) + 1 + width.columns(word) > room


@pytest.mark.parametrize("room", range(20, 60))
def test_no_line_ends_between_a_number_and_its_unit(room: int) -> None:
    told = "For 36 min 53 s, 33 % of 24 connections waited 1.2 ms or 40 µs longer than 2 h."
    lines = width.wrap(told, room)
    assert " ".join(lines) == told
    assert [line for line in lines if re.match(r"(min|s|%|ms|µs|h)(?!\w)", line)] == []


def test_a_word_that_is_wider_than_the_line_stays_whole() -> None:
    path = "/captures/2026/11/30/a-very-long-name-of-a-capture.pcapng"
    assert width.wrap(f"see {path} first", 30) == ["see", path, "first"]
    assert width.wrap("", 30, "- ") == ["-"]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_has_a_width_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setattr("os.get_terminal_size", lambda *_: pytest.fail("nobody asked it"))
    assert width.available() == width.READABLE == 100
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)
    assert width.available() == 100
    monkeypatch.setattr("sys.stdout", None)
    assert width.available() == 100


def test_the_environment_outweighs_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "132")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert width.available() == 132
    monkeypatch.setenv("COLUMNS", "1")
    assert width.available() == 20
    monkeypatch.setenv("COLUMNS", "wide")
    assert width.available() == 100


def test_a_sentence_is_no_wider_than_people_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    for columns, most in ((40, 40), (80, 80), (200, width.READABLE)):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = width.wrap(SENTENCE * 3)
        assert most - 25 < max(map(width.columns, lines)) <= most


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ("192.0.2.1:40000", "192.0.2.1:40000"),
        ("fe80::1", "fe80::1"),
        (LONG, "2001:db8:…:370:7348"),
        (f"[{LONG}]:443", "[2001:db8:…:370:7348]:443"),
        (f"www.example.org ([{LONG}]:443)", "www.example.org ([2001:db8:…:370:7348]:443)"),
        (f"from {LONG} to {LONG}.", "from 2001:db8:…:370:7348 to 2001:db8:…:370:7348."),
        ("2001:db8:1111:2222:3333:4444::", "2001:db8:…::"),
        ("fe80::1234:5678:9abc:def0", "fe80::…:9abc:def0"),
        ("::ffff:255.255.255.255", "::ffff:255.255.255.255"),
        ("2026-11-30T12:34:56.123456", "2026-11-30T12:34:56.123456"),
        ("00:11:22:33:44:55", "00:11:22:33:44:55"),
    ],
)
def test_addresses_shorten_in_the_middle(whole: str, short: str) -> None:
    assert shortened(whole) == short
    assert short in brief(whole)
    assert whole in brief(whole)


def test_what_is_brief_is_escaped_and_whole_on_hover() -> None:
    assert brief("<b>") == '<span title="&lt;b&gt;">&lt;b&gt;</span>'
    name = '"><img src=x>' + "a" * 80
    assert "<img" not in brief(name)
    shown = brief(name).partition('">')[2]
    assert f'title="&quot;&gt;&lt;img src=x&gt;{"a" * 80}"' in brief(name)
    assert shown.startswith("&quot;&gt;&lt;img src=x&gt;aaa")
    assert "…" in shown
    assert "a" * 80 not in shown
