"""The command ``finrst``: output, files, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from finrst.__main__ import main

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"


def test_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DEMO)]) == 0
    out = capsys.readouterr().out
    assert "25 TCP connections, 32 FIN or RST segments" in out
    assert "164 packets = 164 tcp" in out
    assert "port_closed" in out or "others" in out
    assert "\x1b" not in out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DEMO), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["endings"]["reset"] == 7


def test_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "x.csv"
    assert main([str(DEMO), "-o", str(target), "-t", "teardowns"]) == 0
    assert capsys.readouterr().out == ""
    assert len(target.read_text().splitlines()) == 33


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["absent.pcap"], 1, "absent.pcap"),
        ([str(DEMO), "-o", "x.unknown"], 2, "unknown ending"),
        ([str(DEMO), "--filter", "host and"], 2, "filter"),
        ([str(DEMO), "--start", "yesterday"], 2, "not a time"),
        ([__file__], 1, "test_command.py"),
    ],
)
def test_exit_codes(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.out == ""


def test_a_cut_capture_has_its_own_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = tmp_path / "cut\x1b[2J.pcap"
    cut.write_bytes(DEMO.read_bytes()[:-3])
    assert main([str(cut)]) == 3
    streams = capsys.readouterr()
    assert "its end is cut" in streams.err
    assert "\x1b" not in streams.err + streams.out


def test_a_reader_that_has_seen_enough() -> None:
    command = f"{sys.executable} -m finrst {DEMO} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert "25 TCP connections" in done.stdout


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13"]) == 0
    out = capsys.readouterr().out
    assert "reset_injected" in out
    assert "What speaks for it" in out
    assert main(["explain", str(DEMO), "--connection", "9999"]) == 1
    assert "no connection 9999" in capsys.readouterr().err
    assert main(["explain", str(DEMO), "--limit", "2"]) == 0
    assert "more (--limit)" in capsys.readouterr().out


def test_causes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["causes", "port_closed"]) == 0
    assert capsys.readouterr().out.startswith("port_closed\n")
    assert main(["causes", "--json"]) == 0
    assert {"name", "twins"} <= set(json.loads(capsys.readouterr().out)[0])
    assert main(["causes", "nonsense"]) == 2
