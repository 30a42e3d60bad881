"""Findings: stories over connections, each with a near miss that must not be told so."""

from __future__ import annotations

import copy
import html
import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst
from finrst import _native
from finrst.__main__ import main
from finrst._story import wording
from finrst._story.finding import Findings
from finrst._story.tally import Tally
from finrst._story.told import details
from finrst._story.trust import limits

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parents[1] / "data"


def kinds(script: str) -> list[str]:
    return [one.kind for one in finrst.conversation(script).findings()]


def one_of(script: str, kind: str) -> finrst.Finding:
    (found,) = [one for one in finrst.conversation(script).findings() if one.kind == kind]
    return found


def across() -> set[str]:
    """Kinds whose connections are told in other findings, too."""
    return {row["name"] for row in finrst.finding_kinds() if "in other findings" in row["summary"]}


def told(found: Sequence[finrst.Finding]) -> list[int]:
    """The connections of all findings that do not lie across others."""
    lists = [one.connections["connection_id"] for one in found if one.kind not in across()]
    return sorted(number for numbers in lists for number in numbers)


def test_every_connection_is_in_exactly_one_finding() -> None:
    cap = finrst.read(DATA / "demo.pcap")
    found = cap.findings()
    assert told(found) == sorted(cap.connections["connection_id"])
    for one in found:
        assert len(one.connections) == one.count
        assert one.example.connection_id in one.connections["connection_id"]
        assert one.since == min(one.connections["start"])
        assert one.until == max(one.connections["end"])
        hosts = {*one.connections["client_ip"], *one.connections["server_ip"]}
        assert set(one.hosts) <= hosts
        assert one.kind in finrst.finding_kinds()["name"]


def test_its_connections_are_the_rows_of_the_table() -> None:
    pa = pytest.importorskip("pyarrow")
    cap = finrst.read(DATA / "demo.pcap")
    whole = pa.table(cap.connections)
    for one in cap.findings():
        rows = pa.table(one.connections)
        assert rows.equals(whole.take(list(one.connections["connection_id"])))


def test_they_can_be_written_as_json_and_pickled() -> None:
    found = finrst.read(DATA / "demo.pcap").findings()
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
    for again in (pickle.loads(pickle.dumps(found[0])), copy.deepcopy(found[0])):
        assert again.to_dict() == found[0].to_dict()
        assert again.connections["connection_id"] == found[0].connections["connection_id"]
        assert again.example.connection_id == found[0].example.connection_id


OPEN = (
    "> S port={0}, < S. port={0}, > . port={0}, > P. 90 port={0}, < P. 300 port={0}, > . port={0}"
)


def closed_after(silences: Sequence[float], closer: str = "<") -> str:
    """Connections one after the other, each closed after a silence."""
    other = ">" if closer == "<" else "<"
    return ", ".join(
        f"{OPEN.format(port)}, {closer} F. port={port} +{silence:.3f}s, {other} F. port={port}"
        for port, silence in enumerate(silences, 1)
    )


def test_equal_silences_before_the_close_are_an_idle_limit_whoever_resets() -> None:
    one = one_of(closed_after([60.002, 59.998, 60.0, 60.004, 59.999, 60.001]), "idle_limit")
    assert one.sentence == (
        "The server closes after 60.0 s of silence: 6 connections to 198.51.100.1:443 (https)."
    )
    reset = ", ".join(
        f"{OPEN.format(port)}, < F. port={port} +60s, > R. port={port} +50ms"
        for port in range(1, 7)
    )
    assert one_of(reset, "idle_limit").sentence == one.sentence
    client = one_of(closed_after([15.0] * 5, ">"), "idle_limit")
    assert client.sentence.startswith("The client closes after 15.0 s")


@pytest.mark.parametrize(
    "silences",
    [
        [2.1, 3.7, 6.2, 9.9, 17.0, 31.0, 60.0, 122.0],
        [60.0, 60.0, 60.0, 60.0],
        [0.2] * 9,
        [50.0, 53.0, 56.0, 59.0, 62.0, 65.0, 68.0],
    ],
    ids=["spread", "four", "short", "evenly"],
)
def test_other_silences_are_no_idle_limit(silences: list[float]) -> None:
    assert "idle_limit" not in kinds(closed_after(silences))


def test_a_second_limit_of_a_service_is_told_apart() -> None:
    script = closed_after([5.0, 5.01, 5.0, 5.005, 5.0, 65.0, 65.02, 65.0, 65.1, 65.01])
    found = [one for one in finrst.conversation(script).findings() if one.kind == "idle_limit"]
    assert sorted((one.sentence.split(" of silence")[0], one.count) for one in found) == [
        ("The server closes after 5.0 s", 5),
        ("The server closes after 65.0 s", 5),
    ]


def test_a_client_that_leaves_closes_all_it_has_and_no_limit_is_met() -> None:
    opened = (
        "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6, < P. 300 port=1..6 +1ms, "
        "> . port=1..6"
    )
    assert "idle_limit" not in kinds(
        f"{opened}, > F. port=1 +9s, > F. port=2..6 +1ms, < F. port=1..6"
    )


RULES = {row["name"]: row for row in finrst.causes()}
TAKEN = [(row["name"], cause) for row in finrst.finding_kinds() for cause in row["causes"]]


def grave(script: str) -> set[str]:
    """The kinds of findings that are told of a script, but for those that lie across others."""
    return set(kinds(script)) - across()


@pytest.mark.parametrize(("kind", "cause"), TAKEN)
def test_what_a_cause_says_is_used(kind: str, cause: str) -> None:
    for example in RULES[cause]["examples"]:
        cap = finrst.conversation(example)
        found = cap.findings()
        if cause not in cap.connections["cause"]:
            continue  # it is the cause of a reset without effect
        of_cause = [one for one in found if cause in dict(one.causes) and one.kind not in across()]
        # A story over several connections may take one with it.
        assert of_cause, example
        assert {one.kind for one in of_cause} & {kind, "scan", "syn_flood", "idle_limit"}, example


@pytest.mark.parametrize(("kind", "cause"), TAKEN)
def test_near_misses_of_a_cause_are_not_told_so(kind: str, cause: str) -> None:
    others = {
        row["name"] for row in finrst.finding_kinds() for one in row["causes"] if one == cause
    }
    assert others == {kind}
    for miss in RULES[cause]["near_misses"]:
        script, _, other = miss.rpartition(" -> ")
        for one in finrst.conversation(script).findings():
            if one.kind == kind and cause not in dict(one.causes):
                # Another cause of the same kind, or a story that takes it.
                assert other in dict(one.causes) or one.causes, (script, other)
            assert cause not in dict(one.causes) or other != cause


SERVED = (
    "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 port=1..6, "
    "> . port=1..6, > P. 90 port=4..6 +9s, < P. 300 port=4..6"
)


def test_a_restart_takes_the_refusals_after_it() -> None:
    ended = "< F. port=1 +100ms, < F. +1ms port=2..6, > F. port=1..6, < . port=1..6"
    one = one_of(f"{SERVED}, {ended}, > S port=9..11, < R. port=9..11", "service_restart")
    assert one.count == 9
    assert one.sentence == (
        "198.51.100.1:443 (https) ended 6 connections, at one moment, and refused 3 afterwards: "
        "a restart, a failover or a drain."
    )
    # Refusals without an end before them are refusals.
    assert kinds("> S port=9..11, < R. port=9..11") == ["refused"]


def test_a_listener_that_drops_syns_while_it_accepts_is_full() -> None:
    accepted = "> S port=1, < S., > ., > P. 90, < P. 300"
    one = one_of(f"{accepted}, > S port=2..4, > S port=2..4 again +1s", "overloaded_listener")
    assert one.count == 3
    assert "left 3 connections unanswered while it took others" in one.sentence
    # Where nobody is accepted, nobody is there.
    assert "overloaded_listener" not in kinds("> S port=2..4, > S port=2..4 again +1s")
    # Another service that accepts says nothing of this one.
    other = "> S port=1 service=80, < S., > ., > P. 90, < P. 300, > S port=2..4 service=443"
    assert "overloaded_listener" not in kinds(other)


def test_syns_that_pour_in_are_a_flood() -> None:
    flood = one_of("> S client=1..60 +1ms", "syn_flood")
    assert flood.sentence.startswith(
        "A SYN flood at 198.51.100.1:443 (https): 60 SYNs of 60 sources"
    )
    assert "syn_flood" not in kinds("> S client=1..60 +100ms")
    assert "syn_flood" not in kinds("> S client=1..20 +1ms")


def test_ports_of_one_host_tried_in_vain_are_a_scan_and_passive_ftp_is_none() -> None:
    one = one_of("> S service=1..30, < R. service=1..5", "scan")
    assert "30 ports of 198.51.100.1: 30 attempts, 5 refused, 25 unanswered" in one.sentence
    data = ", ".join(
        f"> S service={port}, < S., > ., < P. 900, < F., > F., < ." for port in range(40000, 40030)
    )
    assert "scan" not in kinds(data)


def test_a_client_that_asks_the_same_hosts_again_and_again_is_no_scanner() -> None:
    asked = ", ".join(f"> S port={port} server=1..16" for port in range(1, 6))
    assert "scan" not in kinds(asked)
    assert "scan" in kinds("> S server=1..16")


def test_what_a_scan_finds_open_is_part_of_it() -> None:
    one = one_of("> S server=1..24, < S. server=1..4, > R server=1..4, < R. server=5..24", "scan")
    assert one.count == 24
    assert "20 refused" in one.sentence


def test_a_client_with_a_limit_for_connecting_is_told_with_it() -> None:
    slow = ", ".join(
        f"> S port={port} +{port * port}s, > S port={port} again +1s, > S port={port} again +1s, "
        f"< S. port={port} +950ms, > R port={port} +50ms"
        for port in range(1, 5)
    )
    found = finrst.conversation(slow).findings()
    assert [one.kind for one in found] == ["connect_limit"]
    assert found[0].sentence == (
        "192.0.2.1 gives up connecting to 198.51.100.1:443 (https) after 3 s: 4 connections."
    )


def test_clients_are_named_where_they_are_few_and_the_sentence_does_not() -> None:
    refused = "> S client=1..{0}, < R. client=1..{0}"
    assert one_of(refused.format(1), "refused").clients == "client 192.0.2.1"
    named = one_of(refused.format(3), "refused").clients
    assert named == "clients 192.0.2.1, 192.0.2.2 and 192.0.2.3"
    many = one_of(refused.format(4), "refused")
    assert many.clients == "4 clients"
    assert "; 4 clients" in details(many)
    scan = one_of("> S server=1..24", "scan")
    assert scan.clients == ""
    assert "192.0.2.1" in scan.sentence


def test_the_example_of_a_scan_is_one_of_its_many_attempts() -> None:
    """Neither the one that was refused nor the one that answered, however sure these are."""
    scan = "> S bare server=1..24, > S bare server=30 +1ms, "
    for odd in ("< R.", "< S. bare +1ms, > R +1ms"):
        one = one_of(scan + odd, "scan")
        assert one.count == 25
        assert one.example.ending == "handshake_unanswered"
    # That was surer, and of the same cause.
    assert max(one.connections["confidence"]) > one.example.confidence
    assert dict(one.causes) == {"syn_scan": 25}
    # Where all were refused, so is the example.
    refused = one_of("> S server=1..24, < R. server=1..24", "scan")
    assert refused.example.ending == "handshake_refused"


def test_one_host_behind_most_of_the_trouble_is_named() -> None:
    bad = "> S port=1..8 server=9, < R. port=1..8, > S port=9..14 server=9 service=80 +1ms"
    calm = ", ".join(
        f"> S port=1 server={host} service=443, < S., > ., > P. 9, < P. 9, > F., < F., > ."
        for host in range(1, 9)
    )
    one = one_of(f"{bad}, {calm}", "busiest_host")
    assert one.sentence == (
        "198.51.100.9 is part of 14 of 14 connections that had trouble, and of few others."
    )
    # Where there is nobody else, it says nothing.
    assert "busiest_host" not in kinds(bad)


def test_what_the_capture_does_not_show_is_told() -> None:
    begun = one_of("> P. 10, < ., > R.", "begun_before")
    assert begun.severity == "uncertain"
    assert one_of("> S, > ., > P. 10, > F.", "one_sided").count == 1
    # Nobody answered: there is no other side to be missed.
    assert "one_sided" not in kinds("> S, > S again +1s")
    lost = "> S, < S., > ., (> P. 100), < ., > P. 10, < ., > F., < F., > ."
    assert one_of(lost, "capture_gaps").count == 1


def test_resets_that_lost_nothing_are_one_line_and_lost_data_is_none_of_it() -> None:
    calm = ", ".join(
        f"> S port={port}, < S., > ., > P. 80, < P. 300, > ., > R. +{1.1**port:.3f}s"
        for port in range(1, 9)
    )
    (one,) = finrst.conversation(calm).findings()
    assert (one.kind, one.severity, one.count, one.cost) == ("harmless_reset", "harmless", 8, "")
    assert one.sentence.startswith("8 connections ended in a reset by the client and lost nothing")
    assert "harmless_reset" not in kinds("> S, < S., > ., > P. 80, < ., < R.")


def test_twenty_at_most_and_none_is_lost() -> None:
    pa = pytest.importorskip("pyarrow")
    # Each cause by an example of its own, so that there are more findings than are told apart.
    caps = [finrst.conversation(row["examples"][0]) for row in finrst.causes() if row["examples"]]
    rows = pa.concat_tables([pa.table(cap.connections) for cap in caps]).unify_dictionaries()
    place = rows.column_names.index("connection_id")
    rows = rows.set_column(place, rows.schema.field(place), pa.array(range(rows.num_rows)))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as out:
        out.write_table(rows)
    octets, none = sink.getvalue().to_pybytes(), _native.Sources([])
    found = _native.Findings(_native.table_of("connections", octets, none))
    facts = found.facts()
    assert len(facts) == 20
    assert facts[-1]["kind"] == "rest"
    assert facts[-1]["of"] > 1
    numbers: set[int] = set()
    for at, one in enumerate(facts):
        own = found.connections(at).column("connection_id")
        assert len(own) == one["count"]
        numbers |= set(own)
    assert numbers == set(range(rows.num_rows))
    said = wording.sentence(facts[-1], caps[0].naming)
    assert said == f"{facts[-1]['of']} more findings about {facts[-1]['count']} connections."


def test_the_order_of_files_and_threads_changes_nothing() -> None:
    data = (DATA / "demo.pcap").read_bytes()
    many = [data, *(data for _ in range(5))]
    one, two = (finrst.read(many, threads=threads).findings() for threads in (1, 4))
    assert one.to_dict() == two.to_dict()


def test_rows_in_another_order_are_told_the_same() -> None:
    cap = finrst.read(DATA / "demo.pcap")
    table = cap.connections
    whole = _native.Finder()
    whole.add(table._native)
    parts = _native.Finder()
    for begin in reversed(range(0, len(table), 7)):
        parts.add(table.slice(begin, 7)._native)
    said = [
        [wording.sentence(facts, cap.naming) for facts in finder.facts()]
        for finder in (whole, parts)
    ]
    assert said[0] == said[1] == [one.sentence for one in cap.findings()]


def test_hosts_with_as_many_connections_come_in_the_order_of_their_addresses() -> None:
    (one,) = finrst.conversation("> S server=9..20, < R. server=9..20").findings()
    assert one.hosts == ("192.0.2.1", *(f"198.51.100.{number}" for number in range(9, 14)))
    (six,) = finrst.conversation("> S v6 server=9..20, < R. server=9..20").findings()
    assert len(set(six.hosts)) == 6
    assert all(":" in host for host in six.hosts)


def test_the_faces_tell_one_sequence_in_one_wording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cap = finrst.read(DATA / "demo.pcap")
    sentences = [one.sentence for one in cap.findings()]
    assert main([str(DATA / "demo.pcap")]) == 0
    terminal = " ".join(capsys.readouterr().out.split())
    assert main([str(DATA / "demo.pcap"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    for name in ("x.html", "x.md"):
        cap.report(tmp_path / name)
    page = html.unescape((tmp_path / "x.html").read_text("utf-8"))
    markdown = (tmp_path / "x.md").read_text("utf-8").replace("\\", "")
    card = html.unescape(cap._repr_html_())
    assert [one["sentence"] for one in figures["findings"]] == sentences
    for face in (terminal, page, markdown, card, " ".join(repr(cap).split())):
        places = [face.index(sentence) for sentence in sentences]
        assert places == sorted(places)


def test_what_comes_through_a_pipe_is_told_the_same() -> None:
    with finrst.scan(DATA / "demo.pcap", progress=False) as rows:
        tally = Tally()
        for connections, teardowns in rows:
            tally.add(connections, len(teardowns))
        found = tally.findings(tally.naming(rows.table("names")))
    assert found.to_dict() == finrst.read(DATA / "demo.pcap").findings().to_dict()
    with pytest.raises(LookupError, match="let go"):
        _ = found[0].connections


def test_many_hosts_tried_in_vain_are_a_scan_by_its_source() -> None:
    one = one_of("> S server=1..24, < R. server=1..3", "scan")
    assert one.count == 24
    assert one.severity == "suspicious"
    assert one.hosts[0] == "192.0.2.1"


def test_a_crawler_whose_connections_are_accepted_is_no_scan() -> None:
    visits = (
        "> S server=1..24, < S. server=1..24, > . server=1..24, > P. 90 server=1..24, "
        "< P. 300 server=1..24, > F. server=1..24, < F. server=1..24"
    )
    assert "scan" not in kinds(f"{visits}, > S server=30..40")


def test_what_a_stream_brings_after_a_million_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finrst._story.finding._MOST", 3)
    tally = Tally()
    for script in ("> S port=1..3, < R. port=1..3", "> S port=1..2, < R. port=1..2"):
        tally.add(finrst.conversation(script).connections, 3)
    (one,) = tally.findings(finrst.conversation("> S").naming)
    assert (one.count, tally.left_out) == (3, 2)
    assert limits(tally, Findings([one])) == [
        "2 connections came after a million others: no finding tells of them."
    ]


def test_the_page_has_every_kind() -> None:
    page = (DATA.parents[1] / "docs/findings.md").read_text("utf-8")
    for row in finrst.finding_kinds():
        causes = ", ".join(f"`{cause}`" for cause in row["causes"])
        line = f"| `{row['name']}` | {row['severity']} | {row['summary']} | {causes} |"
        assert line in page.splitlines(), row["name"]
