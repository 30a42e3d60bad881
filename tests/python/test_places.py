"""Pages for contributors name places that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/release.md"]
ROOMS = ("src", "tests", "python", "docs", "notebooks", ".ci", ".github")
PLACE = re.compile(rf"(?:{'|'.join(map(re.escape, ROOMS))})/[\w./<>-]*")


def missing(text: str) -> list[str]:
    """Places in backticks or indented text that are not in the repository; `<name>` is a blank."""
    places = {place.rstrip(".:") for place in PLACE.findall(text)}
    return sorted(place for place in places if not (ROOT / re.sub(r"<.*", "", place)).exists())


@pytest.mark.parametrize("page", PAGES)
def test_places_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(PLACE.findall(text)) > 3
    assert missing(text) == []


def test_a_place_that_was_moved_is_told() -> None:
    assert missing("see `src/conn/nowhere.rs`, `src/conn/mod.rs`.") == ["src/conn/nowhere.rs"]
    assert missing("write `src/cause/rules/<name>.rs`") == []
    assert missing("write `src/cause/laws/<name>.rs`") == ["src/cause/laws/<name>.rs"]


def test_the_files_of_conn_are_where_the_architecture_says() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    told = text.split("## Where things lie in conn/")[1].split("\n## ")[0]
    names = set(re.findall(r"`(\w+)`", told))
    conn = ROOT / "src/conn"
    files = {path.stem for path in conn.rglob("*.rs")} - {"mod"}
    rooms = {path.relative_to(conn).parts[0].removesuffix(".rs") for path in conn.rglob("*.rs")}
    assert names - files - rooms == set()
    assert rooms - {"mod"} <= names
    assert len(names) > 25
