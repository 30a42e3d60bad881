"""Conversations that are written down, played by the command: scripts, and what tcpdump prints."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import warnings
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO, run
from conftest import SHARED
from finrst.__main__ import main
from finrst._cli import play

if TYPE_CHECKING:
    from pathlib import Path

needs_tcpdump = pytest.mark.skipif(
    shutil.which("tcpdump") is None, reason="tcpdump is not installed: its output is not played"
)


def test_a_script_is_told_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "> S, < R."]) == 0
    out = capsys.readouterr().out
    assert out.startswith("connection 0: The connection from 192.0.2.1:40000 to ")
    assert "port_closed" in out.split("\n\n")[0]
    assert max(map(len, out.splitlines())) <= 100
    assert re.search(r"1 +\+0\.000000 s +── SYN seq 0 win 64240 ─+▶", out)
    assert "◀────────────────────── RST,ACK ack 1 win 0 ──" in out
    # There is nothing to look for in Wireshark.
    assert "In Wireshark" not in out


def test_several_arguments_are_parts_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "> S", "< S.", "> .", "(> F.)", "< R"]) == 0
    several = capsys.readouterr().out
    assert main(["play", "> S, < S., > ., (> F.), < R"]) == 0
    assert capsys.readouterr().out == several


def test_files_and_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    script = tmp_path / "a script.txt"
    script.write_bytes(b"\xef\xbb\xbf> S\r\n< R.\r\n")
    assert main(["play", str(script)]) == 0
    out = capsys.readouterr().out
    assert "port_closed" in out
    done = run("play", "-", stdin=script.read_bytes())
    assert (done.returncode, done.stdout.decode()) == (0, out)


def test_many_connections_are_summed_up_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "> S port=1..7, < R.", "--limit", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("7 connections: 6 handshake_unanswered, 1 handshake_refused\n")
    assert len(re.findall(r"^connection \d:", out, re.MULTILINE)) == 2
    assert out.endswith("... and 5 more (--limit).\n")
    assert main(["play", "(> S)"]) == 0
    assert capsys.readouterr().out == "No TCP segment was captured.\n"


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "> S port=1..7, < R.", "--json"]) == 0
    stories = json.loads(capsys.readouterr().out)
    assert len(stories) == 7
    assert stories[6]["connection"]["cause"] == "port_closed"
    assert stories[6]["sentence"].startswith("The connection from 192.0.2.1:7 to ")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["> S, > P. again"], 2, 'line 1, column 6 of the script, "> P. again": again: its sender'),
        (["> S", "< S. win=70000"], 2, "line 2, column 6 of the script"),
        (["> S", "x.txt"], 2, "each part of a script begins with > or <"),
        (["absent.txt"], 1, "absent.txt: no such file or directory"),
        ([str(DEMO)], 2, f"no text; a capture is read by: finrst {DEMO}"),
        (["> S", "--limit", "-1"], 2, "--limit cannot be negative"),
    ],
)
def test_errors_are_one_line_with_a_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", *arguments]) == code
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.err.count("\n") == 1
    assert streams.out == ""


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="x: longer than 64 MiB"):
        play.text_of(b"x" * (play.LONGEST + 1), "x")


def test_a_wrong_checksum_has_its_cause() -> None:
    script = "> S, < S. badsum, > S again +1s, < S. again badsum, > S again +2s, < S. again badsum"
    assert finrst.conversation(script).connections["cause"] == ["syn_ack_ignored"]
    sound = finrst.conversation(script.replace(" badsum", ""))
    assert sound.connections["cause"] != ["syn_ack_ignored"]


def printed(path: Path, *options: str) -> str:
    command = ["tcpdump", "-r", str(path), "-n", *options]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.decode(errors="replace")


def verdicts(cap: finrst.Capture) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    names = ("client_ip", "client_port", "server_ip", "server_port", "first_packet")
    said = ("ending", "ended_by", "cause")
    return {tuple(r[n] for n in names): tuple(r[n] for n in said) for r in cap.connections}


# A keep-alive probe is a bare ACK, whose number is printed with -vv only.
HIDDEN = {"keepalive_timeout"}


@needs_tcpdump
@pytest.mark.parametrize(
    "options",
    ["", "-S", "-tt", "-ttt", "-tttt", "-ttttt", "-v", "-vv", "-e", "-vv -e -S", "-vv -x"],
)
def test_what_tcpdump_prints_of_the_demo_has_its_verdicts(options: str) -> None:
    real = verdicts(finrst.read(DEMO))
    played = verdicts(finrst.conversation(printed(DEMO, *options.split())))
    assert played.keys() == real.keys()
    different = {real[one][2] for one in real if played[one] != real[one]}
    assert different <= (set() if "-vv" in options else HIDDEN)


PRACTICE = sorted((SHARED / "captures/practice").glob("*.pcap"))


@needs_tcpdump
@pytest.mark.skipif(not PRACTICE, reason="no shared captures: their printed lines are not played")
@pytest.mark.parametrize("options", ["-vv", "-vv -S", "", "-S"])
def test_what_tcpdump_prints_of_cases_from_practice_has_their_verdicts(options: str) -> None:
    connections, different = 0, []
    for path in PRACTICE:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", finrst.CaptureWarning)
            real = verdicts(finrst.read(path, progress=False))
        played = verdicts(finrst.conversation(printed(path, *options.split(), "-tttt", "--nano")))
        connections += len(real)
        different += [real[one] for one in real if played.get(one) != real[one]]
    assert connections > 100
    told = connections - len(different)
    # What a cause reads in payloads is not printed; without -vv neither are TTL nor checksum.
    assert told >= connections * (0.98 if "-vv" in options else 0.85), different
    causes = {cause for _, who, cause in different if who != "third_party"}
    unprinted = set() if "-vv" in options else {"application_abort", "syn_ack_ignored"}
    # ICMP errors are not played.
    assert causes <= {"unread_close_notify", "path_mtu_black_hole"} | unprinted


@needs_tcpdump
def test_the_command_plays_what_tcpdump_prints(capsys: pytest.CaptureFixture[str]) -> None:
    done = run("play", "-", stdin=printed(DEMO, "port", "4022").encode())
    assert done.returncode == 0, done.stderr
    out = done.stdout.decode()
    title = " ".join(out.split("\n\n")[0].split())
    assert "10.77.0.1:51058 to 10.77.0.2:4022 was reset by" in title
    assert "reset_injected" in out
    assert "Limits of trust\n  The lines have no TTL" in out
    # Packets are numbered as they were printed.
    assert re.search(r"^ +13 +\+0\.068460 s +── RST seq 26 win 0", out, re.MULTILINE)
    verbose = run("play", "-", stdin=printed(DEMO, "-v", "port", "4022").encode())
    assert b"Limits of trust" not in verbose.stdout
    assert main(["play", "--json", "/dev/null"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@needs_tcpdump
def test_the_line_that_tells_too_little_is_named() -> None:
    for option, said in (("-q", "print without -q"), ("-t", "print without -t")):
        done = run("play", "-", stdin=printed(DEMO, option).encode())
        assert done.returncode == 2
        assert b"finrst: line 1 of tcpdump's output: " in done.stderr
        assert said.encode() in done.stderr


# Of the source; a path of a script is a VLAN of a capture.
OWN = {"file", "interface", "vlan_id", "inner_vlan_id", "tunnel"}


def told(cap: finrst.Capture) -> dict[str, list[Any]]:
    return {
        f"{table.name}.{name}": table[name]
        for table in (cap.connections, cap.teardowns)
        for name in table.column_names
        if name not in OWN
    }


def test_every_conversation_of_the_causes_is_a_capture_with_the_same_rows(tmp_path: Path) -> None:
    scripts = [
        script
        for row in finrst.causes()
        for script in (*row["examples"], *(near.split(" -> ")[0] for near in row["near_misses"]))
    ]
    assert len(scripts) > 300
    assert any("icmp" in script for script in scripts)
    assert any("v6" in script for script in scripts)
    source, out = tmp_path / "script.txt", tmp_path / "out.pcapng"
    for script in scripts:
        # Some are lines as tcpdump prints them.
        source.write_text(script, encoding="utf-8")
        assert main(["play", str(source), "-o", str(out), "--force"]) == 0
        played, read = told(finrst.conversation(script)), told(finrst.read(out, progress=False))
        different = [name for name in played if played[name] != read[name]]
        assert different == [], script


def test_a_script_becomes_a_capture_that_tshark_finds_sound(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: what was written is not looked at by another")
    script = (
        "> S, < S., > ., > P. get=a.example, < P. 300, ! icmp 3/13, "
        "> S v6 port=1, < S. v6, > . v6, > P. 7 cut, < icmp 1/4, > S v4 port=2 path=9 mac=5 in"
    )
    out = tmp_path / "out.pcapng"
    assert main(["play", script, "-o", str(out)]) == 0
    fields = ["frame.protocols", "vlan.id", "eth.src", "http.host", "frame.len", "frame.cap_len"]
    command = ["tshark", "-r", str(out), "-T", "fields", "-E", "separator=;"]
    checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    for field in (*fields, "_ws.malformed", "_ws.expert.message"):
        command += ["-e", field]
    done = subprocess.run([*command, *checks], capture_output=True, text=True, check=True)
    rows = [line.split(";") for line in done.stdout.splitlines()]
    assert len(rows) == 12
    assert rows[3][3] == "a.example"
    assert rows[5][0].startswith("eth:ethertype:ip:icmp:ip:tcp")
    assert rows[10][0].startswith("eth:ethertype:ipv6:icmpv6:ipv6:tcp")
    assert int(rows[9][4]) - int(rows[9][5]) == 7
    assert rows[11][1:3] == ["9", "00:00:00:00:00:05"]
    assert not [row for row in rows if row[6] or "hecksum" in row[7]]


def test_what_is_written_replaces_no_script_and_no_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "a.txt"
    script.write_text("> S, < R.")
    other = tmp_path / "b.pcap"
    other.write_bytes(DEMO.read_bytes())
    assert main(["play", "a.txt", "-o", "a.txt", "--force"]) == 5
    assert "a source is never replaced" in capsys.readouterr().err
    assert main(["play", "a.txt", "-o", "b.pcap"]) == 5
    assert "--force" in capsys.readouterr().err
    assert script.read_text() == "> S, < R."
    assert other.read_bytes() == DEMO.read_bytes()
    # A script that is wrong leaves what is there.
    assert main(["play", "> Q", "-o", "b.pcap", "--force"]) == 2
    assert other.read_bytes() == DEMO.read_bytes()
    assert main(["play", "a.txt", "-o", "b.pcap", "--force"]) == 0
    assert finrst.read(other).connections["cause"] == ["port_closed"]
    done = run("play", "> S, < R.", "-o", "-")
    assert done.stdout == other.read_bytes()
