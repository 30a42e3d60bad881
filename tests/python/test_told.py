"""Plans, summaries and records are read back from JSON that anybody may have written."""

from __future__ import annotations

import contextlib
import copy
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst._face.steps import MOST_BUCKETS
from test_steps import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORGED: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**16 + 1,
    2**64,
    10**400,
    1.5,
    "",
    "../../../etc/passwd",
    "a\x00b",
    "\ud800",
    "x" * 5000,
    [],
    [1, 2, 3, 4],
    {},
)
"""What stands somewhere in place of what belongs there."""
ENDLESS = ("[" * 100_000, '{"a":' * 100_000, "NaN", "[Infinity]", "9" * 5000, "", "{", '"\\ud800"')
"""Texts that hold nothing of use."""
SAID: tuple[type[Exception], ...] = (ValueError, OSError, finrst.FinrstError)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to everything that a value holds."""
    inside: Any = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, one in inside:
        yield (*at, key)
        yield from places(one, (*at, key))


def forged(value: Any) -> Iterator[tuple[str, Any]]:
    """Give the value with something else in each of its places, and without it."""
    for *way, last in places(value):
        for other in (*FORGED, ...):
            changed = copy.deepcopy(value)
            inner = changed
            for key in way:
                inner = inner[key]
            if other is ...:
                del inner[last]
            else:
                inner[last] = other
            yield f"{[*way, last]}: {other!r:.40}", changed


def told(work: Callable[[], Any]) -> tuple[Any, str]:
    """Give what something gives, or what it says of what it was given."""
    try:
        return work(), ""
    except ValueError as error:
        return None, str(error)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, finrst.Plan, list[Any]]:
    """A plan of two runs with a survey, its buckets stitched."""
    scratch = tmp_path_factory.mktemp("told")
    files = pieces(scratch / "files", 2)
    (scratch / "files" / "none.pcap").write_text("no capture")
    found = finrst.survey(scratch / "files")
    options: finrst.Options = {
        "filter": "port 4001 or port 4007",
        "start": "+0s",
        "hosts": {"10.77.0.2": "b"},
        "parameters": {"handshake_timeout_s": 3.0},
        "linger": "10s",
    }
    runs = [
        finrst.digest(
            file, scratch / f"{at}.frd", buckets=2, of=2, origin=found["origin"], **options
        )
        for at, file in enumerate(files)
    ]
    plan = finrst.plan(runs, found)
    for bucket in range(2):
        finrst.stitch(plan, bucket, scratch)
    return scratch, plan, runs


def test_a_forged_plan_is_refused_or_does_what_a_plan_may(
    planned: tuple[Path, finrst.Plan, list[Any]],
) -> None:
    scratch, plan, _ = planned
    known = json.loads(plan.to_json())
    assert {"order", "odd", "options"} < set(known)
    refused = taken = 0
    for what, value in forged(known):
        other, why = told(lambda: finrst.Plan.from_json(json.dumps(value)))  # noqa: B023
        if other is None:
            assert why.startswith("this is no plan: "), what
            assert len(why) < 500, what
            refused += 1
            continue
        taken += 1
        assert finrst.Plan.from_json(other.to_json()) == other, what
        with contextlib.suppress(*SAID):
            finrst.stitch(other, 0, scratch / "other")
        with contextlib.suppress(*SAID):
            finrst.judge(other, 1, scratch)
    assert refused > 400, refused
    assert taken > 10, taken


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: text[:4])
def test_a_text_that_is_no_plan_is_told_in_a_line(text: str) -> None:
    with pytest.raises(ValueError, match="this is no plan") as raised:
        finrst.Plan.from_json(text)
    assert len(str(raised.value)) < 500


def test_a_plan_of_endless_counts_takes_no_memory(
    planned: tuple[Path, finrst.Plan, list[Any]],
) -> None:
    known = json.loads(planned[1].to_json())
    tracemalloc.start()
    try:
        for name in ("runs", "buckets", "files", "packets"):
            for count in (2**40, 2**63, 10**18):
                with pytest.raises(ValueError, match=name):
                    finrst.Plan.from_json(json.dumps({**known, name: max(count, 2**47)}))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_the_engine_takes_no_more_buckets_than_a_plan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"{MOST_BUCKETS} at most"):
        finrst.digest("tests/data/demo.pcap", tmp_path / "run.frd", buckets=MOST_BUCKETS + 1)


@pytest.mark.parametrize("name", ["save", "resume", "leave", "seed", "threads", "memory_limit"])
def test_a_plan_brings_no_option_that_a_digest_has_not(
    name: str, planned: tuple[Path, finrst.Plan, list[Any]]
) -> None:
    known = json.loads(planned[1].to_json())
    known["options"][name] = "1"
    with pytest.raises(ValueError, match=name):
        finrst.Plan.from_json(json.dumps(known))


def test_forged_summaries_are_refused_or_planned_with(
    planned: tuple[Path, finrst.Plan, list[Any]],
) -> None:
    _, _, runs = planned
    first, second = json.loads(json.dumps(runs))
    names = ("digest", "files", "options")
    rest = {name: value for name, value in first.items() if name not in names}
    refused = 0
    for _, value in forged({name: first[name] for name in names}):
        try:
            finrst.plan([{**rest, **value}, second])
        except SAID:
            refused += 1
    assert refused > 30, refused
    with pytest.raises(ValueError, match="a summary has no digest"):
        finrst.plan([{}])


def test_a_forged_record_is_refused_and_touches_nothing_else(tmp_path: Path) -> None:
    to, beside = tmp_path / "to", tmp_path / "beside"
    pieces(tmp_path / "in", 2)
    finrst.cluster.read(tmp_path / "in", to=to)
    beside.mkdir()
    (beside / "kept").write_text("kept")
    record = to / "_finrst.json"
    known = json.loads(record.read_text())
    assert "time_ns" in known["runs"][0]["files"][0]
    refused = 0
    for what, value in forged({**known, "parameters": {}, "runs": known["runs"][:1]}):
        record.write_text(json.dumps(value))
        ds, why = told(lambda: finrst.cluster.open(to))
        if ds is None and "is not complete" not in why:
            assert "_finrst.json" in why, what
            refused += 1
            with pytest.raises(ValueError, match=r"_finrst\.json"):
                finrst.cluster.read(tmp_path / "in", to=to)
    assert refused > 150, refused
    for job in ("../../beside", "/", "", "0" * 31, "0" * 33, "A" * 32):
        record.write_text(json.dumps({**known, "state": "reading", "job": job}))
        with pytest.raises(ValueError, match="job"):
            finrst.cluster.read(tmp_path / "in", to=to, scratch=tmp_path / "scratch")
    for text in ENDLESS:
        record.write_text(text)
        with pytest.raises(ValueError, match=r"_finrst\.json"):
            finrst.cluster.open(to)
    assert [path.name for path in beside.iterdir()] == ["kept"]
    record.write_text(json.dumps(known))
    assert len(finrst.cluster.open(to)) == 25
