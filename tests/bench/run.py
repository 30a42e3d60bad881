"""Builds the benchmark captures, checks the engine against their truth, and times it and peers.

    python tests/bench/run.py --quick    # minutes, small captures
    python tests/bench/run.py            # the figures in results.md

The generator is `bench/gencap` of the shared folder (FINRST_SHARED, else ../shared); captures go
to FINRST_BENCH_DIR, else a temporary directory. Figures are CPU seconds (user and system, children
included) of whole processes, run alternately A B A B; quote the ratios. Peers that are not
installed are left out; nfstream is looked for with FINRST_NFSTREAM, a Python that can import it.
"""

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FINRST_SHARED", ROOT.parent / "shared"))
MIX = ["--profile", "mix", "--bytes"]
SMALL = ["--profile", "small", "--conns"]
PCAPNG = ["--format", "pcapng"]
FULL = {
    "mix100m.pcap": [*MIX, "100000000"],
    "mix1g.pcap": [*MIX, "1000000000"],
    "mix1g.pcapng": [*MIX, "1000000000", *PCAPNG],
    "snap1g.pcap": [*MIX, "1000000000", "--snaplen", "96"],
    "small500k.pcap": [*SMALL, "500000"],
    "small5m.pcap": [*SMALL, "5000000"],
}
QUICK = {
    "mix10m.pcap": [*MIX, "10000000"],
    "mix100m.pcap": [*MIX, "100000000"],
    "mix100m.pcapng": [*MIX, "100000000", *PCAPNG],
    "snap100m.pcap": [*MIX, "100000000", "--snaplen", "96"],
    "small50k.pcap": [*SMALL, "50000"],
    "small500k.pcap": [*SMALL, "500000"],
}
FILTER = "tcp[tcpflags] & (tcp-rst|tcp-fin) != 0"
NFSTREAM = (
    "import sys; from nfstream import NFStreamer; "
    "NFStreamer(source=sys.argv[1], n_dissections=0, n_meters=0).to_pandas()"
)


def build() -> tuple[Path, Path]:
    """The generator and the stages."""
    target = Path(os.environ.get("FINRST_BENCH_DIR", tempfile.gettempdir())) / "gencap-target"
    manifest = SHARED / "bench" / "gencap" / "Cargo.toml"
    generate = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(manifest)]
    subprocess.run([*generate, "--target-dir", str(target)], check=True)
    command = ["cargo", "bench", "--bench", "stages", "--no-run", "--message-format=json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in out.splitlines()]
    made = [m["executable"] for m in messages if m.get("target", {}).get("name") == "stages"]
    return target / "release" / "gencap", Path(made[-1])


def once(command: list[str]) -> tuple[float, int, str]:
    """CPU seconds, peak kilobytes and output of one run."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            msg = f"{command} gave {child.returncode}"
            raise RuntimeError(msg)
        out.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss, out.read(1 << 16)


def pair(runs: int, a: list[str], b: list[str]) -> tuple[float, float, float]:
    """Median CPU seconds of both, run alternately, and the median of their ratios."""
    once(a)
    pairs = [(once(a)[0], once(b)[0]) for _ in range(runs)]
    ratio = statistics.median(x / max(y, 1e-3) for x, y in pairs)
    return statistics.median(x for x, _ in pairs), statistics.median(y for _, y in pairs), ratio


def version(command: list[str]) -> str:
    """The first line a program tells of itself."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(iter((ran.stdout + ran.stderr).splitlines()), "?")


def check(found: dict[str, int], truth: dict[str, int]) -> list[str]:
    """What differs from the generator's truth."""
    keys = {"connections": "tcp_conns", "fins": "fin_pkts", "rsts": "rst_pkts"}
    return [
        f"{ours}: {found[ours]}, not {truth[theirs]}"
        for ours, theirs in keys.items()
        if found[ours] != truth[theirs]
    ]


def peers(mix: str, small_mix: str) -> list[tuple[str, str, list[str], str]]:
    """Name, capture, command and version of every peer that is here."""
    known = [
        ("T2 tcpdump FIN/RST filter (plain IPv4 only)", mix, ["tcpdump", "-r", mix, "-w",
         "/dev/null", FILTER], ["tcpdump", "--version"]),
        ("T3 tshark conv,tcp", small_mix, ["tshark", "-r", small_mix, "-n", "-q", "-z",
         "conv,tcp"], ["tshark", "--version"]),
        ("tcptrace", mix, ["tcptrace", "-n", mix], ["tcptrace", "-v"]),
        ("argus", mix, ["argus", "-r", mix, "-S", "100000", "-w", "/dev/null"], ["argus", "-h"]),
    ]  # fmt: skip
    python = os.environ.get("FINRST_NFSTREAM")
    if python:
        asked = [python, "-c", "import nfstream; print('nfstream', nfstream.__version__)"]
        known.append(("T4 nfstream", mix, [python, "-c", NFSTREAM, mix], asked))
    return [(n, f, c, version(v)) for n, f, c, v in known if shutil.which(c[0])]


def main() -> int:
    """Everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    captures = QUICK if options.quick else FULL
    folder = Path(os.environ.get("FINRST_BENCH_DIR", tempfile.mkdtemp(prefix="finrst-bench-")))
    folder.mkdir(parents=True, exist_ok=True)
    gencap, stages = build()
    truth, found, peak, wrong = {}, {}, {}, []
    for name, arguments in captures.items():
        path, note = folder / name, folder / f"{name}.truth.json"
        if not (path.exists() and note.exists() and note.stat().st_size):
            command = [str(gencap), "--out", str(path), *arguments]
            note.write_text(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout
            )
        truth[name] = json.loads(note.read_text())
        _, peak[name], out = once([str(stages), "tables", str(path)])
        found[name] = json.loads(out)
        wrong += [f"{name}: {what}" for what in check(found[name], truth[name])]
    names = list(captures)
    small_mix, mix, mixng, snap, few, many = (
        names[0],
        names[1],
        names[2],
        names[3],
        names[4],
        names[5],
    )
    rows = []

    def stage(name: str, which: str) -> list[str]:
        return [str(stages), which, str(folder / name)]

    for label, name in (("T1", mix), ("T1b", snap), ("T1c", many)):
        a, b, ratio = pair(options.runs, stage(name, "tables"), stage(name, "walk"))
        rows.append((f"{label} finrst / header walk", name, a, b, f"{ratio:.2f}"))
    for which in ("frames", "decode", "track"):
        a, b, ratio = pair(options.runs, stage(mix, which), stage(mix, "walk"))
        rows.append((f"stage {which} / header walk", mix, a, b, f"{ratio:.2f}"))
    a, b, ratio = pair(options.runs, stage(mixng, "tables"), stage(mix, "tables"))
    ratio *= truth[mix]["packets"] / truth[mixng]["packets"]
    rows.append(("T6 pcapng / pcap, per packet", mixng, a, b, f"{ratio:.2f}"))
    for label, a_name, b_name in (
        ("G1 packets x10", mix, small_mix),
        ("G2 connections x10", many, few),
    ):
        a, b, ratio = pair(options.runs, stage(a_name, "tables"), stage(b_name, "tables"))
        rows.append((f"{label}, time", a_name, a, b, f"{ratio:.2f}"))
    versions = []
    for label, name, command, told in peers(str(folder / mix), str(folder / small_mix)):
        a, b, ratio = pair(options.runs, stage(Path(name).name, "tables"), command)
        rows.append(
            (f"finrst / {label}", Path(name).name, a, b, f"{ratio:.2f} (1/{1 / ratio:.1f})")
        )
        versions.append(told)
    extra = (peak[many] * 1024 - found[many]["table_bytes"]) / found[many]["connections"]
    rows.append(("M1 (peak - tables) / connection", many, peak[many] / 1024, 0.0, f"{extra:.0f} B"))
    rows.append(("G2 connections x10, memory", many, 0.0, 0.0, f"{peak[many] / peak[few]:.2f}"))
    print(
        f"{dt.datetime.now(tz=dt.UTC).date()}, {platform.platform()}, {os.cpu_count()} processors"
    )
    print("; ".join(versions), "\n")
    print("| figure | capture | A (s; M1: MB) | B (s) | A/B |\n|---|---|---|---|---|")
    for label, name, a, b, ratio in rows:
        print(f"| {label} | {name} | {a:.2f} | {b:.2f} | {ratio} |")
    print("\ntruth:", "; ".join(wrong) if wrong else "connections, FIN and RST packets all equal")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
