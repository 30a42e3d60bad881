"""Findings: stories over connections, each with a near miss that must not be told so."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst

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
