"""A reading that goes on another day: `resume` and `save`, the command, the manual's page."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import finrst
from commands import DEMO, run
from conftest import ROOT
from cutting import octets, records

if TYPE_CHECKING:
    from finrst._tables.choice import Columns

LEANING = {"cause", "confidence", "evidence", "alternatives", "harmless", "injection_score"}
"""Columns that may lean on what only a later day knows."""
POSIX = pytest.mark.skipif(os.name != "posix", reason="the commands are those of a POSIX shell")


def days(place: Path, *cuts: int) -> list[Path]:
    """Cut the demonstration in files of a day each."""
    head, packets = records(octets(DEMO))
    ends = [0, *cuts, len(packets)]
    made = []
    for name, first, last in zip(
        ("monday", "tuesday", "wednesday", "thursday"), ends, ends[1:], strict=False
    ):
        made.append(place / f"{name}.pcap")
        made[-1].write_bytes(head + b"".join(packets[first:last]))
    return made


def read_all(captures: list[Path], **options: Any) -> list[finrst.Capture]:
    """Read each day with the state of the one before."""
    found = []
    for at, capture in enumerate(captures):
        resume = captures[at - 1].with_suffix(".state") if at else None
        last = at + 1 == len(captures)
        save = None if last else capture.with_suffix(".state")
        found.append(finrst.read(capture, resume=resume, save=save, **options))
    return found


@pytest.mark.parametrize("cuts", [(80, 100), (1, 2), (40, 163), (164, 164)])
def test_the_rows_of_all_days_are_those_of_one_reading(
    cuts: tuple[int, ...], tmp_path: Path
) -> None:
    captures = days(tmp_path, *cuts)
    found, whole = read_all(captures), finrst.read(captures)
    assert [one.saved for one in found[:-1]] == [one.resumed for one in found[1:]]
    for one in found:
        one.check()
    for table, key in (("connections", "connection_id"), ("teardowns", "packet")):
        rows = pa.concat_tables([one.to_arrow(table) for one in found]).sort_by(key)
        wanted = whole.to_arrow(table)
        assert rows.num_rows == wanted.num_rows
        for name in set(wanted.column_names) - LEANING:
            assert rows[name].to_pylist() == wanted[name].to_pylist(), name
        # The last day knows everything.
        last = found[-1].to_arrow(table)
        places = [wanted[key].to_pylist().index(one) for one in last[key].to_pylist()]
        for name in LEANING & set(wanted.column_names):
            assert last[name].to_pylist() == wanted[name].take(places).to_pylist(), name
    # Accounts are those of what each has read.
    for table in ("ledger", "files", "interfaces", "issues"):
        rows = pa.concat_tables([one.to_arrow(table) for one in found])
        assert rows.to_pylist() == whole.to_arrow(table).to_pylist(), table


def test_columns_that_were_not_asked_for_are_those_of_the_same_reading(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("some", "every")]
    for place in places:
        place.mkdir()
    both: tuple[Columns | None, ...] = ({"connections": ["server_port"]}, None)
    some, every = (
        read_all(days(place, 60, 120), linger=1, columns=columns)
        for place, columns in zip(places, both, strict=True)
    )
    for one, whole in zip(some, every, strict=True):
        assert (len(one), one.saved) == (len(whole), whole.saved)
        one.check()
        ids = whole.connections["connection_id"]
        if ids:
            found, wanted = (cap.connection(ids[-1]).to_dict() for cap in (one, whole))
            assert found | {"file": None} == wanted | {"file": None}
    # What was not judged leaves as much to the next day's verdicts as what was.
    held = []
    for columns in both:
        finrst.read(places[0] / "monday.pcap", save=tmp_path / "state", columns=columns)
        held.append((tmp_path / "state").read_bytes())
    assert held[0] == held[1]


def test_a_state_is_for_any_number_of_threads(tmp_path: Path) -> None:
    captures = days(tmp_path, 80)
    states = set()
    for threads in (1, 2, 4):
        finrst.read(captures[0], save=tmp_path / "s", threads=threads)
        states.add((tmp_path / "s").read_bytes())
    assert len(states) == 1
    one, two = (
        finrst.read(captures[1], resume=tmp_path / "s", threads=threads) for threads in (1, 3)
    )
    assert one.to_arrow().equals(two.to_arrow())


def test_packets_of_an_earlier_day_are_told_and_not_missed(tmp_path: Path) -> None:
    captures = days(tmp_path, 100)
    _, today = read_all(captures)
    whole = finrst.read(captures)
    earlier = 0
    for row in today.connections:
        one = row["connection_id"]
        wanted = [packet for packet in whole.packets(one) if packet["packet"] > 100]
        counted = row["client_packets"] + row["server_packets"]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = list(today.packets(one))
        assert found == wanted
        said = [str(warning.message) for warning in caught]
        if len(found) == counted:
            assert said == []
            continue
        earlier += 1
        assert len(said) == 1
        assert f"{counted - len(found)} packet" in said[0]
        assert "monday.state" in said[0]
    assert earlier > 5
    # They are drawn and saved all the same.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", finrst.CaptureWarning)
        ids = today.connections["connection_id"]
        assert today.save(ids, tmp_path / "today.pcapng") == sum(today.files["packets"])
        for one in ids:
            today.plot.ladder(one)
        today.report(tmp_path / "today.html")
    assert today.annotate(tmp_path / "said.pcapng") > 20


def test_packets_need_the_state_as_it_was(tmp_path: Path) -> None:
    captures = days(tmp_path, 100)
    _, today = read_all(captures)
    finrst.read(captures[0], save=tmp_path / "monday.state", filter="port 4001")
    with pytest.raises(finrst.CaptureError, match=r"monday\.state.* has changed since"):
        today.packets(today.connections["connection_id"][0])
    (tmp_path / "monday.state").unlink()
    with pytest.raises(finrst.CaptureError, match=r"monday\.state.* is gone"):
        today.packets(today.connections["connection_id"][0])


def test_a_state_may_take_the_place_of_the_one_that_was_resumed(tmp_path: Path) -> None:
    captures, state = days(tmp_path, 60, 120), tmp_path / "state"
    found = [finrst.read(captures[0], save=state, linger=1)]
    found += [finrst.read(captures[1], resume=state, save=state, linger=1)]
    found += [finrst.read(captures[2], resume=state, linger=1)]
    assert sum(map(len, found)) == len(finrst.read(captures, linger=1))
    with pytest.raises(finrst.CaptureError, match="has changed since"):
        found[1].packets(found[1].connections["connection_id"][0])


def test_what_cannot_be_resumed_says_why(tmp_path: Path) -> None:
    captures = days(tmp_path, 100)
    state = tmp_path / "monday.state"
    read_all(captures)
    held = state.read_bytes()

    def refused(match: str, **options: Any) -> None:
        with pytest.raises(finrst.StateError, match=match) as caught:
            finrst.read(captures[1], resume=options.pop("resume", state), **options)
        assert "monday" in str(caught.value)

    refused("no state of finrst", resume=captures[0])
    refused("saved with another filter", filter="port 4001")
    refused(r"saved with another linger: 120, not 60", linger=60)
    refused("saved with another start", start="+1s")
    refused("another handshake_timeout_s", parameters={"handshake_timeout_s": 17})
    for cut in (0, 7, 12, 40, len(held) // 2, len(held) - 1):
        (tmp_path / "monday.cut").write_bytes(held[:cut])
        refused("monday", resume=tmp_path / "monday.cut")
    (tmp_path / "monday.odd").write_bytes(held[:8] + b"\x09" + held[9:])
    refused("version 9 of the format, not 3", resume=tmp_path / "monday.odd")
    older = held.replace(finrst.__version__.encode(), b"9.9.9", 1)
    (tmp_path / "monday.old").write_bytes(older)
    refused("damaged", resume=tmp_path / "monday.old")
    with pytest.raises(finrst.StateError, match=r"begins .* s before the end of what it was saved"):
        finrst.read(captures[0], resume=state)
    with pytest.raises(FileNotFoundError):
        finrst.read(captures[1], resume=tmp_path / "none.state")


def test_a_state_that_was_cut_or_changed_anywhere_is_refused(tmp_path: Path) -> None:
    state, broken, nothing = (tmp_path / name for name in ("a.state", "b.state", "c.pcap"))
    finrst.read(DEMO, save=state)
    nothing.write_bytes(octets(DEMO)[:24])
    held = state.read_bytes()
    forms = [held[:end] for end in [*range(256), *range(256, len(held), 11)]]
    for at in range(0, len(held), 11):
        changed = bytearray(held)
        changed[at] ^= 1 << at % 8
        forms.append(bytes(changed))
    for form in forms:
        broken.write_bytes(form)
        with pytest.raises(finrst.StateError):
            finrst.read(nothing, resume=broken)
    finrst.read(nothing, resume=state)


def test_days_that_share_a_little_time_are_read_one_after_the_other(tmp_path: Path) -> None:
    head, packets = records(octets(DEMO))
    first, second = tmp_path / "a.pcap", tmp_path / "b.pcap"
    first.write_bytes(head + b"".join(packets[:60]))
    second.write_bytes(head + packets[58] + b"".join(packets[60:]))
    finrst.read(first, save=tmp_path / "a.state")
    today = finrst.read(second, resume=tmp_path / "a.state")
    (row,) = (one for one in today.issues if one["kind"] == "files_overlap")
    assert re.search(r"shares \S+ s with what was read before it", row["detail"])
    today.check()


def test_a_state_replaces_neither_a_capture_nor_what_is_read(tmp_path: Path) -> None:
    captures = days(tmp_path, 100)
    held = [path.read_bytes() for path in captures]
    with pytest.raises(FileExistsError, match="holds a capture"):
        finrst.read(captures[0], save=captures[1])
    with pytest.raises(FileExistsError, match="a source is never replaced"):
        finrst.read(captures[0], save=captures[0])
    with pytest.raises(FileNotFoundError):
        finrst.read(captures[0], save=tmp_path / "none" / "x.state")
    assert [path.read_bytes() for path in captures] == held
    # What fails leaves neither a state nor a part of one.
    before = sorted(tmp_path.iterdir())
    (tmp_path / "cut.pcap").write_bytes(held[0][:-3])
    with pytest.raises(finrst.CaptureError):
        finrst.read(tmp_path / "cut.pcap", save=tmp_path / "cut.state", strict=True)
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "cut.pcap"])


def test_what_is_no_file_goes_on_too(tmp_path: Path) -> None:
    captures = days(tmp_path, 70)
    finrst.read(captures[0].read_bytes(), save=tmp_path / "s")
    with captures[1].open("rb") as file:
        found = finrst.read(io.BytesIO(file.read()), resume=tmp_path / "s")
    assert found.resumed > 5
    assert len(found) == len(finrst.read(captures[1], resume=tmp_path / "s"))


def test_a_day_without_packets_leaves_what_came(tmp_path: Path) -> None:
    captures = days(tmp_path, 80, 80)
    monday, tuesday, wednesday = read_all(captures)
    assert tuesday.resumed == tuesday.saved == monday.saved > 5
    assert len(tuesday) == 0
    assert len(monday) + len(wednesday) == 25


def test_the_command_reads_day_by_day(tmp_path: Path) -> None:
    captures = days(tmp_path, 100)
    states = [str(tmp_path / f"{name}.state") for name in ("monday", "tuesday")]
    first = run(str(captures[0]), "--save", states[0], "--json")
    assert first.returncode == 0, first.stderr
    said = json.loads(first.stdout)
    assert (said["connections_resumed"], said["connections"] > 0) == (0, False)
    again = run(str(captures[1]), "--resume", states[0], "--save", states[1])
    text = again.stdout.decode()
    assert f"{said['connections_saved']} connections went on from earlier captures." in text
    assert "still followed, and saved." in text
    out = str(tmp_path / "rows.csv")
    assert run("convert", str(captures[1]), "-o", out, "--resume", states[0]).returncode == 0
    assert len(Path(out).read_text().splitlines()) == 26
    shown = run(
        "explain", str(captures[1]), "--resume", states[0], "--connection", "13", "--packets"
    )
    assert shown.returncode == 0, shown.stderr
    wrong = run("convert", str(captures[1]), "-o", out, "--resume", states[0], "--stream")
    assert wrong.returncode == 2
    assert b"--stream judges rows before the end" in wrong.stderr
    wrong = run(str(captures[1]), "--resume", states[0], "--filter", "port 4001")
    assert wrong.returncode == 2
    assert wrong.stderr.endswith(b"monday.state: it was saved with another filter\n")
    piped = run("-", "--resume", states[0], "--json", stdin=captures[1].read_bytes())
    assert json.loads(piped.stdout)["connections_resumed"] == said["connections_saved"]


@POSIX
def test_what_the_manual_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captures = days(tmp_path, 60, 120)
    page = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    by_hand, nightly = re.findall(r"(?ms)^```sh\n(.*?)^```$", page)
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```$", page)

    def shell(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr

    shell("sh", "-e", "-c", by_hand)
    (tmp_path / "nightly.sh").write_text(nightly)
    import pyarrow.parquet as pq

    names = [path.stem for path in captures]
    by_name = sum(pq.read_table(f"{name}.parquet").num_rows for name in names)
    assert by_name == 25
    for at, capture in enumerate(captures):
        capture.rename(tmp_path / f"2026-11-0{at + 1}.pcap")
        shell("sh", "nightly.sh", f"2026-11-0{at + 1}.pcap")
    found = pq.read_table(tmp_path / "endings")
    last = finrst.read("2026-11-03.pcap", resume=tmp_path / "states" / "2026-11-02.state")
    assert (
        found.num_rows
        + finrst.read("2026-11-03.pcap", resume="states/2026-11-02.state", save="x.state").saved
        == by_name
    )
    assert len(last) > 0
    days(tmp_path, 60, 120)
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    exec(compile(code, "nightly.md", "exec"), {})
    assert re.search(
        r"\d+ connections were still followed at midnight, \d+ went on", printed.getvalue()
    )
