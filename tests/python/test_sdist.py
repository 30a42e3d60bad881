"""The source distribution holds whatever it names."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Its files by their names."""
    beside = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    maturin = shutil.which("maturin", path=os.pathsep.join(beside))
    if maturin is None:
        pytest.skip("maturin is not installed: the source distribution is not built")
    place = tmp_path_factory.mktemp("sdist")
    command = [maturin, "sdist", "--out", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = place.glob("*.tar.gz")
    files = {}
    with tarfile.open(path) as packed:
        for member in packed:
            content = packed.extractfile(member)
            if content is not None:
                # Below the folder that is named like the version.
                files[member.name.partition("/")[2]] = content.read()
    return files


def settings(sdist: dict[str, bytes]) -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(sdist["pyproject.toml"].decode())


def test_its_pages_and_all_that_they_link_to(sdist: dict[str, bytes]) -> None:
    links = []
    for page in PAGES:
        text = re.sub(r"(?s)```.*?```", "", sdist[page].decode())
        found = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
        links += [(page, link) for link in found]
    assert len(links) >= 10
    folders = {str(folder) for name in sdist for folder in PurePosixPath(name).parents}
    assert [link for link in links if link[1] not in sdist and link[1] not in folders] == []


def test_the_licences_that_its_metadata_names(sdist: dict[str, bytes]) -> None:
    named = re.findall(r"^License-File: (.+)$", sdist["PKG-INFO"].decode(), flags=re.MULTILINE)
    assert sorted(named) == ["LICENSE-APACHE", "LICENSE-MIT"]
    assert all(sdist[name] == (ROOT / name).read_bytes() for name in named)


def test_what_a_build_with_profiles_runs_and_reads(sdist: dict[str, bytes]) -> None:
    python, script = settings(sdist)["tool"]["maturin"]["pgo-command"].split()
    assert python == "python"
    source = sdist[script].decode()
    beside = {PurePosixPath(name).stem for name in sdist if name.startswith("tests/bench/")}
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    scripts = {path.stem for path in (ROOT / "tests/bench").glob("*.py")}
    assert "finrst" in imported
    assert imported & scripts <= beside
    assert "tests/data/demo.pcap" in sdist
    ours = {f"tests/data/captures/{p.name}" for p in (ROOT / "tests/data/captures").iterdir()}
    assert ours
    assert ours <= set(sdist)


def test_all_that_the_package_and_the_crate_are_made_of(sdist: dict[str, bytes]) -> None:
    assert {"Cargo.toml", "Cargo.lock", "PKG-INFO"} <= set(sdist)
    assert {"python/finrst/py.typed", "python/finrst/_native.pyi"} <= set(sdist)
    for folder, kinds in (("python", {".py", ".pyi", ".js", ".css"}), ("src", {".rs"})):
        written = [path for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
        names = {path.relative_to(ROOT).as_posix() for path in written}
        assert len(names) > 20
        assert names <= set(sdist)


def test_nothing_that_was_made_on_the_way(sdist: dict[str, bytes]) -> None:
    made = re.compile(r"\.(so|pyd|pyc|tmp)$|(^|/)(target|\.venv|__pycache__)/")
    assert [name for name in sdist if made.search(name)] == []
    # Cargo's limit for a crate is 10 MB; this is far from it.
    assert sum(map(len, sdist.values())) < 5_000_000
