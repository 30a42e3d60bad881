"""What was meant by what was typed: one line, exit code 2, and the command that would be right."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import finrst
from commands import DEMO, run
from finrst.__main__ import COMMANDS, main


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Give the one line that is said of wrong arguments."""
    assert main(arguments) == 2, arguments
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    assert streams.err.startswith("finrst: ")
    assert "\x1b" not in streams.err
    return streams.err.strip()


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("help", "finrst --help"),
        ("help explain", "finrst explain --help"),
        ("help nonsense", "finrst --help"),
        ("x.pcap explain", "finrst explain x.pcap"),
        ("x.pcap explain --cause syn_scan", "finrst explain x.pcap --cause syn_scan"),
        ("--json x.pcap explain", "finrst explain --json x.pcap"),
        ("'a b.pcap' report -o x.md", "finrst report 'a b.pcap' -o x.md"),
        ("-i eth0", "tcpdump -i eth0 -w - tcp | finrst -"),
        ("-ieth0", "tcpdump -i eth0 -w - tcp | finrst -"),
        ("--interface=lo --json", "tcpdump -i lo -w - tcp | finrst -"),
        ("-i", "tcpdump -i any -w - tcp | finrst -"),
        ("explain -i eth0", "tcpdump -i eth0 -w - tcp | finrst -"),
        ("x.pcap --cause syn_scan", "finrst explain x.pcap --cause syn_scan"),
        ("x.pcap --stream -o y.csv", "finrst convert x.pcap --stream -o y.csv"),
        ("explain x.pcap --title T", "finrst report x.pcap --title T"),
        ("report x.pcap -o y.html --packets", "finrst explain x.pcap -o y.html --packets"),
        ("x.pcap --fliter tcp", "(did you mean '--filter'?): finrst --help"),
        ("explain x.pcap --cuase=y", "(did you mean '--cause'?): finrst explain --help"),
        ("x.pcap -Y tcp.port==80", "--filter 'port 443'"),
        ("x.pcap -nn", "no name is ever looked up"),
        ("expain x.pcap --all", "did you mean: finrst explain x.pcap --all"),
    ],
)
def test_the_right_command_is_told(
    typed: str, right: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(shlex.split(typed), capsys).endswith(right)


def test_what_is_a_file_or_a_value_is_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("help", "explain"):
        (tmp_path / name).write_bytes(DEMO.read_bytes())
    assert main(["help"]) == 0
    assert main([str(DEMO), "explain"]) == 0
    assert "segments in 2 files\n" in capsys.readouterr().out
    # Like a command, but called as a file is.
    assert main(["explain.cap"]) == 1
    assert capsys.readouterr().err == "finrst: explain.cap: no such file or directory\n"
    # A value of an option; the capture is absent.
    assert main(["report", "absent.pcap", "-o", "x.md", "--title", "explain"]) == 1
    assert "absent.pcap: no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("tcp.port == 80", ": write 'tcp port 80'"),
        ("ip.addr == 10.0.0.5 && tcp.dstport == 443", "write 'host 10.0.0.5 and tcp dst port 443'"),
        ("tcp.flags.reset == 1", "it cannot say this; a filter has host, net, port, portrange"),
        ("port http", "names are not looked up: write 80); a filter has host, net, port"),
        ("host www.example.org", "names are not looked up: write the address); a filter has"),
    ],
)
def test_a_display_filter_is_translated(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in told([str(DEMO), "--filter", typed], capsys)
    with pytest.raises(finrst.FilterError):
        finrst.read(DEMO, filter=typed)


def test_the_filter_that_is_told_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    line = told([str(DEMO), "--filter", "tcp.port == 4001 || tcp.port == 4003"], capsys)
    assert len(finrst.read(DEMO, filter=line.split("write '")[1].rstrip("'"))) == 2


def test_a_text_that_can_be_played_is_told_how(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, lines = tmp_path / "a script.txt", tmp_path / "lines.txt"
    script.write_text("> S, < R.\n")
    lines.write_text("06:00:06.1 IP 10.0.0.1.1 > 10.0.0.2.2: Flags [S], seq 1, win 1, length 0\n")
    for command in ([], ["convert", "-o", str(tmp_path / "x.csv")]):
        said = told([*command, str(script)], capsys)
        assert said.endswith(f"a script of a conversation; play it: finrst play '{script}'")
    assert told([str(lines)], capsys).endswith(f"what tcpdump prints; play it: finrst play {lines}")


def test_a_name_that_a_terminal_obeys_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(["x\x1b[2J.pcap", "explain"], capsys).endswith("finrst explain ...")
    assert "\\x1b" in told([str(DEMO), "--x\x1b[2J"], capsys)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_that_cannot_be_written_is_an_error(command: str) -> None:
    for option in ("--help", *([] if command else ["--version"])):
        words = [*([command] if command else []), option]
        assert run(*words).returncode == 0
        assert run_into_full(words) == (1, "finrst: no space left on device")


def run_into_full(words: list[str]) -> tuple[int, str]:
    """Run the command into a device that is full; its exit code and what it says."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full: write errors are not tried")
    with full.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "finrst", *words],
            stdout=out,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            text=True,
            check=False,
        )
    return done.returncode, done.stderr.strip().lower()
