"""The command ``finrst convert``: tables into files and pipes."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

import finrst
from commands import DEMO, run
from finrst.__main__ import main
from finrst._cli import convert as _command_convert


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_convert_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "x.csv"
    assert main(["convert", str(DEMO), "-o", str(target), "-t", "teardowns"]) == 0
    assert capsys.readouterr().out == ""
    assert [row["packet"] for row in rows(target)] == [
        str(packet) for packet in finrst.read(DEMO).teardowns["packet"]
    ]


@pytest.mark.parametrize("chosen", ["arrow", "csv", "json", "parquet", "xlsx"])
def test_convert_every_table(chosen: str, tmp_path: Path) -> None:
    target = f"{tmp_path / 'made'}/"
    assert main(["convert", str(DEMO), "-o", target, "--format", chosen]) == 0
    assert sorted(path.name for path in Path(target).iterdir()) == sorted(
        f"{name}.{chosen}" for name in _command_convert.TABLES
    )


def test_streaming_writes_the_same_rows(tmp_path: Path) -> None:
    for chosen in ("csv", "json"):
        whole, streamed = (tmp_path / f"{kind}.{chosen}" for kind in ("whole", "streamed"))
        assert main(["convert", str(DEMO), "-o", str(whole)]) == 0
        assert main(["convert", str(DEMO), "-o", str(streamed), "--stream"]) == 0
        # In another order: that in which connections were let go.
        one, other = (sorted(path.read_text().splitlines()) for path in (whole, streamed))
        assert len(one) == len(other) == (26 if chosen == "csv" else 25)
        released = re.compile(r'"release":"\w+"|(?<=,)(closed|idle|end|reuse)(?=,)')
        assert [released.sub("", line) for line in one] == [released.sub("", x) for x in other]


def test_streaming_parquet_has_both_tables(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert main(["convert", str(DEMO), "-o", f"{tmp_path}", "--stream"]) == 0
    cap = finrst.read(DEMO)
    for name in ("connections", "teardowns", "ledger", "files"):
        table = parquet.read_table(tmp_path / f"{name}.parquet")
        assert table.num_rows == len(cap.table(name)), name
        assert table.schema.equals(cap.table(name).to_arrow().schema), name


def test_convert_to_standard_output() -> None:
    done = run("convert", "-", "-o", "-", "--format", "json", stdin=DEMO.read_bytes())
    assert done.returncode == 0
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(made) == 25


def test_convert_leaves_nothing_behind(tmp_path: Path) -> None:
    text = tmp_path / "text.pcap"
    text.write_text("no capture")
    for extra in ([], ["--stream"]):
        for chosen in ("parquet", "csv", "xlsx"):
            target = ["-o", str(tmp_path / f"x.{chosen}")]
            assert main(["convert", str(text), *target, *extra]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["text.pcap"]
