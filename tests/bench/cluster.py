"""What reading on many workers costs, step by step: docs/scale.md is made of these figures.

    python tests/bench/cluster.py            # captures of 400 MB, half an hour on an idle machine
    python tests/bench/cluster.py --quick    # of 40 MB
    python tests/bench/cluster.py --only steps threads workers scheduler memory

Each step runs in a process of its own on one thread and tells its own processor seconds, without
what starting Python takes; medians of three, taken by turns. Speed-ups are wall-clock and mean
something on an idle machine only: the load is printed beside them. Captures come from the
generator of the shared folder (see run.py), cut into files of equal size, and are deleted.
"""

import argparse
import gzip
import json
import os
import platform
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from run import compiled, generator

MIX, SMALL = ["--profile", "mix", "--bytes"], ["--profile", "small", "--conns"]
FULL = {
    "mix": [*MIX, "400000000"],
    "small": [*SMALL, "500000"],
    "snap": [*MIX, "400000000", "--snaplen", "96"],
}
QUICK = {
    "mix": [*MIX, "40000000"],
    "small": [*SMALL, "50000"],
    "snap": [*MIX, "40000000", "--snaplen", "96"],
}
FILES = 8
RUNS = 3
# Of the memory of a bucket.
BUCKETS = 64


def cut(path: Path, to: Path, count: int) -> list[Path]:
    """Cuts a little-endian pcap at packets into files of about the same size."""
    octets = memoryview(path.read_bytes())
    to.mkdir()
    made, at, begin = [], 24, 24
    for number in range(count):
        wanted = 24 + (len(octets) - 24) * (number + 1) // count
        while at < wanted:
            at += 16 + struct.unpack_from("<I", octets, at + 8)[0]
        made.append(to / f"{path.stem}-{number:03}.pcap")
        with made[-1].open("wb") as file:
            file.write(octets[:24])
            file.write(octets[begin:at])
        begin = at
    return made


# The steps, each in a process of its own: given their arguments they give what is to be timed.


def step_read(threads: str, *paths: str) -> Any:
    import finrst

    return finrst.read(list(paths), progress=False, threads=int(threads))


def step_nothing(path: str) -> Any:
    import finrst

    # Read, decoded and left out: what comes before connections are followed.
    return finrst.read(path, progress=False, threads=1, filter="host 240.0.0.1 and port 1")


def step_digest(buckets: str, to: str, *paths: str) -> Any:
    import finrst

    return finrst.digest(list(paths), to, buckets=int(buckets), of=int(FILES), threads=1)


def step_plan(*summaries: str) -> Any:
    import finrst

    return finrst.plan([json.loads(Path(one).read_text()) for one in summaries]).to_json()


def step_stitch(plan: str, scratch: str, *buckets: str) -> Any:
    import finrst

    known = finrst.Plan.from_json(Path(plan).read_text())
    return [finrst.stitch(known, int(bucket), scratch) for bucket in buckets]


def step_judge(plan: str, scratch: str, to: str, *runs: str) -> Any:
    import finrst

    known = finrst.Plan.from_json(Path(plan).read_text())
    return [finrst.judge(known, int(run), scratch, to) and run for run in runs]


def whole(executor: Executor, scratch: str, paths: tuple[str, ...]) -> float:
    """All steps on an executor, a task for each file and bucket; wall seconds."""
    import finrst

    begun = time.monotonic()
    place = Path(scratch)
    place.mkdir()
    digests = [
        executor.submit(finrst.digest, [path], place / f"run-{number}.frd", buckets=FILES, of=FILES)
        for number, path in enumerate(paths)
    ]
    plan = finrst.plan([one.result() for one in digests])
    stitched = [executor.submit(finrst.stitch, plan, bucket, scratch) for bucket in range(FILES)]
    for one in stitched:
        one.result()
    judged = [executor.submit(judge, plan, run, scratch) for run in range(plan.runs)]
    for one in judged:
        one.result()
    return time.monotonic() - begun


def judge(plan: Any, run: int, scratch: str) -> None:
    """Judge a part; its tables stay in the scratch."""
    import finrst

    finrst.judge(plan, run, scratch, scratch)


def step_whole(workers: str, scratch: str, *paths: str) -> Any:
    with ProcessPoolExecutor(int(workers)) as pool:
        # Started before the clock is: they import everything on the way.
        list(pool.map(_warm, range(4 * int(workers))))
        return whole(pool, scratch, paths)


def step_dask(workers: str, scratch: str, *paths: str) -> Any:
    from distributed import LocalCluster

    begun = time.monotonic()
    with (
        LocalCluster(
            n_workers=int(workers),
            threads_per_worker=1,
            dashboard_address=None,
            host="127.0.0.1",
        ) as cluster,
        cluster.get_client() as client,
    ):
        client.wait_for_workers(int(workers))
        started = time.monotonic() - begun
        client.run(_warm, 0)
        return [started, whole(client.get_executor(pure=False), scratch, paths)]


def _warm(_: int) -> None:
    import finrst  # noqa: F401


STEPS: dict[str, Callable[..., Any]] = {
    name.removeprefix("step_"): value
    for name, value in list(globals().items())
    if name.startswith("step_")
}


def one(step: str, *arguments: object) -> dict[str, Any]:
    """One step in a process of its own: processor and wall seconds, peak bytes, what it gave."""
    command = [sys.executable, __file__, "--step", step, *map(str, arguments)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(out.splitlines()[-1])


def stage(stages: Path, name: str, path: Path) -> float:
    """Processor seconds of a stage of the engine over one file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([stages, name, path, "1"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def own_peak() -> int:
    """The most bytes that this process had: getrusage counts those of whoever began it as well."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def run_step(step: str, arguments: Iterable[str]) -> None:
    """What a process of its own does."""
    import finrst  # noqa: F401 - what importing takes is no part of a step

    cpu, wall = time.process_time(), time.monotonic()
    gave = STEPS[step](*arguments)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    peak = own_peak()
    try:
        gave = json.loads(json.dumps(gave))
    except TypeError:
        gave = None
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "gave": gave}))


class Bench:
    """What is measured with."""

    def __init__(self, folder: Path, only: list[str]) -> None:
        self.folder = folder
        self.only = only

    def wants(self, what: str) -> bool:
        return not self.only or what in self.only

    def say(self, what: str, capture: str, figure: str) -> None:
        """One line of the table."""
        load = os.getloadavg()[0]
        print(f"| {what} | {capture} | {figure} | {load:.0f} |", flush=True)

    def new(self, name: str) -> Path:
        """An empty folder."""
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return place

    def steps(self, name: str, path: Path, files: list[Path], stages: Path) -> None:
        """Digest against decode, stitch against track, judge against tables; the scratch."""
        seconds: dict[str, list[float]] = {}

        def add(what: str, took: float) -> None:
            seconds.setdefault(what, []).append(took)

        size = sum(file.stat().st_size for file in files)
        for _ in range(RUNS):
            for what in ("decode", "track", "tables"):
                add(what, stage(stages, what, path))
            scratch = self.new("scratch")
            summaries = []
            for number, file in enumerate(files):
                told = one("digest", FILES, scratch / f"run-{number}.frd", file)
                add(f"digest {number}", told["cpu"])
                summaries.append(scratch / f"run-{number}.json")
                summaries[-1].write_text(json.dumps(told["gave"]))
            plan = scratch / "plan.json"
            told = one("plan", *summaries)
            plan.write_text(told["gave"])
            add("plan", told["cpu"])
            told = one("stitch", plan, scratch, *range(FILES))
            add("stitch", told["cpu"])
            told = one("judge", plan, scratch, scratch, *range(FILES))
            add("judge", told["cpu"])
        middle = {what: statistics.median(took) for what, took in seconds.items()}
        digest = sum(took for what, took in middle.items() if what.startswith("digest "))
        decode, track = middle["decode"], middle["track"] - middle["decode"]
        judged = middle["tables"] - middle["track"]
        self.say("decode, track, tables", name, f"{decode:.2f}, {track:.2f}, {judged:.2f} s")
        self.say("digest", name, f"{digest:.2f} s, {digest / decode:.2f} x decode")
        self.say("plan", name, f"{middle['plan']:.3f} s")
        self.say(
            "stitch", name, f"{middle['stitch']:.2f} s, {middle['stitch'] / track:.2f} x track"
        )
        self.say("judge", name, f"{middle['judge']:.2f} s, {middle['judge'] / judged:.2f} x tables")
        digests = sum(one.stat().st_size for one in scratch.glob("*.frd"))
        facts = sum(one.stat().st_size for one in scratch.glob("*.frf"))
        self.say("digests", name, f"{digests} B, {digests / size:.2%} of the input")
        self.say("facts", name, f"{facts} B, {facts / size:.2%} of the input")

    def threads(self, name: str, files: list[Path]) -> None:
        """`read(threads=2)` on several files against one thread."""
        took: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
        for _ in range(RUNS):
            for count, told in took.items():
                told.append(one("read", count, *files))
        for what in ("wall", "cpu"):
            single, double = (
                statistics.median(run[what] for run in took[count]) for count in (1, 2)
            )
            self.say(f"read, 2 threads, {what}", name, f"{single:.2f} s, {double:.2f} s with 2")

    def workers(self, name: str, files: list[Path]) -> None:
        """One and two workers of an executor, by the clock on the wall."""
        took: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(RUNS):
            for count, told in took.items():
                to = self.new("to") / "scratch"
                told.append(one("whole", count, to, *files)["gave"])
        single, double = (statistics.median(took[count]) for count in (1, 2))
        self.say(
            "2 workers, wall", name, f"{single:.2f} s, {double:.2f} s: {single / double:.2f} x"
        )

    def scheduler(self, files: list[Path]) -> None:
        """What an executor and Dask take for tasks of almost nothing."""
        to = self.new("to")
        plain = one("whole", 1, to / "plain", *files)["gave"]
        started, dask = one("dask", 1, to / "dask", *files)["gave"]
        tasks = 3 * len(files)
        self.say("Dask starts", "tiny", f"{started:.2f} s")
        each = (dask - plain) / tasks * 1000
        self.say("Dask, a task", "tiny", f"{each:.1f} ms more than processes, {tasks} tasks")

    def memory(self, name: str, files: list[Path], connections: int) -> None:
        """What a worker holds for one bucket of many, and for judging."""
        scratch = self.new("scratch")
        summaries = []
        for number, file in enumerate(files):
            told = one("digest", BUCKETS, scratch / f"run-{number}.frd", file)
            self.say("digest, peak", name, f"{told['peak'] >> 20} MiB") if not number else None
            summaries.append(scratch / f"run-{number}.json")
            summaries[-1].write_text(json.dumps(told["gave"]))
        plan = scratch / "plan.json"
        plan.write_text(one("plan", *summaries)["gave"])
        idle = one("plan", *summaries)["peak"]
        first = one("stitch", plan, scratch, 0)
        of_it = first["gave"][0]["connections"]
        each = (first["peak"] - idle) / of_it
        self.say(
            "stitch a bucket, peak",
            name,
            f"{first['peak'] >> 20} MiB, {idle >> 20} of them without it: {each:.0f} B for each of "
            f"{of_it} connections",
        )
        one("stitch", plan, scratch, *range(1, BUCKETS))
        judged = one("judge", plan, scratch, scratch, 0)
        each = (judged["peak"] - idle) / connections
        self.say(
            "judge a part, peak",
            name,
            f"{judged['peak'] >> 20} MiB: {each:.0f} B for each of {connections} connections",
        )


def measured(bench: Bench, gencap: Path, stages: Path, *, quick: bool) -> None:
    """Measures all that is asked for."""

    def made(name: str, arguments: list[str]) -> Path:
        path = bench.folder / f"{name}.pcap"
        command = [gencap, "--out", path, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return path

    for name, arguments in (QUICK if quick else FULL).items():
        path = made(name, arguments)
        files = cut(path, bench.folder / name, FILES)
        if bench.wants("steps"):
            bench.steps(name, path, files, stages)
        path.unlink()
        if name == "mix" and bench.wants("threads"):
            bench.threads(name, files)
        if name == "mix" and bench.wants("workers"):
            bench.workers(name, files)
            packed = [file.with_suffix(".pcap.gz") for file in files]
            for file, to in zip(files, packed, strict=True):
                to.write_bytes(gzip.compress(file.read_bytes(), 6))
            bench.workers(f"{name}, gzip", packed)
        shutil.rmtree(bench.folder / name)
    if bench.wants("scheduler"):
        tiny = made("tiny", [*MIX, "400000"])
        bench.scheduler(cut(tiny, bench.folder / "tiny", FILES))
    if bench.wants("memory"):
        count = 100_000 if quick else 1_000_000
        path = made("many", [*SMALL, str(count)])
        files = cut(path, bench.folder / "many", FILES)
        path.unlink()
        bench.memory("small", files, count)


def main() -> None:
    """Measures."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--quick", action="store_true")
    given.add_argument("--only", nargs="*", default=[])
    given.add_argument("--step", nargs=argparse.REMAINDER)
    asked = given.parse_args()
    if asked.step:
        run_step(asked.step[0], asked.step[1:])
        return
    gencap, stages = generator(), compiled()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print("| what | capture | figure | load |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="finrst-cluster-") as raw:
        measured(Bench(Path(raw), asked.only), gencap, stages, quick=asked.quick)


if __name__ == "__main__":
    main()
