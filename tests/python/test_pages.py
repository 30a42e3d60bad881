"""README and manual are readable as they lie in the repository, and README as a package's page."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from finrst.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMING = ROOT / "docs/coming-from.md"


def shown(page: Path) -> str:
    """What is seen of a page: neither comments nor code."""
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"(?ms)^```.*?^```$|`[^`\n]*`", "", text)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as they are linked to."""
    heads = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_of_a_page_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(shown(page)):
        if target.startswith(("https://", "mailto:")):
            continue
        place, _, anchor = target.partition("#")
        there = page.parent / place if place else page
        assert there.exists(), f"{target} is made when the manual is built, or not at all"
        assert ROOT in there.resolve().parents or there.resolve() == ROOT, target
        if anchor:
            assert anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_of_a_page_waits_to_be_filled_in(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "{{" not in text
    assert text.count("<!-- manual: ") == text.count("<!-- end -->")
    assert not re.search(r"src=[\"'](?!https?:)", shown(page))


def test_there_are_pictures_and_links() -> None:
    found = {page.name: LINK.findall(shown(page)) for page in PAGES}
    assert sum("pictures/" in target for targets in found.values() for target in targets) >= 12
    assert "docs/coming-from.md" in found["README.md"]
    assert "coming-from.md" in found["index.md"]


# As a package's page, where nothing lies beside it.


def test_a_published_readme_leads_to_the_repository(tmp_path: Path) -> None:
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    script, host = ROOT / ".ci/published.py", "https://example.org/someone/finrst"
    command = [sys.executable, str(script), host, "v1.2.3"]
    subprocess.run(command, cwd=tmp_path, check=True)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    before, after = (LINK.findall(one) for one in ((ROOT / "README.md").read_text(), text))
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if old.startswith(("https://", "#")):
            assert new == old
            continue
        kind = "raw" if "pictures/" in old else "blob"
        assert new == f"{host}/{kind}/v1.2.3/{old}"
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Source"] == host
    assert set(project["urls"]) == {"Source", "Documentation", "Changelog", "Issues"}
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {**project, "urls": None} == {**known, "urls": None}
    # It is said once.
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode != 0


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for place in ("someone/finrst", "http://example.org/x", 'https://example.org/"x"'):
        command = [sys.executable, str(ROOT / ".ci/published.py"), place, "v1"]
        assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()


# "Coming from": what is shown of commands is what they say.


def examples(tool: str) -> list[tuple[str, list[str]]]:
    """The commands of a tool, and what the page shows of their output."""
    found = []
    for block in re.findall(r"(?ms)^```console\n(.*?)^```$", COMING.read_text(encoding="utf-8")):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, *said = part.splitlines()
            if command.startswith(tool + " "):
                found.append((command, said))
    return found


def held(said: list[str], out: str) -> None:
    if "..." in said:
        said = said[: said.index("...")]
        assert out.splitlines()[: len(said)] == said
        assert len(out.splitlines()) > len(said)
    else:
        assert out.splitlines() == said


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tests/data").mkdir(parents=True)
    shutil.copy(ROOT / "tests/data/demo.pcap", tmp_path / "tests/data/demo.pcap")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples_of_finrst_say_what_is_shown(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = examples("finrst")
    assert len(shown) >= 2
    for command, said in shown:
        assert main(shlex.split(command)[1:]) == 0
        held(said, capsys.readouterr().out)
    assert (place / "verdicts.pcapng").exists()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="NO TSHARK: its examples are not held")
@pytest.mark.usefixtures("place")
def test_examples_of_tshark_say_what_is_shown() -> None:
    assert main(["annotate", "tests/data/demo.pcap", "-o", "verdicts.pcapng"]) == 0
    shown = examples("tshark")
    assert len(shown) >= 4
    for command, said in shown:
        done = subprocess.run(shlex.split(command), capture_output=True, check=True)
        held(said, done.stdout.decode("utf-8"))
