"""Copies with the verdicts as comments: what Wireshark sees of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst
from conftest import SHARED
from finrst.__main__ import main
from hostile import TEXTS, write

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA = Path(__file__).resolve().parents[1] / "data"
DEMO = DATA / "demo.pcap"
GOLDEN = sorted((DATA / "captures").glob("*.pcap*"))
PUBLIC = SHARED / "captures" / "public" / "files"
# tests/bench/annotations.py takes them all.
SOME = [path for path in sorted(PUBLIC.rglob("*.pcap*")) if path.stat().st_size < 20_000][::100]
MARK = "finrst: "

tshark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="NO TSHARK: what Wireshark sees is not held"
)


def seen(path: Path, *more: str) -> list[list[str]]:
    """What tshark says of each packet: time, lengths, link, a digest of its bytes, comments."""
    fields = ("time_epoch", "len", "cap_len", "encap_type", "md5_hash", "comment")
    command = ["tshark", "-n", "-r", str(path), "-o", "frame.generate_md5_hash:TRUE"]
    command += ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=/s", "-E", "occurrence=a"]
    command += [word for field in fields for word in ("-e", f"frame.{field}")]
    done = subprocess.run([*command, *more], capture_output=True, check=False)
    lines = [line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines()]
    for line in lines:
        # A second may be written as more than its fraction.
        seconds, _, fraction = line[0].partition(".")
        line[0] = str(int(seconds or 0) * 1_000_000_000 + int(fraction or 0))
    return lines


def commented(path: Path) -> dict[int, list[str]]:
    """The comments of packets, as they lie in the blocks of a little-endian file."""
    found: dict[int, list[str]] = {}
    number = 0
    for kind, body in blocks(path.read_bytes()):
        if kind != 6:
            continue
        number += 1
        (length,) = struct.unpack_from("<I", body, 12)
        found[number] = [
            value.decode() for code, value in options(body[20 + -(-length // 4) * 4 :]) if code == 1
        ]
    return found


def blocks(octets: bytes) -> Iterable[tuple[int, bytes]]:
    at = 0
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        yield kind, octets[at + 8 : at + length - 4]
        at += length


def options(octets: bytes) -> Iterable[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(octets):
        code, length = struct.unpack_from("<HH", octets, at)
        if code == 0:
            return
        yield code, octets[at + 4 : at + 4 + length]
        at += 4 + -(-length // 4) * 4


def comments(cap: finrst.Capture) -> int:
    """How many there are to be: two for a connection that has evidence."""
    return len(cap) + sum(map(bool, cap.connections["evidence"])) + len(cap.teardowns)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.pcapng"


def test_every_fin_and_rst_and_every_connection_has_its_comment(out: Path) -> None:
    cap = finrst.read(DEMO)
    count = cap.annotate(out)
    said = commented(out)
    assert count == sum(map(len, said.values())) == comments(cap)
    for row in cap.teardowns:
        (text,) = (
            t for t in said[row["packet"]] if " by " in t.partition(":")[2].partition(":")[0]
        )
        assert text.startswith(f"{MARK}{row['kind'].upper()} by ")
        assert (row["cause"] if row["confidence"] else "why is not seen") in text
    for row in cap.connections:
        packet = row["deciding_packet"] or row["last_packet"]
        (text,) = (t for t in said[packet] if f"connection {row['connection_id']}: " in t)
        assert f"{row['cause']} ({100 * row['confidence']:.0f} %)" in text
    # Beside who claims to send it, who did; and facts as everywhere.
    (forged,) = (t for t in said[97] if t.startswith(f"{MARK}RST"))
    assert forged.startswith(
        f"{MARK}RST by a box or a forger in between, in the server's name: reset_injected (97 %), "
    )
    evidence = cap.connection(13).explain().evidence
    (facts,) = (t for t in said[97] if t.startswith(f"{MARK}connection 13, what speaks for it: "))
    assert evidence[0].rstrip(".") in facts
    # Who talked to whom stands in the packet: the verdict fits into what Wireshark shows of it.
    (verdict,) = (
        t for t in said[97] if t.startswith(f"{MARK}connection 13: reset_injected (97 %). ")
    )
    assert "The connection was reset by a box or a forger in between after 41.7 ms. " in verdict
    assert len(verdict) < 240
    assert all(text.isprintable() for texts in said.values() for text in texts)


def test_each_section_says_what_made_it(out: Path) -> None:
    cap = finrst.read(DEMO)
    cap.annotate(out)
    kind, body = next(iter(blocks(out.read_bytes())))
    assert kind == 0x0A0D0D0A
    (comment,) = (value.decode() for code, value in options(body[16:]) if code == 1)
    rules = cap.connections.metadata["finrst.rule_set"]
    assert comment == (
        f"{MARK}verdicts of finrst {finrst.__version__}, rule set {rules}, on 25 TCP connections "
        "and 32 FIN or RST segments"
    )


@tshark
@pytest.mark.parametrize("path", [DEMO, *GOLDEN[::3], *SOME], ids=lambda path: path.stem[:40])
@pytest.mark.filterwarnings("ignore::finrst.CaptureWarning", "ignore::finrst.OutputWarning")
def test_wireshark_sees_the_same_packets_and_the_comments(path: Path, out: Path) -> None:
    try:
        cap = finrst.read(path, progress=False)
    except finrst.CaptureError:
        pytest.skip("no capture")
    cap.annotate(out)
    before, after = seen(path), seen(out)
    assert [line[:5] for line in before] == [line[:5] for line in after]
    for old, new in zip(before, after, strict=True):
        assert new[5].endswith(old[5])
    marked = {number for number, line in enumerate(after, 1) if MARK in line[5]}
    rows = cap.connections
    decided = {row["deciding_packet"] or row["last_packet"] for row in rows}
    assert marked == decided | set(cap.teardowns["packet"])


@tshark
def test_wireshark_filters_by_cause(out: Path) -> None:
    finrst.read(DEMO).annotate(out)
    found = seen(out, "-Y", 'frame.comment contains "reset_injected"', "-e", "frame.number")
    assert [line[-1] for line in found] == ["97"]
    found = seen(out, "-Y", 'frame.comment contains "by the client: keepalive_timeout"')
    assert len(found) == 1


@tshark
def test_several_files_become_one(tmp_path: Path, out: Path) -> None:
    """Two that overlap, of other links, units and compression, and one after them."""
    octets = DEMO.read_bytes()
    head = octets[:24]
    records = []
    at = 24
    while at < len(octets):
        length = struct.unpack_from("<I", octets, at + 8)[0]
        records.append(octets[at : at + 16 + length])
        at += 16 + length
    (tmp_path / "a.pcap").write_bytes(head + b"".join(records[:100:2]))
    (tmp_path / "b.pcap.gz").write_bytes(gzip.compress(head + b"".join(records[1:100:2])))
    finrst.read(head + b"".join(records[100:])).annotate(tmp_path / "c.pcapng")
    sources = [tmp_path / name for name in ("a.pcap", "b.pcap.gz", "c.pcapng")]
    cap = finrst.read(sources)
    cap.annotate(out)
    assert [line[:5] for line in seen(out)] == [line[:5] for line in seen(DEMO)]
    whole = finrst.read(out)
    assert whole.connections["cause"] == cap.connections["cause"]
    assert whole.connections["cause"] == finrst.read(DEMO).connections["cause"]
    assert "(25 TCP" not in str(commented(out))
    # What an earlier annotate said of one part is replaced.
    texts = [text for found in commented(out).values() for text in found]
    assert len(texts) == comments(cap)


def test_a_second_time_nothing_changes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.pcapng", tmp_path / "2.pcapng"
    finrst.read(DEMO).annotate(first)
    finrst.read(first).annotate(second)
    assert first.read_bytes() == second.read_bytes()


def by_hand(text: str) -> bytes:
    """An annotated capture whose second packet somebody else commented on, too."""

    def block(kind: int, body: bytes) -> bytes:
        length = len(body) + 12
        return struct.pack("<II", kind, length) + body + struct.pack("<I", length)

    made = io.BytesIO()
    number = 0
    for kind, body in blocks(annotated()):
        number += kind == 6
        if kind == 6 and number == 2:
            value = text.encode()
            value = struct.pack("<HH", 1, len(value)) + value + bytes(-len(value) % 4)
            body = body[:-4] + value + body[-4:]  # noqa: PLW2901 - the end of options is the last
        made.write(block(kind, body))
    return made.getvalue()


def annotated() -> bytes:
    path = Path(os.environ.get("TMPDIR", "/tmp"), f"finrst-annotated-{os.getpid()}.pcapng")
    try:
        finrst.read(DEMO).annotate(path)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def test_comments_of_others_stay_beside_ours(out: Path) -> None:
    octets = by_hand("finrst is right here")
    cap = finrst.read(octets)
    cap.annotate(out)
    assert out.read_bytes() == octets
    assert [text.startswith(MARK) for text in commented(out)[2]] == [True, True, True, False]


def test_a_filter_chooses_what_is_said_and_not_what_is_copied(out: Path) -> None:
    cap = finrst.read(DEMO, filter="port 4022")
    assert cap.annotate(out) == comments(cap)
    assert sum(finrst.read(out).ledger["packets"]) == 164


def test_saved_packets_can_have_them(tmp_path: Path) -> None:
    cap = finrst.read(DEMO)
    bare, said = tmp_path / "bare.pcapng", tmp_path / "said.pcapng"
    assert cap.save([13, 8], bare) == cap.save([13, 8], said, comments=True)
    texts = [text for found in commented(said).values() for text in found]
    assert len(texts) == 4 + len(cap.connection(13).teardowns)
    assert sum("reset_injected" in text for text in texts) == 2
    # But for the comments they are the same.
    assert (
        finrst.read(bare).packets([0, 1])["payload_length"]
        == (finrst.read(said).packets([0, 1])["payload_length"])
    )
    assert not [text for found in commented(bare).values() for text in found]


def test_a_source_that_changed_is_noticed(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "x.pcap"
    source.write_bytes(DEMO.read_bytes())
    cap = finrst.read(source)
    source.write_bytes(DEMO.read_bytes()[:-100])
    with pytest.raises(finrst.CaptureError, match="has changed"):
        cap.annotate(out)
    # Bytes of the same length, whose sixtieth packet came a second later.
    octets = bytearray(DEMO.read_bytes())
    cap = finrst.read(memoryview(octets))
    at, packet = 24, 1
    while packet < cap.teardowns["packet"][3]:
        at += 16 + struct.unpack_from("<I", octets, at + 8)[0]
        packet += 1
    octets[at] ^= 1
    with pytest.raises(finrst.CaptureError, match="is another one"):
        cap.annotate(out)
    assert not list(tmp_path.glob("*.pcapng"))
    assert not list(tmp_path.glob(".finrst*"))


def test_what_can_be_read_but_once_is_refused(out: Path) -> None:
    with DEMO.open("rb") as file:
        cap = finrst.read(file)
    with pytest.raises(finrst.CaptureError, match="only once"):
        cap.annotate(out)
    with pytest.raises(finrst.CaptureError, match="script"):
        finrst.conversation("> S, < R.").annotate(out)
    assert finrst.read(DEMO.read_bytes()).annotate(out) == comments(cap)


def test_what_was_left_out_is_said(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "cut.pcap"
    source.write_bytes(DEMO.read_bytes()[:-30])
    with pytest.warns(finrst.CaptureWarning, match="its end is cut"):
        cap = finrst.read(source)
    left = cap.files["bytes_tail"][0]
    with pytest.warns(finrst.OutputWarning, match=rf"out.pcapng: {left} bytes of .*cut.pcap"):
        cap.annotate(out)
    assert sum(finrst.read(out).files["packets"]) == 163


def test_a_block_without_room_for_a_comment_is_said(out: Path) -> None:
    """A simple packet block with a RST in it, which is all that is left of its connection."""
    frame = finrst_frame()
    section = struct.pack("<IIIHHq", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1) + struct.pack("<I", 28)
    interface = struct.pack("<IIHHII", 1, 20, 101, 0, 0, 20)
    simple = struct.pack("<III", 3, 16 + len(frame), len(frame)) + frame
    octets = section + interface + simple + struct.pack("<I", 16 + len(frame))
    cap = finrst.read(octets)
    with pytest.warns(finrst.OutputWarning, match="2 comments found no place"):
        assert cap.annotate(out) == 0
    assert finrst.read(out).teardowns["flags"] == ["RST"]


def finrst_frame() -> bytes:
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, bytes([10, 0, 0, 1]), bytes(4))
    return ip + struct.pack(">HHIIBBHHH", 1, 2, 0, 0, 0x50, 4, 0, 0, 0)


def test_nothing_in_a_comment_is_obeyed(tmp_path: Path, out: Path) -> None:
    cap = finrst.read(write(tmp_path))
    cap.annotate(out)
    ours = [text for found in commented(out).values() for text in found if text.startswith(MARK)]
    assert len(ours) == comments(cap)
    assert all(text.isprintable() and len(text) <= 2000 + len(MARK) for text in ours)
    # Those of the capture stay as they are.
    kept = [t for found in commented(out).values() for t in found if not t.startswith(MARK)]
    assert set(TEXTS) <= set(kept)


def test_how_far_it_has_come_is_told(out: Path) -> None:
    told: list[tuple[int, int | None, int]] = []
    octets = DEMO.read_bytes()
    cap = finrst.read(octets + 3000 * octets[24:])
    cap.annotate(out, progress=lambda *at: told.append(at))
    assert told
    assert all(done <= (total or 0) for done, total, _ in told)


# The command.


def run(*arguments: str | Path) -> int:
    return main(["annotate", *map(str, arguments)])


def test_the_command_writes_a_copy(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(DEMO, "-o", out) == 0
    assert out.read_bytes() == annotated()
    assert run(DEMO, "-o", out) == 5
    assert "--force" in capsys.readouterr().err
    assert run(DEMO, "-o", out, "--force") == 0


def test_the_command_writes_one_connection(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(DEMO, "-o", out, "--connection", "13") == 0
    assert len(commented(out)) == 13
    assert run(DEMO, "-o", out, "--connection", "99", "--force") == 1
    assert "no connection 99: 25 were found" in capsys.readouterr().err


def test_the_command_tells_of_damage(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "cut.pcap"
    source.write_bytes(DEMO.read_bytes()[:-30])
    assert run(source, "-o", out) == 3
    assert sum(finrst.read(out).files["packets"]) == 163


def test_the_command_prints_a_copy_into_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "finrst", "annotate", str(DEMO), "-o", "-"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(annotated()).digest()
    with DEMO.open("rb") as file:
        command[4] = "-"
        done = subprocess.run(command, stdin=file, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"only once" in done.stderr
    assert not done.stdout
