"""What a reading costs for who asks for few columns: instructions of `stages` under callgrind.

    python tests/bench/columns.py

One thread; what demo.pcap takes is left out: (instructions of the capture - those of demo.pcap) /
connections. With all columns, those that `finrst CAPTURE` asks for, some with a verdict and some
without one, and none at all, which is what following the connections takes. Needs valgrind and the
generator of `run.py`. The figures that are kept are in `results.md`.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from budget import DEMO, captured
from run import SMALL, compiled, generator

from finrst._story.tally import needed

ASKED = {
    "all columns": None,
    "those of the summary": "/".join(map(",".join, needed().values())),
    "server_ip, server_port, cause": "server_ip,server_port,cause",
    "server_ip, server_port, ending, client_bytes": "server_ip,server_port,ending,client_bytes",
    "none": "/",
}


def instructions(stages: Path, stage: str, path: Path, columns: str | None) -> int:
    """What a stage takes for a capture."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [str(stages), stage, str(path), "1", *([] if columns is None else [columns])]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(re.findall(r"Collected : (\d+)", ran.stderr)[-1])


def main() -> None:
    """Measures and tells."""
    stages = compiled()
    print(f"{'instructions per connection':46} {'read':>8} {'scan':>8}")
    with tempfile.TemporaryDirectory() as folder:
        path, truth = captured(generator(), Path(folder), "small", [*SMALL, "20000"])
        for name, columns in ASKED.items():
            figures = []
            for stage in ("tables", "scan"):
                both = [instructions(stages, stage, one, columns) for one in (path, DEMO)]
                figures.append((both[0] - both[1]) // truth["tcp_conns"])
            print(f"{name:46} {figures[0]:8,} {figures[1]:8,}")


if __name__ == "__main__":
    main()
