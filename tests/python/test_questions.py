"""The fifteen questions of whoever looks at a capture, answered by the first screen.

The captures are kept beside the repository; without them the questions are skipped, and say so.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finrst.__main__ import main

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared/captures"
PUBLIC = "public/files"
SMB = f"{PUBLIC}/cisco+mercury/unit_tests/pcaps/smb.pcap"
EMIX = f"{PUBLIC}/cisco+mercury/unit_tests/pcaps/emix.pcap"
CIPHERS = f"{PUBLIC}/stanford-esrg+retina/traces/tls_ciphers.pcap"
INSERTED = f"{PUBLIC}/fox-it+quantuminsert/pcaps/qi_local_SYNACK_imgur_qdp.pcap"
FLOOD = f"{PUBLIC}/OISF+suricata-verify/tests/firewall/tcp-session-syn-flood-drop-precedence"
SCREEN = 40

QUESTIONS = [
    ("who reset it", CIPHERS, "73 connections ended in a reset by the server"),
    ("who reset it", CIPHERS, "all had been acknowledged; to "),
    ("who reset it", "practice/A16-comcast-sandvine.pcap", "Somebody between 192.0.2.10 and "),
    (
        "why a reset right after the SYN-ACK",
        "lab/client_timeout_explicit.c.pcap",
        "10.77.0.1 gives up connecting to",
    ),
    (
        "why a reset right after the SYN-ACK",
        "lab/client_timeout_explicit.c.pcap",
        "Its reset, also one right after the SYN-ACK, says that its own limit had passed",
    ),
    ("was data lost", "practice/data_and_fin_then_rst.pcap", "1,096 bytes thrown away"),
    ("which idle limit", SMB, "The server closes after 60.0 s of silence: 104 connections"),
    (
        "keep-alive race",
        "frozen/abort.server.pcap.xz",
        "6 requests to 6 services met the close of an",
    ),
    ("is it injected", INSERTED, "forged payload: 1 connection."),
    ("can I trust it", EMIX, "22 connections began before the capture"),
    (
        "is it the firewall",
        "practice/A03-palo-alto-reject.pcap",
        "turned down on the way: by a firewall or a router, not by the host",
    ),
    (
        "is the server overloaded",
        "lab/accept_overflow_abort.c.pcap",
        "10.77.0.2:4012 left 4 connections unanswered while it took others: its backlog was full",
    ),
    ("is it a scan", SMB, "192.168.1.124 scans 101 hosts at port 139 (netbios-ssn)"),
    ("is it a scan", "practice/C01-masscan-half-duplex.pcap", "scans 62 ports of 198.51.100.15"),
    ("is it a scan", f"{FLOOD}/input.pcap", "A SYN flood at 198.51.100.5:443 (https): 200 SYNs"),
    ("is it harmless", CIPHERS, "and lost nothing: all had been acknowledged"),
    ("since when", SMB, "Since 2022-06-06 12:35:04 UTC, for 4 min 23 s"),
    ("which clients", SMB, "192.168.1.124 scans"),
    ("which clients", SMB, "for 2 min 2 s; client 192.168.1."),
    (
        "what do I do next",
        "practice/A03-palo-alto-reject.pcap",
        "Next: Ask for the rule of the device whose TTL or address the answer bears.",
    ),
]


def capture(name: str) -> Path:
    path = ROOT / "tests/lab" / name if name.startswith("frozen/") else SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here: this question is not asked")
    return path


def screen(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    main(arguments)
    lines = capsys.readouterr().out.splitlines()[:SCREEN]
    return re.sub(r"\s+", " ", " ".join(lines))


@pytest.mark.parametrize(("question", "name", "answer"), QUESTIONS)
def test_the_first_screen_answers(
    question: str, name: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = screen([str(capture(name))], capsys)
    assert answer in shown, (question, shown)


def test_what_changed_since_yesterday(capsys: pytest.CaptureFixture[str]) -> None:
    yesterday = capture(f"{PUBLIC}/cisco+mercury/unit_tests/pcaps/iec.pcap")
    shown = screen(["compare", str(yesterday), str(capture(SMB))], capsys)
    assert "application_abort: 0 of 42 before, 108 of 324 (33.3 %) after, new" in shown
    assert "syn_unanswered: 0 of 42 before, 101 of 324 (31.2 %) after, new" in shown


def test_all_fifteen_are_asked() -> None:
    asked = {question for question, *_ in QUESTIONS} | {"what changed since yesterday"}
    assert len(asked) == 15
    assert len({name for _, name, _ in QUESTIONS}) >= 10
