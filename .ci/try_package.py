"""Install a wheel or source distribution where nothing else is, and hold it against the README.

    python .ci/try_package.py dist/finrst-0.1.0-cp311-abi3-linux_x86_64.whl

A wheel is installed without an index: it needs no other package. Then the README's first command
has to print what the README shows. Needs the standard library and the repository's files.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = "finrst tests/data/demo.pcap"
LIBRARY = """
import finrst
print(finrst.__version__, finrst.__file__)
print(finrst.conversation("> S, < R.").connections["cause"])
"""


def expected() -> str:
    """Give the first lines that the README promises."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.split(f"$ {COMMAND}\n")[1].split("  ...\n")[0]


def version() -> str:
    """Give the version that the package is to have, as Python writes it."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    name: str = manifest["package"]["version"]
    for word, short in (("-alpha.", "a"), ("-beta.", "b"), ("-rc.", "rc")):
        name = name.replace(word, short)
    return name


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and give its output; its complaints are shown as they come."""
    # Without what the caller's Python adds: only what was installed may be imported.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTHONUTF8"] = "1"
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def attempt(package: Path, place: Path) -> list[str]:
    """Install it at this place and say what is not as it should be."""
    venv.create(place / "venv", with_pip=True)
    programs = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
    alone = ["--no-index"] if package.suffix == ".whl" else []
    run(programs / "python", "-m", "pip", "install", "--quiet", *alone, package, cwd=place)
    faults = []
    told = run(programs / "python", "-c", LIBRARY, cwd=place)
    installed, _, rest = told.partition(" ")
    if installed != version():
        faults.append(f"it is version {installed}, not {version()}")
    where, _, causes = rest.partition("\n")
    if place.resolve() not in Path(where).resolve().parents:
        faults.append(f"what was imported is {where}")
    if causes.strip() != "['port_closed']":
        faults.append(f"a refused connection is {causes.strip()}")
    shown = run(programs / "finrst", *COMMAND.split()[1:], cwd=ROOT)
    if not shown.startswith(expected()):
        faults.append(f"`{COMMAND}` printed\n{shown}\nbut the README shows\n{expected()}")
    return faults


def main() -> int:
    """Try the package on the command line."""
    match sys.argv[1:]:
        case [name] if name.endswith((".whl", ".tar.gz")):
            package = Path(name).resolve(strict=True)
        case _:
            print("usage: python .ci/try_package.py WHEEL_OR_SDIST", file=sys.stderr)
            return 2
    with tempfile.TemporaryDirectory(prefix="finrst-try-") as place:
        faults = attempt(package, Path(place))
    for fault in faults:
        print(f"{package.name}: {fault}", file=sys.stderr)
    if not faults:
        print(f"{package.name} runs on Python {sys.version.split()[0]}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
