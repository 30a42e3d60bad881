"""Which tests need more than some system has, and why. The rest runs everywhere."""

from __future__ import annotations

import os
import sys

_SIGNALS = "Windows cannot interrupt its own process by a signal and go on"
_PATHS = "names, links and devices are those of POSIX"
# A file, or a file and a function of it.
NEEDS_POSIX = {
    "test_interrupts.py": _SIGNALS,
    "test_read.py::test_ctrl_c_returns_at_once": _SIGNALS,
    "test_read.py::test_ctrl_c_while_a_pipe_stalls": "named pipes are those of POSIX",
    "test_read.py::test_a_pipe_and_standard_input": "named pipes are those of POSIX",
    "test_moving.py::test_files_moved_while_they_are_read": "Windows keeps open files in place",
    "test_moving.py::test_odd_inputs": _PATHS,
    "test_command.py::test_a_cut_capture_has_its_own_code": _PATHS,
    "test_stores.py::test_ctrl_c_is_answered_while_a_store_is_silent": _SIGNALS,
    "test_cluster.py::test_a_killed_worker_costs_one_task": _SIGNALS,
    "test_cluster_dask.py": "workers of Dask are killed by signals",
    "test_cluster_places.py": _PATHS,
    "test_command.py::test_a_reader_that_has_seen_enough": "a closed pipe ends nobody on Windows",
}
NEEDS_LINUX = {
    "test_stores.py::test_a_large_object_takes_no_more_memory_than_a_file": (
        "only Linux tells the memory of a process in this way"
    ),
    "test_moving.py::test_memory_that_is_refused_is_an_exception": (
        "only Linux holds a process to a limit on its addresses"
    ),
}


def why_not(name: str, function: str) -> str | None:
    """Say why a test cannot run on this system; nothing if it can."""
    lacking: dict[str, str] = {}
    if os.name != "posix":
        lacking |= NEEDS_POSIX
    if sys.platform != "linux":
        lacking |= NEEDS_LINUX
    return lacking.get(name) or lacking.get(f"{name}::{function}")
