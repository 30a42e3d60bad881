"""The command where standard input, output or error are closed, full or not meant for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"

STREAMS = [
    ("finrst a.pcap >&-", 1, "standard output: is closed"),
    ("finrst a.pcap --json >&-", 1, "standard output: is closed"),
    ("finrst explain a.pcap >&-", 1, "standard output: is closed"),
    ("finrst compare a.pcap a.pcap >&-", 1, "standard output: is closed"),
    ("finrst causes >&-", 1, "standard output: is closed"),
    ("finrst convert a.pcap -o - --format csv >&-", 1, "standard output: is closed"),
    ("finrst convert a.pcap -o - --format parquet >&-", 1, "standard output: is closed"),
    ("finrst convert a.pcap -o x.csv >&-", 0, ""),
    ("finrst report a.pcap -o x.md >&-", 0, ""),
    ("finrst convert a.pcap -o x.csv >&- 2>&- <&-", 0, ""),
    ("finrst a.pcap 2>&-", 0, ""),
    ("finrst absent.pcap 2>&-", 1, ""),
    ("finrst cut.pcap 2>&-", 3, ""),
    ("finrst --nonsense 2>&-", 2, ""),
    ("finrst convert a.pcap -o x.csv 2>&-", 0, ""),
    ("finrst a.pcap <&-", 0, ""),
    ("finrst - <&-", 1, "there is no standard input"),
    ("finrst convert - -o x.csv <&-", 1, "there is no standard input"),
    ("finrst a.pcap >&- 2>&-", 1, ""),
    ("finrst a.pcap > /dev/full", 1, "no space left"),
    ("finrst a.pcap 1< cut.pcap", 1, "bad file descriptor"),
    ("finrst a.pcap 1< a.pcap", 5, "never replaced"),
]


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(("command", "code", "said"), STREAMS)
def test_closed_streams_are_an_error_or_silence(
    tmp_path: Path, command: str, code: int, said: str
) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "a.pcap").write_bytes(DEMO.read_bytes())
    (tmp_path / "cut.pcap").write_bytes(DEMO.read_bytes()[:-1])
    script = f'finrst() {{ "{sys.executable}" -m finrst "$@"; }}; {command}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr.lower()
    assert done.stderr.count("\n") == (1 if said else 0), done.stderr
    if "2>&-" in command and "nonsense" not in command:
        assert "finrst:" not in done.stdout
    # Nothing was written into what was read.
    assert (tmp_path / "a.pcap").read_bytes() == DEMO.read_bytes()
