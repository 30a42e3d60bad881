"""Goal R11: 64 hostile texts in every field of a capture, through everything that shows them.

Each sink is compared with that of the same capture with harmless texts: the same elements, in the
same order.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import struct
import subprocess
import sys
import unicodedata
import warnings
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import finrst
from finrst.__main__ import main
from finrst._base.html import table
from finrst._pages import page as _page
from finrst._pages.card import card
from finrst._story import summary as _summary
from finrst._story.finding import Findings
from finrst._story.overview import survey
from strings import STRINGS, file_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::finrst.CaptureWarning", "ignore:Glyph")

TABLES = ("connections", "teardowns", "ledger", "interfaces", "files", "issues")
HARMLESS = tuple(f"text {number}" for number in range(len(STRINGS)))


def block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def segment(flags: int, *, back: bool, number: int, payload: bytes = b"") -> bytes:
    ends = [bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])]
    ports = [40000 + number, 443]
    if back:
        ends.reverse()
        ports.reverse()
    head = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), 1, 0, 64, 6, 0)
    tcp = struct.pack(">HHIIBBHHH", *ports, 0, 1 if back else 0, 0x50, flags, 65535, 0, 0)
    return head + b"".join(ends) + tcp + payload


def capture(text: str, number: int) -> bytes:
    """A pcapng in which everything that can be a text is this one."""
    octets = text.encode("utf-8", "surrogatepass")[:1400]
    words = b"".join(option(code, octets) for code in (1, 2, 3, 4))
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + words)
    words = b"".join(option(code, octets) for code in (1, 2, 3, 12)) + option(11, b"\0" + octets)
    out += block(1, struct.pack("<HHI", 101, 0, 0) + words)
    names = struct.pack("<HH", 1, 5 + len(octets)) + bytes([10, 0, 0, 1]) + octets + b"\0"
    out += block(4, names + bytes(-len(names) % 4) + bytes(4))
    frames = [segment(2, back=False, number=number)]
    # The reason that a reset states; one with control characters is not taken for a text.
    reason = re.sub("[\x00-\x1f\x7f-\x9f]", "?", text)[:70].encode()
    frames.append(segment(0x14, back=True, number=number, payload=reason))
    for place, frame in enumerate(frames):
        stamp = (1_700_000_000 + number) * 10**6 + place
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, head + frame + bytes(-len(frame) % 4) + option(1, octets))
    # And one issue whose example stands in a file of this name.
    return out + block(6, b"damaged")


@dataclass
class Case:
    """A reading of as many files as there are texts."""

    cap: finrst.Capture
    paths: list[str]


def case(texts: tuple[str, ...], place: Path) -> Case:
    paths = []
    for number, text in enumerate(texts):
        path = place / f"{number:02}{file_name(text)}"
        path.write_bytes(capture(text, number))
        paths.append(str(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Case(finrst.read(paths, progress=False), paths)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Case]:
    return (
        case(STRINGS, tmp_path_factory.mktemp("hostile")),
        case(HARMLESS, tmp_path_factory.mktemp("harmless")),
    )


class Elements(HTMLParser):
    """What a browser would build."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")
        self.words.append(data)


def hidden(text: str) -> list[str]:
    bad = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    return [c for c in text if c != "\n" and unicodedata.category(c) in bad]


def same(hostile: str, harmless: str) -> None:
    """The same elements and attributes, and nothing that is obeyed or hidden."""
    one, other = Elements(hostile), Elements(harmless)
    assert one.tags == other.tags
    assert one.attributes == other.attributes
    assert not [name for name in one.attributes if name.startswith("on")]
    assert hidden("".join(one.words)) == []
    assert hidden(hostile) == []


def test_the_texts_are_there(both: tuple[Case, Case]) -> None:
    hostile, _ = both
    assert len(hostile.cap) == len(STRINGS)
    names = hostile.cap.interfaces["name"]
    expected = [text.split("\0", maxsplit=1)[0] for text in STRINGS]
    assert [
        n for n, e in zip(names, expected, strict=True) if not (n and e.startswith(n[:90]))
    ] == []
    reasons = [reason for reason in hostile.cap.teardowns["reset_reason"] if reason]
    assert len(reasons) > 40
    assert hostile.cap.files["file"] == hostile.paths
    assert set(hostile.cap.files["status"]) != {"complete"}


def test_cards_and_tables(both: tuple[Case, Case]) -> None:
    hostile, harmless = both
    same(hostile.cap._repr_html_(), harmless.cap._repr_html_())
    for name in TABLES:
        one, other = hostile.cap.table(name), harmless.cap.table(name)
        assert len(one) == len(other), name
        for begin in range(0, len(one), 10):
            same(one.slice(begin, 10)._repr_html_(), other.slice(begin, 10)._repr_html_())


def test_columns_titles_and_names() -> None:
    for text in STRINGS:
        shown = [table([{word: word}], [word], total=1, name=word) for word in (text, "harmless")]
        same(*shown)
        cards = []
        for word in (text, "harmless"):
            pairs = [(word, 3)]
            counts = (pairs, pairs, pairs, pairs, pairs)
            summary = _summary.Summary(word, [word], [word], *counts, {}, Findings(()), [word])
            cards.append(card(summary, [{word: word}], [word]))
        same(*cards)


def test_stories_and_ladders(both: tuple[Case, Case]) -> None:
    hostile, harmless = both
    for number in range(len(STRINGS)):
        stories = [one.cap.connection(number).explain() for one in (hostile, harmless)]
        assert hidden(str(stories[0])) == []
        tags = [Elements(story._repr_html_()).tags for story in stories]
        # A reason that is empty after its first byte of zero is left out.
        assert set(tags[0]) <= set(tags[1]) == {"div", "p", "strong", "ul", "li"}
        ladders = [one.cap.plot.ladder(number).svg for one in (hostile, harmless)]
        for ladder in ladders:
            assert {e.tag.rpartition("}")[2] for e in ET.fromstring(ladder).iter()} <= {
                "svg", "style", "text", "line", "path", "title", "g", "rect", "polygon", "tspan",
            }  # fmt: skip
        assert hidden(ladders[0]) == []


def test_plots_of_hostile_words() -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    cap = finrst.conversation(", ".join(["> S, < R."] * len(STRINGS)))
    shapes = []
    for words in (STRINGS, HARMLESS):
        for which, draw in (
            ("connections", finrst.plot.causes),
            ("connections", finrst.plot.matrix),
            ("teardowns", finrst.plot.timeline),
        ):
            frame = cap.to_pandas(which)
            for column in {"cause", "client_ip", "server_ip"} & set(frame.columns):
                frame[column] = pandas.Series(words[: len(frame)], index=frame.index)
            svg = draw(frame).svg()
            assert hidden(svg) == []
            tree = ET.fromstring(svg)
            names = {e.tag.rpartition("}")[2] for e in tree.iter()}
            assert not {"script", "a", "foreignObject"} & names
            attributes = {k.rpartition("}")[2] for e in tree.iter() for k in e.attrib}
            assert not [name for name in attributes if name.startswith("on")]
            shapes.append(names)
    half = len(shapes) // 2
    assert shapes[:half] == shapes[half:]


def test_reports(both: tuple[Case, Case], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    markdown = pytest.importorskip("markdown")
    pages: dict[str, list[str]] = {"html": [], "md": []}
    for number, one in enumerate(both):
        for ending, found in pages.items():
            path = tmp_path / f"{number}.{ending}"
            one.cap.report(path)
            found.append(path.read_text(encoding="utf-8"))
    hostile, harmless = (Elements(page) for page in pages["html"])
    # Notes of ladders have as many lines as their words need.
    lines = [[tag for tag in one.tags if tag != "text"] for one in (hostile, harmless)]
    assert lines[0] == lines[1]
    assert hidden(pages["html"][0]) == []
    assert hidden(pages["md"][0]) == []
    built = [Elements(markdown.markdown(page, extensions=["tables"])) for page in pages["md"]]
    assert built[0].tags == built[1].tags
    assert not {"script", "img", "a", "code"} & set(built[0].tags)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.html", "0.md", "1.html", "1.md"]


def test_titles_of_reports() -> None:
    cap = finrst.conversation("> S, < R.")
    found = survey(cap)
    for text in STRINGS:
        pages = [
            _page.page(cap, found, word, [(word, word)], [], {}) for word in (text, "harmless")
        ]
        same(*pages)


def test_the_widget(both: tuple[Case, Case]) -> None:
    pytest.importorskip("anywidget")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in (0, 30, 59):
            seen = []
            for one in both:
                widget = one.cap.explore()
                widget.picked = number
                json.dumps([widget.view, widget.detail])
                tree = ET.fromstring(widget.detail["svg"])
                seen.append({element.tag for element in tree.iter()})
            assert seen[0] <= seen[1]


def test_terminals(
    both: tuple[Case, Case], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile, _ = both
    assert hidden(repr(hostile.cap)) == []
    for name in TABLES:
        assert hidden(repr(hostile.cap.table(name))) == []
    for arguments in (
        [*hostile.paths],
        [*hostile.paths, "--json"],
        ["explain", *hostile.paths, "--limit", "60"],
        ["report", *hostile.paths, "-o", str(tmp_path / "x.md")],
        [str(tmp_path / f"absent{file_name(STRINGS[35])}.pcap")],
        [hostile.paths[0], "--filter", STRINGS[0]],
        [hostile.paths[0], "--start", STRINGS[35]],
        ["convert", hostile.paths[0], "-o", f"x.{STRINGS[38]}".replace("/", "_")],
        [hostile.paths[0], f"--{STRINGS[38]}"],
        ["causes", STRINGS[35]],
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with contextlib.suppress(SystemExit):  # words that no command has
                main(arguments)
        streams = capsys.readouterr()
        assert hidden(streams.out) == [], arguments[0]
        assert hidden(streams.err) == [], arguments[0]
    command = [sys.executable, "-m", "finrst", hostile.paths[35], hostile.paths[44]]
    done = subprocess.run(command, capture_output=True, check=False)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stdout + done.stderr)


def test_errors_are_short_and_escaped(tmp_path: Path) -> None:
    for text in STRINGS:
        calls: list[Callable[[str], object]] = [
            lambda text: finrst.read(tmp_path / file_name(text) / "absent"),
            lambda text: finrst.read(text.encode() * 100),
            lambda text: finrst.read(b"", filter=text),
            finrst.conversation,
            lambda text: finrst.read(b"", parameters={text: 1.0}),
        ]
        for call in calls:
            with pytest.raises((OSError, ValueError)) as caught:
                call(text)
            if not isinstance(caught.value, OSError):  # whose text is Python's, with repr()
                assert len(str(caught.value)) <= 700
            assert hidden(str(caught.value)) == []


def text_columns(table: finrst.Table) -> list[str]:
    pa = pytest.importorskip("pyarrow")
    return [f.name for f in pa.table(table).schema if pa.types.is_string(f.type)]


def test_csv(both: tuple[Case, Case], tmp_path: Path) -> None:
    for name in TABLES:
        table = both[0].cap.table(name)
        texts = text_columns(table)
        for guard in (True, False):
            table.write(tmp_path / "x.csv", formula_guard=guard)
            with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            assert len(rows) == len(table)
            for column in texts:
                written = [row[column] for row in rows]
                exact = [value or "" for value in table[column]]
                if guard:
                    assert [part for text in written for part in formulas(text)] == [], column
                    written = [taken_back(text) for text in written]
                assert written == exact, column


def parts(text: str) -> list[str]:
    """Split a text where a spreadsheet of some country ends a cell, with what ends it between."""
    return re.split(r"([;|\t\n\r\x0b\x0c\x85\u2028\u2029])", text)


def is_formula(part: str, skipped: str) -> bool:
    """Tell whether a cell is evaluated; what is hidden counts for nothing, nor what is given."""
    shown = [c for c in part if not (c.isspace() or hidden(c) or c in skipped)]
    return bool(shown) and shown[0] in "=+-@＝＋－＠﹦﹢﹣﹫"


def formulas(text: str) -> list[str]:
    return [part for part in parts(text) if is_formula(part, '"')]


def taken_back(text: str) -> str:
    """Take away the marks of the guard, as SECURITY.md says."""
    blank = re.match(r"'+[^\S ]", text) is not None
    found = parts(text)
    for place in range(0, len(found), 2):
        if is_formula(found[place], "\"'") or (place == 0 and blank):
            assert found[place].startswith("'")
            found[place] = found[place][1:]
    return "".join(found)


def test_no_cell_of_a_csv_file_is_a_formula_whatever_separates_cells(
    both: tuple[Case, Case], tmp_path: Path
) -> None:
    for name in TABLES:
        both[0].cap.table(name).write(tmp_path / "x.csv")
        text = (tmp_path / "x.csv").read_text(encoding="utf-8")
        for separator in ";|\t":
            for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
                lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator,
                                   quoting=quoting)  # fmt: skip
                # The first cell of a line is the file's own first column.
                cells = [cell for line in lines for cell in line[1:]]
                assert [cell for cell in cells if is_formula(cell, '"')] == [], (name, separator)


def test_lists_in_csv_are_json_of_the_exact_texts(both: tuple[Case, Case], tmp_path: Path) -> None:
    table, checked = both[0].cap.connections, 0
    lists = [name for name in table.column_names if isinstance(table[name][0], list)]
    table.write(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        for written, row in zip(csv.DictReader(file), table, strict=True):
            for name in lists:
                if row[name]:
                    assert json.loads(written[name]) == row[name]
                    checked += 1
    assert checked


def test_json_and_arrow_are_exact(both: tuple[Case, Case], tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("interfaces", "files", "issues", "teardowns"):
        table = both[0].cap.table(name)
        table.write(tmp_path / "x.json")
        octets = (tmp_path / "x.json").read_bytes()
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", octets)
        assert hidden(octets.decode()) == []
        rows = [json.loads(line) for line in octets.decode().split("\n") if line]
        table.write(tmp_path / "x.parquet")
        back = parquet.read_table(tmp_path / "x.parquet")
        assert back.equals(pa.table(table).cast(back.schema))
        for column in text_columns(table):
            assert [row[column] for row in rows] == table[column] == back[column].to_pylist()


def test_spreadsheets(both: tuple[Case, Case], tmp_path: Path) -> None:
    """The recipe of the documentation: every text is a text."""
    pandas = pytest.importorskip("pandas")
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    for name in ("interfaces", "files"):
        frame = both[0].cap.to_pandas(name)
        texts = text_columns(both[0].cap.table(name))
        path = tmp_path / "x.xlsx"
        with pandas.ExcelWriter(
            path, engine="xlsxwriter", engine_kwargs={"options": options}
        ) as writer:
            frame[texts].to_excel(writer, index=False)
        sheet = openpyxl.load_workbook(path).active
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value}
        assert kinds == {"s"}, name


def test_sql(both: tuple[Case, Case]) -> None:
    duckdb = pytest.importorskip("duckdb")
    interfaces = both[0].cap.to_arrow("interfaces")
    with duckdb.connect() as base:
        base.register("interfaces", interfaces)
        found = base.execute("select name from interfaces").fetchall()
        names = both[0].cap.interfaces["name"]
        assert [name for (name,) in found] == names
        wanted = names[55]
        rows = base.execute("select count(*) from interfaces where name = ?", [wanted]).fetchone()
        assert rows == (1,)
