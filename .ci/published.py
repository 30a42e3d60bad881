"""Write into README.md and pyproject.toml where the repository is, before a package is made.

    python .ci/published.py https://host/owner/finrst v0.2.0

A package's page shows README.md where nothing lies beside it: links and pictures that lead to files
of the repository get its address, as of this tag or branch. The repository itself names no address:
whoever publishes it knows. Works in the current directory; needs the standard library.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# A link or picture that leads to a file beside the page.
LOCAL = re.compile(r"(!?)(\[[^\]]*\]\()(?!https?:|mailto:|#)([^)\s]+)\)")
ADDRESS = re.compile(r"https://[\w.-]+/[\w./~-]+")
TAG = re.compile(r"[\w./+-]+")


def readme(text: str, place: str, tag: str) -> str:
    """Give the page with addresses."""

    def absolute(match: re.Match[str]) -> str:
        picture, words, path = match.groups()
        # A link around a picture's file shows the picture, too.
        kind = "raw" if picture or "/pictures/" in path else "blob"
        return f"{picture}{words}{place}/{kind}/{tag}/{path})"

    return LOCAL.sub(absolute, text)


def project(text: str, place: str, tag: str) -> str:
    """Give the package's description with addresses."""
    if "[project.urls]" in text:
        sys.exit("pyproject.toml names addresses already")
    urls = {
        "Source": place,
        "Documentation": f"{place}/blob/{tag}/docs/index.md",
        "Changelog": f"{place}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{place}/issues",
    }
    lines = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    head, table, rest = text.partition("[project.scripts]\n")
    if not table:
        sys.exit("pyproject.toml has no [project.scripts], before which addresses go")
    return f"{head}[project.urls]\n{lines}\n{table}{rest}"


def main() -> None:
    """Write both files."""
    place, tag = sys.argv[1:]
    if not ADDRESS.fullmatch(place) or not TAG.fullmatch(tag):
        sys.exit(f"{place!r} at {tag!r} is no address of a repository")
    changed = {"README.md": readme, "pyproject.toml": project}
    texts = {name: Path(name).read_text(encoding="utf-8") for name in changed}
    made = {name: change(texts[name], place.rstrip("/"), tag) for name, change in changed.items()}
    for name, text in made.items():
        Path(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
