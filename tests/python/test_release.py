"""A release is published under the tag that names it, and under no other."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".ci" / "check_tag.py"
TRY = ROOT / ".ci" / "try_package.py"


def load(script: Path = SCRIPT) -> Any:
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    def make(version: str, locked: str, heading: str) -> Path:
        manifest = f'[package]\nname = "finrst"\nversion = "{version}"\n'
        (tmp_path / "Cargo.toml").write_text(manifest)
        other = '[[package]]\nname = "memchr"\nversion = "9.9.9"\n'
        lock = f'{other}[[package]]\nname = "finrst"\nversion = "{locked}"\n'
        (tmp_path / "Cargo.lock").write_text(lock)
        (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n## Unreleased\n\n## {heading}\n")
        return tmp_path

    return make


@pytest.mark.parametrize("version", ["0.2.0", "1.10.3", "1.0.0-rc.1"])
def test_the_tag_of_the_version_is_right(tree: Callable[..., Path], version: str) -> None:
    check = load()
    for heading in (f"{version} - 2026-12-01", f"[{version}] - 2026-12-01"):
        assert check.faults(f"v{version}", tree(version, version, heading)) == []


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("v0.2.1", "does not name the version in Cargo.toml, 0.2.0"),
        ("v0.2.0-rc.1", "does not name the version in Cargo.toml, 0.2.0"),
        ("v0.20", "not of the form"),
        ("0.2.0", "not of the form"),
        ("v0.2.0 ", "not of the form"),
        ("v0.2.0+local", "not of the form"),
        ("refs/tags/v0.2.0", "not of the form"),
        ("version-2", "not of the form"),
        ("", "not of the form"),
    ],
)
def test_any_other_tag_is_wrong(tree: Callable[..., Path], tag: str, said: str) -> None:
    found = load().faults(tag, tree("0.2.0", "0.2.0", "0.2.0 - 2026-12-01"))
    assert said in found[0]


@pytest.mark.parametrize(
    "heading",
    [
        "0.2.0",
        "0.2.0 - soon",
        "0x2.0 - 2026-12-01",
        "0.2.0-rc.1 - 2026-12-01",
        "0.2.00 - 2026-12-01",
    ],
)
def test_changes_without_a_dated_section_are_not_released(
    tree: Callable[..., Path], heading: str
) -> None:
    (found,) = load().faults("v0.2.0", tree("0.2.0", "0.2.0", heading))
    assert "CHANGELOG.md has no section" in found


def test_a_lock_file_that_was_forgotten_is_told(tree: Callable[..., Path]) -> None:
    (found,) = load().faults("v0.2.0", tree("0.2.0", "0.1.0", "0.2.0 - 2026-12-01"))
    assert "Cargo.lock has 0.1.0" in found


def test_the_command_refuses_this_tree_under_another_tag() -> None:
    command = [sys.executable, str(SCRIPT), "v999.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"does not name the version in Cargo.toml, {finrst.__version__}" in done.stderr
    assert subprocess.run(command[:2], capture_output=True, check=False).returncode == 2


def test_the_crates_whose_code_is_counted_are_those_that_are_built_in() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    table = text.split("## Whose code is safe")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    counted = re.findall(r"([a-z][\w-]+) (\d+\.\d+\.\d+)", re.sub(r"\(.*?\)", "", "\n".join(rows)))
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    locked = {(package["name"], package["version"].partition("+")[0]) for package in packages}
    assert len(counted) > 10
    # After a new version: python .ci/unsafe_lines.py
    assert set(counted) - locked == set()


def test_packages_are_held_against_the_readme_and_the_version() -> None:
    attempt = load(TRY)
    assert attempt.version() == finrst.__version__
    first, *rest = attempt.expected().splitlines()
    assert first.startswith("25 TCP connections, 32 FIN or RST segments in tests/data/demo.pcap")
    assert len(rest) > 5


@pytest.mark.parametrize("names", [[], ["absent.whl"], ["finrst"], ["a.whl", "b.whl"]])
def test_what_is_no_single_package_is_not_tried(names: list[str]) -> None:
    command = [sys.executable, str(TRY), *names]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stdout == b""


def test_a_package_that_cannot_be_installed_fails(tmp_path: Path) -> None:
    broken = tmp_path / "finrst-0.1.0-cp311-abi3-any.whl"
    broken.write_bytes(b"PK")
    command = [sys.executable, str(TRY), str(broken)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stdout == b""
