"""Captures in memory, in whatever holds bytes."""

from __future__ import annotations

import array
import ctypes
import io
import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
OCTETS = DEMO.read_bytes()


def mapped() -> mmap.mmap:
    with DEMO.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def numpy() -> Any:
    return pytest.importorskip("numpy")


def arrow() -> Any:
    return pytest.importorskip("pyarrow")


HOLDERS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: OCTETS,
    "bytearray": lambda: bytearray(OCTETS),
    "memoryview": lambda: memoryview(OCTETS),
    "memoryview of characters": lambda: memoryview(OCTETS).cast("c"),
    "array.array": lambda: array.array("B", OCTETS),
    "mmap": mapped,
    "ctypes": lambda: (ctypes.c_ubyte * len(OCTETS)).from_buffer_copy(OCTETS),
    "BytesIO.getbuffer": lambda: io.BytesIO(OCTETS).getbuffer(),
    "numpy": lambda: numpy().frombuffer(OCTETS, numpy().uint8),
    "numpy of two dimensions": lambda: numpy().frombuffer(OCTETS, numpy().uint8).reshape(2, -1),
    "pyarrow": lambda: arrow().py_buffer(OCTETS),
    "a packed pyarrow": lambda: arrow().compress(OCTETS, "gzip"),
}


@pytest.mark.parametrize("what", HOLDERS)
def test_whatever_holds_octets_is_read(what: str) -> None:
    holder = HOLDERS[what]()
    capture = finrst.read(holder)
    assert len(capture) == 25
    assert capture.files["file"] == ["bytes"]
    assert len(capture.packets(3)) == 6
    assert len(finrst.read([holder, OCTETS]).files) == 2
    assert sum(len(teardowns) for _, teardowns in finrst.scan(holder)) == 32


def test_what_is_kept_for_packets_can_still_be_resized() -> None:
    octets = bytearray(OCTETS)
    capture = finrst.read(octets)
    octets += b"more"
    assert len(capture.packets(3)) == 6


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        ("int8", "int8"),
        ("uint16", "uint16"),
        (">f8", ">f8"),
        ("bool", "bool"),
        ("M8[ns]", "datetime64"),
    ],
)
def test_an_array_of_anything_else_is_refused_by_its_dtype(dtype: str, said: str) -> None:
    wrong = numpy().zeros(64, dtype)
    with pytest.raises(TypeError, match=f"a ndarray of .*({said}).* is no capture: bytes"):
        finrst.read(wrong)
    with pytest.raises(TypeError, match="bytes are wanted"):
        finrst.read([wrong])
    with pytest.raises(TypeError, match="a array of d is no capture"):
        finrst.read(array.array("d", [1.0]))


def test_an_array_with_gaps_is_refused() -> None:
    gaps = numpy().frombuffer(OCTETS, numpy().uint8)[::2]
    with pytest.raises(TypeError, match="a ndarray of uint8 is not contiguous: bytes"):
        finrst.read(gaps)
    with pytest.raises(TypeError, match="is not contiguous"):
        finrst.read(memoryview(OCTETS)[::2])


def test_an_array_of_names_is_a_list_of_them() -> None:
    for kind in ("U", "O"):
        names = numpy().array([str(DEMO), str(DEMO)], dtype=kind)
        assert len(finrst.read(names).files) == 2


@pytest.mark.parametrize("wrong", [3, None, 2.5, object()])
def test_what_is_no_source_is_still_none(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a path, bytes or a binary file is wanted"):
        finrst.read(wrong)
