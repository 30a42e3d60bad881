"""Builds the benchmark captures, checks the engine against their truth, and times it and peers.

    python tests/bench/run.py --quick    # minutes, small captures
    python tests/bench/run.py            # the figures in results.md
    python tests/bench/run.py --write    # the same, kept there
    python tests/bench/run.py --only T1 W M1
    python tests/bench/run.py --pgo      # of a build with profiles, as wheels are (llvm-tools)

The generator is `bench/gencap` of the shared folder (FINRST_SHARED, else ../shared); captures go
to FINRST_BENCH_DIR, else a temporary directory. Figures are CPU seconds (user and system, children
included) of whole processes, run alternately A B A B; quote the ratios. finrst runs on one thread
but for W. Peers that are not installed are left out; nfstream gets a virtualenv of its own.
"""

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from peers import peers
from train import captures as lessons

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FINRST_SHARED", ROOT.parent / "shared"))
# What was compiled stays here.
CACHE = Path(os.environ.get("FINRST_BENCH_DIR", tempfile.gettempdir()))
MIX, SMALL = ["--profile", "mix", "--bytes"], ["--profile", "small", "--conns"]
# What a capture is for, its name, how it is made.
FULL = {
    "small_mix": ("mix100m.pcap", [*MIX, "100000000"]),
    "mix": ("mix1g.pcap", [*MIX, "1000000000"]),
    "mixng": ("mix1g.pcapng", [*MIX, "1000000000", "--format", "pcapng"]),
    "large_mix": ("mix4g.pcap", [*MIX, "4000000000"]),
    "snap": ("snap1g.pcap", [*MIX, "1000000000", "--snaplen", "96"]),
    "few": ("small500k.pcap", [*SMALL, "500000"]),
    "many": ("small5m.pcap", [*SMALL, "5000000"]),
}
QUICK = {
    "small_mix": ("mix10m.pcap", [*MIX, "10000000"]),
    "mix": ("mix100m.pcap", [*MIX, "100000000"]),
    "mixng": ("mix100m.pcapng", [*MIX, "100000000", "--format", "pcapng"]),
    "large_mix": ("mix400m.pcap", [*MIX, "400000000"]),
    "snap": ("snap100m.pcap", [*MIX, "100000000", "--snaplen", "96"]),
    "few": ("small50k.pcap", [*SMALL, "50000"]),
    "many": ("small500k.pcap", [*SMALL, "500000"]),
}


def generator() -> Path:
    """The program that makes captures."""
    target = CACHE / "gencap-target"
    manifest = SHARED / "bench" / "gencap" / "Cargo.toml"
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(manifest)]
    subprocess.run([*command, "--target-dir", str(target)], check=True)
    return target / "release" / "gencap"


def compiled(flags: str = "", target: Path | None = None) -> Path:
    """The stages; with flags, as wheels are compiled and in a folder of their own."""
    command = ["cargo", "bench", "--bench", "stages", "--no-run", "--message-format=json"]
    command += ["--profile", "wheel", "--target-dir", str(target)] if target else []
    flags = f"{os.environ.get('RUSTFLAGS', '')} {flags}"
    environment = {**os.environ, "RUSTFLAGS": flags} if flags.strip() else None
    out = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout
    messages = [json.loads(line) for line in out.splitlines()]
    made = [m["executable"] for m in messages if m.get("target", {}).get("name") == "stages"]
    return Path(made[-1])


def profiled() -> Path:
    """The stages as wheels are compiled: once more, by what `train.py` shows them."""
    # One folder for both, so that each is compiled anew: cargo does not see a profile change.
    target = CACHE / "pgo-target"
    with tempfile.TemporaryDirectory() as raw:
        stages = str(compiled(f"-Cprofile-generate={raw}", target))
        for path in lessons(Path(raw)):
            for stage, threads in [("tables", 1), ("tables", 2), ("scan", 1)]:
                subprocess.run([stages, stage, str(path), str(threads)], check=True)
        command = ["rustc", "--print", "target-libdir"]
        library = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        profile = CACHE / "stages.profdata"
        merge = [str(Path(library.strip()).parent / "bin" / "llvm-profdata"), "merge", "-o"]
        counted = map(str, Path(raw).glob("*.profraw"))
        subprocess.run([*merge, str(profile), *counted], check=True)
    return compiled(f"-Cprofile-use={profile}", target)


@dataclass
class Ran:
    """One run: CPU seconds, those of its busiest thread, wall seconds, peak kilobytes, output."""

    cpu: float
    busiest: float
    wall: float
    peak: int
    out: str


def threads(pid: int, seen: dict[str, int]) -> None:
    """Notes the processor nanoseconds of every thread of a process."""
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            seen[task.parent.name] = int(task.read_text().split()[0])
        except (OSError, IndexError):
            continue


def once(command: list[str], *, watch: bool = False) -> Ran:
    """One run; its threads are looked at every few milliseconds when they are asked for."""
    seen: dict[str, int] = {}
    with tempfile.TemporaryFile("w+") as out:
        begin = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        while (
            watch and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        ):
            threads(child.pid, seen)
            time.sleep(0.004)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            msg = f"{command} gave {child.returncode}"
            raise RuntimeError(msg)
        out.seek(0)
        cpu = used.ru_utime + used.ru_stime
        return Ran(
            cpu, max(seen.values(), default=0) / 1e9, wall, used.ru_maxrss, out.read(1 << 16)
        )


@dataclass
class Bench:
    """What is measured with, and the rows so far."""

    folder: Path
    stages: Path
    runs: int
    names: dict[str, str]
    only: list[str] = field(default_factory=list)
    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    firsts: dict[str, Ran] = field(default_factory=dict)

    def wants(self, label: str) -> bool:
        """Whether a figure is asked for: all are unless some are named by a part of their label."""
        return not self.only or any(part in label for part in self.only)

    def first(self, which: str) -> Ran:
        """The first run over a capture, which nothing is compared with."""
        if which not in self.firsts:
            self.firsts[which] = once(self.stage(which))
        return self.firsts[which]

    def stage(self, which: str, stage: str = "tables", count: int = 1) -> list[str]:
        """The command for one stage over one capture."""
        return [str(self.stages), stage, str(self.folder / self.names[which]), str(count)]

    def pair(  # noqa: PLR0913
        self,
        label: str,
        which: str,
        a: list[str],
        b: list[str],
        *,
        scale: float = 1.0,
        of: Callable[[Ran], float] = lambda ran: ran.cpu,
        watch: bool = False,
    ) -> None:
        """Both run alternately; a row with the medians and the median of the ratios."""
        if not self.wants(label):
            return
        once(a)
        pairs = [(of(once(a, watch=watch)), of(once(b, watch=watch))) for _ in range(self.runs)]
        ratio = scale * statistics.median(x / max(y, 1e-3) for x, y in pairs)
        first, second = (statistics.median(side) for side in zip(*pairs, strict=True))
        shown = f"{ratio:.2f}" if ratio > 0.1 else f"{ratio:.4f} (1/{1 / ratio:.1f})"
        self.row(label, which, f"{first:.2f}", f"{second:.2f}", shown)

    def row(self, label: str, which: str, a: str, b: str, ratio: str) -> None:
        """One row, shown at once."""
        if not self.wants(label):
            return
        self.rows.append((label, self.names.get(which, which), a, b, ratio))
        print(f"| {' | '.join(self.rows[-1])} |", flush=True)


def generated(folder: Path, captures: dict[str, tuple[str, list[str]]], gencap: Path) -> dict:
    """Makes captures that are not there yet; the truth of all."""
    truth = {}
    for which, (name, arguments) in captures.items():
        path, note = folder / name, folder / f"{name}.truth.json"
        if not (path.exists() and note.exists() and note.stat().st_size):
            command = [str(gencap), "--out", str(path), *arguments]
            made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            note.write_text(made)
        truth[which] = json.loads(note.read_text())
    return truth


def check(found: dict[str, int], truth: dict[str, int]) -> Iterator[str]:
    """What differs from the generator's truth."""
    keys = {"connections": "tcp_conns", "fins": "fin_pkts", "rsts": "rst_pkts"}
    for ours, theirs in keys.items():
        if found[ours] != truth[theirs]:
            yield f"{ours}: {found[ours]}, not {truth[theirs]}"


def measure(bench: Bench, truth: dict) -> list[str]:
    """Every figure; what was wrong."""
    wrong = [
        f"{bench.names[which]}: {what}"
        for which in bench.names
        if bench.wants("truth")
        for what in check(json.loads(bench.first(which).out), truth[which])
    ]
    for label, which in (("T1", "mix"), ("T1b", "snap"), ("T1c", "many")):
        walk = bench.stage(which, "walk")
        bench.pair(f"{label} finrst / header walk", which, bench.stage(which), walk)
    for which in ("mix", "snap", "many"):
        for stage in ("frames", "decode", "track"):
            walk = bench.stage(which, "walk")
            bench.pair(f"stage {stage} / header walk", which, bench.stage(which, stage), walk)
    scale = truth["mix"]["packets"] / truth["mixng"]["packets"]
    mixng, mix = bench.stage("mixng"), bench.stage("mix")
    bench.pair("T6 pcapng / pcap, per packet", "mixng", mixng, mix, scale=scale)
    times = truth["mix"]["packets"] / truth["small_mix"]["packets"]
    bench.pair(f"G1 packets x{times:.1f}: time", "mix", mix, bench.stage("small_mix"))
    bench.pair("G2 connections x10: time", "many", bench.stage("many"), bench.stage("few"))
    memory(bench)
    for which in ("mix", "snap", "many"):
        two, one = bench.stage(which, count=2), bench.stage(which, count=1)
        bench.pair(
            "W busiest of 2 threads / one", which, two, one, of=lambda r: r.busiest, watch=True
        )
        bench.pair("W wall, 2 threads / one", which, two, one, of=lambda r: r.wall)
    return wrong


def memory(bench: Bench) -> None:
    """G2, M1 and M2."""
    if bench.wants("memory") or bench.wants("M1 "):
        many = bench.first("many")
        peak = many.peak / bench.first("few").peak
        bench.row("G2 connections x10: memory", "many", "", "", f"{peak:.2f}")
        told = json.loads(many.out)
        each = (many.peak * 1024 - told["table_bytes"]) / told["connections"]
        bench.row("M1 (peak - tables) / connection", "many", "", "", f"{each:.0f} B")
    if bench.wants("M2 "):
        scans = [once(bench.stage(which, "scan")).peak for which in ("large_mix", "small_mix")]
        megabytes = (scans[0] - scans[1]) / 1024
        bench.row("M2 scan: peak - that of small mix", "large_mix", "", "", f"{megabytes:.1f} MiB")


def main() -> int:
    """Everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the table in results.md")
    parser.add_argument("--pgo", action="store_true", help="of a build with profiles")
    parser.add_argument("--only", nargs="+", default=[], help="figures with this in their label")
    options = parser.parse_args()
    folder = Path(os.environ.get("FINRST_BENCH_DIR", tempfile.mkdtemp(prefix="finrst-bench-")))
    folder.mkdir(parents=True, exist_ok=True)
    stages = profiled() if options.pgo else compiled()
    captures = QUICK if options.quick else FULL
    truth = generated(folder, captures, generator())
    names = {which: name for which, (name, _) in captures.items()}
    bench = Bench(folder, stages, options.runs, names, options.only)
    wrong = measure(bench, truth)
    here = peers(folder)
    for peer in here:
        capture = str(folder / bench.names[peer.which])
        command = [capture if word == "{}" else word for word in peer.command]
        bench.pair(f"finrst / {peer.label}", peer.which, bench.stage(peer.which), command)
    machine = (
        f"{dt.datetime.now(tz=dt.UTC).date()}, {platform.platform()}, {os.cpu_count()} processors"
    )
    how = f"{'a build with profiles; ' if options.pgo else ''}medians of {options.runs}"
    text = [f"{machine}; {how} alternating runs, CPU seconds of whole processes."]
    text += ["", *(f"- {peer.version}" for peer in here), ""]
    text += ["| figure | capture | A | B | A/B |", "|---|---|---|---|---|"]
    text += [f"| {' | '.join(row)} |" for row in bench.rows]
    text += ["", f"Truth: {'; '.join(wrong) or 'connections, FIN and RST packets all equal'}."]
    print("\n" + "\n".join(text))
    if options.write:
        kept = "# Results of `python tests/bench/run.py`\n\n" + "\n".join(text) + "\n"
        (ROOT / "tests" / "bench" / "results.md").write_text(kept)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
