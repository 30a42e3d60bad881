"""Make `tests/data/oracle_*.csv.gz` from the tables beside the shared captures.

    python tests/oracle/extract.py ../shared/captures/public

Only what `tests/oracle` compares is taken: tshark 4.0.17's packets per file and facts per TCP
stream. Needs pandas and pyarrow; run it again only when the tables change.
"""

import gzip
import sys
from pathlib import Path

import pandas as pd

STREAM = [
    "file",
    "stream",
    "first_frame",
    "client_basis",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "packets_c2s",
    "packets_s2c",
    "bytes_c2s",
    "bytes_s2c",
    "unique_bytes_c2s",
    "unique_bytes_s2c",
    "fin_frames_c2s",
    "fin_frames_s2c",
    "rst_frames_c2s",
    "rst_frames_s2c",
    "completeness_last",
]


def write(table: pd.DataFrame, name: str) -> None:
    """Write a table with no time stamp inside, so that the same table gives the same file."""
    path = Path(__file__).parent.parent / "data" / name
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(table.to_csv(index=False, lineterminator="\n").encode())


def main(public: Path) -> None:
    """Take both tables."""
    streams = pd.read_parquet(public / "oracle/tshark_streams.parquet")[STREAM]
    write(streams.sort_values(["file", "first_frame"]), "oracle_streams.csv.gz")
    files = pd.read_csv(public / "oracle/manifest.csv")[["path", "packets_tshark"]]
    files["packets_tshark"] = files["packets_tshark"].astype("Int64")
    write(files.sort_values("path"), "oracle_files.csv.gz")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
