"""Changes lines by hand and looks whether a test notices.

    python3 tests/mutants/patches.py tests/mutants/attack.tsv
    python3 tests/mutants/patches.py --constants

cargo-mutants changes operators and what functions return, and no number. A file of patches has one
a line: file, text, other text, parted by tabs. `--constants` doubles and halves each number that
the facts and causes have as a constant. Works in a copy, `target/mutants/tree`, with the tests of
`sample.py`: the nearest first, then all of them.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from sample import ALL, NEAREST, ROOT, SLOW, layer

if TYPE_CHECKING:
    from collections.abc import Iterator

TREE = ROOT / "target" / "mutants" / "tree"
COPIED = ["src", "tests", "docs", "Cargo.toml", "Cargo.lock", "README.md"]
CONSTANT = re.compile(
    r"^ *(?:pub(?:\([a-z]+\))? )?const ([A-Z_]+): (?:i32|i64|u16|u32|u64|usize) = (.+);$"
)
# Sizes of tables and buffers, on which no row depends, units, and bits of a set.
NO_THRESHOLD = re.compile(
    r"SPAN.*|.*SECOND|START|NONE|HEAD|INLINE|NUMBER.*|.*_BITS|END|BLOCK|UNITS?|LONGEST|GROUP"
    r"|CONTROL|WINDOW|FIRST|SLACK|REFERENCE|FULL|ROWS|CHUNK|MOST.*|PACKETS|OCTETS|AHEAD|OPEN|OPEN_IF_BOUNDED"
    r"|SLOT|LOOKS|MANY.*|IDLE_BYTES|COMPARED|HAS_ID|SERVER|PROBE|DUPLICATE"
)


@dataclasses.dataclass(frozen=True)
class Patch:
    file: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}: {self.before.strip()} => {self.after.strip()}"


def listed(path: pathlib.Path) -> Iterator[Patch]:
    for line in path.read_text().splitlines():
        yield Patch(*line.split("\t"))


def constants() -> Iterator[Patch]:
    for folder in ("conn", "cause"):
        for path in sorted((ROOT / "src" / folder).rglob("*.rs")):
            file = str(path.relative_to(ROOT))
            for line in path.read_text().splitlines():
                found = CONSTANT.match(line)
                if found and not NO_THRESHOLD.fullmatch(found[1]):
                    head = line.removesuffix(f"{found[2]};")
                    for change in ("* 2", "/ 2"):
                        yield Patch(file, line, f"{head}({found[2]}) {change};")


def copy() -> None:
    # With the time of now, so that nothing compiled of an interrupted run is taken for theirs.
    TREE.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, target = ROOT / name, TREE / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target)


def passes(tests: str) -> bool | None:
    """Whether these tests pass; `None` when it does not compile."""
    cargo = ["cargo", "test", "--locked", "--quiet", *tests.split()]
    environment = {**os.environ, "CARGO_PROFILE_DEV_DEBUG": "0"}
    environment.pop("CARGO_TARGET_DIR", None)

    def run(*more: str) -> bool:
        outcome = subprocess.run(
            [*cargo, *more],
            cwd=TREE,
            check=False,
            env=environment,
            capture_output=True,
            timeout=900,
        )
        return outcome.returncode == 0

    if not run("--no-run"):
        return None
    return run(*SLOW.split())


def outcome(patch: Patch) -> str:
    path = TREE / patch.file
    text = path.read_text()
    if text.count(patch.before) != 1:
        return "NOT FOUND"
    near = next(tests for tests, layers in NEAREST.items() if layer(patch.file) in layers)
    path.write_text(text.replace(patch.before, patch.after))
    try:
        for tests in (near, ALL):
            passed = passes(tests)
            if passed is None:
                return "unviable"
            if not passed:
                return "caught"
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        path.write_text(text)
    return "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("patches", nargs="?", type=pathlib.Path)
    parser.add_argument("--constants", action="store_true")
    parser.add_argument("--list", action="store_true", help="name them and run nothing")
    arguments = parser.parse_args()
    patches = list(listed(arguments.patches)) if arguments.patches else []
    patches += list(constants()) if arguments.constants else []
    if arguments.list:
        print("\n".join(map(str, patches)))
        return
    copy()
    if not passes(ALL):
        sys.exit("the tests fail without any change")
    for patch in patches:
        print(outcome(patch), patch, sep="\t", flush=True)


if __name__ == "__main__":
    main()
