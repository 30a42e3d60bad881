"""The command ``finrst``: output, files, exit codes."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import finrst
from commands import DEMO, run
from finrst.__main__ import COMMANDS, SUMMARY, main
from finrst._cli.steps import steps

if TYPE_CHECKING:
    from pathlib import Path

PARSERS = {"": SUMMARY.parser()} | {name: command.parser() for name, command in COMMANDS.items()}


def test_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DEMO)]) == 0
    out = capsys.readouterr().out
    assert "25 TCP connections, 32 FIN or RST segments" in out
    assert "164 packets = 164 tcp" in out
    assert re.search(r"reset +7 ", out)
    assert "Somebody between 10.77.0.1 and 10.77.0.2:4022 forged resets" in out
    assert "Who ended them: none 8, server 8" in out
    assert f"finrst explain {DEMO}"[:40] in out
    assert "\x1b" not in out


def test_json_has_every_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DEMO), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    cap = finrst.read(DEMO)
    for key, column in (("endings", "ending"), ("causes", "cause"), ("ended_by", "ended_by")):
        assert figures[key] == dict(cap.connections.counts(column)), key
    assert figures["connections"] == 25
    assert figures["fin_rst_segments"] == 32
    assert figures["packets"] == {"tcp": 164}
    assert figures["start"].startswith("2026-11-22T06:00:06")
    assert figures["findings"] == cap.findings().to_dict()
    assert figures["limits"][1:] == [
        "The capture ended too early to know how 4 connections went on."
    ]


def test_what_limits_the_trust_is_told_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = tmp_path / "late.pcap"
    data = DEMO.read_bytes()
    # Without its first packets: what began before the capture is a guess.
    first = 24 + sum(16 + int.from_bytes(data[at : at + 4], "little") for at in firsts(data, 20))
    late.write_bytes(data[:24] + data[first:])
    assert main([str(late), "--json"]) == 0
    limits = json.loads(capsys.readouterr().out)["limits"]
    assert len(limits) > 1
    for shown in (str(finrst.read(late)), run("-", stdin=late.read_bytes()).stdout.decode()):
        # Lines may be broken, between words.
        assert all(limit in " ".join(shown.split()) for limit in limits)
    assert main([str(late)]) == 0
    assert all(limit in " ".join(capsys.readouterr().out.split()) for limit in limits[:1])
    piped = json.loads(run("-", "--json", stdin=late.read_bytes()).stdout)
    assert piped["limits"] == limits
    sound = tmp_path / "sound.pcap"
    sound.write_bytes(data)
    assert main([str(sound), "--json", "--filter", "port 4001"]) == 0
    assert json.loads(capsys.readouterr().out)["limits"] == []


def firsts(data: bytes, count: int) -> list[int]:
    """Give where the bytes captured of the first packets are counted."""
    at, found = 24, []
    for _ in range(count):
        found.append(at + 8)
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
    return found


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["absent.pcap"], 1, "absent.pcap: no such file or directory"),
        (["nothing"], 1, "commands are explain"),
        (["convert", str(DEMO), "-o", "x.unknown"], 2, "one of arrow, csv, json, parquet, xlsx"),
        (["convert", str(DEMO), "-o", "/absent/x.csv"], 1, "/absent/x.csv: no such file"),
        (["convert", str(DEMO), "-o", "-"], 2, "--format"),
        (["convert", str(DEMO), "-o", "x/", "-t", "files"], 2, "directory for every table"),
        ([str(DEMO), "--filter", "host and"], 2, "filter"),
        ([str(DEMO), "--start", "yesterday"], 2, "not a time"),
        ([str(DEMO), "--memory-limit", "much"], 2, "not a size"),
        ([__file__], 1, "not a capture, it looks like text; finrst reads what tcpdump -w"),
        (["explain", str(DEMO), "--connection", "9999"], 1, "no connection 9999"),
        (["explain", str(DEMO), "--cause", "port_closd"], 2, "did you mean 'port_closed'?"),
        (["explain", str(DEMO), "--limit", "-1"], 2, "negative"),
        (["causes", "nonsense"], 2, "see: finrst causes"),
        ([str(DEMO), "--filter", "tcp[13] & 4"], 2, "a filter has host, net, port"),
        (["report", str(DEMO), "-o", "x.pdf"], 2, "a report ends in .html"),
        (["report", str(DEMO), "-o", "/absent/x.html"], 1, "/absent/x.html: no such file"),
    ],
)
def test_errors_are_one_line_with_a_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.err.count("\n") == 1
    assert streams.out == ""


@pytest.mark.parametrize("arguments", [[], ["--nonsense"], ["explain"], ["convert", str(DEMO)]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: finrst" in capsys.readouterr().err


def test_a_cut_capture_has_its_own_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = tmp_path / "cut\x1b[2J.pcap"
    cut.write_bytes(DEMO.read_bytes()[:-3])
    for arguments in ([str(cut)], ["explain", str(cut)], ["convert", str(cut), "-o", "/dev/null"]):
        extra = ["--format", "csv"] if arguments[0] == "convert" else []
        assert main([*arguments, *extra]) == 3
        streams = capsys.readouterr()
        assert "its end is cut" in streams.err
        assert "\x1b" not in streams.err + streams.out
    assert main([str(cut), "--strict"]) == 1


def test_a_pipe_is_read_once_and_counted() -> None:
    done = run("-", stdin=DEMO.read_bytes())
    assert done.returncode == 0
    assert done.stderr == b""
    assert done.stdout.startswith(b"25 TCP connections, 32 FIN or RST segments in standard input\n")
    assert b"\x1b" not in done.stdout
    # The same figures as of the file: nothing in it is older than what a scan lets go of.
    whole = json.loads(run(str(DEMO), "--json").stdout)
    piped = json.loads(run("-", "--json", stdin=DEMO.read_bytes()).stdout)
    assert {**piped, "files": None} == {**whole, "files": None}


def test_an_old_terminal_is_told_too(tmp_path: Path) -> None:
    named = tmp_path / "gefäß.pcap"
    named.write_bytes(DEMO.read_bytes())
    command = [sys.executable, "-m", "finrst", str(named)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"reset                 7  ############################" in done.stdout


def test_a_pipe_that_brings_nothing() -> None:
    done = run("-")
    assert done.returncode == 1
    assert done.stderr == (
        b"finrst: standard input: empty file, no capture header; "
        b"did the command that writes to it fail?\n"
    )


def test_a_reader_that_has_seen_enough() -> None:
    command = f"{sys.executable} -m finrst causes | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "device_stated (abort)"
    assert done.stdout.splitlines()[1] in {"0", "141"}


@pytest.mark.parametrize("name", PARSERS)
def test_help_teaches_by_example(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = PARSERS[name].format_help()
    assert max(map(len, text.splitlines())) <= 80
    examples = re.findall(r"^  (?:.*\| )?finrst (.*)$", text, re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        words = re.split(r"\s{2,}|\s[|;>]", example)[0].split()
        first = words[0]
        assert first in COMMANDS or "." in first or first in {"-", "CAPTURE..."}, example


def test_every_exit_code_is_documented() -> None:
    from finrst._cli import common as _command

    codes = [_command.OK, _command.UNREADABLE, _command.USAGE, _command.DAMAGED]
    codes += [_command.CHANGED, _command.EXISTS, _command.INTERRUPTED, _command.CLOSED]
    said = PARSERS[""].format_help().split("exit codes:\n")[1]
    assert [int(code) for code in re.findall(r"^  (\d+) ", said, re.MULTILINE)] == codes


def test_every_option_has_help() -> None:
    for name, parser in PARSERS.items():
        for action in parser._actions:
            assert action.help, (name, action.dest)
            # It is refused there by its name.
            refused = (name, action.dest) == ("cluster", "memory_limit")
            assert (action.help is argparse.SUPPRESS) == refused


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13"]) == 0
    out = capsys.readouterr().out
    assert "reset_injected" in out
    assert "What speaks for it" in out
    assert "In Wireshark\n  ip.addr == 10.77.0.1 && " in out
    assert main(["explain", str(DEMO), "--limit", "2"]) == 0
    assert "... and 9 more stories, of 10 connections (--limit)." in capsys.readouterr().out
    assert main(["explain", str(DEMO), "--cause", "port_closed"]) == 0
    assert capsys.readouterr().out.count("connection ") >= 1
    assert main(["explain", str(DEMO), "--filter", "port 4003"]) == 0
    assert "ended in order" in capsys.readouterr().out


def test_a_storm_of_resets_is_told_in_a_line() -> None:
    storm = ", ".join(["> S, < S., > ., > P. 100, < R."] + ["> P. 100, < R"] * 40)
    story = str(finrst.conversation(storm).connection(0).explain())
    assert "39 more like it, until packet 85" in story
    assert story.splitlines()[0].endswith("% sure)")
    assert "reset by the server after 40 ms." in story
    assert len(story.splitlines()) < 25


def test_packets_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13", "--packets"]) == 0
    lines = capsys.readouterr().out.split("\nPackets\n")[1].splitlines()
    numbers = [line.split()[0] for line in lines if re.match(r" *\d+ +\+", line)]
    assert numbers == [str(packet) for packet in finrst.read(DEMO).packets(13)["packet"]]
    place = next(place for place, line in enumerate(lines) if "did not send this reset" in line)
    assert lines[place - 1].lstrip().startswith("97 ")
    # A long one is told in part, and says what is left out.
    long = "> S, < S., > ., " + "< P. 100, > ., " * 200 + "< R. +5s"
    told = steps(finrst.conversation(long), 0)
    assert len(told) < 60
    assert any("more packets ..." in line for line in told)
    assert any("... 5 s of silence ..." in line for line in told)
    assert all(len(line) < 130 for line in told)
    stated = finrst.conversation('> S, < S., > ., > P. 10, < ., < R. text="a\x1b[2Jb"')
    assert not any("\x1b" in line for line in steps(stated, 0))


def test_explain_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13", "--connection", "2", "--json"]) == 0
    stories = json.loads(capsys.readouterr().out)
    assert [story["connection"]["connection_id"] for story in stories] == [13, 2]
    assert stories[0]["connection"]["cause"] == "reset_injected"
    assert stories[0]["sentence"].startswith("The connection from 10.77.0.1:51058")


def test_causes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["causes", "port_closed"]) == 0
    assert capsys.readouterr().out.startswith("port_closed (refused)\n")
    assert main(["causes", "--json"]) == 0
    assert {"name", "class", "twins"} <= set(json.loads(capsys.readouterr().out)[0])
