"""Names of files that are not UTF-8: the file system gets their bytes, people read escapes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import finrst

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
ODD = os.fsdecode(b"na\xff.pcap")
SHOWN = r"na\xff.pcap"
LOCALES = {
    "utf-8": {"LC_ALL": "C.UTF-8"},
    "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}

pytestmark = pytest.mark.skipif(
    sys.platform in {"win32", "darwin"}, reason="names are texts to this system"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with odd names in it, to be worked in."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(DEMO, ODD)
    shutil.copy(DEMO, "é.pcap")
    Path(os.fsdecode(b"d\xfe")).mkdir()
    shutil.copy(DEMO, os.fsdecode(b"d\xfe/x\xfd.pcap"))
    return tmp_path


def run(locale: str, *arguments: str | bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "finrst", *arguments]
    environment = os.environ | LOCALES[locale]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)


def test_an_octet_that_is_not_utf_8_is_escaped_in_tables(place: Path) -> None:
    for source in (ODD, Path(ODD), place / ODD):
        capture = finrst.read(source)
        assert capture.files["file"] == [str(source).replace(ODD, SHOWN)]
        assert capture.connection(0).file == capture.files["file"][0]
        capture.check()
        assert ODD not in repr(capture)
        assert SHOWN in repr(capture)
        assert SHOWN in capture._repr_html_()


def test_a_name_that_is_utf_8_stays_as_it_is(place: Path) -> None:
    assert place
    assert finrst.read("é.pcap").files["file"] == ["é.pcap"]
    # What is an escape in one name may be the text of another.
    shutil.copy(DEMO, r"na\xff.pcap")
    assert finrst.read(r"na\xff.pcap").files["file"] == [r"na\xff.pcap"]


def test_a_changed_file_is_known_whatever_its_name(place: Path) -> None:
    assert place
    for name in (ODD, "é.pcap", os.fsdecode(b"d\xfe")):
        capture = finrst.read(name)
        assert len(capture.packets(3)) == 6
        changed = os.fsdecode(b"d\xfe/x\xfd.pcap") if Path(name).is_dir() else name
        os.utime(changed, (1, 1))
        with pytest.raises(finrst.CaptureError, match="has changed since it was read") as caught:
            capture.packets(3)
        assert "\udcff" not in str(caught.value)
        Path(changed).unlink()
        with pytest.raises(finrst.CaptureError, match="is gone"):
            capture.packets(3)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (b"na?.pcap", [SHOWN]),
        (b"*.pcap", [SHOWN, "é.pcap"]),
        (b"na\xff.p*", [SHOWN]),
        (b"na[\xfe\xff].pcap", [SHOWN]),
        (b"d?/*", [r"d\xfe/x\xfd.pcap"]),
        (b"d\xfe/x?.pcap", [r"d\xfe/x\xfd.pcap"]),
        (b"**/x*", [r"d\xfe/x\xfd.pcap"]),
        (b"./n*", ["./" + SHOWN]),
        (b"d\xfe", [r"d\xfe/x\xfd.pcap"]),
        # One character, of two bytes.
        (b"?.pcap", ["é.pcap"]),
    ],
)
def test_patterns_and_directories_find_names_of_any_octets(
    place: Path, pattern: bytes, found: list[str]
) -> None:
    assert place
    capture = finrst.read(os.fsdecode(pattern))
    assert sorted(capture.files["file"]) == sorted(found)
    assert len(capture.packets(0)) == 2 * len(found) or len(found) > 1


@pytest.mark.parametrize("pattern", [b"na[!\xff].pcap", b"d\xfd/*", b"n?\xfe.pcap"])
def test_a_pattern_of_other_octets_finds_nothing(place: Path, pattern: bytes) -> None:
    assert place
    with pytest.raises(finrst.CaptureError, match="no file matches the pattern") as caught:
        finrst.read(os.fsdecode(pattern))
    assert not any("\ud800" <= c <= "\udfff" for c in str(caught.value))


def test_links_that_lead_in_circles_are_not_followed_by_a_pattern(place: Path) -> None:
    (place / "loop").symlink_to(place)
    assert finrst.read("**/x*").files["file"] == [r"d\xfe/x\xfd.pcap"]


def test_file_objects_and_pipes_are_called_so_too(place: Path) -> None:
    with Path(ODD).open("rb") as file:
        assert finrst.read(file).files["file"] == [SHOWN]
    with open(os.fsencode(ODD), "rb") as file:  # noqa: PTH123 - a name that is bytes
        assert finrst.read(file).files["file"] == [SHOWN]
    pipe = os.fsdecode(b"pipe\xff")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: Path(pipe).write_bytes(DEMO.read_bytes()))
    writer.start()
    assert finrst.read(pipe).files["file"] == [r"pipe\xff"]
    writer.join()
    assert place


def test_what_is_written_gets_the_name_as_it_is(place: Path) -> None:
    capture = finrst.read(ODD)
    capture.write(os.fsdecode(b"o\xff.csv"))
    capture.save(3, os.fsdecode(b"s\xff.pcapng"))
    capture.report(os.fsdecode(b"r\xff.html"))
    there = set(os.listdir(os.fsencode(place)))  # noqa: PTH208 - names that are bytes
    assert {b"o\xff.csv", b"s\xff.pcapng", b"r\xff.html"} <= there
    assert SHOWN in Path(os.fsdecode(b"r\xff.html")).read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"ending of 'o\\xff.odd'"):
        capture.write(os.fsdecode(b"o\xff.odd"))
    with pytest.raises(FileNotFoundError):
        capture.write(os.fsdecode(b"none\xff/x.csv"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [b"na\xff.pcap", "é.pcap".encode(), b"d\xfe", b"d\xfe/x?.pcap"])
def test_every_command_takes_such_a_name_in_every_locale(
    place: Path, locale: str, name: bytes
) -> None:
    assert place
    assert run(locale, name).returncode == 0
    done = run(locale, "explain", name, "--connection", "3", "--packets")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"SYN seq 0" in done.stdout
    done = run(locale, "convert", name, "-o", b"out\xff.csv")
    assert (done.returncode, done.stderr) == (0, b"")
    done = run(locale, "report", name, "-o", b"out\xff.md")
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path(os.fsdecode(b"out\xff.md")).stat().st_size > 0
    assert Path(os.fsdecode(b"out\xff.csv")).stat().st_size > 0


@pytest.mark.parametrize("locale", LOCALES)
def test_an_error_names_the_file_with_escapes(place: Path, locale: str) -> None:
    assert place
    done = run(locale, b"gone\xff.pcap")
    assert (done.returncode, done.stderr) == (
        1,
        b"finrst: gone\\xff.pcap: no such file or directory\n",
    )
    done = run(locale, "convert", b"na\xff.pcap", "-o", b"x\xff.odd")
    assert done.returncode == 2
    assert b"ending of 'x\\xff.odd'" in done.stderr


@pytest.mark.parametrize("locale", LOCALES)
def test_packets_are_found_again_in_every_locale(place: Path, locale: str) -> None:
    assert place
    script = (
        "import finrst, os, sys, pickle\n"
        "for name in sys.argv[1:]:\n"
        "    cap = pickle.loads(pickle.dumps(finrst.read(name)))\n"
        "    assert len(cap.packets(3)) == cap.save(3, name + '.pcapng') == 6\n"
    )
    command: list[str | bytes] = [sys.executable, "-c", script, b"na\xff.pcap", "é.pcap".encode()]
    environment = os.environ | LOCALES[locale]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(finrst.read("é.pcap.pcapng")) == 1
