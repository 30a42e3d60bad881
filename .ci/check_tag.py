"""Check that a release's tag names the version that it would publish.

    python .ci/check_tag.py v0.2.0

Nothing is published under a tag that differs from the version in `Cargo.toml` (the package takes
its own from there) or without a dated section in the change log. Exit code 1 and a line for each
fault.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A tag names one released state: no build metadata, no spaces, the `v` that the workflow waits for.
TAG = re.compile(r"v(?P<version>\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)")


def faults(tag: str, root: Path = ROOT) -> list[str]:
    """Say what is wrong with this tag for the tree as it is; an empty list is a tag to publish."""
    named = TAG.fullmatch(tag)
    if named is None:
        return [f"tag {tag!r} is not of the form v1.2.3 or v1.2.3-rc.1"]
    version = named["version"]
    found = []
    declared = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["package"][
        "version"
    ]
    if declared != version:
        found.append(f"tag {tag} does not name the version in Cargo.toml, {declared}")
    packages = tomllib.loads((root / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    (locked,) = (package["version"] for package in packages if package["name"] == "finrst")
    if locked != declared:
        found.append(f"Cargo.lock has {locked}, Cargo.toml {declared}: run `cargo check`")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = rf"^## \[?{re.escape(version)}\]? - \d{{4}}-\d\d-\d\d$"
    if not re.search(heading, changes, flags=re.MULTILINE):
        found.append(f"CHANGELOG.md has no section `## {version} - YYYY-MM-DD`")
    return found


def main() -> int:
    """Check the tag on the command line."""
    match sys.argv[1:]:
        case [tag]:
            found = faults(tag)
        case _:
            print("usage: python .ci/check_tag.py TAG", file=sys.stderr)
            return 2
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
