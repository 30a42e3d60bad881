"""What the page of the first ten minutes shows is what somebody sees."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from finrst.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/first-ten-minutes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [
    (command, shown)
    for block in BLOCKS
    for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]
#: What is done by others than finrst, or with files that a reader has himself.
ELSEWHERE = ("git ", "python3 -m venv ", "pip install ", "jupyter ", "tcpdump ")
OWN = "finrst incident.pcapng"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that looks like the checkout, and may be written to."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_prints_what_is_shown(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: no report has plots")
    done = 0
    for command, shown in COMMANDS:
        if command.startswith(ELSEWHERE) or command == OWN:
            continue
        name, *arguments = shlex.split(command)
        assert name == "finrst"
        assert main(arguments) == 0, command
        out = capsys.readouterr().out
        for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE):
            assert part in out, command
            out = out[out.index(part) + len(part) :]
        done += 1
    assert done >= 5
    page = (checkout / "demo.html").read_text(encoding="utf-8")
    assert page.count('<figure class="broad"') == 6


def test_what_others_do_is_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    others = [command for command, _ in COMMANDS if command.startswith(ELSEWHERE)]
    assert [one for one in others if one.startswith("python3")] == [
        one for one in readme.splitlines() if one.startswith("python3 -m venv")
    ]
    assert "two and\na half by the clock" in readme
    (opened,) = re.findall(r"jupyter lab (\S+)", PAGE)
    assert (ROOT / opened).exists()
    assert "docs/first-ten-minutes.md" in readme


def test_the_minutes_go_up_and_stay_below_ten() -> None:
    found = re.findall(r"^## (\d+):(\d\d) ", PAGE, re.MULTILINE)
    minutes = [int(minute) * 60 + int(second) for minute, second in found]
    assert minutes == sorted(minutes)
    assert minutes[0] == 0
    assert minutes[-1] < 600
