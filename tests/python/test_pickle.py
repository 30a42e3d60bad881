"""Results that go to another process and come back, or are copied."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import finrst
from finrst import _native

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
NAMES = ("connections", "teardowns", "ledger", "interfaces", "issues", "files", "names")


@pytest.fixture(scope="module")
def capture() -> finrst.Capture:
    return finrst.read(DEMO)


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


WAYS = {
    "pickle": pickled,
    "the oldest pickle": lambda value: pickle.loads(pickle.dumps(value, protocol=0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_a_table_comes_back_by_value(capture: finrst.Capture, name: str, way: str) -> None:
    table = capture.table(name)
    again = WAYS[way](table)
    assert (again.name, len(again)) == (name, len(table))
    assert list(again) == list(table)
    assert again.metadata == table.metadata


def test_arrow_sees_the_same_table(capture: finrst.Capture) -> None:
    arrow = pytest.importorskip("pyarrow")
    for name in NAMES:
        table = capture.table(name)
        there, back = arrow.table(table), arrow.table(pickled(table))
        back.validate(full=True)
        assert back.schema.equals(there.schema, check_metadata=True)
        assert back.equals(there)


def test_a_slice_takes_only_its_rows_along(capture: finrst.Capture) -> None:
    table = capture.connections
    part = table.slice(3, 2)
    assert list(pickled(part)) == list(part)
    assert len(pickle.dumps(part)) < len(pickle.dumps(table))
    nothing = pickled(table.slice(99, 1))
    assert (len(nothing), nothing.column_names) == (0, table.column_names)
    assert list(pickled(capture.packets(3))) == list(capture.packets(3))
    assert list(pickled(finrst.causes())) == list(finrst.causes())
    assert list(pickled(finrst.columns())) == list(finrst.columns())
    for pair in finrst.scan(DEMO):
        for rows in pair:
            assert list(pickled(rows)) == list(rows)


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_comes_back_with_its_own_teardowns(capture: finrst.Capture, way: str) -> None:
    for number in range(len(capture)):
        one = capture.connection(number)
        again = WAYS[way](one)
        assert again.to_dict() == one.to_dict()
        assert again.teardowns == one.teardowns
        assert again.explain() == one.explain()
        assert (repr(again), again.wireshark_filter) == (repr(one), one.wireshark_filter)
        assert WAYS[way](again).teardowns == one.teardowns
    assert len(pickle.dumps(capture.connection(0))) < len(pickle.dumps(capture.teardowns))


@pytest.mark.parametrize("way", WAYS)
def test_a_capture_of_files_finds_its_packets_again(capture: finrst.Capture, way: str) -> None:
    again = WAYS[way](capture)
    assert repr(again) == repr(capture)
    assert list(again.packets(3)) == list(capture.packets(3))
    again.check()
    script = finrst.conversation("> S, < R.")
    assert list(WAYS[way](script).packets(0)) == list(script.packets(0))


def test_a_capture_whose_file_changed_says_so_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(DEMO.read_bytes())
    again = pickle.dumps(finrst.read(path))
    path.write_bytes(DEMO.read_bytes()[:-1])
    with pytest.raises(finrst.CaptureError, match="has changed"):
        pickle.loads(again).packets(0)


def test_bytes_and_streams_do_not_travel_with_a_capture() -> None:
    octets = DEMO.read_bytes()
    of_bytes = finrst.read(octets)
    assert octets[1000:1100] not in pickle.dumps(of_bytes)
    again = pickled(of_bytes)
    assert again.files["file"] == ["bytes"]
    said = "a pickle of the capture leaves out"
    for one in (again, pickled(again), copy.deepcopy(again)):
        with pytest.raises(finrst.CaptureError, match=said):
            one.packets(0)
    with pytest.raises(finrst.CaptureError, match=said):
        again.save(0, "x")
    # A copy in this process has them as the capture has.
    assert len(copy.deepcopy(of_bytes).packets(0)) == len(of_bytes.packets(0)) == 2
    with pytest.raises(finrst.CaptureError, match="was a stream"):
        pickled(finrst.read(io.BytesIO(octets))).packets(0)


def test_what_else_is_public_comes_back(capture: finrst.Capture) -> None:
    calm = finrst.conversation("> S, < S., > ., > F., < F., > .")
    changes = finrst.compare(calm, capture)
    again = pickled(changes)
    assert (str(again), again.changes) == (str(changes), changes.changes)
    assert copy.deepcopy(changes.changes[0]) == pickled(changes.changes[0]) == changes.changes[0]
    story = capture.connection(3).explain()
    assert pickled(story) == copy.copy(story) == story
    ladder = capture.plot.ladder(3)
    assert pickled(ladder)._repr_html_() == ladder._repr_html_()
    error = finrst.CaptureError("x")
    assert pickled(error).args == error.args


def test_a_scan_and_a_stream_say_why_they_cannot() -> None:
    scan = finrst.scan(DEMO)
    for one in (scan, scan.connections):
        for act in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(
                TypeError, match="once, and cannot be pickled or copied: the tables"
            ):
                act(one)
    assert sum(len(connections) for connections, _ in scan) == 25


def test_a_pickle_of_another_version_is_refused(
    capture: finrst.Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [
        capture,
        capture.ledger,
        capture.connection(0),
        capture.connection(0).explain(),
        finrst.compare(capture, capture),
    ]
    made = [pickle.dumps(one) for one in results]
    monkeypatch.setattr(_native, "__version__", "99.1.0")
    for octets in made:
        with pytest.raises(pickle.UnpicklingError, match=r"of finrst 0.* be read by finrst 99.1.0"):
            pickle.loads(octets)
    made = [pickle.dumps(one) for one in results]
    monkeypatch.undo()
    for octets in made:
        with pytest.raises(pickle.UnpicklingError, match=r"a pickle of finrst 99.1.0 cannot be"):
            pickle.loads(octets)


def test_other_octets_are_refused(capture: finrst.Capture) -> None:
    make, (version, name, octets, sources) = capture.teardowns.__reduce__()
    assert list(make(version, name, octets, sources)) == list(capture.teardowns)
    for wrong in (
        (version, "connections", octets),
        (version, "pictures", octets),
        (version, "teardowns", b""),
        (version, "teardowns", octets[:-100]),
        (version, "teardowns", octets + b"\0"),
        (version, "teardowns", b"\xff\xff\xff\xff\xff\xff\xff\x7f" + octets),
        (version, "teardowns", None),
        (None, "teardowns", octets),
        (7, "teardowns", octets),
    ):
        with pytest.raises(pickle.UnpicklingError):
            make(*wrong, sources)
    with pytest.raises(pickle.UnpicklingError):
        make(version, name, octets, None)
    one = capture.connection(0)
    states: tuple[object, ...] = (None, (), (version,), (version, None), {"_row": {}}, ({}, {}))
    for state in states:
        with pytest.raises(pickle.UnpicklingError):
            one.__setstate__(state)


def test_changed_octets_give_a_table_or_an_error(capture: finrst.Capture) -> None:
    make, (version, name, octets, sources) = capture.teardowns.__reduce__()
    for place in range(0, len(octets), 97):
        changed = bytearray(octets)
        changed[place] ^= 0xFF
        try:
            table = make(version, name, bytes(changed), sources)
        except pickle.UnpicklingError:
            continue
        list(table)
        table.counts("kind")


def measured(path: str) -> tuple[finrst.Capture, finrst.Table, finrst.Connection]:
    capture = finrst.read(path)
    return capture, capture.teardowns, capture.connection(3)


def test_another_process_returns_them() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        capture, teardowns, one = pool.submit(measured, str(DEMO)).result()
    assert list(teardowns) == list(capture.teardowns)
    assert one.explain() == capture.connection(3).explain()
    assert len(capture.packets(3)) == 6


@pytest.mark.parametrize("package", ["joblib", "dask"])
def test_workers_of_others_return_them(package: str) -> None:
    pytest.importorskip(package)
    script = (
        "import finrst\n"
        "if __name__ == '__main__':\n"
        f"    path = {str(DEMO)!r}\n"
        + (
            "    import joblib\n"
            "    made = joblib.Parallel(2)(joblib.delayed(finrst.read)(path) for _ in range(3))\n"
            if package == "joblib"
            else "    import dask\n"
            "    read = dask.delayed(finrst.read)\n"
            "    made = dask.compute(*(read(path) for _ in range(3)), scheduler='processes')\n"
        )
        + "    print([len(one.packets(3)) for one in made])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.stdout, done.returncode) == ("[6, 6, 6]\n", 0), done.stderr
