"""Addresses are shown with the names that people know, the same in every face."""

from __future__ import annotations

import datetime as dt
import ipaddress
import pickle
import re
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst._base.places import Name, host_name, place
from finrst._cli.live import ACCOUNTS
from finrst._cli.steps import steps
from finrst._story.summary import figures, summarize, text
from finrst._story.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAMED = "a.example (198.51.100.1:443, https)"


@pytest.fixture(scope="module")
def named() -> finrst.Capture:
    """A connection whose client says the server's name, and a trouble to be told."""
    return finrst.conversation("> S, < S., > ., > P. hello=a.example, < ., < R. +60s")


def report(cap: finrst.Capture, path: Path) -> str:
    cap.report(path)
    return path.read_text(encoding="utf-8")


def watched(cap: finrst.Capture) -> str:
    """What the live view and a summary of a pipe say."""
    tally = Tally()
    tally.add(cap.connections, len(cap.teardowns))
    return text(figures(tally, {name: cap.table(name) for name in ACCOUNTS}))


FACES: dict[str, Callable[[finrst.Capture], str]] = {
    "summary": lambda cap: text(summarize(cap)),
    "summary of a pipe": watched,
    "card": lambda cap: cap._repr_html_(),
    "explanation": lambda cap: str(cap.connection(0).explain()),
    "ladder": lambda cap: str(cap.plot.ladder(0)),
    "steps": lambda cap: "\n".join(steps(cap, 0)),
    "matrix": lambda cap: cap.plot.matrix().svg(),
    "widget": lambda cap: str(cap.explore().view),
}


@pytest.mark.parametrize("face", FACES)
def test_every_face_says_the_name(face: str, named: finrst.Capture) -> None:
    assert NAMED in FACES[face](named)


@pytest.mark.parametrize("name", ["x.html", "x.md"])
def test_reports_say_the_name(name: str, named: finrst.Capture, tmp_path: Path) -> None:
    assert "a.example (198.51.100.1:443, https)" in report(named, tmp_path / name)


def test_the_explanation_says_where_the_name_is_from(named: finrst.Capture) -> None:
    story = named.connection(0).explain().story
    assert story[-1] == (
        "Names: the server is a.example by the client's TLS server name or HTTP host."
    )


def test_tables_keep_addresses_and_numbers(named: finrst.Capture) -> None:
    assert named.connections["server_ip"] == ["198.51.100.1"]
    assert named.connections["server_port"] == [443]


def test_a_server_of_several_names_says_that_there_are_more() -> None:
    hello = "> S port={}, < S., > ., > P. hello={}.example, < R."
    script = ", ".join(hello.format(40000 + n, word) for n, word in enumerate("abb"))
    cap = finrst.conversation(script)
    assert cap.naming.host("198.51.100.1") == "b.example and 1 other (198.51.100.1)"
    assert cap.naming.server(cap.connection(0).to_dict()).startswith("a.example (")


NO_NAMES: list[Any] = [
    "",
    "10.0.0.1",
    "0x7f000001",
    "[::1]",
    "x)(y",
    "a b",
    "<script>",
    "-a",
    "a" * 254,
    "\u202egro",
]


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_host_name_is_not_shown_as_one(text: str) -> None:
    assert host_name(text) == ""


def test_a_name_cannot_command_a_terminal() -> None:
    told = place("192.0.2.1", 80, Name("a\x1b[2J\u202e", "hosts"))
    assert told == "a\\x1b[2J\\u202e (192.0.2.1:80, http)"


def test_the_command_says_names_and_services(tmp_path: Path) -> None:
    script = tmp_path / "x.txt"
    script.write_text("> S, < S., > ., > P. get=a.example:443, < R.")
    command = [sys.executable, "-m", "finrst", "explain", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert NAMED in " ".join(done.stdout.split())


# Names that packets, files and users tell.


def dns_answer(name: str, ip: str, client: str = "192.0.2.1") -> bytes:
    """An Ethernet frame: a resolver tells the client what address a name has."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    message = struct.pack(">6H", 7, 0x8180, 1, 1, 0, 0) + labels + b"\0\1\0\1"
    message += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + ipaddress.ip_address(ip).packed
    udp = struct.pack(">4H", 53, 5000, 8 + len(message), 0) + message
    return ethernet(17, "192.0.2.53", client, udp)


def ethernet(protocol: int, source: str, destination: str, payload: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    ends = (ipaddress.ip_address(one).packed for one in (source, destination))
    return bytes(12) + b"\x08\0" + head + b"".join(ends) + payload


def segment(source: str, destination: str, ports: tuple[int, int], flags: int) -> bytes:
    tcp = struct.pack(">HHIIBBHHH", *ports, 100, 101 if flags & 16 else 0, 0x50, flags, 512, 0, 0)
    return ethernet(6, source, destination, tcp)


def refused(ip: str, client: str = "192.0.2.1", port: int = 443) -> list[bytes]:
    """A SYN and the RST that answers it."""
    return [
        segment(client, ip, (40000, port), 2),
        segment(ip, client, (port, 40000), 20),
    ]


def pcap(frames: Sequence[bytes]) -> bytes:
    records = (
        struct.pack("<4I", 1_700_000_000 + n, 0, len(frame), len(frame)) + frame
        for n, frame in enumerate(frames)
    )
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records)


def block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def pcapng(frames: Sequence[bytes], names: dict[str, str]) -> bytes:
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", 1, 0, 0))
    for ip, name in names.items():
        value = ipaddress.ip_address(ip).packed + name.encode() + b"\0"
        record = struct.pack("<HH", 1, len(value)) + value + bytes(-len(value) % 4)
        out += block(4, record + bytes(4))
    for n, frame in enumerate(frames):
        head = struct.pack("<5I", 0, 0, n, len(frame), len(frame))
        out += block(6, head + frame + bytes(-len(frame) % 4))
    return out


SERVER = "198.51.100.7"


def test_a_dns_answer_of_the_capture_names_the_server() -> None:
    cap = finrst.read(pcap([dns_answer("Mail.Example", SERVER), *refused(SERVER)]))
    assert list(cap.names) == [
        {
            "address": SERVER,
            "name": "mail.example",
            "source": "dns",
            "client_ip": "192.0.2.1",
            "first_seen": dt.datetime.fromtimestamp(1_700_000_000, dt.UTC),
            "first_packet": 1,
            "count": 1,
        }
    ]
    story = cap.connection(0).explain()
    assert f"to mail.example ({SERVER}:443, https) was refused" in story.sentence
    assert story.story[-1] == "Names: the server is mail.example by a DNS answer in the capture."
    assert f"mail.example ({SERVER}:443, https)" in repr(cap)
    assert "mail.example" in cap._repr_html_()


def test_each_client_has_the_name_that_it_asked_for() -> None:
    frames = [
        dns_answer("a.example", SERVER, "192.0.2.1"),
        dns_answer("b.example", SERVER, "192.0.2.2"),
        *refused(SERVER, "192.0.2.1"),
        *refused(SERVER, "192.0.2.2"),
        *refused(SERVER, "192.0.2.3"),
    ]
    cap = finrst.read(pcap(frames))
    servers = [cap.naming.server(row) for row in cap.connections]
    where = f"({SERVER}:443, https)"
    assert servers == [
        f"a.example {where}",
        f"b.example {where}",
        f"a.example and 1 other {where}",
    ]


def test_a_name_resolution_block_names_addresses() -> None:
    cap = finrst.read(pcapng(refused(SERVER), {SERVER: "web.example", "192.0.2.1": "laptop"}))
    row = cap.connection(0).to_dict()
    assert cap.naming.server(row) == f"web.example ({SERVER}:443, https)"
    assert cap.naming.client(row) == "laptop (192.0.2.1:40000)"
    assert cap.names["source"] == ["name_block", "name_block"]


def test_the_user_is_believed_first_then_the_client_then_dns_then_the_file(tmp_path: Path) -> None:
    frames = [dns_answer("dns.example", SERVER), *refused(SERVER)]
    data = pcapng(frames, {SERVER: "block.example"})
    row = {"server_ip": SERVER, "server_port": 443, "client_ip": "192.0.2.1", "client_port": 1}
    row["start"] = dt.datetime.now(dt.UTC)
    file = tmp_path / "hosts"
    file.write_text(f"# mine\n\n{SERVER} mine.example alias # why\n::1 localhost\n")
    named = finrst.read(data, hosts=file).naming
    unnamed = finrst.read(data).naming
    plain = finrst.read(pcapng(refused(SERVER), {SERVER: "block.example"})).naming
    said = {**row, "server_name": "sni.example"}
    names = [
        named.of_server(said),
        unnamed.of_server(said),
        unnamed.of_server({**row, "server_name": None}),
        plain.of_server({**row, "server_name": None}),
    ]
    told = [(name.text, name.source) for name in names if name]
    assert told == [
        ("mine.example", "hosts"),
        ("sni.example", "server_name"),
        ("dns.example", "dns"),
        ("block.example", "name_block"),
    ]


def test_names_are_told_whatever_takes_part_and_however_it_is_read() -> None:
    data = pcap([dns_answer("a.example", SERVER), *refused(SERVER)] * 50)
    whole = list(finrst.read(data).names)
    assert whole[0]["count"] == 50
    options: list[finrst.Options] = [
        {"filter": "port 443"},
        {"start": "+10s"},
        {"threads": 1},
        {"threads": 3, "chunk": 100},
        {"chunk": 37},
    ]
    for given in options:
        assert list(finrst.read(data, **given).names) == whole
        scan = finrst.scan(data, **given)
        assert sum(1 for _ in scan) > 0
        assert list(scan.table("names")) == whole


def test_a_pickled_capture_keeps_its_names() -> None:
    cap = finrst.conversation("> S, < R.", hosts={"198.51.100.1": "mail.example"})
    assert cap.naming.host("198.51.100.1") == "mail.example (198.51.100.1)"
    again = pickle.loads(pickle.dumps(cap))
    assert again.naming.host("198.51.100.1") == "mail.example (198.51.100.1)"
    assert again.connection(0).explain().sentence == cap.connection(0).explain().sentence


WRONG = {
    "192.0.2.1\n": "line 1: '192.0.2.1' has no name behind it",
    "192.0.2.1 a\nmail 192.0.2.2\n": "line 2: not an address: 'mail'",
    "\n\n192.0.2.256 a": "line 3: not an address: '192.0.2.256'",
    "192.0.2.1 " + "a" * 254: "line 1: not a name: ",
    "192.0.2.1 a\x1b[2J": r"line 1: not a name: 'a\\x1b[2J'",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape") + " a": "line 1: ",
}


@pytest.mark.parametrize("text", WRONG)
def test_an_error_in_a_hosts_file_names_the_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=re.escape(WRONG[text])) as error:
        finrst.conversation("> S, < R.", hosts=file)
    assert "\x1b" not in str(error.value)


def test_a_hosts_file_may_be_what_systems_have(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_bytes(
        b"\xef\xbb\xbf127.0.0.1\tlocalhost\r\n::1 localhost ip6-localhost\r\n"
        b"fe80::1%lo0 link # of a link\r\n::ffff:192.0.2.9 mapped\r\n192.0.2.9 later\r\n"
    )
    cap = finrst.conversation("> S, < R.", hosts=file)
    assert dict(zip(cap.names["address"], cap.names["name"], strict=True)) == {
        "127.0.0.1": "localhost",
        "::1": "localhost",
        "fe80::1": "link",
        "192.0.2.9": "mapped",
    }


def test_the_command_takes_a_hosts_file(tmp_path: Path) -> None:
    file, capture = tmp_path / "hosts", tmp_path / "x.pcap"
    file.write_text(f"{SERVER} mine.example\n")
    capture.write_bytes(pcap(refused(SERVER)))
    command = [sys.executable, "-m", "finrst"]
    wanted = f"mine.example ({SERVER}:443, https)"
    compared = ["compare", "tests/data/demo.pcap", "--by", "server_ip", "--all"]
    for more in ([], ["explain"], compared):
        done = subprocess.run(
            [*command, *more[:2], str(capture), *more[2:], "--hosts", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert wanted.partition(":")[0] in " ".join(done.stdout.split()), done
    file.write_text("x y\n")
    done = subprocess.run(
        [*command, str(capture), "--hosts", str(file)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "line 1: not an address" in done.stderr) == (2, True)


def test_the_widget_finds_hosts_by_any_name() -> None:
    script = "> S, < R., > S port=40001 server=2, < R."
    cap = finrst.conversation(script, hosts={"198.51.100.1": "Mail.example"})
    widget = cap.explore()
    widget.text = "mail"
    assert widget.selection["server_ip"].to_pylist() == ["198.51.100.1"]
    widget.text = "nowhere"
    assert widget.selection.num_rows == 0


def test_names_from_a_capture_obey_nobody() -> None:
    evil = "<b>.example"
    cap = finrst.read(pcap([dns_answer(evil, SERVER), *refused(SERVER)]))
    assert len(cap.names) == 0
    cap = finrst.read(pcapng(refused(SERVER), {SERVER: "\x1b[2J"}))
    assert len(cap.names) == 0
    cap = finrst.conversation("> S, < R.", hosts={"198.51.100.1": "<script>"})
    assert "<script>" not in cap._repr_html_()
    assert "&lt;script&gt; (198.51.100.1:443, https)" in cap._repr_html_()
