"""What the tests of the command share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "finrst", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)
