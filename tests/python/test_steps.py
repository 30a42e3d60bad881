"""The steps of a parallel reading: what they give is what one reading gives."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import finrst

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
ACCOUNTS = ("ledger", "interfaces", "issues", "files", "names")


def pieces(path: Path, count: int) -> list[Path]:
    """Cut the demonstration into files."""
    octets, at, records = DEMO.read_bytes(), 24, []
    while at < len(octets):
        (length,) = struct.unpack_from("<I", octets, at + 8)
        records.append(octets[at : at + 16 + length])
        at += 16 + length
    path.mkdir(exist_ok=True)
    files = []
    for number in range(count):
        some = records[number * len(records) // count : (number + 1) * len(records) // count]
        files.append(path / f"piece-{number}.pcap")
        files[-1].write_bytes(octets[:24] + b"".join(some))
    return files


def steps(
    files: list[Path], scratch: Path, buckets: int = 3, **options: Any
) -> tuple[finrst.Plan, dict[str, pa.Table], dict[str, finrst.Table]]:
    """Take all steps, what is handed on pickled or as JSON on the way."""
    found = json.loads(json.dumps(finrst.survey(files)))
    summaries = []
    for number, file in enumerate(found["files"]):
        run = finrst.digest(
            file["path"],
            scratch / f"run-{number}.frd",
            buckets=buckets,
            seed=7,
            of=len(found["files"]),
            origin=found["origin"],
            **options,
        )
        summaries.append(json.loads(json.dumps(run)))
    plan = pickle.loads(pickle.dumps(finrst.plan(summaries, found)))
    plan = finrst.Plan.from_json(plan.to_json())
    for bucket in range(plan.buckets):
        json.dumps(finrst.stitch(plan, bucket, scratch))
    parts = [finrst.judge(plan, run, scratch) for run in range(plan.runs)]
    tables = {
        name: pa.concat_tables([pa.table(part[name]) for part in parts])
        for name in ("connections", "teardowns")
    }
    return plan, tables, finrst.accounts(plan, scratch)


FRAGMENTS = DEMO.parent / "captures/zeek_fragmented-4.pcap"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"filter": "port 4001 or port 4007"},
        {"start": "+10s", "end": "+40s"},
        {"linger": "1s", "hosts": {"10.77.0.2": "b"}, "parameters": {"handshake_timeout_s": 3.0}},
    ],
)
def test_the_steps_give_the_tables_of_one_reading(tmp_path: Path, options: Any) -> None:
    files = pieces(tmp_path / "captures", 4)
    _, tables, accounts = steps(files, tmp_path, **options)
    whole = finrst.read(files, threads=1, **options)
    for name, table in tables.items():
        wanted = pa.table(getattr(whole, name))
        assert table.schema.equals(wanted.schema, check_metadata=True)
        assert table.to_pylist() == wanted.to_pylist()
    for name in ACCOUNTS:
        assert list(accounts[name]) == list(getattr(whole, name))


def test_fragments_take_part_from_a_moment_after_the_first_packet(tmp_path: Path) -> None:
    options: Any = {"start": "+0s", "end": "+1000d"}
    _, tables, accounts = steps([FRAGMENTS], tmp_path, **options)
    whole = finrst.read(FRAGMENTS, threads=1, **options)
    assert tables["connections"].to_pylist() == pa.table(whole.connections).to_pylist()
    for name in ACCOUNTS:
        assert list(accounts[name]) == list(getattr(whole, name))


def test_a_directory_is_told_as_reading_tells_it(tmp_path: Path) -> None:
    captures = tmp_path / "captures"
    pieces(captures, 3)
    (captures / "notes.txt").write_text("no capture")
    (captures / "deeper").mkdir()
    found = finrst.survey(captures)
    _, tables, accounts = steps([captures], tmp_path)
    whole = finrst.read(captures, threads=1)
    names = [Path(file["path"]).name for file in found["files"]]
    assert names == [f"piece-{number}.pcap" for number in range(3)]
    assert tables["connections"].to_pylist() == pa.table(whole.connections).to_pylist()
    for name in ACCOUNTS:
        assert list(accounts[name]) == list(getattr(whole, name))


def test_rows_are_written_where_that_is_asked(tmp_path: Path) -> None:
    plan, tables, _ = steps(pieces(tmp_path / "captures", 2), tmp_path)
    for _ in range(2):
        written = [finrst.judge(plan, run, tmp_path, tmp_path) for run in range(plan.runs)]
    names = [Path(path).name for part in written for path in part["files"]]
    assert names == [f"{name}-{run:05d}.arrow" for run in range(2) for name in tables]
    for name, table in tables.items():
        paths = [tmp_path / f"{name}-{run:05d}.arrow" for run in range(2)]
        parts = [pa.ipc.open_file(path).read_all() for path in paths]
        assert [part.num_rows for part in parts] == [part[name] for part in written]
        assert pa.concat_tables(parts).to_pylist() == table.to_pylist()


def test_a_digest_is_the_same_when_it_is_made_again(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        run = finrst.digest(DEMO, tmp_path / name, seed=3)
        assert not run["files"][0]["changed"]
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}


def test_a_digest_replaces_a_digest_and_never_a_capture(tmp_path: Path) -> None:
    source, other, digest = (tmp_path / name for name in ("a.pcap", "b.pcap", "run.frd"))
    for path in (source, other):
        path.write_bytes(DEMO.read_bytes())
    for path in (source, other):
        with pytest.raises(FileExistsError, match="never replaced"):
            finrst.digest(source, path)
        assert path.read_bytes() == DEMO.read_bytes()
    for _ in range(2):
        assert finrst.digest(source, digest)["packets"] == 164


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="memory_limit"):
        finrst.digest(DEMO, tmp_path / "run.frd", memory_limit="1GiB")
    with pytest.raises(ValueError, match="origin"):
        finrst.digest(DEMO, tmp_path / "run.frd", start="+1s")
    with pytest.raises(finrst.CaptureError, match="text"):
        finrst.digest(Path(__file__), tmp_path / "run.frd")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError, match="source"):
        finrst.digest(DEMO, DEMO)
    one = finrst.digest(DEMO, tmp_path / "one.frd", buckets=2)
    with pytest.raises(finrst.StateError, match="another number of files"):
        finrst.plan([one, one])
    with pytest.raises(ValueError, match="no digest"):
        finrst.plan([])
    plan = finrst.plan([one])
    with pytest.raises(ValueError, match="no bucket 2"):
        finrst.stitch(plan, 2, tmp_path)
    with pytest.raises(FileNotFoundError):
        finrst.judge(plan, 0, tmp_path)
    finrst.stitch(plan, 0, tmp_path)
    finrst.stitch(plan, 1, tmp_path)
    with pytest.raises(ValueError, match="no part 1"):
        finrst.judge(plan, 1, tmp_path)
    (tmp_path / "one.frd").write_bytes(b"something else" * 99)
    with pytest.raises(finrst.StateError):
        finrst.stitch(plan, 0, tmp_path)
