"""What a notebook and a terminal show of tables and connections: what matters, never hidden."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import finrst
from finrst._pages import stories
from finrst._story import finding, troubled

DEMO = Path(__file__).parents[1] / "data/demo.pcap"


@pytest.fixture(scope="module")
def demo() -> finrst.Capture:
    return finrst.read(DEMO)


def rows(html: str) -> list[str]:
    return re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)


def marked(html: str) -> list[str]:
    """The second cells, packets' numbers, of the rows that stand out."""
    lines = re.findall(r'<tr class="mark">(.*?)</tr>', html, re.DOTALL)
    return [re.findall(r">([^<>]*)</td>", line)[1] for line in lines]


def test_few_packets_are_all_shown(demo: finrst.Capture) -> None:
    shown = demo.packets(2)._repr_html_()
    assert len(rows(shown)) == 1 + 12
    assert "packets: 12 rows; decisive: packet 29<" in shown
    assert marked(shown) == ["29"]


def test_of_many_packets_the_decisive_one_is_never_hidden() -> None:
    middle = ", ".join(["> P. 10", "< ."] * 100)
    cap = finrst.conversation(
        f"> S, < S., > ., {middle}, < R., > P. 10, > P. 10, < R, < R, < R, < R"
    )
    deciding = cap.connection(0).deciding_packet
    assert deciding == 204
    shown = cap.packets(0)._repr_html_()
    assert marked(shown) == ["204"]
    told = re.findall(r"&#8942; ([^<]*)<", shown)
    assert told == [
        "197 rows left out: packets 5 to 201",
        "2 rows left out: packets 207 to 208",
    ]
    lines = rows(shown)[1:]
    said = int(
        re.findall(r"packets: 210 rows, (\d+) of them shown; decisive: packet 204", shown)[0]
    )
    assert said == len(lines) - len(told) == 11
    # What is shown and what is left out are all there are.
    assert said + 197 + 2 == 210


def test_packets_of_several_connections_show_every_decisive_one(demo: finrst.Capture) -> None:
    shown = demo.packets([2, 13])._repr_html_()
    assert "decisive: packets 29, 97<" in shown
    assert marked(shown) == ["29", "97"]
    # Also of what came back from another process.
    again = pickle.loads(pickle.dumps(demo.packets([2, 13])))
    assert again._repr_html_() == shown
    assert marked(demo.packets([2, 13]).slice(0, 15)._repr_html_()) == ["29"]


def test_other_tables_say_what_they_leave_out(demo: finrst.Capture) -> None:
    assert "connections: 25 rows, the first 10 of them shown<" in demo.connections._repr_html_()
    assert "files: 1 row<" in demo.files._repr_html_()


def test_a_connection_says_its_cause_and_how_sure_it_is(demo: finrst.Capture) -> None:
    assert repr(demo.connection(13)).endswith(
        ": reset, ended by third_party, reset_injected (97 %)>"
    )
    undecided = finrst.conversation("> ., < .").connection(0)
    assert undecided.confidence or repr(undecided).endswith(f", {undecided.cause}>")


def test_a_connection_shows_verdict_story_and_sides(demo: finrst.Capture) -> None:
    one = demo.connection(13)
    shown = one._repr_html_()
    for text in (
        "Connection 13: 10.77.0.1:51058 &rarr; 10.77.0.2:4022",
        "reset, ended by third party",
        "reset_injected, 97 % sure",
        "decided by packet 97",
        "<h4>What happened</h4>",
        "<h4>What speaks for it</h4>",
        "<h4>What to check next</h4>",
        '<tr><td>payload bytes</td><td class="n">25</td><td class="n">2,000</td></tr>',
        '<tr><td>bytes lost to a reset</td><td class="n">0</td><td class="n">2,000</td></tr>',
    ):
        assert text in shown
    assert "FIN segments" not in shown  # neither side sent one
    assert "<script" not in shown


def test_a_connection_shows_times_of_the_zone_that_was_chosen() -> None:
    cap = finrst.read("tests/data/demo.pcap", tz="Asia/Tokyo")
    shown = cap.connection(13)._repr_html_()
    assert "2026-11-22 15:01:03.587672 +09:00" in shown
    assert "UTC" not in shown


LONG = "2001:db8:85a3:8d3:1319:8a2e:370:7348"


def test_sentences_on_a_page_have_short_addresses_and_the_whole_where_one_hovers() -> None:
    cap = finrst.conversation("> S, < R.")
    one = cap.findings()[0]
    one.sentence = f"{LONG} did it."
    for shown in (stories.brief(finding.Findings([one])), stories.whole(finding.Findings([one]))):
        assert ">2001:db8:…:370:7348 did it." in shown
        assert f'title="{LONG} did it.' in shown


def test_headings_of_numbers_stand_over_them(demo: finrst.Capture) -> None:
    shown = demo._repr_html_()
    for name, said in (("connection_id", "#"), ("confidence", "sure"), ("duration_s", "lasted")):
        assert f'<th class="n" title="{name}">{said}</th>' in shown
    assert '<th title="cause">cause</th>' in shown


def test_findings_are_worked_out_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    work = finding.find

    def noted(table: finrst.Table) -> Any:
        asked.append(table)
        return work(table)

    monkeypatch.setattr(finding, "find", noted)
    cap = finrst.read("tests/data/demo.pcap")
    cap.findings()
    cap._repr_html_()
    repr(cap)
    cap.tz = "Asia/Tokyo"
    assert "+09:00" in cap.findings()[0].when
    assert asked == [cap.connections]


def test_a_connection_shows_hostile_names_as_text(hostile: str) -> None:
    one = finrst.conversation("> S, < S., > ., > P. 120, < R.").connection(0)
    one._row["client_tls_alert"] = hostile
    shown = one._repr_html_()
    assert "<script>alert" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_card_and_text_begin_with_trouble(demo: finrst.Capture) -> None:
    numbers = [3, 13]
    shown, said = demo._repr_html_(), repr(demo)
    title = "Connections in trouble, of the gravest findings first"
    assert title in shown
    assert title in said
    lines = said.partition(title)[2].splitlines()[1:6]
    found = [int(line.split()[0]) for line in lines]
    assert found[0] == 13
    assert set(numbers) <= set(found)
    assert "reset_injected 97 %" in lines[0]
    assert all(len(line) <= 79 for line in lines)
    # The first five connections were orderly, refused, ...: whatever came first.
    assert found != [0, 1, 2, 3, 4]


def test_every_colour_of_the_charts_of_a_card_is_named(demo: finrst.Capture) -> None:
    """How they ended has a colour for those that nobody answered, which Why folds away."""
    shown = demo._repr_html_()
    used = set(re.findall(r'class="bar" title="(\w+): ', shown))
    named = re.findall(r'<span class="of"><span style="[^"]+"></span>(\w+)</span>', shown)
    assert "timeout" in used
    assert set(named) == used
    assert len(named) == len(set(named))


def test_one_kind_of_trouble_fills_the_card() -> None:
    cap = finrst.conversation(
        "> S port=1..9, < R. port=1..9, > S port=20, < S. port=20, > . port=20"
    )
    chosen = troubled.troubled(cap.connections, cap.findings(), 5)
    assert [row["ending"] for row in chosen.rows] == ["handshake_refused"] * 5
    assert len({row["connection_id"] for row in chosen.rows}) == 5


def test_every_finding_has_its_share_of_the_rows_gravest_first() -> None:
    """A scan of ninety hosts crowds out neither a refusal nor the two that ask elsewhere."""
    cap = finrst.conversation(
        "> S server=1..90, > S port=2 server=91 service=80, < R., "
        "> S port=3..4 server=92 service=25, > S port=3..4 again +1s"
    )
    found = cap.findings()
    assert found[0].kind == "scan"
    for most in (1, 2, 3, 4, 10, 93):
        rows = troubled.troubled(cap.connections, found, most).rows
        numbers = [row["connection_id"] for row in rows]
        assert len(numbers) == len(set(numbers)) == most
        assert numbers[0] == found[0].example.connection_id
        shown = [sum(one in set(f.connections["connection_id"]) for one in numbers) for f in found]
        least = min(most // len(found), 2)
        assert all(count >= min(f.count, least) for count, f in zip(shown, found, strict=True))
        # One after the other: the rows of a finding stand together.
        places = [
            next(n for n, f in enumerate(found) if one in f.connections["connection_id"])
            for one in numbers
        ]
        assert places == sorted(places)


def test_card_and_report_choose_by_one_rule(demo: finrst.Capture) -> None:
    few = troubled.troubled(demo.connections, demo.findings(), 5)
    many = troubled.listed(demo.connections, demo.findings(), 200)
    assert many.said == "All 25 connections, those in trouble first"
    assert len({row["connection_id"] for row in many.rows}) == 25
    assert {row["connection_id"] for row in few.rows} <= {
        row["connection_id"] for row in many.rows[:18]
    }
    assert many.rows[0] == few.rows[0]
    cut = troubled.listed(demo.connections, demo.findings(), 5)
    assert cut.rows == few.rows
    assert cut.said == "5 connections in trouble of 25, of the gravest findings first"
    calm = finrst.conversation("> S, < S., > ., > F., < F., > .")
    assert troubled.listed(calm.connections, calm.findings(), 5).said == "All 1 connection"


def test_rows_of_a_large_finding_are_made_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a million connections in one finding, those that are shown and no more."""
    cap = finrst.conversation("> S port=1..900, < R. port=1..900")
    asked = []

    def noted(self: finding.Finding, most: int) -> finrst.Table:
        asked.append(most)
        return self._connections(most)  # type: ignore[operator]

    monkeypatch.setattr(finding.Finding, "head", noted)
    monkeypatch.setattr(finding.Finding, "connections", property(lambda _: pytest.fail("all")))
    assert len(troubled.listed(cap.connections, cap.findings(), 200).rows) == 200
    assert asked
    assert max(asked) <= 200


def test_without_trouble_the_card_shows_the_first() -> None:
    cap = finrst.conversation("> S, < S., > ., > F., < F., > .")
    assert troubled.troubled(cap.connections, cap.findings(), 5).said == "All connections"
    empty = finrst.read(DEMO, filter="port 1")
    assert troubled.text(troubled.troubled(empty.connections, empty.findings(), 5)) == []


@pytest.mark.parametrize("asked", [{"filter": "port 1"}, {"start": "+1h"}, {"end": "2001-01-01"}])
def test_what_matches_nothing_is_said(asked: dict[str, Any]) -> None:
    cap = finrst.read(DEMO, **asked)
    for said in (repr(cap), cap._repr_html_()):
        assert "The filter, start or end left nothing of 164 packets." in said
        assert "No TCP was found" not in said


def test_a_capture_without_packets_blames_no_filter() -> None:
    empty = finrst.read(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    assert "left nothing" not in repr(empty)
