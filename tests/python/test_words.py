"""What the stories say is in the packets: every example of every cause is told and looked up."""

from __future__ import annotations

import pathlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

CAUSES = list(finrst.causes())
MORE = ["> S, < S., > ., > F., < .", "> S, < S., > ., > P. 5, > S isn=90 +9s"]


def scripts(name: str) -> list[str]:
    """The examples and near misses of a cause."""
    (cause,) = (cause for cause in CAUSES if cause["name"] == name)
    return [*cause["examples"], *(script.split(" -> ")[0] for script in cause["near_misses"])]


SCRIPTS = [*MORE, *(script for cause in CAUSES for script in scripts(cause["name"]))]


def told(script: str) -> list[tuple[finrst.Connection, dict[int, dict[str, Any]], str]]:
    """Every connection of a script with all packets by their numbers, and its story."""
    capture = finrst.conversation(script)
    numbers = range(len(capture))
    packets = {packet["packet"]: packet for packet in capture.packets(numbers)}
    stories = [capture.connection(number) for number in numbers]
    return [(one, packets, str(one.explain())) for one in stories]


SENT = re.compile(
    r"^  Packet (\d+), \+[\d.]+ s: (?:the (client|server)|a box or a forger in between) sends "
    r"([A-Z]+(?:,[A-Z]+)*)(?: in the (client|server)'s name)?(.*)$",
    re.MULTILINE,
)


def looked_up(one: finrst.Connection, packets: dict[int, dict[str, Any]], story: str) -> list[str]:
    """Everything that a story says of a packet and that is not so."""
    wrong = [
        f"{number}: {said}"
        for number, said in re.findall(r"^  Packet (\d+): (.*)$", story, re.MULTILINE)
        if not opens(packets[int(number)]["flags"].split(","), said)
    ]
    events = {event["packet"]: event for event in one.teardowns}
    for number, own, flags, claimed, rest in SENT.findall(story):
        sender = own or claimed
        packet, event = packets[int(number)], events[int(number)]
        of = packet["connection_id"] == one.connection_id
        if not of or (packet["sender"], packet["flags"]) != (sender, flags):
            wrong.append(f"{number}: {sender} {flags}")
        if not (so_of_a_fin if event["kind"] == "fin" else so_of_a_reset)(event, packets, rest):
            wrong.append(f"{number}: {rest}")
    named = re.findall(r"until packet (\d+)|\(packet (\d+)\)", story)
    # Evidence may be in another connection. A packet of ICMP is not in the table of packets.
    gone = [a or b for a, b in named if int(a or b) not in packets and not one.icmp_errors]
    return [*wrong, *gone]


def opens(flags: list[str], said: str) -> bool:
    """Whether the first packet is what it is called."""
    if said.startswith("the client's SYN"):
        return "SYN" in flags and "ACK" not in flags
    return not said.startswith(("a SYN-ACK", "the SYN-ACK")) or {"SYN", "ACK"} <= set(flags)


def so_of_a_fin(event: dict[str, Any], packets: dict[int, dict[str, Any]], rest: str) -> bool:
    """Whether what is said of a FIN is so."""
    again = re.findall(r"first in packet (\d+)", rest)
    acked = re.findall(r"acknowledged.* in packet (\d+)", rest)
    by = [packets[int(other)] for other in acked]
    return (
        all("FIN" in packets[int(other)]["flags"] for other in again)
        and all(p["sender"] != event["sender"] and "ACK" in p["flags"] for p in by)
        and (", never acknowledged." not in rest or event["acked_at"] is None)
    )


def so_of_a_reset(event: dict[str, Any], packets: dict[int, dict[str, Any]], rest: str) -> bool:
    """Whether what is said of a reset is so."""
    numbers = map(int, re.findall(r"(?:answers|after) packet (\d+)", rest))
    near = [packets[number] for number in numbers]
    return (
        all(p["sender"] != event["sender"] and p["packet"] < event["packet"] for p in near)
        and (not near or event["turnaround_s"] < 2)
        and ("without effect" not in rest or event["effective"] is False)
    )


@pytest.mark.parametrize("cause", [cause["name"] for cause in CAUSES])
def test_no_sentence_claims_a_packet_that_is_not_there(cause: str) -> None:
    for script in scripts(cause):
        for one, packets, story in told(script):
            assert looked_up(one, packets, story) == [], f"{script}\n{story}"
            assert not re.search(r"-\d[\d.]* m?s", story), f"{script}\n{story}"


def test_what_is_looked_up_is_noticed_where_it_is_wrong() -> None:
    ((one, packets, story),) = told("> S, < S., > ., > P. 9, < P. 9, > P. 9 +3s, < R +1ms")
    assert looked_up(one, packets, story) == []
    for right, wrong in (
        ("the server sends RST", "the client sends RST"),
        ("the server sends RST", "a box or a forger in between sends RST in the client's name"),
        ("sends RST:", "sends RST,ACK:"),
        ("answers packet 6", "answers packet 5"),
        ("Packet 1: the client's SYN", "Packet 2: the client's SYN"),
        ("(packet 7)", "(packet 70)"),
    ):
        assert right in story
        assert looked_up(one, packets, story.replace(right, wrong)) != [], wrong
    ((one, packets, story),) = told("> S, < S., > ., > F., < ., > F. again +1s, < F., > .")
    for right, wrong in (
        ("in packet 5", "in packet 3"),
        ("first in packet 4", "first in packet 2"),
    ):
        assert right in story
        assert looked_up(one, packets, story.replace(right, wrong)) != [], wrong


def story(script: str) -> str:
    """The story of the first connection of a script."""
    return str(finrst.conversation(script).connection(0).explain())


def test_repeated_syns_are_told_and_what_the_wait_was_for() -> None:
    said = story("> S, > S again +1s, > S again +2s, < S. +5ms, > .")
    assert "the client's SYN, the first of 3" in said
    assert "the SYN-ACK came 5 ms after the SYN before it, 3 s after the first" in said
    assert "most of that went by before the SYN that was answered" in said
    once = story("> S, < S. +5ms, > .")
    assert "the client's SYN; the SYN-ACK came 5 ms later" in once
    assert "first" not in once.split("What speaks")[0].split("\n\n")[1]


def test_a_syn_ack_that_was_captured_before_its_syn_is_no_syn() -> None:
    ((one, packets, said),) = told("< S. ack=#1, > S -1ms, > ., > P. 5, < .")
    assert "Packet 1: the SYN-ACK, which the capture has before the client's SYN" in said
    assert looked_up(one, packets, said) == []


def test_the_three_parts_of_the_wait_add_up() -> None:
    row = finrst.conversation("> S, > S again +1s, < S. +5ms, > . +2ms").connection(0)
    parts = [row.syn_retry_s, row.synack_delay_s, row.ack_delay_s]
    assert sum(part for part in parts if part is not None) == pytest.approx(row.client_wait_s)
    assert (row.syn_retry_s, row.synack_delay_s) == (1.0, 0.005)
    assert finrst.conversation("> S, > S again +1s").connection(0).syn_retry_s is None


def test_other_syns_that_were_answered_meanwhile_are_told() -> None:
    two = "> S, > S port=40001 +1s, {}> S port=40000 again +1s"
    answered = "Meanwhile 1 SYN of the same client got an answer"
    assert answered in story(two.format("< S., > ., "))
    assert "Meanwhile" not in story(two.format(""))
    assert "Meanwhile" not in story("> S port=9, < S., > ., > S port=40000 +1s, > S again +1s")


def test_the_silence_before_unanswered_segments_is_told() -> None:
    again = ", ".join(f"> P. 80 again +{wait}ms" for wait in (300, 600, 1200))
    begin = "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +"
    assert "Before that there was 6 min 1 s of silence" in story(f"{begin}361s, {again}")
    assert "Before that there was" not in story(f"{begin}10ms, {again}")


def test_a_reset_answers_only_what_came_just_before() -> None:
    begin = "> S, < S., > ., > P. 9, < P. 9, "
    assert "answers packet 6, 1 ms later, which came after 3 s of silence" in story(
        begin + "> P. 9 +3s, < R +1ms"
    )
    late = story(begin + "> ., < R. nots win=0 +300s")
    assert "answers packet" not in late


def test_hops_are_told_where_they_differ() -> None:
    begin = "> S, < S. ttl=57, > ., > P. 9, < P. 9 ttl=57, > P. 9, < R ttl="
    assert "from 5 hops away by its TTL 250, its sender's others from 7" in story(begin + "250")
    assert "TTL" not in story(begin + "57").split("What speaks")[0]
    same = story(begin + "121")
    assert "its TTL began at another number than its sender's (121, else 57)" in same


def test_errors_of_icmp_in_mid_connection_are_told() -> None:
    said = story("> S, < S., > ., > P. 1400, ! icmp 3/4, > P. 1400 again +1s, ! icmp 3/4")
    assert "ICMP error (3/4, too big, and must not be fragmented), the first of 2" in said
    assert "ICMP error (3/77)." in story("> S, < S., > ., > P. 5, ! icmp 3/77")


def test_resets_without_effect_are_no_silence() -> None:
    said = story("> S, < R. ack=+7, > S again +1s, < R. ack=+7")
    assert "got no answer that the client took" in said
    assert "was never answered" in story("> S, > S again +1s")


def test_what_nothing_decides_has_its_candidates() -> None:
    said = story("> S, < S. +20ms, > R +1ms")
    assert "The client reset the handshake that it had begun; why cannot be told" in said
    assert "What it could be\n  syn_scan (30 %): " in said
    assert "something else (" in said


def test_a_reset_that_threw_nothing_away_says_so() -> None:
    begin = "> S, < S., > ., > P. 80, < P. 300, > ., "
    assert "threw nothing away" in story(begin + "< R. +1s")
    assert "threw nothing away" in story("> S, < S., > ., > P. 80, < P. 300, < F., > ., > R. +2s")
    said = story("> S, < S., > ., > P. tls, < P. 900 tls, > ., < F., > ., > P. 24, < R")
    assert "at least 24 bytes that the client had sent.\n  That was no more than a TLS" in said
    assert "threw away at least 9 bytes" in story(begin + "> P. 9 +3s, < R")


def test_explain_hides_no_lost_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin = "> S, < S., > ., > P. 80, < P. 300, > ., "
    path = tmp_path / "a.script"
    for script, hidden in (
        (begin + "> F., < F., > .", True),
        ("< R", True),
        # Closed in order, after TLS had failed.
        ("> S, < S., > ., > P. tls, < P. hex=15030300020228, < F., > ., > F., < .", False),
        (
            begin + "< P. 500, < F., < P. 500 again +1s, < P. 500 again +2s, < P. 500 again +4s",
            False,
        ),
        (begin + "> P. 9 +3s, < R", False),
    ):
        path.write_text(script)
        assert main(["explain", str(path)]) == 0
        assert capsys.readouterr().out.startswith("Every connection ended in order") == hidden, (
            script
        )


def test_a_script_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.script"
    path.write_text("\n> S, < R.\n")
    assert main(["explain", str(path)]) == 0
    said = capsys.readouterr().out
    assert "port_closed" in said
    assert "In Wireshark" not in said
    assert main(["explain", str(path), "--filter", "port 1"]) == 2
    assert "without options of reading" in capsys.readouterr().err
    path.write_text("> S, nothing")
    assert main(["explain", str(path)]) == 2
    assert main([str(path)]) == 2
    assert f"play it: finrst play {path}" in capsys.readouterr().err
    with pytest.raises(finrst.CaptureError, match=r"a script .*; finrst\.conversation plays it"):
        finrst.read(path)


def test_numbers_count_from_0() -> None:
    capture = finrst.conversation("> S, < R.")
    for ask in (capture.connection, capture.packets):
        with pytest.raises(KeyError, match="no connection 7: 1 was found, counted from 0"):
            ask(7)


def shares(row: dict[str, Any]) -> float:
    """What a verdict claims to know."""
    return float(row["confidence"] + sum(other["confidence"] for other in row["alternatives"]))


def test_shares_add_up_to_at_most_one_in_two_decimals() -> None:
    captures = [finrst.conversation(script) for script in SCRIPTS]
    for row in (row for cap in captures for row in [*cap.connections, *cap.teardowns]):
        assert shares(row) <= 1 + 1e-9
        given = [other["confidence"] for other in row["alternatives"]]
        assert given == sorted(given, reverse=True)
        for share in (row["confidence"], *given):
            assert share == round(share, 2)
        named = [row["cause"], *(other["cause"] for other in row["alternatives"])]
        assert len(set(named)) == len(named)
        assert (row["confidence"] == 0) == (row["cause"] == "undetermined")


def test_every_mechanism_is_told_and_occurs() -> None:
    words = next(
        column["words"]
        for column in finrst.columns()
        if (column["table"], column["name"]) == ("connections", "mechanism")
    )
    found = defaultdict(list)
    for script in SCRIPTS:
        for row in finrst.conversation(script).connections:
            found[row["mechanism"]].append(script)
    assert set(found) | {"third_party_data"} == set(words)


def test_the_manual_tells_every_mechanism() -> None:
    path = pathlib.Path(__file__).parents[2] / "docs/verdict.md"
    told = re.findall(r"^\| `(\w+)` \|", path.read_text(encoding="utf-8"), re.MULTILINE)
    words = (column["words"] for column in finrst.columns() if column["name"] == "mechanism")
    assert all(told == listed for listed in words)
