"""Fills the corpus of the targets that read captures: small captures behind one byte each.

python3 tests/fuzz/seeds.py DIRECTORY...
"""

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
LARGEST = 4096


def main(directories: list[str]) -> None:
    count = 0
    for directory in directories:
        for path in sorted(Path(directory).rglob("*")):
            if not path.is_file() or path.stat().st_size > LARGEST:
                continue
            data = path.read_bytes()
            name = hashlib.sha256(data).hexdigest()[:16]
            for target in ("file", "tables"):
                corpus = HERE / "corpus" / target
                corpus.mkdir(parents=True, exist_ok=True)
                (corpus / name).write_bytes(b"\0" + data)
            count += 1
    print(f"{count} seeds")


if __name__ == "__main__":
    main(sys.argv[1:])
