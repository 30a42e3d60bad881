"""Directories: their captures, those of directories in them where that is asked for."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import finrst
from commands import DEMO
from finrst.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("day/1/x.pcap10", "day/1/x.pcap2", "day/other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(DEMO.read_bytes())
    (tmp_path / "day/1/notes.txt").write_text("no capture")
    return tmp_path


def test_a_tree_is_one_capture(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-r", str(tree), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    names = [os.path.relpath(name, tree) for name in figures["files"]]
    assert names == ["day/other", "day/1/x.pcap2", "day/1/x.pcap10"]
    assert figures["packets"] == {"tcp": 3 * 164}
    assert "Files that are no captures were passed over (1 file)" in figures["warnings"]
    cap = finrst.read(tree, recursive=True)
    assert [os.path.relpath(name, tree) for name in cap.files["file"]] == names
    assert any("notes.txt" in detail for detail in cap.issues["detail"])
    cap.check()
    assert len(cap.packets(0))
    with finrst.scan(tree, recursive=True) as rows:
        assert sum(len(connections) for connections, _ in rows) == len(cap)


def test_without_the_option_it_is_named(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tree)]) == 1
    said = capsys.readouterr().err
    assert said.endswith(
        "the directory holds no files, only directories: recursive=True (-r) enters them\n"
    )
    with pytest.raises(finrst.CaptureError, match=r"recursive=True \(-r\) enters them"):
        finrst.read(tree)
    # A directory with captures is one without it; what is not entered is told.
    assert main([str(tree / "day"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["packets"] == {"tcp": 164}
    told = "Directories within directories were passed over (1 folder)"
    assert figures["warnings"] == [told]


@pytest.mark.parametrize("command", ["explain", "compare"])
def test_every_command_has_it(command: str, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = [str(tree)] if command == "compare" else []
    assert main([command, "--recursive", str(tree), *more]) == 0
    assert capsys.readouterr().out


def test_a_source_deep_in_a_tree_is_not_replaced(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tree / "day/1/x.pcap2"
    for command in (
        ["convert", "-r", str(tree), "-o", str(source), "--format", "csv", "--force"],
        ["report", "-r", str(tree), "-o", str(tree / "day/1/x.md"), "--force"],
    ):
        target = tree / "day/1/x.md"
        target.unlink(missing_ok=True)
        target.hardlink_to(source)
        assert main(command) == 5
        assert str(target if "report" in command else source) in capsys.readouterr().err
        assert source.read_bytes() == DEMO.read_bytes()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads every directory")
def test_what_cannot_be_entered_is_told(tree: Path) -> None:
    closed = tree / "day/closed"
    closed.mkdir(mode=0)
    cap = finrst.read(tree, recursive=True)
    assert "unreadable" in cap.issues["kind"]
