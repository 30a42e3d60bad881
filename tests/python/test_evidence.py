"""Evidence is told in sentences, and what was forged as from between the two sides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst._base.width import columns
from finrst._cli.steps import steps
from finrst._story.evidence import against, told
from finrst._story.forged import forged

if TYPE_CHECKING:
    from collections.abc import Iterator

CAUSES = list(finrst.causes())
FACTS = {row["name"]: row for row in finrst.facts()}
INJECTED = (
    "> S, < S. ttl=52, > ., < . ttl=52, > P. 120, < R. nots ttl=101 id=4711 win=3000 +1ms, "
    "< P. 900 ttl=52 +30ms, > R, < P. 900 ttl=52"
)


def scripts(cause: dict[str, Any]) -> list[str]:
    """The examples and near misses of a cause."""
    return [*cause["examples"], *(script.split(" -> ")[0] for script in cause["near_misses"])]


def verdicts(capture: finrst.Capture) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Every connection's row, with those of its FINs and RSTs."""
    for row in capture.connections:
        yield row, capture.teardowns.find_all("connection_id", row["connection_id"])


def shown(capture: finrst.Capture) -> str:
    """Everything that a capture shows of its evidence."""
    texts = []
    for number in range(len(capture)):
        one = capture.connection(number)
        story = one.explain()
        texts += [str(story), story._repr_html_(), *steps(capture, number)]
        texts.append(str(capture.plot.ladder(number)))
    return "\n".join(texts)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: str(cause["name"]))
def test_no_fact_is_shown_by_its_key_and_each_packet_named_is_there(cause: dict[str, Any]) -> None:
    for script in scripts(cause):
        capture = finrst.conversation(script)
        text = shown(capture)
        keys = {
            fact["fact"]
            for row, events in verdicts(capture)
            for verdict in (row, *events)
            for fact in verdict["evidence"]
        }
        assert keys <= set(FACTS), script
        # A message of TLS is called so; of a word, its place as a key shows what it is.
        for key in keys - {"close_notify"}:
            bare = key if "_" in key else rf"^\s*{key}( \(|:|$)"
            assert not re.search(rf"{bare}(?!\w)", text, re.MULTILINE), f"{key} in {script}"
            shown_as = key.removesuffix("_s").replace("_", " ")
            assert not re.search(rf"(^|; ) *{shown_as}: ", text, re.MULTILINE), f"{key} in {script}"
        there = {p["packet"] for p in capture.packets(range(len(capture)))}
        named = {
            int(number)
            for row, _ in verdicts(capture)
            for line in capture.connection(row["connection_id"]).explain().evidence
            for number in re.findall(r"packet (\d+)", line, re.IGNORECASE)
            if not row["icmp_errors"]
        }
        assert named <= there, script


def test_a_weight_is_never_told() -> None:
    capture = finrst.conversation(INJECTED)
    row, events = next(verdicts(capture))
    for verdict in (row, *events):
        for fact in verdict["evidence"]:
            if FACTS[fact["fact"]]["unit"] == "weight":
                twice = {**fact, "value": 1234567.0}
                assert told(fact, events[0]) == told(twice, events[0])
                assert "1,234,567" not in told(twice, events[0])


def test_a_distance_is_told_by_both_ttls_and_in_hops() -> None:
    story = finrst.conversation(INJECTED).connection(0).explain()
    said = "TTL 101 (27 hops) where the server's other packets have 52 (12 hops) (packet 6)"
    assert said in story.evidence
    data = (
        '> S, < S. ttl=57, > ., > P. 90, < P. 100 text="HTTP/1.1 302" nots ttl=64 id=1 win=8192 '
        '+3ms, < P. 400 text="HTTP/1.1 200" seq=#1 ttl=57 +20ms, > .'
    )
    story = finrst.conversation(data).connection(0).explain()
    said = "TTL 64 (0 hops) where its claimed sender's other packets have 57 (7 hops) (packet 5)"
    assert said in story.evidence
    assert "This packet is unlike all others of the server (packet 5)" in story.evidence


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "> S, < S., > ., > P. 80, < FP. 125, > F. ack=-126 +1ms, > R seq=#81 +9ms",
            (
                "Data of the server crossed the client's FIN: they passed here 1 ms before it "
                "(packet 5)"
            ),
        ),
        (
            "> S, < S., > ., > F., < ., < FP. 500 +20ms, > R +1ms",
            "Data of the server came 30 ms after the client's FIN (packet 6)",
        ),
        (
            "> S, < S., > ., > F., < ., < P. 500 +20ms, > R +1ms",
            "Data came 30 ms after the FIN (packet 6)",
        ),
    ],
)
def test_data_that_met_a_close_are_told_of_their_sender_and_by_their_own_time(
    script: str, sentence: str
) -> None:
    assert sentence in finrst.conversation(script).connection(0).explain().evidence


def test_numbers_have_their_units() -> None:
    def one(name: str, value: float, text: str | None = None) -> str:
        return told({"fact": name, "value": value, "text": text, "packet": None})

    assert one("syns", 1) == "The client sent 1 SYN"
    assert one("syns", 7) == "The client sent 7 SYNs"
    assert one("idle_s", 361.0) == "Before it there was 6 min 1 s of silence"
    assert one("full_segment_bytes", 1448) == "A full segment of 1,448 bytes does not get through"
    assert one("unacknowledged_bytes", 0) == "All that its sender had sent was acknowledged"
    assert one("other_connection", 1234) == "The other connection is 1234"
    assert one("ack_offset", 776).endswith("one that is +776 off")
    said = one("hops", 27, "its sender's segments pass 0 in 21 connections")
    assert said == "By its TTL it passed 27 hops; its sender's segments pass 0 in 21 connections"


def test_what_speaks_against_it_stands_there() -> None:
    told_against = {name for name, row in FACTS.items() if row["unit"] == "weight"}
    weak = {"fact": "consistent_abort", "value": -6.0, "text": None, "packet": 3}
    assert weak["fact"] in told_against
    assert against(weak)
    assert not against({**weak, "fact": "hops_differ", "value": 3.0})
    story = finrst.conversation("> ., < P. 5, > P. 9, < R").connection(0).explain()
    assert "It began before the capture" in story.doubts
    assert not any(line in story.evidence for line in story.doubts)
    assert not re.search(r"[-+]?0\.\d", "".join(story.doubts))
    alone = finrst.conversation("> S, < S., > ., > F., < ., > R +3s").connection(0).explain()
    double = "Something else leaves the same packets, and nothing here speaks against it"
    assert double in alone.doubts
    assert double not in alone.evidence


def test_a_forged_reset_is_sent_from_between() -> None:
    capture = finrst.conversation(INJECTED)
    story = str(capture.connection(0).explain())
    assert "a box or a forger in between sends RST,ACK in the server's name" in story
    assert "the server sends RST" not in story
    (line,) = (line for line in steps(capture, 0) if line.lstrip().startswith("6 "))
    arrow = line.split(" s  ")[1]
    assert arrow.startswith("\N{BLACK LEFT-POINTING TRIANGLE}")
    assert arrow.rstrip().endswith("\N{BLACK DIAMOND}")
    svg = str(capture.plot.ladder(0))
    assert "in between" in svg
    assert svg.count("<circle") == 1
    plain = finrst.conversation("> S, < S., > ., > P. 9, < R.")
    assert "\N{BLACK DIAMOND}" not in "".join(steps(plain, 0))
    assert "<circle" not in str(plain.plot.ladder(0))


def test_forged_data_and_syn_acks_are_too() -> None:
    for cause, what in (("content_injected", "payload"), ("forged_syn_ack", "a SYN-ACK")):
        examples = next(row["examples"] for row in CAUSES if row["name"] == cause)
        for script in examples:
            capture = finrst.conversation(script)
            story = str(capture.connection(0).explain())
            assert f"in between sends {what} in the " in story or "in between sends FIN" in story
            assert "\N{BLACK DIAMOND}" in "".join(steps(capture, 0)), script


def test_the_victims_own_answer_is_not_taken_for_forged() -> None:
    for cause in CAUSES:
        for script in cause["examples"]:
            for row, events in verdicts(finrst.conversation(script)):
                for event in events:
                    own = any(
                        fact["fact"] == "victim_answers" and fact["packet"] == event["packet"]
                        for fact in event["evidence"]
                    )
                    assert not own or event["packet"] not in forged(row, events), script


def test_those_behind_a_forged_reset_that_come_from_where_it_does_are_forged() -> None:
    burst = "> S, < S. ttl=50, > ., < . ttl=50, > P. 90, < R. nots ttl=60 id=99 +2ms, "
    burst += "< R. nots ttl=60 id=99 seq=+1460 +0ms, < R. nots ttl=60 id=99 seq=+4380 +0ms"
    row, events = next(verdicts(finrst.conversation(burst)))
    assert sorted(forged(row, events)) == [6, 7, 8]
    own = "> S, < S. ttl=50, > ., > P. 90, < P. 90 ttl=50, > ., < R. ttl=50 +2ms, < R. ttl=50"
    row, events = next(verdicts(finrst.conversation(own)))
    assert forged(row, events) == {}


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_notes_of_the_ladder_are_not_cut_and_fit(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    capture = finrst.conversation(INJECTED)
    lines = steps(capture, 0)
    assert max(map(columns, lines)) <= width
    assert "…" not in "".join(lines)
    text = " ".join(" ".join(lines).split())
    assert "◆ marks what a box or a forger in between sent" in text
    row, events = next(verdicts(capture))
    facts = [told(fact, events[0], packet=False) for fact in row["evidence"]]
    assert all(fact in text for fact in facts) == (width >= 120)
    assert ("more" in text) == (width < 120)


def test_each_cause_says_what_to_do() -> None:
    for cause in CAUSES:
        does = re.match(r"(None|Look|Compare|Capture|Find|Read|Let)\b", cause["next"])
        assert does or "?" in cause["next"], cause["name"]
