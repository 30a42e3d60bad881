"""Count the lines of unsafe Rust, and of C, in the crates that touch bytes of a capture.

    python .ci/unsafe_lines.py

Prints the table of SECURITY.md. A line counts that has the word `unsafe` outside a `//` comment,
in any Rust file of the crate's `src/`, its own tests included: a measure of how much has to be
trusted, not of how much runs. Lines of C are those of the crate's .c and .h files, whichever are
compiled.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CRATES = {
    "arrow-array": "makes tables",
    "arrow-buffer": "makes tables",
    "arrow-data": "makes tables",
    "arrow-ipc": "writes Arrow files",
    "bzip2": "bzip2",
    "etherparse": "packet headers",
    "flate2": "gzip",
    "foldhash": "hashes addresses and ports",
    "libbz2-rs-sys": "bzip2",
    "lz4_flex": "lz4",
    "lzma-rust2": "xz",
    "memchr": "searches in bytes",
    "nom": "under pcap-parser",
    "pcap-parser": "capture headers",
    "pyo3": "Python",
    "twox-hash": "checksums of lz4",
    "zlib-rs": "gzip",
    "zstd-safe": "zstd",
    "zstd-sys": "zstd",
}
UNSAFE = re.compile(r"\bunsafe\b(?!_)")


def unsafe(folder: Path) -> int:
    """Count lines of Rust that are unsafe or say that something is."""
    texts = (path.read_text(encoding="utf-8") for path in (folder / "src").rglob("*.rs"))
    lines = (line.partition("//")[0] for text in texts for line in text.splitlines())
    return sum(bool(UNSAFE.search(line)) for line in lines)


def foreign(folder: Path) -> int:
    """Count lines of C."""
    files = [path for kind in ("*.c", "*.h") for path in folder.rglob(kind)]
    return sum(len(path.read_bytes().splitlines()) for path in files)


def main() -> None:
    """Print a row for each crate."""
    command = ["cargo", "metadata", "--locked", "--offline", "--all-features"]
    command += ["--format-version", "1"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    print("| crate | for | lines with `unsafe` | lines of C |\n|---|---|---:|---:|")
    for package in sorted(json.loads(told)["packages"], key=lambda package: package["name"]):
        if use := CRATES.get(package["name"]):
            folder = Path(package["manifest_path"]).parent
            name = f"{package['name']} {package['version']}"
            print(f"| {name} | {use} | {unsafe(folder)} | {foreign(folder) or ''} |")


if __name__ == "__main__":
    main()
