"""What the manual's pages on captures larger than one machine say, done.

Names of machines and places are those of the test; SLURM is a stand-in of ``sbatch``.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finrst
from commands import DEMO
from conftest import ROOT
from cutting import TABLES, cut, same

POSIX = pytest.mark.skipif(os.name != "posix", reason="the commands are those of a POSIX shell")


def blocks(page: str, language: str) -> list[str]:
    """The blocks of code of a page in one language."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cut(DEMO, tmp_path / "captures", 5)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return tmp_path


def shell(script: str, place: Path) -> str:
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def steps(place: Path) -> None:
    """Lay the page's script where the page says."""
    (script,) = (one for one in blocks("cluster.md", "python") if "One step of a reading" in one)
    (place / "steps.py").write_text(script)


def as_read(place: Path, captures: str = "captures") -> None:
    """Hold what the steps have written against one reading of what was named."""
    cap = finrst.read(captures)
    for name in TABLES:
        parts = sorted((place / "endings").glob(f"{name}[-.]*parquet"))
        assert len(parts) == (3 if name in {"connections", "teardowns"} else 1)
        wanted = cap.to_arrow(name)
        found = [pq.read_table(part, partitioning=None).cast(wanted.schema) for part in parts]
        assert pa.concat_tables(found).equals(wanted), name


@POSIX
def test_on_this_machine(place: Path) -> None:
    first, *_ = blocks("cluster.md", "sh")
    assert first.startswith("finrst cluster captures/ --to endings")
    printed = shell(first, place).splitlines()
    same(finrst.cluster.open("endings"), finrst.read("captures"))
    whole = shell("finrst captures/", place).splitlines()
    assert printed[: len(whole) - 3] == whole[:-3]
    assert printed[-1].endswith("/endings: 3 parts")


@POSIX
def test_with_dask(place: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: its commands are not run")
    _, second, *_ = blocks("cluster.md", "sh")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = second.replace("head:8786", f"127.0.0.1:{port}").replace("/nfs", str(place))
    quiet = "--host 127.0.0.1 --no-dashboard"
    script = script.replace("dask scheduler", f"dask scheduler --port {port} {quiet}")
    script = script.replace("--nthreads 1", f"--nthreads 1 {quiet}")
    # The one of this interpreter, ended with the test.
    script = script.replace("dask ", "python -m dask ")
    script = script.replace(" &  ", ' >>dask.log 2>&1 & pids="$pids $!" ')
    shell(f"trap 'kill $pids; wait' EXIT\n{script}", place)
    same(finrst.cluster.open(place / "endings"), finrst.read(place / "captures"))


SBATCH = """#!/bin/sh -e
# A stand-in of SLURM's: runs what is wrapped at once, an array's tasks one after the other.
while [ $# -gt 0 ]; do
    case $1 in
        --array=*) array=${1#--array=}; tasks=$(seq "${array%-*}" "${array#*-}") ;;
        --dependency=afterok:*) test -e "job-${1#--dependency=afterok:}" ;;
        --wrap) wrap=$2; shift ;;
        --parsable | --mem=*) ;;
        *) echo "sbatch: unrecognized option '$1'" >&2; exit 1 ;;
    esac
    shift
done
for task in ${tasks:-none}; do
    SLURM_ARRAY_TASK_ID=$task sh -e -c "$wrap" >&2
done
number=$(($(ls job-* 2>/dev/null | wc -l) + 1))
touch "job-$number"
echo "$number"
"""


@POSIX
def test_slurm_job_arrays(place: Path) -> None:
    steps(place)
    script, call = blocks("slurm.md", "sh")
    (place / "reading.sh").write_text(script)
    (place / "bin").mkdir()
    (place / "bin/sbatch").write_text(SBATCH)
    (place / "bin/sbatch").chmod(0o755)
    shell(f"PATH={place}/bin:$PATH\n{call.replace('/nfs', str(place))}", place)
    assert len(list(place.glob("job-*"))) == 5
    as_read(place, f"{place}/captures")


@POSIX
@pytest.mark.skipif(shutil.which("make") is None, reason="NO MAKE: its page is not run")
def test_make(place: Path) -> None:
    steps(place)
    (rules,), (call,) = blocks("make.md", "make"), blocks("make.md", "sh")
    (place / "Makefile").write_text(rules)
    printed = shell(call, place)
    assert printed.count("steps.py digest") == 3
    as_read(place)
    # What is done is not done again.
    assert "steps.py" not in shell("make", place)
    (place / "scratch/rows-1").unlink()
    assert shell("make", place).count("steps.py") == 1


@POSIX
def test_steps_that_are_killed_leave_nothing_half(place: Path) -> None:
    steps(place)
    shell("python steps.py survey captures", place)
    process = subprocess.Popen([sys.executable, "steps.py", "digest", "0"], cwd=place)
    process.kill()
    process.wait()
    assert not (place / "scratch/run-0.json").exists()
    shell(
        "for n in 0 1 2; do python steps.py digest $n; done; python steps.py plan\n"
        "for n in 0 1 2 3; do python steps.py stitch $n; done; python steps.py accounts\n"
        "for n in 0 1 2; do python steps.py judge $n; done",
        place,
    )
    as_read(place)
