"""What the command's outputs may replace: files, directories of tables, redirected streams."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from finrst.__main__ import main

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
OCTETS = DEMO.read_bytes()

posix = pytest.mark.skipif(os.name != "posix", reason="files have no inodes here")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.pcap"
    path.write_bytes(OCTETS)
    return path


COMMANDS = [
    ["convert", "a.pcap", "-o", "a.pcap", "--format", "csv", "--force"],
    ["convert", "a.pcap", "-o", "a.pcap", "--format", "parquet", "--force", "--stream"],
    ["convert", "a.pcap", "-o", "link.csv"],
    ["convert", "a.pcap", "-o", "hard.xlsx", "--force"],
    ["convert", ".", "-o", "hard.xlsx", "--force"],
    ["convert", "*.pcap", "-o", "./a.pcap", "--format", "json", "--force"],
    ["convert", "a.pcap", "-o", "tables/", "--force"],
    ["convert", "a.pcap", "-o", "tables/", "--stream", "--force"],
    ["convert", "b.pcap", "-o", "a.pcap", "--format", "csv"],
    ["report", "a.pcap", "-o", "page.html", "--force"],
    ["report", "b.pcap", "-o", "page.html"],
    ["annotate", "a.pcap", "-o", "hard.xlsx", "--force"],
    ["annotate", "a.pcap", "-o", "a.pcap", "--force", "--connection", "0"],
    ["annotate", "b.pcap", "-o", "a.pcap"],
]


@posix
@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_refuses_before_it_reads(
    source: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(source.parent)
    Path("b.pcap").write_bytes(OCTETS)
    Path("link.csv").symlink_to("a.pcap")
    Path("page.html").symlink_to("a.pcap")
    Path("hard.xlsx").hardlink_to("a.pcap")
    Path("tables").mkdir()
    Path("tables/issues.parquet").symlink_to("../a.pcap")

    def never(*_: object, **__: object) -> None:
        pytest.fail("it was read")

    for module in ("convert", "report", "annotate"):
        monkeypatch.setattr(f"finrst._cli.{module}.read", never)
    monkeypatch.setattr("finrst._cli.convert.scan", never)
    before = sorted(Path().rglob("*"))
    assert main(command) == 5
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert command[3].removesuffix("tables/") in said
    assert "a.pcap" in said or "--force" in said
    assert source.read_bytes() == OCTETS
    assert sorted(Path().rglob("*")) == before


def test_the_command_replaces_another_capture_when_forced(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.parent)
    shutil.copy("a.pcap", "b.pcap")
    assert main(["convert", "a.pcap", "-o", "b.pcap", "--format", "csv", "--force"]) == 0
    assert main(["convert", "a.pcap", "-o", "b.pcap", "--format", "csv"]) == 0
    assert main(["report", "a.pcap", "-o", "a.html"]) == 0
    assert main(["report", "a.pcap", "-o", "a.html"]) == 0
    assert source.read_bytes() == OCTETS


def _run(command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    script = f'finrst() {{ "{sys.executable}" -m finrst "$@"; }}; {command}'
    return subprocess.run(
        ["bash", "-c", script], cwd=directory, capture_output=True, text=True, check=False
    )


@posix
@pytest.mark.parametrize(
    "command",
    [
        "finrst convert - -o a.pcap --format csv --force < a.pcap",
        "finrst convert - -o a.pcap --format csv --force --stream < a.pcap",
        "finrst convert a.pcap -o - --format csv >> a.pcap",
        "finrst convert a.pcap -o - --format parquet 1<> a.pcap",
        "finrst report - -o link.html --force < a.pcap",
        "finrst a.pcap >> a.pcap",
        "finrst explain - < a.pcap 1<> a.pcap",
        "finrst compare a.pcap a.pcap >> a.pcap",
    ],
)
def test_redirected_streams_are_known(source: Path, command: str) -> None:
    (source.parent / "link.html").symlink_to("a.pcap")
    done = _run(command, source.parent)
    assert done.returncode == 5, done.stderr
    assert "never replaced" in done.stderr
    assert source.read_bytes() == OCTETS


@posix
def test_standard_output_is_written_where_it_stands(source: Path) -> None:
    done = _run(
        "(echo before; finrst convert a.pcap -o - --format csv; echo after) > x.csv",
        source.parent,
    )
    assert done.returncode == 0, done.stderr
    lines = (source.parent / "x.csv").read_text().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("before", "after", 28)
    done = _run("finrst convert a.pcap -o - --format parquet > x.parquet", source.parent)
    assert (source.parent / "x.parquet").read_bytes()[-4:] == b"PAR1"
