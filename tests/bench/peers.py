"""The programs that finrst is timed against, as far as they are here."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FILTER = "tcp[tcpflags] & (tcp-rst|tcp-fin) != 0"
NFSTREAM = (
    "import sys; from nfstream import NFStreamer; "
    "NFStreamer(source=sys.argv[1], n_dissections=0, n_meters=0).to_pandas()"
)


@dataclass
class Peer:
    """A program, the capture it reads (by its place in the list of captures), what it tells."""

    label: str
    which: str
    command: list[str]
    version: str


def told(command: list[str]) -> str:
    """The first line a program tells of itself."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(iter((ran.stdout + ran.stderr).splitlines()), "?")


def nfstream(folder: Path) -> str | None:
    """A Python that has nfstream, in a virtualenv of its own; none where it cannot be had."""
    given = os.environ.get("FINRST_NFSTREAM")
    if given:
        return given
    python = folder / "nfstream" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "nfstream")], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "nfstream"]
    ran = subprocess.run(install, capture_output=True, text=True, check=False)
    if ran.returncode:
        print("nfstream cannot be installed:", ran.stderr.strip()[-300:], file=sys.stderr)
        return None
    return str(python)


def peers(folder: Path) -> list[Peer]:
    """Every peer that is here; ``{}`` in a command stands for the capture."""
    known = [
        ("T2 tcpdump FIN/RST filter", "mix", ["tcpdump", "-r", "{}", "-w", "/dev/null", FILTER],
         ["tcpdump", "--version"]),
        ("T3 tshark conv,tcp", "small_mix", ["tshark", "-r", "{}", "-n", "-q", "-z", "conv,tcp"],
         ["tshark", "--version"]),
        ("tcptrace", "mix", ["tcptrace", "-n", "{}"], ["tcptrace", "-v"]),
        ("argus", "mix", ["argus", "-r", "{}", "-S", "100000", "-w", "/dev/null"],
         ["argus", "-h"]),
    ]  # fmt: skip
    found = [Peer(n, w, c, told(v)) for n, w, c, v in known if shutil.which(c[0])]
    python = nfstream(folder)
    if python:
        version = told([python, "-c", "import nfstream; print('nfstream', nfstream.__version__)"])
        command = [python, "-c", NFSTREAM, "{}"]
        found.append(Peer("T4 nfstream (no dissection) to pandas", "mix", command, version))
    return found
