"""The Python half of the widget; the other half is tested in a browser."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

import finrst

pytest.importorskip("numpy", reason="numpy is not installed: the widget is not tested")
pytest.importorskip("anywidget", reason="anywidget is not installed: the widget is not tested")
pytestmark = pytest.mark.filterwarnings("ignore")

import crowd  # noqa: E402 - it needs numpy
from finrst._pages.explore import scripts  # noqa: E402 - it needs anywidget

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
# A pcap file of no packet.
EMPTY = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")


@pytest.fixture
def widget() -> Any:
    return finrst.read(DEMO).explore()


def facet(widget: Any, name: str) -> dict[str, int]:
    found = next(one for one in widget.view["facets"] if one["name"] == name)
    return {bar["value"]: bar["count"] for bar in found["bars"]}


def test_it_begins_with_everything(widget: Any) -> None:
    assert widget.view["title"] == "25 connections of 25"
    assert widget.selection.num_rows == len(widget.view["rows"]) == 25
    assert sum(widget.view["time"]["counts"]) == 25
    assert facet(widget, "cause")["still_open"] == 6


def test_filters_join(widget: Any) -> None:
    widget.chosen = {"ending": ["reset"], "ended_by": ["client"]}
    rows = widget.selection.to_pylist()
    assert rows
    assert {(row["ending"], row["ended_by"]) for row in rows} == {("reset", "client")}
    # A facet's own choice does not take away its other bars.
    assert len(facet(widget, "ended_by")) > 1
    widget.span = [0.0, 5.0]
    assert widget.selection.num_rows < len(rows)
    widget.chosen, widget.span = {}, []
    assert widget.selection.num_rows == 25


def test_a_row_tells_its_story(widget: Any) -> None:
    widget.picked = 2
    assert "data of the peer still unread" in widget.detail["sentence"]
    parts = {part["title"]: part["lines"] for part in widget.detail["parts"]}
    assert (
        "The client had been sent 3,000 bytes that it did not answer with data (packet 29)"
        in parts["What speaks for it"]
    )
    assert all(len(lines) == len(set(lines)) for lines in parts.values())
    assert "RST ACK" in widget.detail["svg"]
    widget.picked = None
    assert widget.detail == {}


def test_what_the_browser_sends_is_checked(widget: Any) -> None:
    widget.chosen = {"nonsense": ["x"], "cause": ["<script>"]}
    assert widget.selection.num_rows == 0
    with pytest.raises(KeyError):
        widget.picked = 10**6


def test_the_rest_of_many_bars_is_found_by_searching(widget: Any) -> None:
    ports = next(one for one in widget.view["facets"] if one["name"] == "server_port")
    assert ports["many"]
    assert len(ports["bars"]) == 8
    assert ports["more"] == 16 - 8
    widget.searched = {"server_port": "402"}
    assert set(facet(widget, "server_port")) == {"4022", "4025", "4026", "4028"}
    # The table follows, as do the other bars.
    assert widget.view["title"] == "5 connections of 25"
    assert {port // 10 for port in widget.selection["server_port"].to_pylist()} == {402}
    assert sum(facet(widget, "ended_by").values()) == 5
    widget.chosen = {"server_port": ["4022"]}
    widget.searched = {}
    # What is chosen stays to be seen, whatever the others' counts are.
    assert facet(widget, "server_port")["4022"] == 1
    assert widget.selection["cause"].to_pylist() == ["reset_injected"]


def test_many_connections() -> None:
    pa = pytest.importorskip("pyarrow")
    item = "> S, < S., > ., > F., < F., > ."
    cap = finrst.conversation(", ".join([item] * 150))
    widget = cap.explore()
    widget.chosen = {"ending": ["graceful"]}
    assert len(widget.view["rows"]) == 100
    assert widget.view["count"] == 150
    assert isinstance(widget.selection, pa.Table)
    assert widget.selection.num_rows == 150
    assert len(json.dumps(widget.view)) < 50_000


def test_no_connection_at_all() -> None:
    empty = finrst.read(EMPTY)
    widget = empty.explore()
    assert widget.view["title"] == "0 connections of 0"
    assert widget.view["rows"] == []
    assert widget.selection.num_rows == 0


class Asking:
    """A browser that asks an explorer."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget
        self.answers: list[dict[str, Any]] = []
        widget.send = self.answers.append

    def __call__(self, **question: Any) -> dict[str, Any]:
        self.widget._handle_custom_msg({"of": "me", "number": len(self.answers), **question}, [])
        return self.answers[-1]

    def rows(self, begin: int, count: int = 100) -> list[dict[str, Any]]:
        version = self.widget.view["version"]
        answer = self(**{"from": begin, "count": count, "version": version})
        assert answer["version"] == version
        assert answer["from"] == begin
        found: list[dict[str, Any]] = answer["rows"]
        return found


def cells(rows: list[dict[str, Any]], place: int) -> list[str]:
    return [row["cells"][place] for row in rows]


def test_the_troubled_stand_first_and_the_orderly_last(widget: Any) -> None:
    causes = cells(widget.view["rows"], 1)
    assert causes[0] == "reset_injected"
    calm = {"still_open", "stray_segment", "client_close", "server_close", "simultaneous_close"}
    place = min(place for place, cause in enumerate(causes) if cause in calm)
    assert set(causes[place:]) <= calm
    assert causes.index("still_open") < causes.index("client_close")


def test_what_lost_nothing_stands_behind_what_failed() -> None:
    """A reset after all was acknowledged is harmless, whatever its cause."""
    lost = "> S, < S., > ., > P. 120, < R."
    kept = "> S, < S., > ., > P. 120, < P. 90, > ., < F., > ., > R."
    cap = finrst.conversation(f"{kept}, {lost}")
    assert [one["harmless"] for one in cap.connections] == [True, False]
    assert [row["id"] for row in cap.explore().view["rows"]] == [1, 0]


@pytest.mark.parametrize(
    ("order", "place", "key"),
    [
        ("connection_id", 0, int),
        ("cause", 1, str),
        ("ending", 7, str),
        ("ended_by", 8, str),
        ("start", 5, str),
        ("client", 3, lambda cell: int(cell.rpartition(":")[2])),
        ("server", 4, lambda cell: int(cell.rpartition(":")[2])),
    ],
)
def test_each_column_sorts_up_and_down(widget: Any, order: str, place: int, key: Any) -> None:
    widget.order = order
    up = [key(cell) for cell in cells(widget.view["rows"], place)]
    assert up == sorted(up)
    widget.order = f"-{order}"
    assert [key(cell) for cell in cells(widget.view["rows"], place)] == sorted(up, reverse=True)
    widget.order = ""
    assert cells(widget.view["rows"], 1)[0] == "reset_injected"


def test_durations_and_certainties_sort_as_numbers_and_what_is_missing_is_last(
    widget: Any,
) -> None:
    rows = finrst.read(DEMO).connections
    lasted = dict(zip(rows["connection_id"], rows["duration_s"], strict=True))
    sure = dict(zip(rows["connection_id"], rows["confidence"], strict=True))
    for order, of in (("duration_s", lasted), ("confidence", sure)):
        for sign in ("", "-"):
            widget.order = sign + order
            values = [of[row["id"]] for row in widget.view["rows"]]
            known = [value for value in values if value or of is lasted]
            assert values[: len(known)] == sorted(known, reverse=bool(sign))


def test_addresses_sort_as_numbers_ipv4_first() -> None:
    from finrst._pages.explore.rows import _packed

    addresses = ["2001:db8::2", "10.0.0.10", "10.0.0.9", "::1", "9.255.0.1"]
    ordered = ["9.255.0.1", "10.0.0.9", "10.0.0.10", "::1", "2001:db8::2"]
    assert sorted(addresses, key=_packed) == ordered


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("reset_injected", [13]),
        ("RESET_INJ", [13]),
        ("#13", [13]),
        ("10.77.0.2:4022", [13]),
        ("77.0.2:40221", []),
        ("third_party 4022", [13]),
        ("third_party 4023", []),
        ("51058", [13]),
        ("nothing like it", []),
    ],
)
def test_a_text_filters_by_any_cell(widget: Any, text: str, numbers: list[int]) -> None:
    widget.text = text
    assert [row["id"] for row in widget.view["rows"]] == numbers
    assert widget.selection["connection_id"].to_pylist() == numbers
    assert sum(facet(widget, "cause").values()) == len(numbers)


def test_rows_are_given_as_asked_for_up_to_the_last(tmp_path: Path) -> None:
    cap = finrst.read(crowd.write(tmp_path / "crowd.pcap", 5000))
    ask = Asking(cap.explore())
    ask(change={"order": "-connection_id"})
    assert [row["id"] for row in ask.rows(4950)] == list(range(49, -1, -1))
    assert [row["id"] for row in ask.rows(100, 3)] == [4899, 4898, 4897]
    assert ask.rows(5000) == []
    assert ask.rows(10**12) == []


def test_an_answer_to_what_was_asked_before_a_change_is_stale(widget: Any) -> None:
    ask = Asking(widget)
    before = widget.view["version"]
    ask(change={"order": "start"})
    answer = ask(**{"from": 0, "count": 10, "version": before})
    assert answer["stale"]
    assert "rows" not in answer


def test_several_changes_at_once_are_worked_out_once(widget: Any) -> None:
    ask, seen = Asking(widget), []
    widget.observe(lambda change: seen.append(change.new["title"]), ["view"])
    ask(change={"chosen": {"ending": ["reset"]}, "span": [0, 5], "order": "-start"})
    assert len(seen) == 1
    assert widget.span == [0.0, 5.0]


def test_a_finding_filters_to_its_connections(widget: Any) -> None:
    found = finrst.read(DEMO).findings()
    assert [one["sentence"] for one in widget.findings] == [one.sentence for one in found]
    for place, one in enumerate(found):
        widget.finding = place
        wanted = one.connections["connection_id"]
        assert widget.selection["connection_id"].to_pylist() == wanted
        assert sorted(row["id"] for row in widget.view["rows"]) == wanted
        assert widget.findings[place]["count"] == len(wanted) == one.count
        assert widget.findings[place]["example"] in wanted
    # It joins the other filters.
    widget.finding = 0
    widget.chosen = {"ended_by": ["client"]}
    assert widget.selection.num_rows < found[0].count
    widget.finding = None
    assert widget.view["state"]["finding"] is None


NONSENSE: list[Any] = [
    {"change": {"finding": 20}},
    {"change": {"finding": -1}},
    {"change": {"finding": "0"}},
    {"change": {"finding": False}},
    {"change": {"nothing": 1}},
    {"change": {"_capture": None}},
    {"change": {"view": {}}},
    {"change": {}},
    {"change": "chosen"},
    {"change": {"chosen": ["cause"]}},
    {"change": {"chosen": {"cause": "reset"}}},
    {"change": {"chosen": {"cause": [["reset"]]}}},
    {"change": {"chosen": {"cause": [{}]}}},
    {"change": {"chosen": {"cause": ["x" * 1000]}}},
    {"change": {"chosen": {"cause": ["x"] * 100_000}}},
    {"change": {"searched": {"cause": 7}}},
    {"change": {"text": 7}},
    {"change": {"text": "x" * 100_000}},
    {"change": {"span": [1]}},
    {"change": {"span": [float("nan"), 1]}},
    {"change": {"span": [float("inf"), 1]}},
    {"change": {"span": ["0", "1"]}},
    {"change": {"order": "evidence"}},
    {"change": {"order": "--start"}},
    {"change": {"order": ["start"]}},
    {"change": {"picked": "1"}},
    {"change": {"picked": True}},
    {"change": {"picked": 10**6}},
    {"change": {"picked": -1}},
    {"change": {"picked": 10**40}},
    {"from": 0},
    {"from": 0, "count": 0},
    {"from": 0, "count": 101},
    {"from": -1, "count": 10},
    {"from": 0.5, "count": 10},
    {"from": "0", "count": 10},
    {"from": 2**60, "count": 10},
    {},
]


@pytest.mark.parametrize("question", NONSENSE, ids=lambda question: str(question)[:40])
def test_nonsense_is_refused_changes_nothing_and_the_widget_lives(
    widget: Any, question: dict[str, Any]
) -> None:
    ask, before = Asking(widget), (widget.view["rows"], widget.picked)
    answer = ask(**question)
    assert answer["error"]
    assert "Traceback" not in answer["error"]
    assert (widget.view["rows"], widget.picked) == before
    assert ask(change={"text": "#13"}) == {"of": "me", "number": 1}
    assert widget.view["count"] == 1


@pytest.mark.parametrize("message", [None, 7, [], "x", {"of": 1, "number": 1}, {"of": "me"}])
def test_what_is_no_question_is_answered_too(widget: Any, message: Any) -> None:
    ask = Asking(widget)
    widget._handle_custom_msg(message, [])
    assert ask.answers[-1]["error"] == "a question has a number and says whose it is"


def test_an_error_nobody_thought_of_is_told(widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        message = "no memory\x1b[2J"
        raise MemoryError(message)

    monkeypatch.setattr(widget._rows, "containing", fail)
    answer = Asking(widget)(change={"text": "x"})
    assert answer["error"] == "MemoryError: no memory\\x1b[2J"


def test_python_is_told_of_its_own_nonsense(widget: Any) -> None:
    traitlets = pytest.importorskip("traitlets")
    for name, value in (("order", "evidence"), ("span", [1.0]), ("chosen", {"cause": "reset"})):
        with pytest.raises(traitlets.TraitError, match=name):
            setattr(widget, name, value)
    widget.chosen = {"server_port": [4022]}
    assert widget.view["count"] == 1


def test_the_day_is_told_where_there_are_several(tmp_path: Path) -> None:
    cap = finrst.read(crowd.write(tmp_path / "days.pcap", 300, seconds=200_000))
    widget = cap.explore()
    widget.order = "-start"
    assert cells(widget.view["rows"], 5)[0] == "2026-09-23 21:35:33.333134"
    widget = finrst.read(DEMO).explore()
    widget.order = "start"
    assert cells(widget.view["rows"], 5)[0] == "06:00:06.565156"


def test_what_needs_the_packets_comes_after_the_story(widget: Any) -> None:
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change.new.get("svg")), ["detail"])
    widget.picked = 13
    assert seen[0] is None
    assert seen[1].startswith("<svg")
    assert widget.detail["filter"] == finrst.read(DEMO).connection(13).wireshark_filter


def test_a_capture_that_is_gone_leaves_the_story(tmp_path: Path) -> None:
    path = tmp_path / "demo.pcap"
    path.write_bytes(DEMO.read_bytes())
    widget = finrst.read(path).explore()
    path.unlink()
    widget.picked = 13
    assert "in between" in widget.detail["sentence"]
    assert widget.detail["parts"][-1]["title"] == "No ladder"
    assert widget.detail["svg"] == ""


def test_the_scripts_are_one_module_of_distinct_names() -> None:
    text = scripts.module()
    names = re.findall(r"^(?:function|const|class|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert len(names) > 10
    assert "import " not in text
    assert re.findall(r"^export.*", text, re.MULTILINE) == ["export default { render };"]


def test_a_click_is_cheap_among_a_hundred_thousand(tmp_path: Path) -> None:
    cap = finrst.read(crowd.write(tmp_path / "crowd.pcap", 100_000))
    widget = cap.explore()
    clicks: list[tuple[str, Any]] = [
        ("order", "server"),
        ("order", "-start"),
        ("chosen", {"cause": ["port_closed"]}),
        ("searched", {"server_ip": "198.51.100.1"}),
        ("text", "10.0.1.1:2"),
        ("span", [3.0, 500.0]),
    ]
    for name, value in clicks:
        begin = time.process_time()
        setattr(widget, name, value)
        assert time.process_time() - begin < 0.3, name
        assert len(json.dumps(widget.view)) < 50_000
